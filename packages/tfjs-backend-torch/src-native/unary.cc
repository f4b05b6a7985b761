// Elementwise kernels of one input.
#include <ATen/ops/abs.h>
#include <ATen/ops/acos.h>
#include <ATen/ops/acosh.h>
#include <ATen/ops/asin.h>
#include <ATen/ops/asinh.h>
#include <ATen/ops/atan.h>
#include <ATen/ops/atanh.h>
#include <ATen/ops/ceil.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/clone.h>
#include <ATen/ops/complex.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/cosh.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/imag.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isinf.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/log.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/real.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/round.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/selu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/sinh.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/square.h>
#include <ATen/ops/tan.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/trunc.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "call.h"

#define UNARY(Name, function) \
  KERNEL(Name) { call.output(function(call.tensor())); }

UNARY(Abs, at::abs)
UNARY(Acos, at::acos)
UNARY(Acosh, at::acosh)
UNARY(Asin, at::asin)
UNARY(Asinh, at::asinh)
UNARY(Atan, at::atan)
UNARY(Atanh, at::atanh)
UNARY(Ceil, at::ceil)
UNARY(Cos, at::cos)
UNARY(Cosh, at::cosh)
UNARY(Elu, at::elu)
UNARY(Erf, at::erf)
UNARY(Exp, at::exp)
UNARY(Expm1, at::expm1)
UNARY(Floor, at::floor)
UNARY(IsFinite, at::isfinite)
UNARY(IsInf, at::isinf)
UNARY(IsNan, at::isnan)
UNARY(Log, at::log)
UNARY(Log1p, at::log1p)
UNARY(LogicalNot, at::logical_not)
UNARY(Neg, at::neg)
UNARY(OnesLike, at::ones_like)
UNARY(Reciprocal, at::reciprocal)
UNARY(Relu, at::relu)
UNARY(Round, at::round)
UNARY(Rsqrt, at::rsqrt)
UNARY(Selu, at::selu)
UNARY(Sigmoid, at::sigmoid)
UNARY(Sin, at::sin)
UNARY(Sinh, at::sinh)
UNARY(Softplus, at::softplus)
UNARY(Sqrt, at::sqrt)
UNARY(Square, at::square)
UNARY(Tan, at::tan)
UNARY(Tanh, at::tanh)
UNARY(ZerosLike, at::zeros_like)
UNARY(ComplexAbs, at::abs)
UNARY(Real, at::real)
UNARY(Imag, at::imag)

KERNEL(Sign) {
  call.output(at::sign(call.tensor()));
}

KERNEL(Step) {
  const auto x = call.tensor();
  const double alpha = call.number();
  const auto stepped = at::where(x.gt(0), at::full({}, 1.0, x.options()), at::full({}, alpha, x.options()));
  call.output(at::isFloatingType(x.scalar_type()) ? at::where(at::isnan(x), x, stepped) : stepped);
}

KERNEL(Relu6) { call.output(at::clamp(call.tensor(), 0, 6)); }

KERNEL(LeakyRelu) {
  auto x = call.tensor();
  if (!at::isFloatingType(x.scalar_type())) x = x.to(at::kFloat);
  call.output(at::leaky_relu(x, call.number()));
}

KERNEL(ClipByValue) {
  const auto x = call.tensor();
  const double low = call.number();
  const double high = call.number();
  call.output(at::clamp(x, low, high).to(x.scalar_type()));
}

KERNEL(EluGrad) {
  const auto dy = call.tensor();
  const auto y = call.tensor();
  call.output(at::where(y.ge(0), dy, dy.mul(y.add(1))));
}

KERNEL(Complex) {
  const auto real = call.tensor();
  const auto imag = call.tensor();
  call.output(at::complex(real.to(at::kFloat), imag.to(at::kFloat)));
}

/** Cast as tfjs does: to int32 by truncation, to bool by comparison with zero, from complex by the real part. */
KERNEL(Cast) {
  auto x = call.tensor();
  const auto dtype = graticule::dtypeOfCode(call.integer());
  if (x.is_complex() && dtype != at::kComplexFloat) x = at::real(x);
  if (at::isFloatingType(x.scalar_type()) && dtype == at::kFloat) {
    call.output(x.clone());
  } else if (at::isFloatingType(x.scalar_type()) && dtype == at::kInt) {
    call.output(x.to(at::kInt));
  } else {
    call.output(x.to(dtype));
  }
}
