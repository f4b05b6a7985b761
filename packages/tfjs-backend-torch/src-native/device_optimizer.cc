#include "device_optimizer.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>

#include <cmath>

#include "torch_version.h"

#if GRATICULE_HAS_DEVICE_ADAMW
#include <ATen/ops/_fused_adamw.h>
#endif

namespace graticule {

using at::Tensor;

#if GRATICULE_HAS_DEVICE_ADAMW

namespace {

/** ATen wants the count of updates as a tensor on the device; all parameters of one update share it. */
Tensor stepTensor(double step, const at::Device& device) {
  thread_local Tensor held;
  thread_local double heldStep = 0;
  if (!held.defined() || heldStep != step || held.device() != device) {
    held = at::full({}, step, at::TensorOptions().dtype(at::kFloat).device(device));
    heldStep = step;
  }
  return held;
}

}  // namespace

void deviceAdamW(const Tensor& param, const Tensor& grad, const Tensor& first, const Tensor& second,
                 const AdamWHyper& h) {
  // ATen's own grad_scale would write the scaled gradient back into the caller's tensor.
  const Tensor scaled = h.gradScale == 1 ? grad : grad.mul(h.gradScale);
  at::_fused_adamw_({param}, {scaled}, {first}, {second}, {}, {stepTensor(h.step, param.device())}, h.learningRate,
                    h.beta1, h.beta2, h.weightDecay, h.epsilon, /*amsgrad=*/false, /*maximize=*/false);
}

#else

void deviceAdamW(const Tensor& param, const Tensor& grad, const Tensor& first, const Tensor& second,
                 const AdamWHyper& h) {
  const double correction1 = 1 - std::pow(h.beta1, h.step);
  const double correction2 = 1 - std::pow(h.beta2, h.step);
  const auto g = grad.mul(h.gradScale);
  first.mul_(h.beta1).add_(g, 1 - h.beta1);
  second.mul_(h.beta2).addcmul_(g, g, 1 - h.beta2);
  const auto denominator = second.sqrt().div_(std::sqrt(correction2)).add_(h.epsilon);
  param.mul_(1 - h.learningRate * h.weightDecay).addcdiv_(first, denominator, -h.learningRate / correction1);
}

#endif

Tensor deviceSumOfSquares(const Tensor& x) {
  constexpr int64_t kRow = 1024;
  const auto values = x.view({-1});
  const int64_t whole = values.numel() / kRow * kRow;
  // [rows] of Euclidean norms, and that of what is left over: memory is read once.
  const auto rows = at::linalg_vector_norm(values.narrow(0, 0, whole).view({-1, kRow}), 2, at::IntArrayRef{1});
  const auto rest = at::linalg_vector_norm(values.narrow(0, whole, values.numel() - whole), 2);
  return at::cat({rows, rest.view({1})}).to(at::kDouble).square().sum().to(at::kFloat);
}

}  // namespace graticule
