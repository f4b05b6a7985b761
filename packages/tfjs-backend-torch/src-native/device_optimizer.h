// What an optimizer step needs on devices other than the CPU, in as few passes as ATen's kernels allow.
#pragma once

#include <ATen/core/Tensor.h>

namespace graticule {

struct AdamWHyper {
  double learningRate, beta1, beta2, epsilon, weightDecay, step, gradScale;
};

/** All four float32, contiguous and of one size; the parameter and both moments change in place, the gradient doesn't. */
void deviceAdamW(const at::Tensor& param, const at::Tensor& grad, const at::Tensor& first, const at::Tensor& second,
                 const AdamWHyper& hyper);

/** x float32 and contiguous → scalar: rows of 1024 in float32, their sums in float64. */
at::Tensor deviceSumOfSquares(const at::Tensor& x);

}  // namespace graticule
