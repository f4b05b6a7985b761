// Normalization over batches and over neighboring channels.
#include <ATen/ops/rsqrt.h>

#include "call.h"

using at::Tensor;

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

namespace {

/** Sum over 2·radius + 1 neighboring channels, the last dimension. */
Tensor channelWindowSum(const Tensor& x, int64_t radius) {
  const int64_t channels = x.size(-1);
  auto sum = x.clone();
  for (int64_t shift = 1; shift <= radius && shift < channels; shift++) {
    sum.narrow(-1, 0, channels - shift).add_(x.narrow(-1, shift, channels - shift));
    sum.narrow(-1, shift, channels - shift).add_(x.narrow(-1, 0, channels - shift));
  }
  return sum;
}

struct LocalResponse {
  int64_t radius;
  double bias, alpha, beta;
};

LocalResponse readLocalResponse(graticule::Call& call) {
  LocalResponse r;
  r.radius = call.integer();
  r.bias = call.number();
  r.alpha = call.number();
  r.beta = call.number();
  return r;
}

}  // namespace

/** x / (bias + alpha · Σ x²)^beta over neighboring channels. */
KERNEL(LRN) {
  const auto x = call.tensor().to(at::kFloat);
  const auto r = readLocalResponse(call);
  call.output(x.mul(channelWindowSum(x.mul(x), r.radius).mul_(r.alpha).add_(r.bias).pow_(-r.beta)));
}

KERNEL(LRNGrad) {
  const auto x = call.tensor().to(at::kFloat);
  const auto y = call.tensor().to(at::kFloat);
  const auto dy = call.tensor().to(at::kFloat);
  const auto r = readLocalResponse(call);
  const auto norm = channelWindowSum(x.mul(x), r.radius).mul_(r.alpha).add_(r.bias);
  const auto shared = channelWindowSum(dy.mul(y).div(norm), r.radius);
  call.output(dy.mul(norm.pow(-r.beta)).sub(shared.mul(x).mul(2 * r.alpha * r.beta)));
}
