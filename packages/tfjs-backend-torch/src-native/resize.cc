// Resizing of images [B, H, W, C] under each of tfjs's conventions, and its gradient.
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "call.h"

using at::Tensor;

namespace {

struct Axis {
  Tensor low, high;  // source rows of each target row
  Tensor weight;     // share of `high`
};

struct Convention {
  int64_t height, width;
  bool alignCorners, halfPixelCenters;
};

Convention readConvention(graticule::Call& call) {
  Convention c;
  c.height = call.integer();
  c.width = call.integer();
  c.alignCorners = call.flag();
  c.halfPixelCenters = call.flag();
  TORCH_CHECK(c.height > 0 && c.width > 0, "the new size must be positive");
  return c;
}

Axis makeAxis(int64_t from, int64_t to, const Convention& c, bool nearest, const Tensor& like) {
  TORCH_CHECK(from > 0, "an empty image cannot be resized");
  const bool corners = c.alignCorners && to > 1;
  const float scale = corners ? static_cast<float>(from - 1) / static_cast<float>(to - 1)
                              : static_cast<float>(from) / static_cast<float>(to);
  std::vector<int64_t> low(to), high(to);
  std::vector<float> weight(to, 0.0f);
  for (int64_t i = 0; i < to; i++) {
    if (nearest) {
      const float position = scale * (static_cast<float>(i) + (c.halfPixelCenters ? 0.5f : 0.0f));
      const auto picked = static_cast<int64_t>(c.alignCorners ? std::round(position) : std::floor(position));
      low[i] = high[i] = std::min(from - 1, std::max<int64_t>(0, picked));
      continue;
    }
    const float position = c.halfPixelCenters ? scale * (static_cast<float>(i) + 0.5f) - 0.5f
                                              : scale * static_cast<float>(i);
    low[i] = std::max<int64_t>(0, static_cast<int64_t>(std::floor(position)));
    high[i] = std::min(from - 1, static_cast<int64_t>(std::ceil(position)));
    weight[i] = position - static_cast<float>(low[i]);
  }
  const auto device = like.device();
  return {at::from_blob(low.data(), {to}, at::kLong).clone().to(device),
          at::from_blob(high.data(), {to}, at::kLong).clone().to(device),
          at::from_blob(weight.data(), {to}, at::kFloat).clone().to(device)};
}

Tensor alongDim(const Tensor& weight, int64_t dim) {
  return dim == 1 ? weight.view({1, -1, 1, 1}) : weight.view({1, 1, -1, 1});
}

Tensor interpolate(const Tensor& x, const Axis& axis, int64_t dim) {
  const auto low = at::index_select(x, dim, axis.low);
  return low.add(at::index_select(x, dim, axis.high).sub_(low).mul_(alongDim(axis.weight, dim)));
}

/** The transpose of `interpolate`: each target row's gradient goes to its two source rows. */
Tensor spread(const Tensor& dy, const Axis& axis, int64_t dim, int64_t size) {
  auto shape = dy.sizes().vec();
  shape[dim] = size;
  const auto upper = dy.mul(alongDim(axis.weight, dim));
  return at::zeros(shape, dy.options()).index_add_(dim, axis.high, upper).index_add_(dim, axis.low, dy.sub(upper));
}

Tensor images(graticule::Call& call) {
  const auto x = call.tensor();
  TORCH_CHECK(x.dim() == 4, "expected images [B, H, W, C]");
  return x;
}

}  // namespace

KERNEL(ResizeBilinear) {
  const auto x = images(call).to(at::kFloat);
  const auto c = readConvention(call);
  const auto rows = interpolate(x, makeAxis(x.size(1), c.height, c, false, x), 1);
  call.output(interpolate(rows, makeAxis(x.size(2), c.width, c, false, x), 2));
}

KERNEL(ResizeNearestNeighbor) {
  const auto x = images(call);
  const auto c = readConvention(call);
  const auto rows = at::index_select(x, 1, makeAxis(x.size(1), c.height, c, true, x).low);
  call.output(at::index_select(rows, 2, makeAxis(x.size(2), c.width, c, true, x).low));
}

/** dy, source height and width, convention (its size is dy's). */
KERNEL(ResizeGrad) {
  const auto dy = images(call).to(at::kFloat);
  const int64_t height = call.integer();
  const int64_t width = call.integer();
  const bool nearest = call.flag();
  const auto c = readConvention(call);
  const auto columns = spread(dy, makeAxis(width, c.width, c, nearest, dy), 2, width);
  call.output(spread(columns, makeAxis(height, c.height, c, nearest, dy), 1, height));
}
