#include "device_runtime.h"

#include <cstring>

#include "shared_library.h"

namespace graticule {
namespace {

DeviceRuntime runtime;

const LibrarySearch kCuda{"GRATICULE_CUDA_RUNTIME",
                          "libcudart",
                          {"libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0", "libcudart.so"}};
const LibrarySearch kHip{"GRATICULE_HIP_RUNTIME",
                         "libamdhip64",
                         {"libamdhip64.so.7", "libamdhip64.so.6", "libamdhip64.so.5", "libamdhip64.so"}};

bool load(const LibrarySearch& search, const char* prefix, DeviceRuntime& found, std::string& reason) {
  void* library = openLibrary(search, reason);
  if (library == nullptr) return false;
  const bool hip = std::strcmp(prefix, "hip") == 0;
  const auto find = [&](const char* name, auto*& function) {
    return findSymbol(library, std::string(prefix) + name, function, reason);
  };
  const bool whole =
      find("GetDeviceCount", found.getDeviceCount) && find("SetDevice", found.setDevice) &&
      find("DeviceGetPCIBusId", found.deviceGetPCIBusId) &&
      find("StreamCreateWithFlags", found.streamCreateWithFlags) && find("StreamDestroy", found.streamDestroy) &&
      find("StreamWaitEvent", found.streamWaitEvent) && find("EventCreateWithFlags", found.eventCreateWithFlags) &&
      find("EventDestroy", found.eventDestroy) && find("EventRecord", found.eventRecord) &&
      find("EventQuery", found.eventQuery) && find("EventSynchronize", found.eventSynchronize) &&
      find("MemcpyAsync", found.memcpyAsync) && find(hip ? "HostMalloc" : "HostAlloc", found.hostAlloc) &&
      find(hip ? "HostFree" : "FreeHost", found.freeHost) &&
      find("PointerGetAttributes", found.pointerGetAttributes) && find("GetErrorString", found.getErrorString);
  if (whole) found.prefix = prefix;
  return whole;
}

}  // namespace

void openDeviceRuntime(const std::string& prefix) {
  if (runtime.prefix != nullptr) {
    if (prefix == "cuda" || prefix == runtime.prefix) return;
    throw DeviceError("expected memory of one vendor's devices, got " + prefix + " beside " + runtime.prefix);
  }
  std::string reason;
  std::string hipReason;
  DeviceRuntime found;
  if ((prefix == "cuda" && load(kCuda, "cuda", found, reason)) || load(kHip, "hip", found, hipReason)) {
    runtime = found;
    return;
  }
  throw DeviceError(prefix == "hip"
                        ? "expected the HIP runtime, got none (" + hipReason +
                              "). Install ROCm, or set GRATICULE_HIP_RUNTIME to its libamdhip64.so"
                        : "expected the CUDA runtime, got none (" + reason +
                              "). Install it (`pip install nvidia-cuda-runtime-cu12`, or a LibTorch with CUDA), or set "
                              "GRATICULE_CUDA_RUNTIME to its libcudart.so");
}

const DeviceRuntime& deviceRuntime() { return runtime; }

void checkDevice(int code, const char* what) {
  if (code != 0) throw DeviceError(std::string(runtime.prefix) + what + ": " + runtime.getErrorString(code));
}

void useDevice(int device) { checkDevice(runtime.setDevice(device), "SetDevice"); }

bool isDeviceMemory(const void* memory, size_t bytes, int device) {
  // {enum type; int device; pointers, and words that newer versions added}
  struct Attributes {
    int type;
    int device;
    char rest[248];
  };
  for (const size_t offset : {size_t{0}, bytes - 1}) {
    Attributes attributes{-1, -1, {}};
    const auto* address = static_cast<const char*>(memory) + offset;
    if (runtime.pointerGetAttributes(&attributes, address) != 0) return false;
    // 0 is memory that the runtime doesn't know; before ROCm 6, which says so by an error, memory of the host.
    if (attributes.type <= 0 || attributes.device != device) return false;
  }
  return true;
}

StreamEvent::~StreamEvent() {
  if (event_ != nullptr) runtime.eventDestroy(event_);
}

void StreamEvent::record(DeviceStream stream) {
  if (event_ == nullptr) checkDevice(runtime.eventCreateWithFlags(&event_, kEventDisableTiming), "EventCreate");
  checkDevice(runtime.eventRecord(event_, stream), "EventRecord");
}

bool StreamEvent::isReached() const {
  const int code = runtime.eventQuery(event_);
  if (code == kDeviceNotReady) return false;
  checkDevice(code, "EventQuery");
  return true;
}

void StreamEvent::wait() const { checkDevice(runtime.eventSynchronize(event_), "EventSynchronize"); }

void StreamEvent::holdBack(DeviceStream stream) const {
  checkDevice(runtime.streamWaitEvent(stream, event_, 0), "StreamWaitEvent");
}

OwnStream::OwnStream() {
  checkDevice(runtime.streamCreateWithFlags(&stream_, kStreamNonBlocking), "StreamCreateWithFlags");
}

OwnStream::~OwnStream() {
  if (stream_ != nullptr) runtime.streamDestroy(stream_);
}

}  // namespace graticule
