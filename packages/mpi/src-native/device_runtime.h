// The CUDA or HIP runtime, loaded when memory of a GPU first comes by: no toolkit is needed to build the addon.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

namespace graticule {

using DeviceStream = void*;
using DeviceEvent = void*;

/** The stream that LibTorch, and with it the torch backend, queues its kernels on. */
constexpr DeviceStream kDefaultStream = nullptr;

class DeviceError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/** Functions of the runtime that all of this needs; they return 0 or an error code. */
struct DeviceRuntime {
  /** `cuda` or `hip`, as its functions begin. */
  const char* prefix = nullptr;
  int (*getDeviceCount)(int* count);
  int (*setDevice)(int device);
  int (*deviceGetPCIBusId)(char* text, int length, int device);
  int (*streamCreateWithFlags)(DeviceStream* stream, unsigned flags);
  int (*streamDestroy)(DeviceStream stream);
  int (*streamWaitEvent)(DeviceStream stream, DeviceEvent event, unsigned flags);
  int (*eventCreateWithFlags)(DeviceEvent* event, unsigned flags);
  int (*eventDestroy)(DeviceEvent event);
  int (*eventRecord)(DeviceEvent event, DeviceStream stream);
  int (*eventQuery)(DeviceEvent event);
  int (*eventSynchronize)(DeviceEvent event);
  int (*memcpyAsync)(void* to, const void* from, size_t bytes, int kind, DeviceStream stream);
  int (*hostAlloc)(void** memory, size_t bytes, unsigned flags);
  int (*freeHost)(void* memory);
  int (*pointerGetAttributes)(void* attributes, const void* memory);
  const char* (*getErrorString)(int code);
};

/** Codes of cuda_runtime_api.h; HIP's are the same. */
constexpr int kDeviceNotReady = 600;
constexpr unsigned kStreamNonBlocking = 1;
constexpr unsigned kEventDisableTiming = 2;
constexpr int kHostToDevice = 1;
constexpr int kDeviceToHost = 2;

/**
 * Loads the runtime, of which a process has one; `prefix` is `cuda`, where LibTorch for ROCm also means HIP, or `hip`.
 *
 * @throws {DeviceError} if there is none, saying what was tried.
 */
void openDeviceRuntime(const std::string& prefix);
/** After `openDeviceRuntime`. */
const DeviceRuntime& deviceRuntime();
/** Throws a DeviceError with the runtime's text if `code` is one of an error. */
void checkDevice(int code, const char* what);
/** Makes a device the calling thread's. */
void useDevice(int device);
/** Whether all of the range is memory of the device, as far as its first and last byte tell. */
bool isDeviceMemory(const void* memory, size_t bytes, int device);

/** A place in a stream that the host, or another stream, can wait for. */
class StreamEvent {
 public:
  StreamEvent() = default;
  ~StreamEvent();
  StreamEvent(const StreamEvent&) = delete;
  StreamEvent& operator=(const StreamEvent&) = delete;

  /** Marks what is queued on the stream of the thread's device up to now. */
  void record(DeviceStream stream);
  bool isReached() const;
  void wait() const;
  /** What is queued on `stream` from now on comes after it. */
  void holdBack(DeviceStream stream) const;

 private:
  DeviceEvent event_ = nullptr;
};

/** A stream of the thread's device that runs beside the default one. */
class OwnStream {
 public:
  OwnStream();
  ~OwnStream();
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;
  DeviceStream get() const { return stream_; }

 private:
  DeviceStream stream_ = nullptr;
};

}  // namespace graticule
