// Values between JavaScript's memory and a device other than the CPU.
#pragma once

#include <ATen/core/Tensor.h>

namespace graticule {

/** A tensor on `device` with the values at `source`, which may change as soon as this returns. */
at::Tensor toDevice(const void* source, at::IntArrayRef dims, at::ScalarType dtype, at::Device device);

/** Waits for the device and copies the values of a contiguous tensor to `target`. */
void toHost(const at::Tensor& value, void* target);

}  // namespace graticule
