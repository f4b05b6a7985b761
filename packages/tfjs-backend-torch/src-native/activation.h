#pragma once

#include <ATen/core/Tensor.h>

namespace graticule {

/** Codes as in kernels/matmul.ts: 0 linear, 1 relu, 2 relu6, 3 elu, 4 prelu, 5 leakyrelu, 6 sigmoid. */
at::Tensor activate(const at::Tensor& x, int64_t activation, const at::Tensor& prelu, double leakyAlpha);

}  // namespace graticule
