// Pixels of images [B, H, W, C] read at places that an attribute or another tensor gives: crops, rotation, projection.
#include <ATen/ops/arange.h>
#include <ATen/ops/nan_to_num.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "call.h"

using at::Tensor;

namespace {

Tensor images(graticule::Call& call) {
  const auto x = call.tensor();
  TORCH_CHECK(x.dim() == 4, "expected images [B, H, W, C]");
  return x;
}

/** Places are computed as tfjs computes them, in float64, where the device has it. */
at::TensorOptions placeOptions(const Tensor& image) {
  return image.options().dtype(image.device().is_mps() ? at::kFloat : at::kDouble);
}

/** Numbers 0 to count - 1 along one of three dims. */
Tensor along(int64_t count, int64_t dim, const Tensor& image) {
  std::vector<int64_t> shape{1, 1, 1};
  shape[dim] = count;
  return at::arange(count, placeOptions(image)).view(shape);
}

/** Whole places as indices; what lies far outside, or is no number, stays outside. */
Tensor toIndex(const Tensor& place, int64_t size) {
  return at::nan_to_num(place, -2.0).clamp(-2.0, static_cast<double>(size) + 1).to(at::kLong);
}

/** Half-way cases go up, as JavaScript rounds. */
Tensor nearest(const Tensor& place) { return place.add(0.5).floor(); }

/** Pixels [N, h, w, C] at batch, row and column indices that broadcast to [N, h, w] and must lie inside. */
Tensor pick(const Tensor& image, const Tensor& batch, const Tensor& y, const Tensor& x) {
  const auto flat = batch.mul(image.size(1)).add(y).mul(image.size(2)).add(x);
  auto shape = flat.sizes().vec();
  shape.push_back(image.size(3));
  const auto pixels = image.reshape({image.size(0) * image.size(1) * image.size(2), image.size(3)});
  return pixels.index_select(0, flat.reshape({-1})).view(shape);
}

/** As `pick`; indices outside of the image give `fill`. */
Tensor pickOrFill(const Tensor& image, const Tensor& batch, const Tensor& y, const Tensor& x, const Tensor& fill) {
  const int64_t height = image.size(1), width = image.size(2);
  const auto inside = y.ge(0).logical_and(y.lt(height)).logical_and(x.ge(0)).logical_and(x.lt(width));
  const auto pixels = pick(image, batch, y.clamp(0, height - 1), x.clamp(0, width - 1));
  return at::where(inside.unsqueeze(-1), pixels, fill);
}

Tensor eachImage(const Tensor& image) {
  return at::arange(image.size(0), image.options().dtype(at::kLong)).view({-1, 1, 1});
}

Tensor interpolate(const Tensor& low, const Tensor& high, const Tensor& share) {
  return low.add(high.sub(low).mul(share.to(at::kFloat).unsqueeze(-1)));
}

/** Rows or columns [N, count] of a crop from `low` to `high` [N], which are shares of the image's last index. */
Tensor cropPlaces(const Tensor& low, const Tensor& high, int64_t size, int64_t count) {
  const double last = static_cast<double>(size - 1);
  if (count == 1) return low.add(high).mul(0.5 * last).unsqueeze(1);
  const auto step = high.sub(low).mul(last).div(static_cast<double>(count - 1)).unsqueeze(1);
  return low.mul(last).unsqueeze(1).add(step.mul(at::arange(count, low.options())));
}

enum class FillMode { kConstant, kReflect, kWrap, kNearest };

/** Maps places outside of [0, size - 1] as TensorFlow's ImageProjectiveTransformV3 does. */
Tensor mapPlace(const Tensor& place, int64_t size, FillMode mode) {
  const double length = static_cast<double>(size), last = length - 1;
  if (mode == FillMode::kConstant) return place;
  if (mode == FillMode::kNearest) return place.clamp(0, last);
  if (size <= 1) return place.clamp(0, 0);
  Tensor below, above;
  if (mode == FillMode::kReflect) {
    const double period = 2 * length;
    const auto shifted = place.neg().div(period).trunc().mul(period).add(place);
    below = at::where(shifted.lt(-length), shifted.add(period), shifted.neg().sub(1));
    const auto rest = place.sub(place.div(period).trunc().mul(period));
    above = at::where(rest.ge(length), rest.neg().add(period - 1), rest);
  } else {
    below = place.add(place.neg().div(last).trunc().add(1).mul(length));
    above = place.sub(place.div(last).trunc().mul(length));
  }
  return at::where(place.lt(0), below, at::where(place.gt(last), above, place)).clamp(0, last);
}

/** Bilinear mix of the four pixels around each place, those outside of the image being `fill`. */
Tensor mixOrFill(const Tensor& image, const Tensor& y, const Tensor& x, const Tensor& fill) {
  const auto batch = eachImage(image);
  const auto top = y.floor(), left = x.floor();
  const auto top0 = toIndex(top, image.size(1)), left0 = toIndex(left, image.size(2));
  const auto top1 = toIndex(top.add(1), image.size(1)), left1 = toIndex(left.add(1), image.size(2));
  const auto across = x.sub(left);
  const auto upper = interpolate(pickOrFill(image, batch, top0, left0, fill),
                                 pickOrFill(image, batch, top0, left1, fill), across);
  const auto lower = interpolate(pickOrFill(image, batch, top1, left0, fill),
                                 pickOrFill(image, batch, top1, left1, fill), across);
  return interpolate(upper, lower, y.sub(top));
}

}  // namespace

/** images, boxes [N, 4] (y1, x1, y2, x2 as shares), which image each [N], height, width, nearest?, fill → float32 crops. */
KERNEL(CropAndResize) {
  const auto image = images(call).to(at::kFloat);
  const auto boxes = call.tensor().to(placeOptions(image).dtype());
  const auto which = call.tensor().to(at::kLong);
  const int64_t height = call.integer(), width = call.integer();
  const bool roundPlaces = call.flag();
  const double fill = call.number();
  TORCH_CHECK(boxes.dim() == 2 && boxes.size(1) == 4 && which.dim() == 1 && which.size(0) == boxes.size(0),
              "expected boxes [N, 4] and an image index of each");
  TORCH_CHECK(image.numel() > 0 && height > 0 && width > 0, "neither image nor crop may be empty");
  TORCH_CHECK(which.numel() == 0 || which.min().item<int64_t>() >= 0, "an image index is negative");
  const double lastRow = static_cast<double>(image.size(1) - 1), lastColumn = static_cast<double>(image.size(2) - 1);
  const auto y = cropPlaces(boxes.select(1, 0), boxes.select(1, 2), image.size(1), height).unsqueeze(2);
  const auto x = cropPlaces(boxes.select(1, 1), boxes.select(1, 3), image.size(2), width).unsqueeze(1);
  const auto inside = y.ge(0).logical_and(y.le(lastRow)).logical_and(x.ge(0).logical_and(x.le(lastColumn)));
  const auto batch = which.clamp_max(image.size(0) - 1).view({-1, 1, 1});
  const auto at = [&](const Tensor& row, const Tensor& column) {
    return pick(image, batch, toIndex(row, image.size(1)).clamp(0, image.size(1) - 1),
                toIndex(column, image.size(2)).clamp(0, image.size(2) - 1));
  };
  Tensor crops;
  if (roundPlaces) {
    crops = at(nearest(y), nearest(x));
  } else {
    const auto top = y.floor(), left = x.floor(), bottom = y.ceil(), right = x.ceil();
    crops = interpolate(interpolate(at(top, left), at(top, right), x.sub(left)),
                        interpolate(at(bottom, left), at(bottom, right), x.sub(left)), y.sub(top));
  }
  crops = crops.masked_fill(inside.logical_not().unsqueeze(-1), fill);
  // tfjs leaves the crops of an image that is not there at 0.
  call.output(crops.masked_fill(which.ge(image.size(0)).view({-1, 1, 1, 1}), 0));
}

/** images, transforms [1 or B, 8] from output to input places, height, width, fill mode, nearest?, fill. */
KERNEL(Transform) {
  const auto image = images(call);
  const auto t = call.tensor().to(placeOptions(image).dtype());
  const int64_t height = call.integer(), width = call.integer(), mode = call.integer();
  const bool roundPlaces = call.flag();
  const double fillValue = call.number();
  TORCH_CHECK(t.dim() == 2 && t.size(1) == 8 && (t.size(0) == 1 || t.size(0) == image.size(0)),
              "expected transforms [1 or B, 8]");
  TORCH_CHECK(height > 0 && width > 0 && mode >= 0 && mode <= 3, "expected a size and a fill mode");
  const auto term = [&](int64_t i) { return t.select(1, i).view({-1, 1, 1}); };
  const auto column = along(width, 2, image), row = along(height, 1, image);
  const auto projection = term(6).mul(column).add(term(7).mul(row)).add(1);
  const auto infinite = projection.eq(0);
  const auto place = [&](int64_t first, int64_t size) {
    const auto sum = term(first).mul(column).add(term(first + 1).mul(row)).add(term(first + 2));
    const auto mapped = mapPlace(sum.div(projection), size, static_cast<FillMode>(mode));
    return mapped.masked_fill(infinite, -2).expand({image.size(0), height, width});
  };
  const auto x = place(0, image.size(2)), y = place(3, image.size(1));
  const auto source = roundPlaces ? image : image.to(at::kFloat);
  const auto fill = at::zeros({}, source.options()).fill_(fillValue);
  const auto result = roundPlaces ? pickOrFill(image, eachImage(image), toIndex(nearest(y), image.size(1)),
                                               toIndex(nearest(x), image.size(2)), fill)
                                  : mixOrFill(source, y, x, fill);
  call.output(image.is_floating_point() ? result : result.to(image.scalar_type()));
}

/** images, radians, center (x, y) in pixels, the fill of each channel as a list → images of the same size. */
KERNEL(RotateWithOffset) {
  const auto image = images(call);
  const double radians = call.number(), centerX = call.number(), centerY = call.number();
  const int64_t channels = call.integer();
  TORCH_CHECK(channels == image.size(3), "expected ", image.size(3), " fill values, got ", channels);
  std::vector<double> fills(static_cast<size_t>(channels));
  for (auto& fill : fills) fill = call.number();
  const auto fill = at::tensor(fills, at::kDouble).to(image.options());
  const auto x = along(image.size(2), 2, image).sub(centerX), y = along(image.size(1), 1, image).sub(centerY);
  const double sine = std::sin(radians), cosine = std::cos(radians);
  const auto column = nearest(x.mul(cosine).sub(y.mul(sine)).add(centerX));
  const auto row = nearest(x.mul(sine).add(y.mul(cosine)).add(centerY));
  call.output(pickOrFill(image, eachImage(image), toIndex(row, image.size(1)), toIndex(column, image.size(2)), fill));
}
