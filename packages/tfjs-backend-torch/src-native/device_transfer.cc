#include "device_transfer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <cstring>

namespace graticule {

using at::Tensor;

namespace {
/** Page-locked memory is kept for reuse and takes from what the machine can swap, so large tensors pass without it. */
constexpr size_t kPinnedUpTo = size_t{64} << 20;
}  // namespace

Tensor toDevice(const void* source, at::IntArrayRef dims, at::ScalarType dtype, at::Device device) {
  const auto onHost = at::TensorOptions().dtype(dtype);
  const auto pageable = at::from_blob(const_cast<void*>(source), dims, onHost);
  if (!device.is_cuda() || pageable.nbytes() == 0 || pageable.nbytes() > kPinnedUpTo) {
    return pageable.to(device, /*non_blocking=*/false, /*copy=*/true);
  }
  // A copy from pageable memory would wait for all kernels before it; this one takes its place in the stream.
  const auto pinned = at::empty(dims, onHost.pinned_memory(true));
  std::memcpy(pinned.data_ptr(), source, pageable.nbytes());
  return pinned.to(device, /*non_blocking=*/true);
}

void toHost(const Tensor& value, void* target) {
  at::from_blob(target, value.sizes(), value.options().device(at::kCPU)).copy_(value, /*non_blocking=*/false);
}

}  // namespace graticule
