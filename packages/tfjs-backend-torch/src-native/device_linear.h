// Products on devices other than the CPU.
#pragma once

#include <ATen/core/Tensor.h>

namespace graticule {

/** rows [M, N], inputs [M, K] → float32 [N, K] = rowsᵀ · inputs; bf16 sums are not rounded to bf16 where ATen can. */
at::Tensor deviceWeightGradient(const at::Tensor& rows, const at::Tensor& inputs);

/** Convolutions in full float32: cuDNN would round their inputs to TF32. Matrix products are exact by default. */
void forbidTf32();

/** Matrix product of integers: CUDA has none, float64 is exact to 2^53. */
at::Tensor deviceIntegerProduct(const at::Tensor& a, const at::Tensor& b);

}  // namespace graticule
