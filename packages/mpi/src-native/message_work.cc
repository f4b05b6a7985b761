#include "message_work.h"

#include <map>

#include "element_type.h"
#include "gpu_aware.h"

namespace graticule {
namespace {

/** The stream that messages are copied on. Called on the JavaScript thread. */
DeviceStream streamOf(int device) {
  static auto* const streams = new std::map<int, OwnStream>();  // never destroyed: the runtime may be gone before
  return (*streams)[device].get();
}

}  // namespace

MessageWork::MessageWork(const Operation& operation, const Buffers& buffers, MPI_Comm comm, int device)
    : operation_(operation), buffers_(buffers), device_(device) {
  const bool sends = operation.kind == kSend;
  ready_.record(kDefaultStream);
  if (mpiReachesDevices()) {
    ready_.wait();
  } else {
    stream_ = streamOf(device);
    const size_t bytes = static_cast<size_t>(operation.count) * static_cast<size_t>(elementBytes(operation.elementType));
    host_.emplace(bytes);
    target_ = static_cast<char*>(buffers.output);
    (sends ? buffers_.input : buffers_.output) = host_->data();
    ready_.holdBack(stream_);
    if (sends && bytes > 0) {
      checkDevice(deviceRuntime().memcpyAsync(host_->data(), buffers.input, bytes, kDeviceToHost, stream_),
                  "MemcpyAsync");
      copied_.record(stream_);
      copied_.wait();
    }
  }
  result = beginOperation(operation_, buffers_, comm, &request_, nullptr);
}

bool MessageWork::advance() {
  useDevice(device_);
  if (isCopying_) return copied_.isReached();
  if (result != MPI_SUCCESS) return true;
  int done = 0;
  result = MPI_Test(&request_, &done, &status);
  if (result != MPI_SUCCESS) return true;
  if (!done) return false;
  if (target_ == nullptr) return true;
  int count = 0;
  MPI_Get_count(&status, mpiType(operation_.elementType), &count);
  if (count <= 0) return true;
  const size_t bytes = static_cast<size_t>(count) * static_cast<size_t>(elementBytes(operation_.elementType));
  checkDevice(deviceRuntime().memcpyAsync(target_, host_->data(), bytes, kHostToDevice, stream_), "MemcpyAsync");
  copied_.record(stream_);
  isCopying_ = true;
  return copied_.isReached();
}

}  // namespace graticule
