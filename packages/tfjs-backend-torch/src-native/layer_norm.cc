// Layer normalization in one pass over each row. Statistics and sums are float32 whatever the storage.
#include <ATen/Parallel.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>

#include <cmath>
#include <vector>

#include "call.h"
#include "elements.h"
#include "rows.h"
#include "vectorize.h"

using at::Tensor;

namespace {

GRATICULE_VECTORIZED float sum(const float* __restrict x, int64_t count) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t i = 0; i < count; i++) total += x[i];
  return total;
}

GRATICULE_VECTORIZED float squaredDeviation(const float* __restrict x, float mean, int64_t count) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t i = 0; i < count; i++) total += (x[i] - mean) * (x[i] - mean);
  return total;
}

GRATICULE_VECTORIZED void normalizeRow(const float* __restrict x, const float* __restrict gamma, const float* __restrict beta,
                                       float mean, float rstd, float* __restrict y, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) y[i] = (x[i] - mean) * rstd * gamma[i] + beta[i];
}

GRATICULE_VECTORIZED void scaleRow(const float* __restrict x, const float* __restrict gamma, const float* __restrict beta,
                                   float* __restrict y, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) y[i] = x[i] * gamma[i] + beta[i];
}

/** dx of a row, of x or, with mean 0 and rate 1, of normalized x; adds the row's part to dgamma and dbeta. */
GRATICULE_VECTORIZED void backRow(const float* __restrict dy, const float* __restrict x, const float* __restrict gamma, float mean,
                                  float rate, float rstd, float* __restrict dx, float* __restrict dgamma, float* __restrict dbeta,
                                  int64_t count) {
  float slope = 0, along = 0;
#pragma omp simd reduction(+ : slope, along)
  for (int64_t i = 0; i < count; i++) {
    const float scaled = dy[i] * gamma[i];
    slope += scaled;
    along += scaled * (x[i] - mean);
  }
  slope *= rstd / static_cast<float>(count);
  along *= rstd * rate * rate / static_cast<float>(count);
#pragma omp simd
  for (int64_t i = 0; i < count; i++) {
    const float centered = x[i] - mean;
    dgamma[i] += dy[i] * centered * rate;
    dbeta[i] += dy[i];
    dx[i] = dy[i] * gamma[i] * rstd - slope - centered * along;
  }
}

/** dgamma and dbeta are summed over parts of the rows that don't depend on the number of threads. */
constexpr int64_t kParts = 64;

void checkVector(const Tensor& x, const Tensor& vector) {
  TORCH_CHECK(x.dim() >= 1, "expected x of rank 1 or more");
  TORCH_CHECK(vector.dim() == 1 && vector.size(0) == x.size(-1), "gamma and beta must have ", x.size(-1), " numbers, got shape ",
              vector.sizes());
}

int64_t rowsOf(const Tensor& x) { return x.size(-1) == 0 ? 0 : x.numel() / x.size(-1); }

/** The parts' sums, in their order. */
Tensor total(const std::vector<float>& parts, const Tensor& like) {
  auto result = like.new_zeros(like.sizes());
  auto* values = result.data_ptr<float>();
  const int64_t width = like.numel();
  for (int64_t part = 0; part < kParts; part++) {
    for (int64_t i = 0; i < width; i++) values[i] += parts[static_cast<size_t>(part * width + i)];
  }
  return result;
}

}  // namespace

/**
 * x [..., D], gamma [D], beta [D] → y (bf16 under that policy); with `forGradient` also what FusedLayerNormGrad needs: x̂ in
 * bf16, where that is smaller than x, or an empty tensor, then mean [rows], empty beside x̂, and 1/std [rows].
 */
KERNEL(FusedLayerNorm) {
  const auto x = graticule::readable(call.tensor());
  const auto gamma = call.tensor().to(at::kFloat).contiguous();
  const auto beta = call.tensor().to(at::kFloat).contiguous();
  const double epsilon = call.number();
  const bool forGradient = call.flag();
  checkVector(x, gamma);
  checkVector(x, beta);
  const auto dtype = graticule::inBfloat16() ? at::kBFloat16 : at::kFloat;
  if (!x.device().is_cpu()) {
    const auto result = at::native_layer_norm(x.to(at::kFloat), {x.size(-1)}, gamma, beta, epsilon);
    call.activation(std::get<0>(result).to(dtype));
    if (!forGradient) return;
    call.output(at::empty({0}, x.options()));
    call.output(std::get<1>(result).reshape({-1}));
    call.output(std::get<2>(result).reshape({-1}));
    return;
  }
  const int64_t width = x.size(-1), rows = rowsOf(x);
  auto y = at::empty(x.sizes(), x.options().dtype(dtype));
  const bool keepsNormalized = forGradient && dtype == at::kBFloat16 && x.scalar_type() == at::kFloat;
  auto normalized = keepsNormalized ? at::empty(x.sizes(), y.options()) : at::empty({0}, y.options());
  auto mean = at::empty({keepsNormalized ? 0 : rows}, gamma.options()), rstd = at::empty({rows}, gamma.options());
  const std::vector<float> ones(static_cast<size_t>(width), 1), zeros(static_cast<size_t>(width), 0);
  at::parallel_for(0, rows, 16, [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(static_cast<size_t>(2 * width));
    for (int64_t row = begin; row < end; row++) {
      const float* in = graticule::readRow(x, row, width, buffer.data());
      const float center = sum(in, width) / static_cast<float>(width);
      const float variance = squaredDeviation(in, center, width) / static_cast<float>(width);
      const float scale = 1 / std::sqrt(variance + static_cast<float>(epsilon));
      float* out = graticule::writableRow(y, row, width, buffer.data() + width);
      if (keepsNormalized) {
        normalizeRow(in, ones.data(), zeros.data(), center, scale, out, width);
        graticule::finishRow(normalized, row, width, out);
      } else {
        mean.data_ptr<float>()[row] = center;
      }
      normalizeRow(in, gamma.data_ptr<float>(), beta.data_ptr<float>(), center, scale, out, width);
      graticule::finishRow(y, row, width, out);
      rstd.data_ptr<float>()[row] = scale;
    }
  });
  call.activation(y);
  if (!forGradient) return;
  call.output(normalized);
  call.output(mean);
  call.output(rstd);
}

/** Normalized x [..., D], gamma [D], beta [D] → y, as FusedLayerNorm makes it of x. */
KERNEL(FusedScaleRows) {
  const auto x = graticule::readable(call.tensor());
  const auto gamma = call.tensor().to(at::kFloat).contiguous();
  const auto beta = call.tensor().to(at::kFloat).contiguous();
  checkVector(x, gamma);
  checkVector(x, beta);
  const auto dtype = graticule::inBfloat16() ? at::kBFloat16 : at::kFloat;
  if (!x.device().is_cpu()) {
    call.activation(at::addcmul(beta, x.to(at::kFloat), gamma).to(dtype));
    return;
  }
  const int64_t width = x.size(-1), rows = rowsOf(x);
  auto y = at::empty(x.sizes(), x.options().dtype(dtype));
  at::parallel_for(0, rows, 16, [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(static_cast<size_t>(2 * width));
    for (int64_t row = begin; row < end; row++) {
      const float* in = graticule::readRow(x, row, width, buffer.data());
      float* out = graticule::writableRow(y, row, width, buffer.data() + width);
      scaleRow(in, gamma.data_ptr<float>(), beta.data_ptr<float>(), out, width);
      graticule::finishRow(y, row, width, out);
    }
  });
  call.activation(y);
}

/** dy, x [..., D], gamma [D], mean and 1/std [rows] → dx [..., D], dgamma and dbeta [D], all float32. Without means x is x̂. */
KERNEL(FusedLayerNormGrad) {
  const auto dy = graticule::readable(call.tensor());
  const auto x = graticule::readable(call.tensor());
  const auto gamma = call.tensor().to(at::kFloat).contiguous();
  const auto mean = call.tensor().contiguous();
  const auto rstd = call.tensor().contiguous();
  checkVector(x, gamma);
  const int64_t width = x.size(-1), rows = rowsOf(x);
  TORCH_CHECK(dy.sizes() == x.sizes(), "dy must have the shape of x");
  const bool isNormalized = mean.numel() == 0;
  TORCH_CHECK(rstd.numel() == rows && rstd.scalar_type() == at::kFloat, "rstd must have a number for each row");
  TORCH_CHECK(isNormalized || (mean.numel() == rows && mean.scalar_type() == at::kFloat), "mean must have a number for each row");
  if (!x.device().is_cpu()) {
    TORCH_CHECK(!isNormalized || rows == 0, "expected x and its means on a device, got normalized x");
    auto statistics = x.sizes().vec();
    statistics.back() = 1;
    const auto result = at::native_layer_norm_backward(dy.to(at::kFloat), x.to(at::kFloat), {width}, mean.view(statistics),
                                                       rstd.view(statistics), gamma, gamma, {true, true, true});
    call.output(std::get<0>(result));
    call.output(std::get<1>(result));
    call.output(std::get<2>(result));
    return;
  }
  auto dx = at::empty(x.sizes(), gamma.options());
  const int64_t perPart = (rows + kParts - 1) / kParts;
  std::vector<float> gammaSums(static_cast<size_t>(kParts * width)), betaSums(static_cast<size_t>(kParts * width));
  at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(static_cast<size_t>(2 * width));
    for (int64_t part = begin; part < end; part++) {
      for (int64_t row = part * perPart; row < std::min(rows, (part + 1) * perPart); row++) {
        const float* slope = graticule::readRow(dy, row, width, buffer.data());
        const float* in = graticule::readRow(x, row, width, buffer.data() + width);
        const float scale = rstd.data_ptr<float>()[row];
        const float center = isNormalized ? 0 : mean.data_ptr<float>()[row], rate = isNormalized ? 1 : scale;
        backRow(slope, in, gamma.data_ptr<float>(), center, rate, scale,
                dx.data_ptr<float>() + row * width, gammaSums.data() + part * width, betaSums.data() + part * width, width);
      }
    }
  });
  call.output(dx);
  call.output(total(gammaSums, gamma));
  call.output(total(betaSums, gamma));
}
