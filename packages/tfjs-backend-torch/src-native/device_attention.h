// ATen's fused attention on devices other than the CPU: flash where it can, else memory-efficient.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <utility>

namespace graticule {

/** Whether the device of q [B, H, N, headDim] has one for q's dtype and headDim; tried once for each of these. */
bool hasDeviceAttention(const at::Tensor& q);

/** q, k, v [B, H, N, headDim], of any strides → out [B, H, N, headDim], log-sum-exp [B, H, N] of the scaled scores. */
std::pair<at::Tensor, at::Tensor> deviceAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                                  double scale);

/** Gradients of q, k and v, each [B, H, N, headDim]. */
std::array<at::Tensor, 3> deviceAttentionBackward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k,
                                                  const at::Tensor& v, const at::Tensor& out,
                                                  const at::Tensor& logSumExp, double scale);

}  // namespace graticule
