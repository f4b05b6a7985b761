// Convolutions and pooling. tfjs lays images out as NHWC and filters as HWIO; padding is explicit on each side.
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool2d_backward.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/avg_pool3d_backward.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/max_pool2d_with_indices.h>
#include <ATen/ops/max_pool2d_with_indices_backward.h>
#include <ATen/ops/max_pool3d_with_indices.h>
#include <ATen/ops/max_pool3d_with_indices_backward.h>
#include <ATen/ops/ones.h>

#include <limits>

#include "activation.h"
#include "call.h"

using at::Tensor;

namespace {

using Dims = std::vector<int64_t>;

/** Two or three spatial dims; `padding` is before, after of each, from the first. */
struct Window {
  Dims strides, padding, dilations;
  bool channelsLast;
  int64_t groups;

  int64_t spatial() const { return static_cast<int64_t>(strides.size()); }
};

Window readWindow(graticule::Call& call) {
  Window w;
  w.strides = call.integers();
  w.padding = call.integers();
  w.dilations = call.integers();
  w.channelsLast = call.flag();
  w.groups = call.integer();
  const size_t spatial = w.strides.size();
  TORCH_CHECK((spatial == 2 || spatial == 3) && w.padding.size() == 2 * spatial && w.dilations.size() == spatial,
              "expected strides, padding and dilations of two or three dimensions");
  for (const int64_t stride : w.strides) TORCH_CHECK(stride > 0, "strides must be positive");
  for (const int64_t dilation : w.dilations) TORCH_CHECK(dilation > 0, "dilations must be positive");
  for (const int64_t padding : w.padding) TORCH_CHECK(padding >= 0, "padding must not be negative");
  return w;
}

/** [N, spatial…, C] → [N, C, spatial…] as a view. */
Tensor toChannelsFirst(const Tensor& x, bool channelsLast) { return channelsLast ? x.movedim(-1, 1) : x; }
Tensor fromChannelsFirst(const Tensor& x, bool channelsLast) { return channelsLast ? x.movedim(1, -1) : x; }

/** [spatial…, I, O] → [O, I, spatial…] as a view. */
Tensor filterToTorch(const Tensor& filter) { return filter.movedim(-1, 0).movedim(-1, 1); }
Tensor filterFromTorch(const Tensor& filter) { return filter.movedim(1, -1).movedim(0, -1); }

Tensor pad(const Tensor& x, const Window& w, double value) {
  Dims reversed;
  bool any = false;
  for (int64_t d = w.spatial(); d-- > 0;) {
    reversed.push_back(w.padding[2 * d]);
    reversed.push_back(w.padding[2 * d + 1]);
    any = any || w.padding[2 * d] != 0 || w.padding[2 * d + 1] != 0;
  }
  return any ? at::constant_pad_nd(x, reversed, value) : x;
}

/** Cuts the padding off a gradient of a padded input. */
Tensor unpad(Tensor x, const Window& w, const Tensor& like) {
  for (int64_t d = 0; d < w.spatial(); d++) x = x.narrow(d + 2, w.padding[2 * d], like.size(d + 2));
  return x;
}

Tensor convolve(const Tensor& x, const Tensor& filter, const Window& w, const Tensor& bias) {
  const auto dtype = graticule::inBfloat16() ? at::kBFloat16 : at::kFloat;
  const c10::optional<Tensor> added = bias.defined() ? c10::optional<Tensor>(bias.to(dtype)) : c10::nullopt;
  const auto y = at::convolution(pad(toChannelsFirst(x, w.channelsLast), w, 0).to(dtype), filter.to(dtype), added,
                                 w.strides, Dims(w.spatial(), 0), w.dilations, false, Dims(w.spatial(), 0), w.groups);
  return fromChannelsFirst(y, w.channelsLast).to(at::kFloat);
}

/** Gradients of the padded input and the filter, both in ATen's layout. */
std::pair<Tensor, Tensor> convolveBackward(const Tensor& dy, const Tensor& x, const Tensor& filter, const Window& w,
                                           bool wantsInput) {
  const auto padded = pad(x, w, 0);
  TORCH_CHECK(dy.dim() == w.spatial() + 2 && padded.dim() == dy.dim() && filter.dim() == dy.dim(),
              "expected tensors of rank ", w.spatial() + 2);
  for (int64_t d = 0; d < w.spatial(); d++) {
    const int64_t reach = w.dilations[d] * (filter.size(d + 2) - 1) + 1;
    const int64_t expected = (padded.size(d + 2) - reach) / w.strides[d] + 1;
    TORCH_CHECK(dy.size(d + 2) == expected, "dy has ", dy.size(d + 2), " positions in spatial dimension ", d,
                ", expected ", expected);
  }
  TORCH_CHECK(dy.size(0) == padded.size(0) && dy.size(1) == filter.size(0) &&
                  padded.size(1) == filter.size(1) * w.groups,
              "batch or channels do not fit");
  auto result = at::convolution_backward(dy.contiguous(), padded.contiguous(), filter.contiguous(), c10::nullopt, w.strides, Dims(w.spatial(), 0), w.dilations,
                                         false, Dims(w.spatial(), 0), w.groups, {wantsInput, !wantsInput, false});
  return {wantsInput ? unpad(std::get<0>(result), w, x) : Tensor(), std::get<1>(result)};
}

/** Depthwise filters are [spatial…, C, M] in tfjs and [C·M, 1, spatial…] in ATen. */
Tensor depthwiseToTorch(const Tensor& filter) {
  const int64_t outputs = filter.size(-1) * filter.size(-2);
  return filter.movedim(-1, 0).movedim(-1, 0).reshape({outputs, 1, filter.size(0), filter.size(1)});
}

}  // namespace

KERNEL(Conv) {
  const auto x = call.tensor();
  const auto filter = call.tensor();
  call.output(convolve(x, filterToTorch(filter), readWindow(call), Tensor()));
}

KERNEL(ConvBackpropInput) {
  const auto dy = call.tensor().to(at::kFloat);
  const auto filter = call.tensor().to(at::kFloat);
  const auto shape = call.shape();
  const auto w = readWindow(call);
  const auto x = toChannelsFirst(at::empty(shape, dy.options()), w.channelsLast);
  const auto dx = convolveBackward(toChannelsFirst(dy, w.channelsLast), x, filterToTorch(filter), w, true).first;
  call.output(fromChannelsFirst(dx, w.channelsLast));
}

KERNEL(ConvBackpropFilter) {
  const auto x = call.tensor().to(at::kFloat);
  const auto dy = call.tensor().to(at::kFloat);
  const auto shape = call.shape();
  const auto w = readWindow(call);
  const auto filter = filterToTorch(at::empty(shape, dy.options())).contiguous();
  const auto df = convolveBackward(toChannelsFirst(dy, w.channelsLast), toChannelsFirst(x, w.channelsLast), filter, w, false);
  call.output(filterFromTorch(df.second));
}

KERNEL(FusedConv2D) {
  const auto x = call.tensor();
  const auto filter = call.tensor();
  const auto bias = call.optionalTensor();
  const auto prelu = call.optionalTensor();
  const bool depthwise = call.flag();
  const int64_t activation = call.integer();
  const double leakyAlpha = call.number();
  const auto w = readWindow(call);
  // A bias of one number a channel rides along; any other shape is added by broadcasting.
  const int64_t channels = depthwise ? filter.size(-1) * filter.size(-2) : filter.size(-1);
  const bool rides = bias.defined() && bias.dim() == 1 && bias.numel() == channels;
  auto y = convolve(x, depthwise ? depthwiseToTorch(filter) : filterToTorch(filter), w, rides ? bias : Tensor());
  if (bias.defined() && !rides) y = y.add(bias);
  auto slope = prelu;
  if (slope.defined() && slope.dim() == 1 && !w.channelsLast) slope = slope.view({-1, 1, 1});
  call.output(graticule::activate(y, activation, slope, leakyAlpha));
}

KERNEL(DepthwiseConv) {
  const auto x = call.tensor();
  const auto filter = call.tensor();
  call.output(convolve(x, depthwiseToTorch(filter), readWindow(call), Tensor()));
}

KERNEL(DepthwiseConvBackpropInput) {
  const auto dy = call.tensor().to(at::kFloat);
  const auto filter = call.tensor().to(at::kFloat);
  const auto shape = call.shape();
  const auto w = readWindow(call);
  const auto x = toChannelsFirst(at::empty(shape, dy.options()), w.channelsLast);
  const auto dx = convolveBackward(toChannelsFirst(dy, w.channelsLast), x, depthwiseToTorch(filter), w, true).first;
  call.output(fromChannelsFirst(dx, w.channelsLast));
}

KERNEL(DepthwiseConvBackpropFilter) {
  const auto x = call.tensor().to(at::kFloat);
  const auto dy = call.tensor().to(at::kFloat);
  const auto shape = call.shape();
  const auto w = readWindow(call);
  const auto filter = depthwiseToTorch(at::empty(shape, dy.options()));
  const auto df = convolveBackward(toChannelsFirst(dy, w.channelsLast), toChannelsFirst(x, w.channelsLast), filter, w, false);
  call.output(df.second.reshape({shape[2], shape[3], shape[0], shape[1]}).permute({2, 3, 0, 1}));
}

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

KERNEL(AvgPoolGrad) {
  const auto dy = call.tensor().to(at::kFloat);
  const auto shape = call.shape();
  const auto p = readPool(call);
  const auto input = toChannelsFirst(at::empty(shape, dy.options()), p.window.channelsLast);
  const auto padded = pad(input, p.window, 0);
  const auto grad = toChannelsFirst(dy, p.window.channelsLast).div(countPool(input, p));
  const auto dx = p.window.spatial() == 3
                      ? at::avg_pool3d_backward(grad, padded, p.size, p.window.strides, {0, 0, 0}, false, true, 1)
                      : at::avg_pool2d_backward(grad, padded, p.size, p.window.strides, {0, 0}, false, true, 1);
  call.output(fromChannelsFirst(unpad(dx, p.window, input), p.window.channelsLast));
}
