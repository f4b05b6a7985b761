#include "channel_layout.h"

#include <algorithm>

#include "vectorize.h"

namespace graticule {
namespace {

/** Vectors as one list of numbers, whose index has the vector's in its upper bits. */
template <int64_t kVectors>
struct Register {
  Lanes vectors[kVectors];

  /** Moves the lowest bit of each number's index to the top, `times` times. */
  GRATICULE_INLINE void rotate(int times) {
    if (kVectors == 1) return;
#pragma GCC unroll 4
    for (int i = 0; i < times; i++) {
      Lanes next[kVectors];
#pragma GCC unroll 8
      for (int64_t pair = 0; pair < kVectors / 2; pair++) {
        next[pair] = vectors[2 * pair];
        next[kVectors / 2 + pair] = vectors[2 * pair + 1];
        splitEvenOdd(next[pair], next[kVectors / 2 + pair]);
      }
#pragma GCC unroll 16
      for (int64_t vector = 0; vector < kVectors; vector++) vectors[vector] = next[vector];
    }
  }
};

/** `times` rotations of what lies `apart` in memory, to where it lies `step` apart. */
template <int64_t kVectors, typename T>
GRATICULE_INLINE void rotateLanes(const T* in, int64_t apart, int times, int64_t step, float* out) {
  Register<kVectors> numbers;
#pragma GCC unroll 16
  for (int64_t i = 0; i < kVectors; i++) {
    for (int64_t lane = 0; lane < kLanes; lane++) numbers.vectors[i][lane] = load(in + i * apart + lane);
  }
  numbers.rotate(times);
#pragma GCC unroll 16
  for (int64_t i = 0; i < kVectors; i++) lanes(out + i * step) = numbers.vectors[i];
}

/** `[16, F] → [F, 16]`, vectors `step` apart: the bits of f are moved above those of c. */
template <typename T>
GRATICULE_INLINE void spreadGroup(const T* in, int64_t values, int64_t step, float* out) {
  if (values == 1) return rotateLanes<1>(in, kLanes, 0, step, out);
  if (values == 2) return rotateLanes<2>(in, kLanes, 1, step, out);
  if (values == 4) return rotateLanes<4>(in, kLanes, 2, step, out);
  if (values == 8) return rotateLanes<8>(in, kLanes, 3, step, out);
  const int64_t whole = values / kLanes * kLanes;
  for (int64_t f = 0; f < whole; f += kLanes) rotateLanes<16>(in + f, values, 4, step, out + f * step);
  for (int64_t f = whole; f < values; f++) {
    for (int64_t c = 0; c < kLanes; c++) out[f * step + c] = load(in + c * values + f);
  }
}

/** `[F, 16] → [16, F]`: the four bits of c are moved above those of f. */
GRATICULE_INLINE void gatherGroup(const float* in, int64_t step, int64_t values, float* out) {
  if (values == 1) return rotateLanes<1>(in, step, 4, kLanes, out);
  if (values == 2) return rotateLanes<2>(in, step, 4, kLanes, out);
  if (values == 4) return rotateLanes<4>(in, step, 4, kLanes, out);
  if (values == 8) return rotateLanes<8>(in, step, 4, kLanes, out);
  const int64_t whole = values / kLanes * kLanes;
  for (int64_t f = 0; f < whole; f += kLanes) rotateLanes<16>(in + f * step, step, 4, values, out + f);
  for (int64_t f = whole; f < values; f++) {
    for (int64_t c = 0; c < kLanes; c++) out[c * values + f] = in[f * step + c];
  }
}

template <typename T>
GRATICULE_INLINE void spreadBody(const ChannelLayout& layout, const T* row, const float* last, int64_t step, float* out) {
  const int64_t values = layout.values;
  for (int64_t group = 0; group < layout.groups(); group++) {
    const int64_t count = layout.channelsOf(group);
    const T* in = row + group * kLanes * values;
    float* vectors = out + group * layout.groupVectors() * step;
    float* behind = vectors + values * step;
    if (count == kLanes) {
      spreadGroup(in, values, step, vectors);
    } else {
      for (int64_t f = 0; f < values; f++) {
        for (int64_t c = 0; c < kLanes; c++) vectors[f * step + c] = c < count ? load(in + c * values + f) : 0;
      }
    }
    for (int64_t c = 0; c < kLanes; c++) behind[c] = c < count ? 1 : 0;
    if (last) std::copy(last + group * kLanes, last + group * kLanes + count, behind);
  }
}

GRATICULE_VECTORIZED void spread(const ChannelLayout& layout, const float* row, const float* last, int64_t step, float* out) {
  spreadBody(layout, row, last, step, out);
}
GRATICULE_VECTORIZED void spread(const ChannelLayout& layout, const Bf16* row, const float* last, int64_t step, float* out) {
  spreadBody(layout, row, last, step, out);
}

GRATICULE_VECTORIZED void gather(const ChannelLayout& layout, const float* vectors, int64_t step, float* row, float* last) {
  const int64_t values = layout.values;
  for (int64_t group = 0; group < layout.groups(); group++) {
    const int64_t count = layout.channelsOf(group);
    const float* in = vectors + group * layout.groupVectors() * step;
    float* out = row + group * kLanes * values;
    if (count == kLanes) {
      gatherGroup(in, step, values, out);
    } else {
      for (int64_t c = 0; c < count; c++) {
        for (int64_t f = 0; f < values; f++) out[c * values + f] = in[f * step + c];
      }
    }
    std::copy(in + values * step, in + values * step + count, last + group * kLanes);
  }
}

GRATICULE_VECTORIZED void turn(const float* rows, int64_t vectors, int64_t apart, float* out) {
  for (int64_t vector = 0; vector < vectors; vector++) {
    rotateLanes<16>(rows + vector * kLanes, apart, 4, kLanes, out + vector * kLanes * kLanes);
  }
}

}  // namespace

void spreadRow(const ChannelLayout& layout, const float* row, const float* last, int64_t step, float* out) {
  spread(layout, row, last, step, out);
}
void spreadRow(const ChannelLayout& layout, const Bf16* row, const float* last, int64_t step, float* out) {
  spread(layout, row, last, step, out);
}
void gatherRow(const ChannelLayout& layout, const float* vectors, int64_t step, float* row, float* last) {
  gather(layout, vectors, step, row, last);
}
void turnVectors(const float* rows, int64_t vectors, int64_t apart, float* out) { turn(rows, vectors, apart, out); }

}  // namespace graticule
