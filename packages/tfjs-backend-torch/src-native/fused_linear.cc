// Linear layer in one call: GELU on the way in, bias and residual on the way out; and its gradient. Weights are [out, in].
//
// GELU belongs to the layer that reads it, not to the one before: its result then lives in the product's packed panels
// alone, and only its input is kept for the backward pass.
#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>

#include "call.h"
#include "column_sums.h"
#include "device_linear.h"
#include "gemm.h"

using at::Tensor;
using graticule::Element;
using graticule::MatrixProduct;

namespace {

at::ScalarType computeDtype() { return graticule::inBfloat16() ? at::kBFloat16 : at::kFloat; }
Element computeElement() { return graticule::inBfloat16() ? Element::kBfloat16 : Element::kFloat; }

Tensor floating(const Tensor& x) {
  return x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16 ? x : x.to(at::kFloat);
}

bool useOwn() { return graticule::settings().device.is_cpu() && graticule::useOwnProduct(computeElement()); }

/** Our own product converts on its way; the library's takes a copy in bf16, which is kept until the weight changes. */
Tensor weightIn(graticule::Call& call) {
  return graticule::inBfloat16() && !useOwn() ? call.cachedBfloat16() : call.tensor();
}

struct Layer {
  Tensor x, weight;
  int64_t rows, inputs, outputs;

  Layer(Tensor input, Tensor matrix) : x(floating(input)), weight(floating(matrix)) {
    TORCH_CHECK(weight.dim() == 2 && x.dim() >= 1 && x.size(-1) == weight.size(1), "x ", x.sizes(), " does not fit weight ",
                weight.sizes());
    outputs = weight.size(0);
    inputs = weight.size(1);
    rows = inputs == 0 ? 0 : x.numel() / inputs;
  }

  std::vector<int64_t> outputShape() const {
    auto shape = x.sizes().vec();
    shape.back() = outputs;
    return shape;
  }

  bool own() const { return x.device().is_cpu() && rows > 0 && outputs > 0 && useOwn(); }

  Tensor activated(bool gelu) const {
    const auto input = x.to(computeDtype());
    return gelu ? at::gelu(input) : input;
  }
};

}  // namespace

/** x [..., K], weight [N, K], bias [N] and residual [..., N] or absent → gelu?(x) · weightᵀ + bias + residual [..., N]. */
KERNEL(FusedLinear) {
  const auto x = call.tensor();
  const auto weight = weightIn(call);
  auto bias = call.optionalTensor();
  auto residual = call.optionalTensor();
  const bool gelu = call.flag();
  const Layer layer(x, weight);
  const auto shape = layer.outputShape();
  TORCH_CHECK(!bias.defined() || (bias.dim() == 1 && bias.size(0) == layer.outputs), "bias ", bias.sizes(),
              " does not fit weight");
  TORCH_CHECK(!residual.defined() || residual.sizes() == at::IntArrayRef(shape), "residual ", residual.sizes(), " must be ",
              at::IntArrayRef(shape));
  if (residual.defined()) residual = floating(residual);
  if (!layer.own()) {
    const auto dtype = computeDtype();
    if (bias.defined()) bias = bias.to(dtype);
    const auto y = at::linear(layer.activated(gelu), layer.weight.to(dtype),
                              bias.defined() ? c10::optional<Tensor>(bias) : c10::nullopt);
    return call.output(residual.defined() ? at::add(y, residual) : y);
  }
  if (bias.defined()) bias = bias.to(at::kFloat);
  const auto y = at::empty(shape, layer.x.options().dtype(residual.defined() ? residual.scalar_type() : computeDtype()));
  MatrixProduct product{layer.rows, layer.outputs, layer.inputs, graticule::rowsOf(layer.x), graticule::rowsOf(layer.weight),
                        computeElement(), {}};
  product.left.gelu = gelu;
  product.result.data = y.data_ptr();
  product.result.element = graticule::elementOf(y);
  product.result.stride = layer.outputs;
  if (bias.defined()) product.result.bias = bias.data_ptr<float>();
  if (residual.defined()) {
    product.result.residual = residual.data_ptr();
    product.result.residualElement = graticule::elementOf(residual);
  }
  graticule::multiply(product);
  call.output(y);
}

/** dy [..., N] → dx [..., K] unless left out, dweight [N, K] and, on request, dbias [N]; the weight's gradients are float32. */
KERNEL(FusedLinearGrad) {
  auto dy = floating(call.tensor());
  const auto x = call.tensor();
  const auto weight = weightIn(call);
  const bool gelu = call.flag();
  const bool hasBias = call.flag();
  const bool weightOnly = call.flag();
  const Layer layer(x, weight);
  const auto shape = layer.outputShape();
  TORCH_CHECK(dy.sizes() == at::IntArrayRef(shape), "dy ", dy.sizes(), " must be ", at::IntArrayRef(shape));
  const auto dyRows = dy.view({layer.rows, layer.outputs});
  const auto xRows = layer.x.view({layer.rows, layer.inputs});
  if (!layer.own()) {
    const auto dtype = computeDtype();
    const auto rows = dyRows.to(dtype);
    if (!weightOnly) {
      auto dx = at::mm(rows, layer.weight.to(dtype)).view(layer.x.sizes());
      if (gelu) dx = at::gelu_backward(dx, layer.x.to(dtype));
      call.output(dx);
    }
    const auto inputs = layer.activated(gelu).view({layer.rows, layer.inputs});
    call.output(rows.device().is_cpu() ? at::mm(rows.t(), inputs).to(at::kFloat)
                                       : graticule::deviceWeightGradient(rows, inputs));
    if (hasBias) call.output(at::sum(rows, {0}, false, at::kFloat));
    return;
  }
  if (!weightOnly) {
    const auto dx = at::empty(layer.x.sizes(), layer.x.options().dtype(computeDtype()));
    MatrixProduct toInput{layer.rows, layer.inputs, layer.outputs, graticule::rowsOf(dyRows), graticule::columnsOf(layer.weight),
                          computeElement(), {}};
    toInput.result.data = dx.data_ptr();
    toInput.result.element = graticule::elementOf(dx);
    toInput.result.stride = layer.inputs;
    if (gelu) {
      toInput.result.geluInput = layer.x.data_ptr();
      toInput.result.geluElement = graticule::elementOf(layer.x);
    }
    graticule::multiply(toInput);
    call.output(dx);
  }

  const auto dweight = at::empty(layer.weight.sizes(), layer.weight.options().dtype(at::kFloat));
  MatrixProduct toWeight{layer.outputs, layer.inputs, layer.rows, graticule::columnsOf(dyRows), graticule::columnsOf(xRows),
                         computeElement(), {}};
  toWeight.right.gelu = gelu;
  toWeight.result.data = dweight.data_ptr();
  toWeight.result.stride = layer.inputs;
  graticule::multiply(toWeight);
  call.output(dweight);
  if (hasBias) call.output(graticule::columnSums(dyRows));
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
