// Layer and batch normalization.
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/rsqrt.h>

#include "call.h"

using at::Tensor;

/** x [..., D], gamma [D], beta [D] → y, mean [rows], 1/std [rows]; statistics are float32. */
KERNEL(FusedLayerNorm) {
  const auto x = call.tensor().to(at::kFloat);
  const auto gamma = call.tensor().to(at::kFloat);
  const auto beta = call.tensor().to(at::kFloat);
  const double epsilon = call.number();
  TORCH_CHECK(x.dim() >= 1, "expected x of rank 1 or more");
  const auto result = at::native_layer_norm(x, {x.size(-1)}, gamma, beta, epsilon);
  const auto y = std::get<0>(result);
  call.output(graticule::inBfloat16() ? y.to(at::kBFloat16) : y);
  call.output(std::get<1>(result).reshape({-1}));
  call.output(std::get<2>(result).reshape({-1}));
}

KERNEL(FusedLayerNormGrad) {
  const auto dy = call.tensor().to(at::kFloat);
  const auto x = call.tensor().to(at::kFloat);
  const auto gamma = call.tensor().to(at::kFloat);
  auto statistics = x.sizes().vec();
  TORCH_CHECK(!statistics.empty(), "expected x of rank 1 or more");
  statistics.back() = 1;
  const auto mean = call.tensor().view(statistics);
  const auto rstd = call.tensor().view(statistics);
  const auto result =
      at::native_layer_norm_backward(dy, x, {x.size(-1)}, mean, rstd, gamma, gamma, {true, true, true});
  call.output(std::get<0>(result));
  call.output(std::get<1>(result));
  call.output(std::get<2>(result));
}

/** (x - mean) · scale / sqrt(variance + epsilon) + offset over the last dimension, or full shapes. */
KERNEL(FusedBatchNorm) {
  const auto x = call.tensor();
  const auto scale = call.optionalTensor();
  const auto offset = call.optionalTensor();
  const auto mean = call.tensor();
  const auto variance = call.tensor();
  auto factor = at::rsqrt(variance.add(call.number()));
  if (scale.defined()) factor = factor.mul(scale);
  auto y = x.sub(mean).mul(factor);
  call.output(offset.defined() ? y.add(offset) : y);
}
