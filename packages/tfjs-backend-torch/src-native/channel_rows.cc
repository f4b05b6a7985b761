#include "channel_rows.h"

#include <algorithm>
#include <limits>

#include "elements.h"
#include "vectorize.h"

namespace graticule {
namespace {

/** sums[r] += Σ_k left[r][k] · right[k][16] for kTileRows rows of the left. */
GRATICULE_INLINE void multiplyTile(const float* __restrict left, int64_t stride, const float* __restrict right, int64_t depth,
                                   Lanes* __restrict sums) {
  Lanes sum[kTileRows];
#pragma GCC unroll 12
  for (int64_t r = 0; r < kTileRows; r++) sum[r] = sums[r];
  for (int64_t k = 0; k < depth; k++) {
    const Lanes b = lanes(right + k * kLanes);
#pragma GCC unroll 12
    for (int64_t r = 0; r < kTileRows; r++) sum[r] += left[r * stride + k] * b;
  }
#pragma GCC unroll 12
  for (int64_t r = 0; r < kTileRows; r++) sums[r] = sum[r];
}

/** Scores of kTileRows rows, [row][16 · groups]. */
GRATICULE_INLINE void scoreTile(const ChannelLayout& layout, const float* __restrict scorer, const float* __restrict spread,
                                float* __restrict scores) {
  const int64_t size = layout.size(), width = layout.groups() * kLanes;
  for (int64_t group = 0; group < layout.groups(); group++) {
    const int64_t first = group * layout.groupVectors() * kLanes;
    Lanes sum[kTileRows] = {};
    for (int64_t f = 0; f < layout.groupVectors(); f++) {
      const Lanes weight = lanes(scorer + first + f * kLanes);
#pragma GCC unroll 12
      for (int64_t r = 0; r < kTileRows; r++) sum[r] += weight * lanes(spread + r * size + first + f * kLanes);
    }
#pragma GCC unroll 12
    for (int64_t r = 0; r < kTileRows; r++) lanes(scores + r * width + group * kLanes) = sum[r];
  }
}

/** Softmax over the channels that are seen; zeros where none is. */
GRATICULE_INLINE void softmaxRow(const ChannelLayout& layout, const bool* __restrict seen, float* __restrict row) {
  constexpr float kUnseen = -std::numeric_limits<float>::infinity();
  const int64_t width = layout.groups() * kLanes;
  for (int64_t c = layout.channels; c < width; c++) row[c] = kUnseen;
  if (seen) {
    for (int64_t c = 0; c < layout.channels; c++) row[c] = seen[c] ? row[c] : kUnseen;
  }
  float most = kUnseen;
#pragma omp simd reduction(max : most)
  for (int64_t c = 0; c < width; c++) most = row[c] > most ? row[c] : most;
  if (most == kUnseen) most = 0;
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t c = 0; c < width; c++) {
    row[c] = exponential(row[c] - most);
    total += row[c];
  }
  const float factor = total == 0 ? 0 : 1 / total;
#pragma omp simd
  for (int64_t c = 0; c < width; c++) row[c] *= factor;
}

GRATICULE_INLINE void weighTile(const ChannelLayout& layout, const float* scorer, const ChannelRows& rows, int64_t first,
                                float* weights) {
  const int64_t width = layout.groups() * kLanes;
  scoreTile(layout, scorer, rows.spread + first * layout.size(), weights);
  for (int64_t r = 0; r < kTileRows; r++) {
    const bool isRow = rows.seen && first + r < rows.count;
    softmaxRow(layout, isRow ? rows.seen + (first + r) * layout.channels : nullptr, weights + r * width);
  }
}

GRATICULE_VECTORIZED void forward(const ChannelLayout& layout, const ChannelHead& head, const ChannelRows& rows, float* scratch,
                                  float* out) {
  const int64_t size = layout.size(), width = layout.groups() * kLanes, vectors = layout.vectors();
  float* weights = scratch;
  float* scaled = weights + kTileRows * width;
  float* sums = scaled + kTileRows * kScaledVectors * kLanes;  // [value vector][row][16]
  weighTile(layout, head.scorer, rows, 0, weights);
  std::fill(sums, sums + head.valueVectors * kTileRows * kLanes, 0.0f);
  for (int64_t first = 0; first < vectors; first += kScaledVectors) {
    const int64_t count = std::min(kScaledVectors, vectors - first);
    for (int64_t r = 0; r < kTileRows; r++) {
      for (int64_t i = 0; i < count; i++) {
        const int64_t group = (first + i) / layout.groupVectors();
        lanes(scaled + (r * kScaledVectors + i) * kLanes) =
            lanes(weights + r * width + group * kLanes) * lanes(rows.spread + r * size + (first + i) * kLanes);
      }
    }
    for (int64_t v = 0; v < head.valueVectors; v++) {
      multiplyTile(scaled, kScaledVectors * kLanes, head.values + (v * vectors + first) * kLanes * kLanes, count * kLanes,
                   reinterpret_cast<Lanes*>(sums + v * kTileRows * kLanes));
    }
  }
  for (int64_t v = 0; v < head.valueVectors; v++) {
    for (int64_t r = 0; r < kTileRows; r++) {
      lanes(out + (r * head.valueVectors + v) * kLanes) = lanes(sums + (v * kTileRows + r) * kLanes);
    }
  }
}

/** slopes[r][c] = Σ_f (dout_r · V_c,f) · x_r,c,f: what a channel's weight does to the loss. */
GRATICULE_INLINE void slopeTile(const ChannelLayout& layout, const ChannelHead& head, const float* __restrict spread,
                                const float* __restrict dout, float* __restrict slopes) {
  const int64_t size = layout.size(), width = layout.groups() * kLanes, outWidth = head.valueVectors * kLanes;
  for (int64_t group = 0; group < layout.groups(); group++) {
    Lanes slope[kTileRows] = {};
    for (int64_t f = 0; f < layout.groupVectors(); f++) {
      const int64_t vector = group * layout.groupVectors() + f;
      Lanes sums[kTileRows] = {};
      for (int64_t v = 0; v < head.valueVectors; v++) {
        multiplyTile(dout + v * kLanes, outWidth, head.values + (v * layout.vectors() + vector) * kLanes * kLanes, kLanes, sums);
      }
#pragma GCC unroll 12
      for (int64_t r = 0; r < kTileRows; r++) slope[r] += sums[r] * lanes(spread + r * size + vector * kLanes);
    }
#pragma GCC unroll 12
    for (int64_t r = 0; r < kTileRows; r++) lanes(slopes + r * width + group * kLanes) = slope[r];
  }
}

/** Slopes of the weights become those of the scores. */
GRATICULE_INLINE void throughSoftmax(const float* __restrict weights, int64_t width, float* __restrict slopes) {
  float mean = 0;
#pragma omp simd reduction(+ : mean)
  for (int64_t c = 0; c < width; c++) mean += weights[c] * slopes[c];
#pragma omp simd
  for (int64_t c = 0; c < width; c++) slopes[c] = weights[c] * (slopes[c] - mean);
}

/** Adds one block's part of a vector's gradients, itself summed by itself: rounding grows with the blocks alone. */
GRATICULE_INLINE void addGradients(const ChannelLayout& layout, const ChannelRows& rows, int64_t valueVectors, int64_t vector,
                                   const float* __restrict weights, const float* __restrict slopes, const float* __restrict dout,
                                   const ChannelGradients& gradients) {
  const int64_t size = layout.size(), width = layout.groups() * kLanes, outWidth = valueVectors * kLanes;
  const int64_t group = vector / layout.groupVectors();
  const float* x = rows.spread + vector * kLanes;
  Lanes ofScorer = {};
  for (int64_t r = 0; r < rows.count; r++) ofScorer += lanes(slopes + r * width + group * kLanes) * lanes(x + r * size);
  lanes(gradients.scorer + vector * kLanes) += ofScorer;
  for (int64_t v = 0; v < valueVectors; v++) {
    Lanes sums[kLanes] = {};
    for (int64_t r = 0; r < rows.count; r++) {
      const Lanes scaled = lanes(weights + r * width + group * kLanes) * lanes(x + r * size);
#pragma GCC unroll 16
      for (int64_t j = 0; j < kLanes; j++) sums[j] += dout[r * outWidth + v * kLanes + j] * scaled;
    }
    float* total = gradients.values + (v * layout.vectors() + vector) * kLanes * kLanes;
#pragma GCC unroll 16
    for (int64_t j = 0; j < kLanes; j++) lanes(total + j * kLanes) += sums[j];
  }
}

GRATICULE_VECTORIZED void backward(const ChannelLayout& layout, const ChannelHead& head, const ChannelRows& rows,
                                   const float* dout, float* scratch, const ChannelGradients& gradients) {
  const int64_t width = layout.groups() * kLanes;
  float* weights = scratch;
  float* slopes = weights + (rows.count + kTileRows - 1) / kTileRows * kTileRows * width;
  for (int64_t r = 0; r < rows.count; r += kTileRows) {
    weighTile(layout, head.scorer, rows, r, weights + r * width);
    slopeTile(layout, head, rows.spread + r * layout.size(), dout + r * head.valueVectors * kLanes, slopes + r * width);
  }
  for (int64_t r = 0; r < rows.count; r++) throughSoftmax(weights + r * width, width, slopes + r * width);
  for (int64_t vector = 0; vector < layout.vectors(); vector++) {
    addGradients(layout, rows, head.valueVectors, vector, weights, slopes, dout, gradients);
  }
}

}  // namespace

void attendChannels(const ChannelLayout& layout, const ChannelHead& head, const ChannelRows& rows, float* scratch, float* out) {
  forward(layout, head, rows, scratch, out);
}

void attendChannelsBackward(const ChannelLayout& layout, const ChannelHead& head, const ChannelRows& rows, const float* dout,
                            float* scratch, const ChannelGradients& gradients) {
  backward(layout, head, rows, dout, scratch, gradients);
}

}  // namespace graticule
