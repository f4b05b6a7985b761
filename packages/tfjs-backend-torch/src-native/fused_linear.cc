// Linear layer with bias and exact GELU in one call, and its gradient. Weights are [out, in].
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>

#include "call.h"

using at::Tensor;

namespace {

at::ScalarType computeDtype() { return graticule::inBfloat16() ? at::kBFloat16 : at::kFloat; }

Tensor weightIn(graticule::Call& call) { return graticule::inBfloat16() ? call.cachedBfloat16() : call.tensor(); }

}  // namespace

/** x [..., K], weight [N, K], bias [N] or absent → y [..., N]; with GELU also what went into it. */
KERNEL(FusedLinear) {
  const auto dtype = computeDtype();
  const auto x = call.tensor().to(dtype);
  const auto weight = weightIn(call).to(dtype);
  auto bias = graticule::inBfloat16() ? call.optionalCachedBfloat16() : call.optionalTensor();
  const bool gelu = call.flag();
  TORCH_CHECK(weight.dim() == 2 && x.dim() >= 1 && x.size(-1) == weight.size(1), "x ", x.sizes(),
              " does not fit weight ", weight.sizes());
  TORCH_CHECK(!bias.defined() || (bias.dim() == 1 && bias.size(0) == weight.size(0)), "bias does not fit weight");
  if (bias.defined()) bias = bias.to(dtype);
  const auto y = at::linear(x, weight, bias.defined() ? c10::optional<Tensor>(bias) : c10::nullopt);
  if (gelu) call.output(at::gelu(y));
  call.output(y);
}

/** dy [..., N] → dx [..., K], dweight [N, K] and, on request, dbias [N]; the weight's gradients are float32. */
KERNEL(FusedLinearGrad) {
  const auto dtype = computeDtype();
  auto dy = call.tensor().to(dtype);
  const auto x = call.tensor().to(dtype);
  const auto weight = weightIn(call).to(dtype);
  const auto preActivation = call.optionalTensor();
  const bool hasBias = call.flag();
  TORCH_CHECK(weight.dim() == 2 && x.dim() >= 1 && x.size(-1) == weight.size(1), "x ", x.sizes(),
              " does not fit weight ", weight.sizes());
  auto expected = x.sizes().vec();
  expected.back() = weight.size(0);
  TORCH_CHECK(dy.sizes() == at::IntArrayRef(expected), "dy ", dy.sizes(), " must be ", at::IntArrayRef(expected));
  TORCH_CHECK(!preActivation.defined() || preActivation.sizes() == dy.sizes(), "preActivation must have dy's shape");
  if (preActivation.defined()) dy = at::gelu_backward(dy, preActivation.to(dtype));
  const auto rows = dy.reshape({-1, weight.size(0)});
  const auto inputs = x.reshape({-1, weight.size(1)});
  call.output(at::mm(rows, weight).view(x.sizes()));
  call.output(at::mm(rows.t(), inputs).to(at::kFloat));
  if (hasBias) call.output(at::sum(rows, {0}, false, at::kFloat));
}

KERNEL(FusedGelu) {
  const auto x = call.tensor();
  call.output(at::gelu(x.to(computeDtype())));
}

KERNEL(FusedGeluGrad) {
  const auto dy = call.tensor();
  const auto x = call.tensor();
  const auto dtype = x.scalar_type() == dy.scalar_type() ? x.scalar_type() : at::kFloat;
  call.output(at::gelu_backward(dy.to(dtype), x.to(dtype)));
}
