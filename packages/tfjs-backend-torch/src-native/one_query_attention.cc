// One query over the tokens of each sample, for very many small samples: the channel aggregation of D-CHAG, attention
// pooling. Bound by reading k and v, so each is read row by row, all heads at once. Scores are float32.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <limits>
#include <vector>

#include "call.h"
#include "cross_attention.h"
#include "elements.h"
#include "vectorize.h"

using at::Tensor;

namespace graticule {
namespace {

struct Sizes {
  int64_t keys, heads, keyValueHeads, headDim;

  int64_t width() const { return heads * headDim; }
  int64_t keyWidth() const { return keyValueHeads * headDim; }
  int64_t group() const { return heads / keyValueHeads; }
};

struct Bias {
  const float* values;  // null without
  int64_t headStep;     // between two heads; 0 where all share one row
};

/** scores[n·H + h] = q_h · k_n (+ bias); q holds the scale already. */
template <typename T>
GRATICULE_INLINE void scoreKeys(const Sizes& s, const float* __restrict q, const T* __restrict k, const Bias& bias,
                                float* __restrict scores) {
  const int64_t d = s.headDim;
  for (int64_t n = 0; n < s.keys; n++) {
    for (int64_t h = 0; h < s.heads; h++) {
      const T* row = k + n * s.keyWidth() + h / s.group() * d;
      const float* query = q + h * d;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t j = 0; j < d; j++) sum += query[j] * load(row + j);
      scores[n * s.heads + h] = bias.values ? sum + bias.values[h * bias.headStep + n] : sum;
    }
  }
}

/** Scores become e^(score − offset_h). */
GRATICULE_INLINE void exponentiate(const Sizes& s, const float* __restrict offset, float* __restrict scores) {
  for (int64_t n = 0; n < s.keys; n++) {
#pragma omp simd
    for (int64_t h = 0; h < s.heads; h++) scores[n * s.heads + h] -= offset[h];
  }
#pragma omp simd
  for (int64_t i = 0; i < s.keys * s.heads; i++) scores[i] = exponential(scores[i]);
}

template <typename T>
GRATICULE_INLINE void forwardBody(const Sizes& s, const float* __restrict q, const T* __restrict k,
                                  const T* __restrict v, const Bias& bias, float* __restrict scores,
                                  float* __restrict totals, float* __restrict out, float* __restrict logSumExp) {
  const int64_t d = s.headDim, H = s.heads;
  scoreKeys(s, q, k, bias, scores);
  for (int64_t h = 0; h < H; h++) logSumExp[h] = -std::numeric_limits<float>::infinity();
  for (int64_t n = 0; n < s.keys; n++) {
#pragma omp simd
    for (int64_t h = 0; h < H; h++) logSumExp[h] = scores[n * H + h] > logSumExp[h] ? scores[n * H + h] : logSumExp[h];
  }
  for (int64_t h = 0; h < H; h++) {
    if (logSumExp[h] == -std::numeric_limits<float>::infinity()) logSumExp[h] = 0;
    totals[h] = 0;
  }
  exponentiate(s, logSumExp, scores);
#pragma omp simd
  for (int64_t i = 0; i < H * d; i++) out[i] = 0;
  for (int64_t n = 0; n < s.keys; n++) {
    for (int64_t h = 0; h < H; h++) {
      const float weight = scores[n * H + h];
      const T* row = v + n * s.keyWidth() + h / s.group() * d;
      float* mixed = out + h * d;
      totals[h] += weight;
#pragma omp simd
      for (int64_t j = 0; j < d; j++) mixed[j] += weight * load(row + j);
    }
  }
  for (int64_t h = 0; h < H; h++) {
    const bool isBlind = totals[h] == 0;
    const float factor = isBlind ? 0 : 1 / totals[h];
    logSumExp[h] = isBlind ? std::numeric_limits<float>::infinity() : logSumExp[h] + std::log(totals[h]);
#pragma omp simd
    for (int64_t j = 0; j < d; j++) out[h * d + j] *= factor;
  }
}

/**
 * `probabilities` and `slopes` are scratch of Nk·H, `means` of H, `row` of twice the key width; dq is added to. Without dv, dk
 * has both.
 */
template <typename T>
GRATICULE_INLINE void backwardBody(const Sizes& s, const float* __restrict q, const T* __restrict k,
                                   const T* __restrict v, const Bias& bias, const float* __restrict dout,
                                   const float* __restrict logSumExp, float* __restrict probabilities,
                                   float* __restrict slopes, float* __restrict means, float* __restrict row,
                                   float* __restrict dq, T* __restrict dk, T* __restrict dv) {
  const int64_t d = s.headDim, H = s.heads, width = s.keyWidth();
  scoreKeys(s, q, k, bias, probabilities);
  exponentiate(s, logSumExp, probabilities);
  scoreKeys(s, dout, v, Bias{nullptr, 0}, slopes);
  for (int64_t h = 0; h < H; h++) means[h] = 0;
  for (int64_t n = 0; n < s.keys; n++) {
#pragma omp simd
    for (int64_t h = 0; h < H; h++) means[h] += probabilities[n * H + h] * slopes[n * H + h];
  }
  for (int64_t n = 0; n < s.keys; n++) {
#pragma omp simd
    for (int64_t h = 0; h < H; h++) slopes[n * H + h] = probabilities[n * H + h] * (slopes[n * H + h] - means[h]);
  }
  float* __restrict keyRow = row;
  float* __restrict valueRow = row + width;
  for (int64_t n = 0; n < s.keys; n++) {
#pragma omp simd
    for (int64_t j = 0; j < 2 * width; j++) row[j] = 0;
    for (int64_t h = 0; h < H; h++) {
      const float slope = slopes[n * H + h], probability = probabilities[n * H + h];
      const int64_t at = h / s.group() * d;
      const T* key = k + n * width + at;
#pragma omp simd
      for (int64_t j = 0; j < d; j++) {
        keyRow[at + j] += slope * q[h * d + j];
        valueRow[at + j] += probability * dout[h * d + j];
        dq[h * d + j] += slope * load(key + j);
      }
    }
    if (dv) {
#pragma omp simd
      for (int64_t j = 0; j < width; j++) {
        store(dk + n * width + j, keyRow[j]);
        store(dv + n * width + j, valueRow[j]);
      }
    } else {
#pragma omp simd
      for (int64_t j = 0; j < width; j++) store(dk + n * width + j, keyRow[j] + valueRow[j]);
    }
  }
}

GRATICULE_VECTORIZED void forward(const Sizes& s, const float* q, const float* k, const float* v, const Bias& bias,
                                  float* scores, float* totals, float* out, float* logSumExp) {
  forwardBody(s, q, k, v, bias, scores, totals, out, logSumExp);
}
GRATICULE_VECTORIZED void forward(const Sizes& s, const float* q, const Bf16* k, const Bf16* v, const Bias& bias,
                                  float* scores, float* totals, float* out, float* logSumExp) {
  forwardBody(s, q, k, v, bias, scores, totals, out, logSumExp);
}
GRATICULE_VECTORIZED void backward(const Sizes& s, const float* q, const float* k, const float* v, const Bias& bias,
                                   const float* dout, const float* logSumExp, float* probabilities, float* slopes,
                                   float* means, float* row, float* dq, float* dk, float* dv) {
  backwardBody(s, q, k, v, bias, dout, logSumExp, probabilities, slopes, means, row, dq, dk, dv);
}
GRATICULE_VECTORIZED void backward(const Sizes& s, const float* q, const Bf16* k, const Bf16* v, const Bias& bias,
                                   const float* dout, const float* logSumExp, float* probabilities, float* slopes,
                                   float* means, float* row, float* dq, Bf16* dk, Bf16* dv) {
  backwardBody(s, q, k, v, bias, dout, logSumExp, probabilities, slopes, means, row, dq, dk, dv);
}

/** q in float32 with the scale in it, everything contiguous, k and v of one dtype. */
struct Prepared {
  Sizes sizes;
  Tensor q, k, v, bias;
  int64_t batch;

  const float* query(int64_t b) const { return q.data_ptr<float>() + (q.size(0) == 1 ? 0 : b * sizes.width()); }
  Bias biasOf(int64_t b) const {
    if (!bias.defined()) return {nullptr, 0};
    const int64_t heads = bias.size(1);
    return {bias.data_ptr<float>() + b * heads * sizes.keys, heads == 1 ? 0 : sizes.keys};
  }
};

Prepared prepare(const AttentionInputs& in) {
  Prepared p;
  p.sizes = {in.keys(), in.heads, in.keyValueHeads, in.headDim()};
  p.batch = in.batch();
  p.q = in.q.to(at::kFloat).mul(in.scale).contiguous();
  p.k = readable(in.k);
  p.v = in.v.defined() ? readable(in.v) : p.k;
  if (p.k.scalar_type() != p.v.scalar_type()) {
    p.k = p.k.to(at::kFloat);
    p.v = p.v.to(at::kFloat);
  }
  if (in.bias.defined()) p.bias = in.bias.to(at::kFloat).contiguous();
  return p;
}

template <typename T>
void runForward(const Prepared& p, Tensor& out, Tensor& logSumExp) {
  const Sizes& s = p.sizes;
  at::parallel_for(0, p.batch, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>((s.keys + 1) * s.heads));
    for (int64_t b = begin; b < end; b++) {
      const int64_t at = b * s.keys * s.keyWidth();
      forward(s, p.query(b), elements<T>(p.k) + at, elements<T>(p.v) + at, p.biasOf(b), scratch.data() + s.heads,
              scratch.data(), mutableElements<float>(out) + b * s.width(), mutableElements<float>(logSumExp) + b * s.heads);
    }
  });
}

/** Sums dq of a shared query over parts of the batch that don't depend on the number of threads. */
constexpr int64_t kParts = 64;

template <typename T>
void runBackward(const Prepared& p, const Tensor& dout, const Tensor& logSumExp, Tensor& dq, Tensor& dk, Tensor& dv) {
  const Sizes& s = p.sizes;
  const bool isShared = p.q.size(0) == 1 && p.batch > 1;
  const int64_t perPart = (p.batch + kParts - 1) / kParts;
  std::vector<float> sums(isShared ? static_cast<size_t>(kParts * s.width()) : 0);
  at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>((2 * s.keys + 1) * s.heads + 2 * s.keyWidth()));
    float* probabilities = scratch.data();
    float* slopes = probabilities + s.keys * s.heads;
    float* means = slopes + s.keys * s.heads;
    for (int64_t part = begin; part < end; part++) {
      for (int64_t b = part * perPart; b < std::min(p.batch, (part + 1) * perPart); b++) {
        const int64_t at = b * s.keys * s.keyWidth();
        float* sum = isShared ? sums.data() + part * s.width() : mutableElements<float>(dq) + b * s.width();
        backward(s, p.query(b), elements<T>(p.k) + at, elements<T>(p.v) + at, p.biasOf(b),
                 elements<float>(dout) + b * s.width(), elements<float>(logSumExp) + b * s.heads, probabilities, slopes,
                 means, means + s.heads, sum,
                 mutableElements<T>(dk) + at, dv.defined() ? mutableElements<T>(dv) + at : nullptr);
      }
    }
  });
  if (!isShared) return;
  float* total = mutableElements<float>(dq);
  for (int64_t part = 0; part < kParts; part++) {
    for (int64_t i = 0; i < s.width(); i++) total[i] += sums[part * s.width() + i];
  }
}

}  // namespace

std::tuple<Tensor, Tensor> oneQueryAttention(const AttentionInputs& in) {
  const auto p = prepare(in);
  const auto options = p.q.options();
  auto out = at::empty({p.batch, 1, p.sizes.width()}, options);
  auto logSumExp = at::empty({p.batch, p.sizes.heads}, options);
  if (isBf16(p.k)) {
    runForward<Bf16>(p, out, logSumExp);
  } else {
    runForward<float>(p, out, logSumExp);
  }
  return {inBfloat16() ? out.to(at::kBFloat16) : out, logSumExp};
}

std::tuple<Tensor, Tensor, Tensor> oneQueryAttentionGrad(const AttentionInputs& in, const Tensor& dy,
                                                         const Tensor& logSumExp) {
  const auto p = prepare(in);
  const auto dout = dy.to(at::kFloat).contiguous();
  auto dq = p.q.new_zeros(p.q.sizes());
  auto dk = at::empty_like(p.k), dv = in.v.defined() ? at::empty_like(p.v) : Tensor();
  if (isBf16(p.k)) {
    runBackward<Bf16>(p, dout, logSumExp, dq, dk, dv);
  } else {
    runBackward<float>(p, dout, logSumExp, dq, dk, dv);
  }
  if (dv.defined()) dv = dv.to(in.v.scalar_type());
  return {dq.mul_(in.scale).to(in.q.scalar_type()), dk.to(in.k.scalar_type()), dv};
}

}  // namespace graticule
