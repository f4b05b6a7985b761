// Convolutions. tfjs lays images out as NHWC and filters as HWIO.
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>

#include "activation.h"
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

/** [spatial…, I, O] → [O, I, spatial…] as a view. */
Tensor filterToTorch(const Tensor& filter) { return filter.movedim(-1, 0).movedim(-1, 1); }
Tensor filterFromTorch(const Tensor& filter, at::IntArrayRef) { return filter.movedim(1, -1).movedim(0, -1); }

Tensor convolve(const Tensor& x, const Tensor& filter, const Window& w, const Tensor& bias) {
  const auto dtype = graticule::inBfloat16() ? at::kBFloat16 : at::kFloat;
  const c10::optional<Tensor> added = bias.defined() ? c10::optional<Tensor>(bias.to(dtype)) : c10::nullopt;
  const auto y = at::convolution(pad(toChannelsFirst(x, w.channelsLast), w, 0).to(dtype), filter.to(dtype), added,
                                 w.strides, Dims(w.spatial(), 0), w.dilations, false, Dims(w.spatial(), 0), w.groups);
  return fromChannelsFirst(y, w.channelsLast).to(at::kFloat);
}

/** Gradients of the padded input and the filter, both in ATen's layout. */
std::pair<Tensor, Tensor> convolveBackward(Tensor dy, const Tensor& x, const Tensor& filter, const Window& w,
                                           bool wantsInput) {
  const auto padded = pad(x, w, 0);
  TORCH_CHECK(dy.dim() == w.spatial() + 2 && padded.dim() == dy.dim() && filter.dim() == dy.dim(),
              "expected tensors of rank ", w.spatial() + 2);
  for (int64_t d = 0; d < w.spatial(); d++) {
    const int64_t reach = w.dilations[d] * (filter.size(d + 2) - 1) + 1;
    const int64_t expected = (padded.size(d + 2) - reach) / w.strides[d] + 1;
    // tfjs lets conv2dTranspose hand over more positions than its output shape has room for: they don't count.
    if (wantsInput && dy.size(d + 2) > expected) dy = dy.narrow(d + 2, 0, expected);
    TORCH_CHECK(dy.size(d + 2) == expected, "dy has ", dy.size(d + 2), " positions in spatial dimension ", d,
                ", expected ", expected);
  }
  TORCH_CHECK(dy.size(0) == padded.size(0) && dy.size(1) == filter.size(0) &&
                  padded.size(1) == filter.size(1) * w.groups,
              "batch or channels do not fit");
  const Dims none(w.spatial(), 0);
  auto result = at::convolution_backward(dy.contiguous(), padded.contiguous(), filter.contiguous(), c10::nullopt,
                                         w.strides, none, w.dilations, false, none, w.groups,
                                         {wantsInput, !wantsInput, false});
  return {wantsInput ? unpad(std::get<0>(result), w, x) : Tensor(), std::get<1>(result)};
}

/** Depthwise filters are [spatial…, C, M] in tfjs and [C·M, 1, spatial…] in ATen. */
Tensor depthwiseToTorch(const Tensor& filter) {
  const int64_t outputs = filter.size(-1) * filter.size(-2);
  return filter.movedim(-1, 0).movedim(-1, 0).reshape({outputs, 1, filter.size(0), filter.size(1)});
}
Tensor depthwiseFromTorch(const Tensor& filter, at::IntArrayRef shape) {
  return filter.reshape({shape[2], shape[3], shape[0], shape[1]}).permute({2, 3, 0, 1});
}

/** dy, filter, the input's shape, window → gradient of the input. */
void backpropInput(graticule::Call& call, Tensor (*toTorch)(const Tensor&)) {
  const auto dy = call.tensor().to(at::kFloat);
  const auto filter = call.tensor().to(at::kFloat);
  const auto shape = call.shape();
  const auto w = readWindow(call);
  const auto x = toChannelsFirst(at::empty(shape, dy.options()), w.channelsLast);
  const auto dx = convolveBackward(toChannelsFirst(dy, w.channelsLast), x, toTorch(filter), w, true).first;
  call.output(fromChannelsFirst(dx, w.channelsLast));
}

/** x, dy, the filter's shape, window → gradient of the filter. */
void backpropFilter(graticule::Call& call, Tensor (*toTorch)(const Tensor&), Tensor (*fromTorch)(const Tensor&, at::IntArrayRef)) {
  const auto x = call.tensor().to(at::kFloat);
  const auto dy = call.tensor().to(at::kFloat);
  const auto shape = call.shape();
  const auto w = readWindow(call);
  const auto filter = toTorch(at::empty(shape, dy.options())).contiguous();
  const auto df = convolveBackward(toChannelsFirst(dy, w.channelsLast), toChannelsFirst(x, w.channelsLast), filter, w, false);
  call.output(fromTorch(df.second, shape));
}

}  // namespace

KERNEL(Conv) {
  const auto x = call.tensor();
  const auto filter = call.tensor();
  call.output(convolve(x, filterToTorch(filter), readWindow(call), Tensor()));
}

KERNEL(ConvBackpropInput) { backpropInput(call, filterToTorch); }

KERNEL(ConvBackpropFilter) { backpropFilter(call, filterToTorch, filterFromTorch); }

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

KERNEL(DepthwiseConvBackpropInput) { backpropInput(call, depthwiseToTorch); }

KERNEL(DepthwiseConvBackpropFilter) { backpropFilter(call, depthwiseToTorch, depthwiseFromTorch); }
