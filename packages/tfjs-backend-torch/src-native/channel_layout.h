// How the channel attention lays out a row of C channels with F numbers each.
#pragma once

#include <cstdint>

#include "elements.h"
#include "lanes.h"

namespace graticule {

/**
 * Sixteen channels are a group, and a group is F + 1 vectors of sixteen lanes, one lane a channel: its numbers, and in the last
 * what its bias is multiplied by. Lanes past the last channel are zeros.
 */
struct ChannelLayout {
  int64_t channels = 0;
  int64_t values = 0;  // F

  int64_t groups() const { return (channels + kLanes - 1) / kLanes; }
  int64_t groupVectors() const { return values + 1; }
  int64_t vectors() const { return groups() * groupVectors(); }
  /** Floats of a row. */
  int64_t size() const { return vectors() * kLanes; }
  int64_t columns() const { return channels * values; }
  int64_t channelsOf(int64_t group) const { return group + 1 < groups() ? kLanes : channels - group * kLanes; }
};

/** A row `[C·F]` in that layout, vectors `step` apart, with `last[c]` behind a channel's numbers, or 1 where it is null. */
void spreadRow(const ChannelLayout& layout, const float* row, const float* last, int64_t step, float* out);
void spreadRow(const ChannelLayout& layout, const Bf16* row, const float* last, int64_t step, float* out);

/** The way back: a row out of vectors `step` apart, and what is behind the channels' numbers. */
void gatherRow(const ChannelLayout& layout, const float* vectors, int64_t step, float* row, float* last);

/** Rows of vectors, `apart` from each other, turned: [16][vectors][16] → [vectors][16][16], the third dim first. */
void turnVectors(const float* rows, int64_t vectors, int64_t apart, float* out);

}  // namespace graticule
