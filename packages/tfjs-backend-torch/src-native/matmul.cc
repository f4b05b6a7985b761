// Matrix products, alone and with bias and activation.
#include <ATen/ops/clamp.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/where.h>

#include "activation.h"
#include "call.h"
#include "device_linear.h"
#include "gemm.h"

using at::Tensor;

namespace graticule {

Tensor activate(const Tensor& x, int64_t activation, const Tensor& prelu, double leakyAlpha) {
  switch (activation) {
    case 0:
      return x;
    case 1:
      return at::relu(x);
    case 2:
      return at::clamp(x, 0, 6);
    case 3:
      return at::elu(x);
    case 4:
      TORCH_CHECK(prelu.defined(), "activation prelu needs its weights");
      return at::where(x.lt(0), x.mul(prelu), x);
    case 5:
      return at::leaky_relu(x, leakyAlpha);
    case 6:
      return at::sigmoid(x);
    default:
      TORCH_CHECK(false, "unknown activation ", activation);
  }
}

}  // namespace graticule

namespace {

// Multiplications, below which the library's shorter way in wins; of stacks it shares out the matrices among threads.
constexpr int64_t kSmallProduct = 1 << 20, kSmallOfStack = 1 << 22;

/** Matrices of a stack. */
int64_t matricesOf(const Tensor& x) { return x.numel() / std::max<int64_t>(1, x.size(-1) * x.size(-2)); }

/** Two matrices, or each of a stack with its own of another, as products of ours; an undefined tensor where that doesn't serve. */
Tensor ownProduct(const Tensor& a, const Tensor& b, bool transposeA, bool transposeB) {
  using namespace graticule;
  const int64_t count = matricesOf(a);
  const bool paired = count == matricesOf(b) && (count == 1 || a.sizes().slice(0, a.dim() - 2) == b.sizes().slice(0, b.dim() - 2));
  const bool floats = a.scalar_type() == b.scalar_type() && (a.scalar_type() == at::kFloat || a.scalar_type() == at::kBFloat16);
  if (!paired || !floats || !a.device().is_cpu()) return Tensor();
  const int64_t rows = a.size(transposeA ? -1 : -2), columns = b.size(transposeB ? -2 : -1), depth = a.size(transposeA ? -2 : -1);
  const Element compute = elementOf(a);
  const int64_t small = count == 1 ? kSmallProduct : kSmallOfStack;
  if (depth != b.size(transposeB ? -1 : -2) || rows * columns * depth < small || !useOwnProduct(compute)) return Tensor();
  auto shape = (a.dim() > b.dim() ? a : b).sizes().vec();
  shape[shape.size() - 2] = rows;
  shape[shape.size() - 1] = columns;
  const auto y = at::empty(shape, a.options());
  MatrixProduct product{rows, columns, depth, transposeA ? columnsOf(a) : rowsOf(a), transposeB ? rowsOf(b) : columnsOf(b),
                        compute, {}};
  product.result.element = compute;
  product.result.stride = columns;
  const int64_t bytes = a.element_size();
  const auto* left = static_cast<const char*>(a.data_ptr());
  const auto* right = static_cast<const char*>(b.data_ptr());
  auto* result = static_cast<char*>(y.data_ptr());
  for (int64_t index = 0; index < count; index++) {
    product.left.data = left + index * rows * depth * bytes;
    product.right.data = right + index * depth * columns * bytes;
    product.result.data = result + index * rows * columns * bytes;
    multiply(product);
  }
  return y;
}

Tensor product(Tensor a, Tensor b, bool transposeA, bool transposeB) {
  TORCH_CHECK(a.dim() >= 2 && b.dim() >= 2, "expected two tensors of rank 2 or more");
  if (at::isFloatingType(a.scalar_type()) && at::isFloatingType(b.scalar_type())) {
    const auto dtype = graticule::inBfloat16() ? at::kBFloat16 : at::kFloat;
    a = a.to(dtype);
    b = b.to(dtype);
  }
  const auto own = ownProduct(a, b, transposeA, transposeB);
  if (own.defined()) return own;
  if (transposeA) a = a.transpose(-1, -2);
  if (transposeB) b = b.transpose(-1, -2);
  const bool integers = at::isIntegralType(a.scalar_type(), true) && !a.device().is_cpu();
  return integers ? graticule::deviceIntegerProduct(a, b) : at::matmul(a, b);
}

}  // namespace

KERNEL(BatchMatMul) {
  const auto a = call.tensor();
  const auto b = call.tensor();
  const bool transposeA = call.flag();
  const bool transposeB = call.flag();
  call.activation(product(a, b, transposeA, transposeB));
}

KERNEL(_FusedMatMul) {
  const auto a = call.tensor();
  const auto b = call.tensor();
  const auto bias = call.optionalTensor();
  const auto prelu = call.optionalTensor();
  const bool transposeA = call.flag();
  const bool transposeB = call.flag();
  const int64_t activation = call.integer();
  const double leakyAlpha = call.number();
  auto y = product(a, b, transposeA, transposeB);
  if (bias.defined()) y = y.add(bias.to(y.scalar_type()));
  call.activation(graticule::activate(y, activation, prelu, leakyAlpha));
}

KERNEL(Einsum) {
  auto values = call.tensors();
  const auto equation = call.text();
  // Operands stored in different widths meet in float32.
  bool mixed = false;
  for (const auto& value : values) mixed = mixed || value.scalar_type() != values[0].scalar_type();
  if (mixed) {
    for (auto& value : values) value = value.to(at::kFloat);
  }
  // ATen multiplies no matrices of integers on devices.
  const bool integers = !values.empty() && at::isIntegralType(values[0].scalar_type(), true) && !values[0].device().is_cpu();
  if (integers) {
    for (auto& value : values) value = value.to(at::kDouble);
  }
  const auto result = at::einsum(equation, values);
  call.output(integers ? result.to(at::kInt) : result);
}
