// Cross-entropy of logits, read once, with its gradient in the same call. Sums are float64 in a fixed order.
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/scatter.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "call.h"
#include "elements.h"
#include "vectorize.h"

using at::Tensor;
using graticule::Bf16;

namespace {

/** Cross-entropy of one row; `slope` becomes softmax − target, times `factor`. Target: smooth everywhere, sharp more at label. */
template <typename T>
GRATICULE_INLINE double crossEntropyBody(const T* __restrict logits, int64_t label, int64_t count, float sharp,
                                         float smooth, float factor, float* __restrict buffer, T* __restrict slope) {
  float top = graticule::load(logits);
#pragma omp simd reduction(max : top)
  for (int64_t i = 0; i < count; i++) {
    buffer[i] = graticule::load(logits + i);
    top = buffer[i] > top ? buffer[i] : top;
  }
  float sum = 0, shifted = 0;
  const float atLabel = buffer[label] - top;
#pragma omp simd reduction(+ : sum, shifted)
  for (int64_t i = 0; i < count; i++) {
    shifted += buffer[i] - top;
    buffer[i] = graticule::exponential(buffer[i] - top);
    sum += buffer[i];
  }
  const float scale = factor / sum, shift = smooth * factor;
#pragma omp simd
  for (int64_t i = 0; i < count; i++) buffer[i] = buffer[i] * scale - shift;
  buffer[label] -= sharp * factor;
#pragma omp simd
  for (int64_t i = 0; i < count; i++) graticule::store(slope + i, buffer[i]);
  const double logSum = std::log(static_cast<double>(sum));
  return logSum - static_cast<double>(sharp) * atLabel - static_cast<double>(smooth) * shifted;
}

GRATICULE_VECTORIZED double crossEntropy(const float* logits, int64_t label, int64_t count, float sharp, float smooth,
                                         float factor, float* buffer, float* slope) {
  return crossEntropyBody(logits, label, count, sharp, smooth, factor, buffer, slope);
}
GRATICULE_VECTORIZED double crossEntropy(const Bf16* logits, int64_t label, int64_t count, float sharp, float smooth,
                                         float factor, float* buffer, Bf16* slope) {
  return crossEntropyBody(logits, label, count, sharp, smooth, factor, buffer, slope);
}

template <typename T>
double crossEntropyOfAll(const Tensor& logits, const int32_t* labels, float sharp, float smooth, Tensor& slope) {
  const int64_t B = logits.size(0), K = logits.size(1);
  const auto factor = static_cast<float>(1.0 / static_cast<double>(B));
  std::vector<double> losses(static_cast<size_t>(B));
  at::parallel_for(0, B, std::max<int64_t>(1, (1 << 13) / K), [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(static_cast<size_t>(K));
    for (int64_t b = begin; b < end; b++) {
      losses[b] = crossEntropy(graticule::elements<T>(logits) + b * K, labels[b], K, sharp, smooth, factor,
                               buffer.data(), graticule::mutableElements<T>(slope) + b * K);
    }
  });
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return sum / static_cast<double>(B);
}

}  // namespace

/** logits [B, K], labels int32 [B], label smoothing → mean loss, its gradient [B, K]. */
KERNEL(FusedSoftmaxCrossEntropy) {
  const auto logits = graticule::readable(call.tensor());
  const auto labels = call.tensor().contiguous();
  const double smoothing = call.number();
  TORCH_CHECK(logits.dim() == 2 && logits.numel() > 0 && labels.dim() == 1 && labels.size(0) == logits.size(0) &&
                  labels.scalar_type() == at::kInt,
              "expected logits [B, K] and int32 labels [B]");
  const int64_t B = logits.size(0), K = logits.size(1);
  const auto host = labels.to(at::kCPU);
  const int32_t* label = host.data_ptr<int32_t>();
  for (int64_t b = 0; b < B; b++) TORCH_CHECK(label[b] >= 0 && label[b] < K, "label ", label[b], " is not in [0, ", K - 1, "]");
  const double sharp = 1 - smoothing, smooth = smoothing / static_cast<double>(K);
  if (!logits.device().is_cpu()) {
    const auto logProbabilities = at::log_softmax(logits.to(at::kFloat), 1);
    const auto target = at::scatter(at::full_like(logProbabilities, smooth), 1, labels.to(at::kLong).unsqueeze(1),
                                    sharp + smooth);
    call.output(logProbabilities.mul(target).sum().div_(-static_cast<double>(B)));
    call.output(logProbabilities.exp().sub_(target).div_(static_cast<double>(B)).to(logits.scalar_type()));
    return;
  }
  auto slope = at::empty_like(logits);
  const auto sharpened = static_cast<float>(sharp), smoothed = static_cast<float>(smooth);
  const double loss = graticule::isBf16(logits) ? crossEntropyOfAll<Bf16>(logits, label, sharpened, smoothed, slope)
                                                : crossEntropyOfAll<float>(logits, label, sharpened, smoothed, slope);
  call.output(at::full({}, loss, logits.options().dtype(at::kFloat)));
  call.output(slope);
}
