// A block of rows of the channel attention, on plain pointers: see channel_attention.cc.
#pragma once

#include <cstdint>

#include "channel_layout.h"

namespace graticule {

/** Rows that are multiplied at a time; a block's rows are followed by rows of zeros up to a multiple of them. */
constexpr int64_t kTileRows = 12;

/** What the rows meet in one head. */
struct ChannelHead {
  /** Scores' weights and biases in the layout. */
  const float* scorer;
  /** Sixteen numbers of a value at a time, [vector of the layout][lane][number] forward, [vector][number][lane] backward. */
  const float* values;
  int64_t valueVectors;
};

/** Rows in the layout, and which channels they see, [count][C]; null where all are seen. */
struct ChannelRows {
  const float* spread;
  const bool* seen;
  int64_t count;
};

/** Vectors of the layout that are scaled and multiplied at a time. */
constexpr int64_t kScaledVectors = 32;

/** Scratch of `attendChannels`, in floats. */
inline int64_t forwardScratch(const ChannelLayout& layout, int64_t valueVectors) {
  return kTileRows * kLanes * (layout.groups() + kScaledVectors + valueVectors);
}

/** out[kTileRows][16 · valueVectors] of at most kTileRows rows. */
void attendChannels(const ChannelLayout& layout, const ChannelHead& head, const ChannelRows& rows, float* scratch, float* out);

/** Gradients of a head, added to: of the scorer, and of the values as [vector][number][lane]. */
struct ChannelGradients {
  float* scorer;
  float* values;
};

inline int64_t backwardScratch(const ChannelLayout& layout, int64_t rows) { return 2 * rows * 16 * layout.groups(); }

/** `dout` is [rows][16 · valueVectors]. */
void attendChannelsBackward(const ChannelLayout& layout, const ChannelHead& head, const ChannelRows& rows, const float* dout,
                            float* scratch, const ChannelGradients& gradients);

}  // namespace graticule
