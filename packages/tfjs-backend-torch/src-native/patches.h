// Square patches read straight from images.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "call.h"

namespace graticule {

/** Images [B, C, H, W] seen as N = (H/P)·(W/P) patches of F = C·P·P values each, numbered row by row. */
struct PatchGrid {
  at::Tensor images;  // contiguous; float32, bf16 or int32
  int64_t batch, channels, height, width, side;
  bool channelsFirst;  // order of a patch's values: (c, p, q), or (p, q, c)
  /** A value becomes value · scale[c] + shift[c]. */
  std::vector<float> scale, shift;

  int64_t columns() const { return width / side; }
  int64_t patches() const { return (height / side) * columns(); }
  int64_t values() const { return channels * side * side; }
  /** Writes the F values of one patch. */
  void read(int64_t sample, int64_t patch, float* out) const;
};

/** The next arguments of a call: images, patch side, whether channels come first, means and deviations (or none). */
PatchGrid readPatchGrid(Call& call);

}  // namespace graticule
