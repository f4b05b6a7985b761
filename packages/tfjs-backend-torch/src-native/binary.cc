// Elementwise kernels of two inputs and more, with broadcasting.
#include <ATen/EmptyTensor.h>
#include <ATen/ops/add.h>
#include <ATen/ops/atan2.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/div.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/le.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/logical_xor.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ne.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/remainder.h>
#include <ATen/ops/square.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/where.h>

#include <functional>

#include "call.h"

#define BINARY(Name, function)                 \
  KERNEL(Name) {                               \
    const auto a = call.tensor();              \
    const auto b = call.tensor();              \
    call.output(function(a, b));               \
  }

namespace {

bool isInteger(const at::Tensor& x) { return at::isIntegralType(x.scalar_type(), true); }

/** bool + bool counts in tfjs; ATen would take it as "or". */
at::Tensor counted(const at::Tensor& x) { return x.scalar_type() == at::kBool ? x.to(at::kInt) : x; }

/** Few enough numbers that ATen's way to a kernel takes longer than the work. */
constexpr int64_t kFewNumbers = 64;

bool areFewFloats(const at::Tensor& a, const at::Tensor& b) {
  return a.numel() <= kFewNumbers && a.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat && a.is_cpu() && b.is_cpu() &&
         a.is_contiguous() && b.is_contiguous() && a.sizes() == b.sizes();
}

template <typename Operation>
at::Tensor each(const at::Tensor& a, const at::Tensor& b, Operation operation) {
  auto result = at::detail::empty_cpu(a.sizes(), at::kFloat);
  const auto* left = static_cast<const float*>(a.data_ptr());
  const auto* right = static_cast<const float*>(b.data_ptr());
  auto* out = static_cast<float*>(result.data_ptr());
  for (int64_t i = 0; i < a.numel(); i++) out[i] = operation(left[i], right[i]);
  return result;
}

at::Tensor sum(const at::Tensor& a, const at::Tensor& b) {
  return areFewFloats(a, b) ? each(a, b, std::plus<>()) : at::add(counted(a), counted(b));
}
at::Tensor subtract(const at::Tensor& a, const at::Tensor& b) {
  return areFewFloats(a, b) ? each(a, b, std::minus<>()) : at::sub(counted(a), counted(b));
}
at::Tensor multiply(const at::Tensor& a, const at::Tensor& b) {
  return areFewFloats(a, b) ? each(a, b, std::multiplies<>()) : at::mul(counted(a), counted(b));
}
at::Tensor divide(const at::Tensor& a, const at::Tensor& b) {
  return areFewFloats(a, b) ? each(a, b, std::divides<>()) : at::div(a, b);
}

/** Always int32 in tfjs. Integer division by zero gives zero, as in its other backends; ATen throws. */
at::Tensor floorDivide(const at::Tensor& a, const at::Tensor& b) {
  if (!isInteger(a) || !isInteger(b)) return at::div(a, b, "floor").to(at::kInt);
  return at::div(a.to(at::kDouble), b.to(at::kDouble), "floor").masked_fill(b.eq(0), 0).to(at::kInt);
}

/** Remainder with the sign of the divisor; zero for an integer divisor of zero. */
at::Tensor floorModulo(const at::Tensor& a, const at::Tensor& b) {
  if (!isInteger(a) || !isInteger(b)) return at::remainder(a, b);
  return at::remainder(a, b.masked_fill(b.eq(0), 1)).masked_fill(b.eq(0), 0);
}

/** Integer powers go through float64: ATen refuses negative exponents. */
at::Tensor power(const at::Tensor& a, const at::Tensor& b) {
  if (!isInteger(a) || !isInteger(b)) return at::pow(a, b);
  return at::pow(a.to(at::kDouble), b.to(at::kDouble)).to(at::kInt);
}

at::Tensor squaredDifference(const at::Tensor& a, const at::Tensor& b) {
  auto difference = at::sub(counted(a), counted(b));
  if (difference.is_complex()) return at::mul(difference, difference.conj());
  return difference.mul_(difference);
}

at::Tensor prelu(const at::Tensor& x, const at::Tensor& alpha) { return at::where(x.lt(0), at::mul(x, alpha), x); }

at::Tensor arcTangent(const at::Tensor& a, const at::Tensor& b) { return at::atan2(a, b); }

}  // namespace

BINARY(Add, sum)
BINARY(Sub, subtract)
BINARY(Multiply, multiply)
BINARY(RealDiv, divide)
BINARY(FloorDiv, floorDivide)
BINARY(Mod, floorModulo)
BINARY(Pow, power)
BINARY(Maximum, at::maximum)
BINARY(Minimum, at::minimum)
BINARY(SquaredDifference, squaredDifference)
BINARY(Prelu, prelu)
BINARY(Atan2, arcTangent)
BINARY(Equal, at::eq)
BINARY(NotEqual, at::ne)
BINARY(Less, at::lt)
BINARY(LessEqual, at::le)
BINARY(Greater, at::gt)
BINARY(GreaterEqual, at::ge)
BINARY(LogicalAnd, at::logical_and)
BINARY(LogicalOr, at::logical_or)
BINARY(LogicalXor, at::logical_xor)
BINARY(BitwiseAnd, at::bitwise_and)

KERNEL(AddN) {
  const auto values = call.tensors();
  TORCH_CHECK(!values.empty(), "expected at least one tensor");
  auto sum = values[0].clone();
  // The first element may be stored in bf16 while others are not: then the sum is float32.
  for (size_t i = 1; i < values.size(); i++) {
    if (values[i].scalar_type() == sum.scalar_type()) {
      sum.add_(values[i]);
    } else {
      sum = at::add(sum, values[i]);
    }
  }
  call.output(sum);
}

KERNEL(Select) {
  auto condition = call.tensor();
  const auto yes = call.tensor();
  const auto no = call.tensor();
  if (condition.dim() == 1 && yes.dim() > 1) {
    std::vector<int64_t> shape(static_cast<size_t>(yes.dim()), 1);
    shape[0] = condition.numel();
    condition = condition.view(shape);
  }
  call.output(at::where(condition.to(at::kBool), yes, no));
}
