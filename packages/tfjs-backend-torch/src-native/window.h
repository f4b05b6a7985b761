// The sliding window that convolutions, pooling and morphology share. tfjs lays images out as NHWC and filters as HWIO;
// padding is explicit on each side.
#pragma once

#include <vector>

#include "call.h"

namespace graticule {

using Dims = std::vector<int64_t>;

/** Two or three spatial dims; `padding` is before, after of each, from the first. */
struct Window {
  Dims strides, padding, dilations;
  bool channelsLast;
  int64_t groups;

  int64_t spatial() const { return static_cast<int64_t>(strides.size()); }
};

/** Reads strides, padding, dilations, channels last?, groups; each is checked. */
Window readWindow(Call& call);

/** [N, spatial…, C] → [N, C, spatial…] as a view. */
inline Tensor toChannelsFirst(const Tensor& x, bool channelsLast) { return channelsLast ? x.movedim(-1, 1) : x; }
inline Tensor fromChannelsFirst(const Tensor& x, bool channelsLast) { return channelsLast ? x.movedim(1, -1) : x; }

/** Pads the spatial dims of x [N, C, spatial…]. */
Tensor pad(const Tensor& x, const Window& w, double value);

/** Cuts the padding off a gradient of a padded input. */
Tensor unpad(Tensor x, const Window& w, const Tensor& like);

}  // namespace graticule
