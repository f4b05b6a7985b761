// Collectives on devices' memory that MPI carries: through page-locked host memory, or directly where it reaches devices.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include "device_work.h"
#include "pinned_memory.h"
#include "staged_chunk.h"

namespace graticule {

/**
 * Begins collectives in the order in which they came, each when the device has got so far: on a communicator of its own,
 * since MPI wants one order on all ranks. While a chunk is with MPI the next is copied from the device, and the one before
 * to it.
 */
class StagedQueue : public std::enable_shared_from_this<StagedQueue> {
 public:
  /** Collective over `comm`. */
  StagedQueue(MPI_Comm comm, int rank, int size, int device);
  ~StagedQueue();
  StagedQueue(const StagedQueue&) = delete;
  StagedQueue& operator=(const StagedQueue&) = delete;

  /** `isDirect`: MPI gets the devices' addresses. Every rank says the same. */
  std::unique_ptr<DeviceWork> begin(const Operation& operation, const Buffers& buffers, bool isDirect);
  /** Brings all of them on. Throws a DeviceError. */
  void advance();

  struct Job {
    Operation operation;
    Buffers buffers;
    bool isDirect = false;
    /** What the default stream has to do before. */
    StreamEvent ready;
    int64_t next = 0;
    int64_t end = 0;
    int64_t step = 0;
    int underWay = 0;
    bool isPlanned = false;
    int result = MPI_SUCCESS;
  };

 private:
  enum class Stage { kCopyingIn, kWithMpi, kCopyingOut, kDone };
  struct Active {
    std::shared_ptr<Job> job;
    Chunk chunk;
    Buffers buffers;
    std::optional<PinnedMemory> host;
    StreamEvent copied;
    MPI_Request request = MPI_REQUEST_NULL;
    Stage stage = Stage::kCopyingIn;
  };

  void fill();
  void activate(const std::shared_ptr<Job>& job);
  /** True once MPI has begun it. */
  bool start(Active& active);
  void test(Active& active);

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_;
  int size_;
  int device_;
  OwnStream in_;
  OwnStream out_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<Job>> waiting_;
  std::list<Active> active_;
};

}  // namespace graticule
