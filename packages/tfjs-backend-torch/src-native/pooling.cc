// Pooling. tfjs lays images out as NHWC; windows that reach into the padding see no element there.
#include <ATen/ops/arange.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool2d_backward.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/avg_pool3d_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/max_pool2d_with_indices.h>
#include <ATen/ops/max_pool2d_with_indices_backward.h>
#include <ATen/ops/max_pool3d_with_indices.h>
#include <ATen/ops/max_pool3d_with_indices_backward.h>
#include <ATen/ops/ones.h>

#include <limits>

#include "window.h"

using at::Tensor;
using graticule::Dims;
using graticule::fromChannelsFirst;
using graticule::pad;
using graticule::readWindow;
using graticule::toChannelsFirst;
using graticule::unpad;
using graticule::Window;

namespace {

struct Pool {
  Dims size;
  Window window;
};

Pool readPool(graticule::Call& call) {
  Pool pool;
  pool.size = call.integers();
  pool.window = readWindow(call);
  TORCH_CHECK(pool.size.size() == pool.window.strides.size(), "expected a window size for each spatial dimension");
  for (const int64_t size : pool.size) TORCH_CHECK(size > 0, "a pooling window must be larger than 0");
  return pool;
}

constexpr double kLowest = -std::numeric_limits<double>::infinity();

/** tfjs takes the largest number of a window and looks past NaN. */
Tensor withoutNan(const Tensor& x) {
  const auto floats = x.to(at::kFloat);
  return floats.masked_fill(at::isnan(floats), kLowest);
}

std::tuple<Tensor, Tensor> maxPool(const Tensor& x, const Pool& p) {
  const Dims none(p.window.spatial(), 0);
  return p.window.spatial() == 3
             ? at::max_pool3d_with_indices(x, p.size, p.window.strides, none, p.window.dilations)
             : at::max_pool2d_with_indices(x, p.size, p.window.strides, none, p.window.dilations);
}

Tensor sumPool(const Tensor& x, const Pool& p) {
  return p.window.spatial() == 3 ? at::avg_pool3d(x, p.size, p.window.strides, {0, 0, 0}, false, true, 1)
                                 : at::avg_pool2d(x, p.size, p.window.strides, {0, 0}, false, true, 1);
}

/** How many real (not padded) elements lie under each window, at least one: [1, 1, spatial…]. */
Tensor countPool(const Tensor& x, const Pool& p) {
  auto shape = x.sizes().vec();
  shape[0] = shape[1] = 1;
  return sumPool(pad(at::ones(shape, x.options()), p.window, 0), p).clamp_min_(1);
}

}  // namespace

KERNEL(MaxPool) {
  const auto x = withoutNan(call.tensor());
  const auto p = readPool(call);
  const auto padded = pad(toChannelsFirst(x, p.window.channelsLast), p.window, kLowest);
  call.output(fromChannelsFirst(std::get<0>(maxPool(padded, p)), p.window.channelsLast));
}

KERNEL(MaxPoolGrad) {
  const auto dy = call.tensor().to(at::kFloat);
  const auto x = call.tensor().to(at::kFloat);
  const auto p = readPool(call);
  const auto input = toChannelsFirst(x, p.window.channelsLast);
  const auto padded = pad(input, p.window, kLowest);
  const auto indices = std::get<1>(maxPool(padded, p));
  const auto grad = toChannelsFirst(dy, p.window.channelsLast);
  const Dims none(p.window.spatial(), 0);
  const auto dx = p.window.spatial() == 3
                      ? at::max_pool3d_with_indices_backward(grad, padded, p.size, p.window.strides, none,
                                                             p.window.dilations, false, indices)
                      : at::max_pool2d_with_indices_backward(grad, padded, p.size, p.window.strides, none,
                                                             p.window.dilations, false, indices);
  call.output(fromChannelsFirst(unpad(dx, p.window, input), p.window.channelsLast));
}

KERNEL(AvgPool) {
  const auto x = call.tensor().to(at::kFloat);
  const auto p = readPool(call);
  const auto input = toChannelsFirst(x, p.window.channelsLast);
  const auto y = sumPool(pad(input, p.window, 0), p).div(countPool(input, p));
  call.output(fromChannelsFirst(y, p.window.channelsLast));
}

/** With `wholeWindow` each window counts all its places, the padded ones too, as tfjs does for explicit padding. */
KERNEL(AvgPoolGrad) {
  const auto dy = call.tensor().to(at::kFloat);
  const auto shape = call.shape();
  const bool wholeWindow = call.flag();
  const auto p = readPool(call);
  const auto input = toChannelsFirst(at::empty(shape, dy.options()), p.window.channelsLast);
  const auto padded = pad(input, p.window, 0);
  auto grad = toChannelsFirst(dy, p.window.channelsLast);
  if (wholeWindow) {
    double places = 1;
    for (const int64_t size : p.size) places *= static_cast<double>(size);
    grad = grad.div(places);
  } else {
    grad = grad.div(countPool(input, p));
  }
  const auto dx = p.window.spatial() == 3
                      ? at::avg_pool3d_backward(grad, padded, p.size, p.window.strides, {0, 0, 0}, false, true, 1)
                      : at::avg_pool2d_backward(grad, padded, p.size, p.window.strides, {0, 0}, false, true, 1);
  call.output(fromChannelsFirst(unpad(dx, p.window, input), p.window.channelsLast));
}

/**
 * x [B, H, W, C], withBatch → the maxima and, in int32, where each was: (y·W + x)·C + c, plus b·H·W·C if withBatch.
 */
KERNEL(MaxPoolWithArgmax) {
  const auto stored = call.tensor();
  const auto x = withoutNan(stored);
  const bool withBatch = call.flag();
  const auto p = readPool(call);
  TORCH_CHECK(x.dim() == 4 && p.window.spatial() == 2 && p.window.channelsLast, "expected x [B, H, W, C]");
  const int64_t batch = x.size(0), height = x.size(1), width = x.size(2), channels = x.size(3);
  const auto padded = pad(toChannelsFirst(x, true), p.window, kLowest);
  auto [values, places] = maxPool(padded, p);
  const auto row = places.div(padded.size(3), "floor").sub_(p.window.padding[0]).clamp_(0, height - 1);
  const auto column = places.remainder(padded.size(3)).sub_(p.window.padding[2]).clamp_(0, width - 1);
  auto index = row.mul(width).add_(column).mul_(channels).add_(at::arange(channels, places.options()).view({1, -1, 1, 1}));
  if (withBatch) {
    index.add_(at::arange(batch, places.options()).view({-1, 1, 1, 1}).mul(height * width * channels));
  }
  call.output(fromChannelsFirst(values, true).to(stored.scalar_type()));
  call.output(fromChannelsFirst(index, true).to(at::kInt));
}
