// Grayscale morphology: each output is the largest sum of a pixel under the window and the filter's number there.
// Images are [B, H, W, C], filters [h, w, C]. Source: TensorFlow's dilation2d.
#include <ATen/ops/fmax.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "window.h"

using at::Tensor;
using graticule::Dims;
using graticule::Window;

namespace {

constexpr double kLowest = -std::numeric_limits<double>::infinity();

struct Morphology {
  Tensor x, filter;  // x padded, [B, C, H, W]; both float32
  Window window;
  Dims unpadded;  // shape of x before the padding, [B, H, W, C]
  int64_t outHeight, outWidth;

  int64_t taps() const { return filter.size(0) * filter.size(1); }

  /** What lies under number `tap` of the filter at each position, [B, C, outHeight, outWidth], as a view of `image`. */
  Tensor under(const Tensor& image, int64_t tap) const {
    const int64_t row = tap / filter.size(1) * window.dilations[0];
    const int64_t column = tap % filter.size(1) * window.dilations[1];
    return image.slice(2, row, row + (outHeight - 1) * window.strides[0] + 1, window.strides[0])
        .slice(3, column, column + (outWidth - 1) * window.strides[1] + 1, window.strides[1]);
  }

  Tensor sum(int64_t tap) const {
    const auto number = filter.select(0, tap / filter.size(1)).select(0, tap % filter.size(1));
    return under(x, tap).add(number.view({1, -1, 1, 1}));
  }

  Tensor lowest() const { return at::full({x.size(0), x.size(1), outHeight, outWidth}, kLowest, x.options()); }

  /** The first tap whose sum is the largest at each position. */
  Tensor peaks() const {
    auto value = lowest();
    auto peak = at::zeros(value.sizes(), value.options().dtype(at::kLong));
    for (int64_t tap = 0; tap < taps(); tap++) {
      const auto candidate = sum(tap);
      peak.masked_fill_(candidate.gt(value), tap);
      value = at::fmax(value, candidate);
    }
    return peak;
  }
};

Morphology readMorphology(graticule::Call& call, const Tensor& x, const Tensor& filter) {
  Morphology m;
  m.window = graticule::readWindow(call);
  TORCH_CHECK(x.dim() == 4 && filter.dim() == 3 && x.size(3) == filter.size(2) && m.window.spatial() == 2 &&
                  filter.numel() > 0,
              "expected x [B, H, W, C] and a filter [h, w, C]");
  m.filter = filter.to(at::kFloat);
  m.x = graticule::pad(graticule::toChannelsFirst(x.to(at::kFloat), true), m.window, kLowest);
  m.unpadded = x.sizes().vec();
  const auto places = [&](int64_t d) {
    const int64_t reach = (filter.size(d) - 1) * m.window.dilations[d] + 1;
    TORCH_CHECK(m.x.size(d + 2) >= reach, "the filter reaches over ", reach, " pixels of ", m.x.size(d + 2));
    return (m.x.size(d + 2) - reach) / m.window.strides[d] + 1;
  };
  m.outHeight = places(0);
  m.outWidth = places(1);
  return m;
}

/** dy [B, outHeight, outWidth, C] → [B, C, outHeight, outWidth]. */
Tensor readGradient(const Tensor& dy, const Morphology& m) {
  const Dims expected{m.x.size(0), m.outHeight, m.outWidth, m.x.size(1)};
  TORCH_CHECK(dy.sizes() == c10::IntArrayRef(expected), "expected dy of shape ", c10::IntArrayRef(expected), ", got ",
              dy.sizes());
  return graticule::toChannelsFirst(dy.to(at::kFloat), true);
}

/** dy where tap `tap` gave the largest sum, else 0. */
Tensor share(const Tensor& dy, const Tensor& peaks, int64_t tap) {
  return at::where(peaks.eq(tap), dy, at::zeros({}, dy.options()));
}

}  // namespace

KERNEL(Dilation2D) {
  const auto x = call.tensor();
  const auto filter = call.tensor();
  const auto m = readMorphology(call, x, filter);
  auto y = m.lowest();
  for (int64_t tap = 0; tap < m.taps(); tap++) y = at::fmax(y, m.sum(tap));
  call.output(graticule::fromChannelsFirst(x.is_floating_point() ? y : y.to(x.scalar_type()), true));
}

KERNEL(Dilation2DBackpropInput) {
  const auto x = call.tensor();
  const auto filter = call.tensor();
  const auto gradient = call.tensor();
  const auto m = readMorphology(call, x, filter);
  const auto dy = readGradient(gradient, m);
  const auto peaks = m.peaks();
  const auto dx = at::zeros(m.x.sizes(), dy.options());
  for (int64_t tap = 0; tap < m.taps(); tap++) m.under(dx, tap).add_(share(dy, peaks, tap));
  const auto like = graticule::toChannelsFirst(x, true);
  call.output(graticule::fromChannelsFirst(graticule::unpad(dx, m.window, like), true));
}

KERNEL(Dilation2DBackpropFilter) {
  const auto x = call.tensor();
  const auto filter = call.tensor();
  const auto gradient = call.tensor();
  const auto m = readMorphology(call, x, filter);
  const auto dy = readGradient(gradient, m);
  const auto peaks = m.peaks();
  const auto df = at::zeros({m.taps(), m.x.size(1)}, dy.options());
  for (int64_t tap = 0; tap < m.taps(); tap++) df.select(0, tap).copy_(share(dy, peaks, tap).sum({0, 2, 3}));
  call.output(df.view(m.filter.sizes()));
}
