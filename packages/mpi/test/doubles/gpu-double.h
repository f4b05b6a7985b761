// What the doubles of the GPU's libraries share: memory, streams and events that behave as the real ones are documented to.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace gpu_double {

constexpr int kDevices = 8;

class Stream {
 public:
  Stream();
  /** In order, on a thread of the stream's. */
  void enqueue(std::function<void()> task);
  /** Waits until all that is queued now is done. */
  void finish();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

int currentDevice();
void setDevice(int wanted);
/** An address of a device. Nothing is given back. */
char* allocate(int device, size_t bytes);
/** The stream of a handle; that of the thread's device for null. */
Stream& streamOf(void* handle);
/** Where the double reads and writes memory of a device, whose own addresses trap; null for what is none. */
char* reach(const void* address, size_t bytes, int* device = nullptr);
/** Takes the time that a device would. */
void takeTime();

/** For the tests: lets NCCL report an error. */
void breakNccl();
/** For the tests: collectives that NCCL has begun in this process. */
int ncclCollectives();

}  // namespace gpu_double
