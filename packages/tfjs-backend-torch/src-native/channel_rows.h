// A block of rows of the channel attention, on plain pointers: see channel_attention_blocks.cc.
#pragma once

#include <cstdint>

#include "channel_layout.h"

namespace graticule {

/** Rows that are multiplied at a time. */
constexpr int64_t kTileRows = 12;
/** Vectors of the layout whose weights are read again for all tiles before the next are. */
constexpr int64_t kVectorsAtOnce = 32;

/** What the rows meet in one head. */
struct ChannelHead {
  /** Scores' weights and biases in the layout. */
  const float* scorer;
  /** Sixteen numbers of a value at a time, [vector of the layout][lane][number] forward, [vector][number][lane] backward. */
  const float* values;
  int64_t valueVectors;
};

/** Rows in the layout, side by side: [vector][padded][16]. */
struct ChannelRows {
  const float* spread;
  const bool* seen;  // which channels they see, [count][C]; null where all are seen
  int64_t count;
  int64_t padded;  // to a multiple of kTileRows, with zeros

  int64_t step() const { return padded * kLanes; }
};

/** Scratch of `attendChannels`, in floats. */
inline int64_t forwardScratch(const ChannelLayout& layout, int64_t valueVectors, int64_t padded) {
  return kLanes * (padded * (layout.groups() + valueVectors) + kTileRows * kVectorsAtOnce);
}

/** out[padded][16 · valueVectors]. */
void attendChannels(const ChannelLayout& layout, const ChannelHead& head, const ChannelRows& rows, float* scratch, float* out);

/** Gradients of a head, added to: of the scorer, and of the values as [vector][number][lane]. */
struct ChannelGradients {
  float* scorer;
  float* values;
};

/** Scratch of `attendChannelsBackward`. */
inline int64_t backwardScratch(const ChannelLayout& layout, int64_t padded) { return 2 * padded * kLanes * layout.groups(); }

/** `dout` is [padded][16 · valueVectors], zeros past a value's numbers. */
void attendChannelsBackward(const ChannelLayout& layout, const ChannelHead& head, const ChannelRows& rows, const float* dout,
                            float* scratch, const ChannelGradients& gradients);

}  // namespace graticule
