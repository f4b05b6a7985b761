// The latitude-weighted squared error of fields, which makes nothing but its own derivative. Sums are float64 in a fixed order.
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <vector>

#include "call.h"
#include "differences.h"
#include "elements.h"

using at::Tensor;

namespace {

/** Fields [B, V, H, W] and what each row of W values weighs: latitude [H] times variable [V]. */
struct Fields {
  Tensor prediction;  // float32 or bf16
  Tensor target, latitude, variable;
  int64_t rows, width;

  float weight(int64_t row) const {
    const int64_t H = latitude.size(0);
    return latitude.data_ptr<float>()[row % H] * variable.data_ptr<float>()[row / H % variable.size(0)];
  }
  Tensor weights() const { return variable.view({-1, 1, 1}).mul(latitude.view({-1, 1})); }
};

Fields readFields(graticule::Call& call) {
  Fields f;
  f.prediction = graticule::readable(call.tensor());
  f.target = call.tensor().to(at::kFloat).contiguous();
  f.latitude = call.tensor().to(at::kFloat).contiguous();
  f.variable = call.tensor().to(at::kFloat).contiguous();
  TORCH_CHECK(f.prediction.dim() == 4 && f.target.sizes() == f.prediction.sizes() && f.prediction.numel() > 0,
              "expected prediction and target [B, V, H, W]");
  TORCH_CHECK(f.variable.sizes() == at::IntArrayRef({f.prediction.size(1)}) &&
                  f.latitude.sizes() == at::IntArrayRef({f.prediction.size(2)}),
              "expected a weight for each variable and each row");
  f.width = f.prediction.size(3);
  f.rows = f.prediction.numel() / f.width;
  return f;
}

int64_t grainOf(const Fields& f) { return std::max<int64_t>(1, (1 << 14) / f.width); }

}  // namespace

/** prediction and target [B, V, H, W], latitude weights [H], variable weights [V] → mean of weight · difference². */
KERNEL(FusedLatitudeError) {
  const auto f = readFields(call);
  if (!f.prediction.device().is_cpu()) {
    call.output(f.prediction.to(at::kFloat).sub(f.target).square_().mul_(f.weights()).mean());
    return;
  }
  std::vector<double> errors(static_cast<size_t>(f.rows));
  const auto* target = f.target.data_ptr<float>();
  at::parallel_for(0, f.rows, grainOf(f), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t at = row * f.width;
      const double sum = graticule::squaredDifferences(f.prediction, at, target + at, f.width);
      errors[row] = sum * f.weight(row);
    }
  });
  double sum = 0;
  for (const double error : errors) sum += error;
  call.output(at::full({}, sum / static_cast<double>(f.prediction.numel()), f.latitude.options()));
}

/** dy scalar and the same arguments → dprediction, stored as the prediction is; dtarget is its negative. */
KERNEL(FusedLatitudeErrorGrad) {
  const auto dy = call.tensor().to(at::kFloat);
  const auto f = readFields(call);
  TORCH_CHECK(dy.numel() == 1, "dy must be a scalar");
  const double count = static_cast<double>(f.prediction.numel());
  if (!f.prediction.device().is_cpu()) {
    const auto difference = f.prediction.to(at::kFloat).sub(f.target).mul_(f.weights()).mul_(dy).mul_(2 / count);
    call.output(difference.to(f.prediction.scalar_type()));
    return;
  }
  const double factor = 2.0 * dy.item<float>() / count;
  const auto* target = f.target.data_ptr<float>();
  auto out = at::empty_like(f.prediction);
  at::parallel_for(0, f.rows, grainOf(f), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t at = row * f.width;
      const auto by = static_cast<float>(factor * f.weight(row));
      graticule::scaledDifferences(f.prediction, at, target + at, by, f.width, out);
    }
  });
  call.output(out);
}
