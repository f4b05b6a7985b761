#include "channel_layout.h"

#include <algorithm>

#include "vectorize.h"

namespace graticule {
namespace {

/**
 * Vectors of `[16, F]` that start `step` apart → `[F, 16]`, F a power of two up to sixteen: the lowest bit of a number's index
 * moves to the top as often as F has bits.
 */
template <int64_t kValues, typename T>
GRATICULE_INLINE void transposeLanes(const T* in, int64_t step, float* out) {
  Lanes rows[kValues], next[kValues];
#pragma GCC unroll 16
  for (int64_t i = 0; i < kValues; i++) {
    for (int64_t lane = 0; lane < kLanes; lane++) rows[i][lane] = load(in + i * step + lane);
  }
#pragma GCC unroll 4
  for (int64_t left = kValues; left > 1; left /= 2) {
#pragma GCC unroll 8
    for (int64_t i = 0; i < kValues / 2; i++) {
      next[i] = rows[2 * i];
      next[kValues / 2 + i] = rows[2 * i + 1];
      splitEvenOdd(next[i], next[kValues / 2 + i]);
    }
#pragma GCC unroll 16
    for (int64_t i = 0; i < kValues; i++) rows[i] = next[i];
  }
#pragma GCC unroll 16
  for (int64_t i = 0; i < kValues; i++) lanes(out + i * kLanes) = rows[i];
}

/** `[16, F] → [F, 16]`. */
template <typename T>
GRATICULE_INLINE void transposeGroup(const T* in, int64_t values, float* out) {
  if (values == 1) return transposeLanes<1>(in, kLanes, out);
  if (values == 2) return transposeLanes<2>(in, kLanes, out);
  if (values == 4) return transposeLanes<4>(in, kLanes, out);
  if (values == 8) return transposeLanes<8>(in, kLanes, out);
  const int64_t whole = values / kLanes * kLanes;
  for (int64_t f = 0; f < whole; f += kLanes) transposeLanes<16>(in + f, values, out + f * kLanes);
  for (int64_t f = whole; f < values; f++) {
    for (int64_t c = 0; c < kLanes; c++) out[f * kLanes + c] = load(in + c * values + f);
  }
}

template <typename T>
GRATICULE_INLINE void spreadBody(const ChannelLayout& layout, const T* row, const float* last, float* out) {
  const int64_t values = layout.values;
  for (int64_t group = 0; group < layout.groups(); group++) {
    const int64_t count = layout.channelsOf(group);
    const T* in = row + group * kLanes * values;
    float* vectors = out + group * layout.groupVectors() * kLanes;
    float* behind = vectors + values * kLanes;
    if (count == kLanes) {
      transposeGroup(in, values, vectors);
    } else {
      for (int64_t f = 0; f < values; f++) {
        for (int64_t c = 0; c < kLanes; c++) vectors[f * kLanes + c] = c < count ? load(in + c * values + f) : 0;
      }
    }
    for (int64_t c = 0; c < kLanes; c++) behind[c] = c < count ? 1 : 0;
    if (last) std::copy(last + group * kLanes, last + group * kLanes + count, behind);
  }
}

GRATICULE_VECTORIZED void spread(const ChannelLayout& layout, const float* row, const float* last, float* out) {
  spreadBody(layout, row, last, out);
}
GRATICULE_VECTORIZED void spread(const ChannelLayout& layout, const Bf16* row, const float* last, float* out) {
  spreadBody(layout, row, last, out);
}

}  // namespace

void spreadRow(const ChannelLayout& layout, const float* row, const float* last, float* out) { spread(layout, row, last, out); }
void spreadRow(const ChannelLayout& layout, const Bf16* row, const float* last, float* out) { spread(layout, row, last, out); }

}  // namespace graticule
