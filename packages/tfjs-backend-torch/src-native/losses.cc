// Losses that read predictions once and make nothing but their own derivative. Sums are float64 in a fixed order.
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/scatter.h>

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

namespace {

template <typename T>
GRATICULE_INLINE void differencesBody(const T* __restrict a, const float* __restrict b, float factor, T* __restrict out,
                                      int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) graticule::store(out + i, (graticule::load(a + i) - b[i]) * factor);
}

GRATICULE_VECTORIZED double squares(const float* a, const float* b, int64_t count) { return graticule::squaredDifferences(a, b, count); }
GRATICULE_VECTORIZED double squares(const Bf16* a, const float* b, int64_t count) { return graticule::squaredDifferences(a, b, count); }
GRATICULE_VECTORIZED void differences(const float* a, const float* b, float factor, float* out, int64_t count) {
  differencesBody(a, b, factor, out, count);
}
GRATICULE_VECTORIZED void differences(const Bf16* a, const float* b, float factor, Bf16* out, int64_t count) {
  differencesBody(a, b, factor, out, count);
}

/** Fields [B, V, H, W] and what each row of W values weighs: latitude [H] times variable [V]. */
struct Fields {
  Tensor prediction;  // float32 or bf16
  Tensor target, latitude, variable;
  int64_t rows, width;

  float weight(int64_t row) const {
    const int64_t H = latitude.size(0);
    return latitude.data_ptr<float>()[row % H] * variable.data_ptr<float>()[row / H % variable.size(0)];
  }
  Tensor weights() const { return variable.view({-1, 1, 1}).mul(latitude.view({-1, 1})); }
};

Fields readFields(graticule::Call& call) {
  Fields f;
  f.prediction = graticule::readable(call.tensor());
  f.target = call.tensor().to(at::kFloat).contiguous();
  f.latitude = call.tensor().to(at::kFloat).contiguous();
  f.variable = call.tensor().to(at::kFloat).contiguous();
  TORCH_CHECK(f.prediction.dim() == 4 && f.target.sizes() == f.prediction.sizes() && f.prediction.numel() > 0,
              "expected prediction and target [B, V, H, W]");
  TORCH_CHECK(f.variable.sizes() == at::IntArrayRef({f.prediction.size(1)}) &&
                  f.latitude.sizes() == at::IntArrayRef({f.prediction.size(2)}),
              "expected a weight for each variable and each row");
  f.width = f.prediction.size(3);
  f.rows = f.prediction.numel() / f.width;
  return f;
}

int64_t grainOf(const Fields& f) { return std::max<int64_t>(1, (1 << 14) / f.width); }

}  // namespace

/** prediction and target [B, V, H, W], latitude weights [H], variable weights [V] → mean of weight · difference². */
KERNEL(FusedLatitudeError) {
  const auto f = readFields(call);
  if (!f.prediction.device().is_cpu()) {
    call.output(f.prediction.to(at::kFloat).sub(f.target).square_().mul_(f.weights()).mean());
    return;
  }
  std::vector<double> errors(static_cast<size_t>(f.rows));
  at::parallel_for(0, f.rows, grainOf(f), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t at = row * f.width;
      const double sum =
          graticule::isBf16(f.prediction)
              ? squares(graticule::elements<Bf16>(f.prediction) + at, graticule::elements<float>(f.target) + at, f.width)
              : squares(graticule::elements<float>(f.prediction) + at, graticule::elements<float>(f.target) + at, f.width);
      errors[row] = sum * f.weight(row);
    }
  });
  double sum = 0;
  for (const double error : errors) sum += error;
  call.output(at::full({}, sum / static_cast<double>(f.prediction.numel()), f.latitude.options()));
}

/** dy scalar and the same arguments → dprediction, stored as the prediction is; dtarget is its negative. */
KERNEL(FusedLatitudeErrorGrad) {
  const auto dy = call.tensor().to(at::kFloat);
  const auto f = readFields(call);
  TORCH_CHECK(dy.numel() == 1, "dy must be a scalar");
  const double count = static_cast<double>(f.prediction.numel());
  if (!f.prediction.device().is_cpu()) {
    const auto difference = f.prediction.to(at::kFloat).sub(f.target).mul_(f.weights()).mul_(dy).mul_(2 / count);
    call.output(difference.to(f.prediction.scalar_type()));
    return;
  }
  const double factor = 2.0 * dy.item<float>() / count;
  auto out = at::empty_like(f.prediction);
  at::parallel_for(0, f.rows, grainOf(f), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t at = row * f.width;
      const auto by = static_cast<float>(factor * f.weight(row));
      if (graticule::isBf16(f.prediction)) {
        differences(graticule::elements<Bf16>(f.prediction) + at, graticule::elements<float>(f.target) + at, by,
                    graticule::mutableElements<Bf16>(out) + at, f.width);
      } else {
        differences(graticule::elements<float>(f.prediction) + at, graticule::elements<float>(f.target) + at, by,
                    graticule::mutableElements<float>(out) + at, f.width);
      }
    }
  });
  call.output(out);
}
