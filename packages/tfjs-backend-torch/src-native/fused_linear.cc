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

/** t · weightᵀ (`rows`) or t · weight (`columns`), which a product of the layer adds; absent without t. */
struct Added {
  Tensor t, weight;

  explicit Added(graticule::Call& call) : t(call.optionalTensor()), weight(call.optionalTensor()) {
    TORCH_CHECK(t.defined() == weight.defined(), "an added product needs both of its sides");
    if (!t.defined()) return;
    t = floating(t);
    weight = floating(weight);
  }

  void check(int64_t rows, int64_t depth, int64_t columns, int64_t weightDepth, int64_t weightColumns) const {
    TORCH_CHECK(weight.dim() == 2 && t.dim() >= 1 && t.size(-1) == depth && t.numel() == rows * depth && weightDepth == depth &&
                    weightColumns == columns,
                "added ", t.sizes(), " does not fit weight ", weight.sizes(), " and ", rows, " rows of ", columns);
  }

  Tensor matrix(at::ScalarType dtype) const { return t.to(dtype).view({-1, t.size(-1)}); }
};

/** How all layers leave: y [rows, N] + added, in the shape of the output. */
void addTo(MatrixProduct& product, const Added& added, bool rows) {
  if (!added.t.defined()) return;
  product.addedDepth = added.t.size(-1);
  product.addedLeft = graticule::rowsOf(added.t);
  product.addedRight = rows ? graticule::rowsOf(added.weight) : graticule::columnsOf(added.weight);
}

}  // namespace

/**
 * x [..., K], weight [N, K], bias [N], residual [..., N], t [..., R] with its weight [N, R], or absent →
 * gelu?(x) · weightᵀ + t · its weightᵀ + bias + residual [..., N].
 */
KERNEL(FusedLinear) {
  const auto x = call.tensor();
  const auto weight = weightIn(call);
  auto bias = call.optionalTensor();
  auto residual = call.optionalTensor();
  const Added added(call);
  const bool gelu = call.flag();
  const Layer layer(x, weight);
  const auto shape = layer.outputShape();
  TORCH_CHECK(!bias.defined() || (bias.dim() == 1 && bias.size(0) == layer.outputs), "bias ", bias.sizes(),
              " does not fit weight");
  TORCH_CHECK(!residual.defined() || residual.sizes() == at::IntArrayRef(shape), "residual ", residual.sizes(), " must be ",
              at::IntArrayRef(shape));
  if (added.t.defined()) {
    added.check(layer.rows, added.t.size(-1), layer.outputs, added.weight.size(1), added.weight.size(0));
  }
  if (residual.defined()) residual = floating(residual);
  if (!layer.own()) {
    const auto dtype = computeDtype();
    if (bias.defined()) bias = bias.to(dtype);
    auto y = at::linear(layer.activated(gelu), layer.weight.to(dtype), bias.defined() ? c10::optional<Tensor>(bias) : c10::nullopt);
    if (added.t.defined()) y = at::add(y, at::linear(added.t.to(dtype), added.weight.to(dtype)));
    return residual.defined() ? call.output(at::add(y, residual)) : call.activation(y);
  }
  if (bias.defined()) bias = bias.to(at::kFloat);
  const auto y = at::empty(shape, layer.x.options().dtype(residual.defined() ? residual.scalar_type() : computeDtype()));
  MatrixProduct product;
  product.rows = layer.rows;
  product.columns = layer.outputs;
  product.depth = layer.inputs;
  product.left = graticule::rowsOf(layer.x);
  product.right = graticule::rowsOf(layer.weight);
  product.compute = computeElement();
  product.left.gelu = gelu;
  product.result.data = y.data_ptr();
  product.result.element = graticule::elementOf(y);
  product.result.stride = layer.outputs;
  if (bias.defined()) product.result.bias = bias.data_ptr<float>();
  if (residual.defined()) {
    product.result.residual = residual.data_ptr();
    product.result.residualElement = graticule::elementOf(residual);
  }
  addTo(product, added, true);
  graticule::multiply(product);
  residual.defined() ? call.output(y) : call.activation(y);
}

/**
 * dy [..., N] → dx [..., K], dweight [N, K] and dbias [N], each on request; the weight's gradients are float32. With t
 * [..., R] and its weight [R, K], dx is that of dy · weight + t · its weight. x may be absent where neither the weight's
 * gradient nor GELU's needs it.
 */
KERNEL(FusedLinearGrad) {
  auto dy = floating(call.tensor());
  auto x = call.optionalTensor();
  const auto weight = weightIn(call);
  const Added added(call);
  const bool gelu = call.flag();
  const bool hasBias = call.flag();
  const bool withInput = call.flag();
  const bool withWeight = call.flag();
  TORCH_CHECK(x.defined() || !(gelu || withWeight), "x is needed");
  if (!x.defined()) {
    auto shape = dy.sizes().vec();
    shape.back() = weight.size(1);
    // Of its shape alone; nothing reads it.
    x = at::empty({1}, dy.options().dtype(computeDtype())).expand(shape);
  }
  const Layer layer(x, weight);
  const auto shape = layer.outputShape();
  TORCH_CHECK(dy.sizes() == at::IntArrayRef(shape), "dy ", dy.sizes(), " must be ", at::IntArrayRef(shape));
  if (added.t.defined()) {
    added.check(layer.rows, added.t.size(-1), layer.inputs, added.weight.size(0), added.weight.size(1));
  }
  const auto dyRows = dy.view({layer.rows, layer.outputs});
  if (!layer.own()) {
    const auto dtype = computeDtype();
    const auto rows = dyRows.to(dtype);
    if (withInput) {
      auto dx = at::mm(rows, layer.weight.to(dtype));
      if (added.t.defined()) dx = at::add(dx, at::mm(added.matrix(dtype), added.weight.to(dtype)));
      dx = dx.view(layer.x.sizes());
      if (gelu) dx = at::gelu_backward(dx, layer.x.to(dtype));
      call.activation(dx);
    }
    if (withWeight) {
      const auto inputs = layer.activated(gelu).view({layer.rows, layer.inputs});
      call.output(rows.device().is_cpu() ? at::mm(rows.t(), inputs).to(at::kFloat)
                                         : graticule::deviceWeightGradient(rows, inputs));
    }
    if (hasBias) call.output(rows.device().is_cpu() ? graticule::columnSums(rows) : at::sum(rows, {0}, false, at::kFloat));
    return;
  }
  if (withInput) {
    const auto dx = at::empty(layer.x.sizes(), layer.x.options().dtype(computeDtype()));
    MatrixProduct toInput;
    toInput.rows = layer.rows;
    toInput.columns = layer.inputs;
    toInput.depth = layer.outputs;
    toInput.left = graticule::rowsOf(dyRows);
    toInput.right = graticule::columnsOf(layer.weight);
    toInput.compute = computeElement();
    toInput.result.data = dx.data_ptr();
    toInput.result.element = graticule::elementOf(dx);
    toInput.result.stride = layer.inputs;
    if (gelu) {
      toInput.result.geluInput = layer.x.data_ptr();
      toInput.result.geluElement = graticule::elementOf(layer.x);
    }
    addTo(toInput, added, false);
    graticule::multiply(toInput);
    call.activation(dx);
  }
  if (withWeight) {
    const auto dweight = at::empty(layer.weight.sizes(), layer.weight.options().dtype(at::kFloat));
    const auto xRows = layer.x.view({layer.rows, layer.inputs});
    MatrixProduct toWeight;
    toWeight.rows = layer.outputs;
    toWeight.columns = layer.inputs;
    toWeight.depth = layer.rows;
    toWeight.left = graticule::columnsOf(dyRows);
    toWeight.right = graticule::columnsOf(xRows);
    toWeight.compute = computeElement();
    toWeight.right.gelu = gelu;
    toWeight.result.data = dweight.data_ptr();
    toWeight.result.stride = layer.inputs;
    graticule::multiply(toWeight);
    call.output(dweight);
  }
  if (hasBias) call.output(graticule::columnSums(dyRows));
}

KERNEL(FusedGelu) {
  const auto x = call.tensor();
  call.activation(at::gelu(x.to(computeDtype())));
}

KERNEL(FusedGeluGrad) {
  const auto dy = call.tensor();
  const auto x = call.tensor();
  const auto dtype = x.scalar_type() == dy.scalar_type() ? x.scalar_type() : at::kFloat;
  call.activation(at::gelu_backward(dy.to(dtype), x.to(dtype)));
}
