#include "channel_rows.h"

#include <algorithm>
#include <limits>

#include "elements.h"
#include "lanes.h"
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

/** Scores of a tile's rows, [row][16 · groups]. */
GRATICULE_INLINE void scoreTile(const ChannelLayout& layout, const float* __restrict scorer, const float* __restrict spread,
                                int64_t step, float* __restrict scores) {
  const int64_t width = layout.groups() * kLanes;
  for (int64_t group = 0; group < layout.groups(); group++) {
    Lanes sum[kTileRows] = {};
    for (int64_t f = 0; f < layout.groupVectors(); f++) {
      const int64_t vector = group * layout.groupVectors() + f;
      const Lanes weight = lanes(scorer + vector * kLanes);
#pragma GCC unroll 12
      for (int64_t r = 0; r < kTileRows; r++) sum[r] += weight * lanes(spread + vector * step + r * kLanes);
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

/** What each row gives to each channel, [padded][16 · groups]. */
GRATICULE_INLINE void weighRows(const ChannelLayout& layout, const float* scorer, const ChannelRows& rows, float* weights) {
  const int64_t width = layout.groups() * kLanes;
  for (int64_t first = 0; first < rows.padded; first += kTileRows) {
    scoreTile(layout, scorer, rows.spread + first * kLanes, rows.step(), weights + first * width);
  }
  for (int64_t r = 0; r < rows.padded; r++) {
    const bool isMasked = rows.seen && r < rows.count;
    softmaxRow(layout, isMasked ? rows.seen + r * layout.channels : nullptr, weights + r * width);
  }
}

GRATICULE_VECTORIZED void forward(const ChannelLayout& layout, const ChannelHead& head, const ChannelRows& rows, float* scratch,
                                  float* out) {
  const int64_t width = layout.groups() * kLanes, vectors = layout.vectors();
  constexpr int64_t kScaledWidth = kVectorsAtOnce * kLanes;
  float* weights = scratch;
  float* sums = weights + rows.padded * width;  // [value vector][padded][16]
  float* scaled = sums + head.valueVectors * rows.step();
  weighRows(layout, head.scorer, rows, weights);
  std::fill(sums, scaled, 0.0f);
  for (int64_t first = 0; first < vectors; first += kVectorsAtOnce) {
    const int64_t count = std::min(kVectorsAtOnce, vectors - first);
    for (int64_t tile = 0; tile < rows.padded; tile += kTileRows) {
      for (int64_t i = 0; i < count; i++) {
        const float* weight = weights + tile * width + (first + i) / layout.groupVectors() * kLanes;
        const float* x = rows.spread + (first + i) * rows.step() + tile * kLanes;
        for (int64_t r = 0; r < kTileRows; r++) {
          lanes(scaled + r * kScaledWidth + i * kLanes) = lanes(weight + r * width) * lanes(x + r * kLanes);
        }
      }
      for (int64_t v = 0; v < head.valueVectors; v++) {
        multiplyTile(scaled, kScaledWidth, head.values + (v * vectors + first) * kLanes * kLanes, count * kLanes,
                     reinterpret_cast<Lanes*>(sums + v * rows.step() + tile * kLanes));
      }
    }
  }
  for (int64_t r = 0; r < rows.padded; r++) {
    for (int64_t v = 0; v < head.valueVectors; v++) {
      lanes(out + (r * head.valueVectors + v) * kLanes) = lanes(sums + v * rows.step() + r * kLanes);
    }
  }
}

/** slopes[r][c] += Σ_f (dout_r · V_c,f) · x_r,c,f over some vectors of a group: what a channel's weight does to the loss. */
GRATICULE_INLINE void addSlopes(const ChannelLayout& layout, const ChannelHead& head, const float* __restrict spread, int64_t step,
                                int64_t vector, int64_t count, const float* __restrict dout, float* __restrict slopes) {
  const int64_t width = layout.groups() * kLanes;
  Lanes slope[kTileRows];
#pragma GCC unroll 12
  for (int64_t r = 0; r < kTileRows; r++) slope[r] = lanes(slopes + r * width);
  for (int64_t i = vector; i < vector + count; i++) {
    Lanes sums[kTileRows] = {};
    for (int64_t v = 0; v < head.valueVectors; v++) {
      multiplyTile(dout + v * kLanes, head.valueVectors * kLanes, head.values + (v * layout.vectors() + i) * kLanes * kLanes, kLanes,
                   sums);
    }
#pragma GCC unroll 12
    for (int64_t r = 0; r < kTileRows; r++) slope[r] += sums[r] * lanes(spread + i * step + r * kLanes);
  }
#pragma GCC unroll 12
  for (int64_t r = 0; r < kTileRows; r++) lanes(slopes + r * width) = slope[r];
}

/** Slopes of the weights become those of the scores. */
GRATICULE_INLINE void throughSoftmax(const float* __restrict weights, int64_t width, float* __restrict slopes) {
  float mean = 0;
#pragma omp simd reduction(+ : mean)
  for (int64_t c = 0; c < width; c++) mean += weights[c] * slopes[c];
#pragma omp simd
  for (int64_t c = 0; c < width; c++) slopes[c] = weights[c] * (slopes[c] - mean);
}

/** Adds a block's part of a vector's gradients, itself summed by itself: rounding grows with the blocks alone. */
GRATICULE_INLINE void addGradients(const ChannelLayout& layout, const ChannelRows& rows, int64_t valueVectors, int64_t vector,
                                   const float* __restrict weights, const float* __restrict slopes, const float* __restrict dout,
                                   const ChannelGradients& gradients) {
  const int64_t width = layout.groups() * kLanes, outWidth = valueVectors * kLanes;
  const int64_t group = vector / layout.groupVectors() * kLanes;
  const float* x = rows.spread + vector * rows.step();
  Lanes ofScorer = {};
  for (int64_t r = 0; r < rows.count; r++) ofScorer += lanes(slopes + r * width + group) * lanes(x + r * kLanes);
  lanes(gradients.scorer + vector * kLanes) += ofScorer;
  for (int64_t v = 0; v < valueVectors; v++) {
    Lanes sums[kLanes] = {};
    for (int64_t r = 0; r < rows.count; r++) {
      const Lanes scaled = lanes(weights + r * width + group) * lanes(x + r * kLanes);
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
  float* slopes = weights + rows.padded * width;
  weighRows(layout, head.scorer, rows, weights);
  std::fill(slopes, slopes + rows.padded * width, 0.0f);
  for (int64_t group = 0; group < layout.groups(); group++) {
    for (int64_t f = 0; f < layout.groupVectors(); f += kVectorsAtOnce) {
      const int64_t count = std::min(kVectorsAtOnce, layout.groupVectors() - f);
      for (int64_t tile = 0; tile < rows.padded; tile += kTileRows) {
        addSlopes(layout, head, rows.spread + tile * kLanes, rows.step(), group * layout.groupVectors() + f, count,
                  dout + tile * head.valueVectors * kLanes, slopes + tile * width + group * kLanes);
      }
    }
  }
  for (int64_t r = 0; r < rows.padded; r++) throughSoftmax(weights + r * width, width, slopes + r * width);
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
