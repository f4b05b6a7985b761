// What an optimizer step needs, each in one pass over memory.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <cmath>

#include "call.h"
#include "device_optimizer.h"
#include "vectorize.h"

using at::Tensor;

namespace {

struct AdamWStep {
  float gradScale, beta1, rest1, beta2, rest2, epsilon, decay, stepSize, rootCorrection2;
};

GRATICULE_VECTORIZED
void adamW(float* __restrict param, const float* __restrict grad, float* __restrict first, float* __restrict second,
           int64_t count, const AdamWStep& s) {
  const AdamWStep step = s;
#pragma omp simd
  for (int64_t i = 0; i < count; i++) {
    const float g = step.gradScale * grad[i];
    const float m = step.beta1 * first[i] + step.rest1 * g;
    const float v = step.beta2 * second[i] + step.rest2 * g * g;
    first[i] = m;
    second[i] = v;
    // stepSize = lr / (1 - beta1^t); rootCorrection2 = 1 / sqrt(1 - beta2^t)
    param[i] = param[i] * step.decay - step.stepSize * m / (__builtin_sqrtf(v) * step.rootCorrection2 + step.epsilon);
  }
}

/** Sixteen lanes of float64: the order of additions, and with it the result, depends on `count` alone. */
GRATICULE_VECTORIZED
double sumOfSquares(const float* __restrict x, int64_t count) {
  double lanes[16] = {};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
#pragma omp simd
    for (int lane = 0; lane < 16; lane++) lanes[lane] += static_cast<double>(x[i + lane]) * x[i + lane];
  }
  double total = 0;
  for (; i < count; i++) total += static_cast<double>(x[i]) * x[i];
  for (const double lane : lanes) total += lane;
  return total;
}

constexpr int64_t kChunk = 1 << 16;

}  // namespace

/** Decoupled weight decay; updates param and both moments in place. Source: Loshchilov & Hutter 2019, arXiv:1711.05101. */
KERNEL(FusedAdamW) {
  auto param = call.mutableTensor();
  // What is offloaded to the host is updated there.
  const auto grad = call.tensor().to(param.device(), at::kFloat).contiguous();
  auto first = call.mutableTensor();
  auto second = call.mutableTensor();
  const double lr = call.number(), beta1 = call.number(), beta2 = call.number(), epsilon = call.number();
  const double weightDecay = call.number(), t = call.number(), gradScale = call.number();
  for (const Tensor* tensor : {&param, &first, &second}) {
    TORCH_CHECK(tensor->scalar_type() == at::kFloat && tensor->numel() == grad.numel(),
                "param, gradient and moments must be float32 tensors of one size");
  }
  TORCH_CHECK(t >= 1, "step counts from 1, got ", t);
  const double correction1 = 1 - std::pow(beta1, t);
  const double correction2 = 1 - std::pow(beta2, t);
  if (!param.device().is_cpu()) {
    graticule::deviceAdamW(param, grad, first, second, {lr, beta1, beta2, epsilon, weightDecay, t, gradScale});
    return;
  }
  const AdamWStep step{static_cast<float>(gradScale),
                       static_cast<float>(beta1),
                       static_cast<float>(1 - beta1),
                       static_cast<float>(beta2),
                       static_cast<float>(1 - beta2),
                       static_cast<float>(epsilon),
                       static_cast<float>(1 - lr * weightDecay),
                       static_cast<float>(lr / correction1),
                       static_cast<float>(1 / std::sqrt(correction2))};
  auto* p = param.data_ptr<float>();
  const auto* g = grad.data_ptr<float>();
  auto* m = first.data_ptr<float>();
  auto* v = second.data_ptr<float>();
  at::parallel_for(0, param.numel(), kChunk, [&](int64_t begin, int64_t end) {
    adamW(p + begin, g + begin, m + begin, v + begin, end - begin, step);
  });
}

/** Accumulated in float64, in chunks of a fixed size: the same for every number of threads. */
KERNEL(SumOfSquares) {
  const auto x = call.tensor().to(at::kFloat).contiguous();
  if (!x.device().is_cpu()) {
    call.output(graticule::deviceSumOfSquares(x));
    return;
  }
  const int64_t count = x.numel();
  const auto* values = x.data_ptr<float>();
  std::vector<double> partial(static_cast<size_t>((count + kChunk - 1) / kChunk));
  at::parallel_for(0, static_cast<int64_t>(partial.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      partial[i] = sumOfSquares(values + i * kChunk, std::min(kChunk, count - i * kChunk));
    }
  });
  double total = 0;
  for (const double part : partial) total += part;
  call.output(at::full({}, total, x.options()));
}
