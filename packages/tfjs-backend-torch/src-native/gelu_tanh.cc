// The tanh approximation of GELU; the exact one is in fused_linear.cc.
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>

#include "call.h"

KERNEL(FusedGeluTanh) {
  const auto x = call.tensor();
  call.activation(at::gelu(x.to(graticule::inBfloat16() ? at::kBFloat16 : at::kFloat), "tanh"));
}

KERNEL(FusedGeluTanhGrad) {
  const auto dy = call.tensor();
  const auto x = call.tensor();
  const auto dtype = x.scalar_type() == dy.scalar_type() ? x.scalar_type() : at::kFloat;
  call.activation(at::gelu_backward(dy.to(dtype), x.to(dtype), "tanh"));
}
