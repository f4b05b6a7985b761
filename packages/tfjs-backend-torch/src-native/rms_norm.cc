// Division by the root of a row's mean square. Statistics and sums are float32 whatever the storage.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <vector>

#include "call.h"
#include "elements.h"
#include "rows.h"
#include "vectorize.h"

using at::Tensor;

namespace {

GRATICULE_VECTORIZED float sumOfSquares(const float* __restrict x, int64_t count) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; i++) sum += x[i] * x[i];
  return sum;
}

GRATICULE_VECTORIZED void scaleRow(const float* __restrict x, const float* __restrict gamma, float rstd,
                                   float* __restrict y, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) y[i] = x[i] * rstd * gamma[i];
}

/** dx of a row; adds the row's part to dgamma. */
GRATICULE_VECTORIZED void backRow(const float* __restrict dy, const float* __restrict x, const float* __restrict gamma,
                                  float rstd, float* __restrict dx, float* __restrict dgamma, int64_t count) {
  float dot = 0;
#pragma omp simd reduction(+ : dot)
  for (int64_t i = 0; i < count; i++) dot += dy[i] * gamma[i] * x[i];
  const float along = dot * rstd * rstd * rstd / static_cast<float>(count);
#pragma omp simd
  for (int64_t i = 0; i < count; i++) {
    dgamma[i] += dy[i] * x[i] * rstd;
    dx[i] = dy[i] * gamma[i] * rstd - x[i] * along;
  }
}

/** dgamma is summed over parts of the rows that don't depend on the number of threads. */
constexpr int64_t kParts = 64;

void checkGamma(const Tensor& x, const Tensor& gamma) {
  TORCH_CHECK(x.dim() >= 1 && gamma.dim() == 1 && gamma.size(0) == x.size(-1), "gamma ", gamma.sizes(),
              " must have one number for each of x's last dimension ", x.sizes());
}

}  // namespace

/** x [..., D], gamma [D] → y [..., D] (bf16 under that policy), 1/rms [rows]. */
KERNEL(FusedRmsNorm) {
  const auto x = graticule::readable(call.tensor());
  const auto gamma = call.tensor().to(at::kFloat).contiguous();
  const double epsilon = call.number();
  checkGamma(x, gamma);
  const auto dtype = graticule::inBfloat16() ? at::kBFloat16 : at::kFloat;
  const int64_t width = x.size(-1), rows = width == 0 ? 0 : x.numel() / width;
  if (!x.device().is_cpu()) {
    const auto values = x.to(at::kFloat);
    const auto rstd = values.square().mean(-1, true).add_(epsilon).rsqrt_();
    call.activation(values.mul(rstd).mul_(gamma).to(dtype));
    call.output(rstd.reshape({-1}));
    return;
  }
  auto y = at::empty(x.sizes(), x.options().dtype(dtype));
  auto rstd = at::empty({rows}, gamma.options());
  at::parallel_for(0, rows, 16, [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(static_cast<size_t>(2 * width));
    for (int64_t row = begin; row < end; row++) {
      const float* in = graticule::readRow(x, row, width, buffer.data());
      const float scale = 1 / std::sqrt(sumOfSquares(in, width) / static_cast<float>(width) + static_cast<float>(epsilon));
      float* out = graticule::writableRow(y, row, width, buffer.data() + width);
      scaleRow(in, gamma.data_ptr<float>(), scale, out, width);
      graticule::finishRow(y, row, width, out);
      rstd.data_ptr<float>()[row] = scale;
    }
  });
  call.activation(y);
  call.output(rstd);
}

/** dy, x [..., D], gamma [D], 1/rms [rows] → dx stored as x is, dgamma [D]. */
KERNEL(FusedRmsNormGrad) {
  const auto dy = graticule::readable(call.tensor());
  const auto x = graticule::readable(call.tensor());
  const auto gamma = call.tensor().to(at::kFloat).contiguous();
  const auto rstd = call.tensor().contiguous();
  checkGamma(x, gamma);
  const int64_t width = x.size(-1), rows = width == 0 ? 0 : x.numel() / width;
  TORCH_CHECK(dy.sizes() == x.sizes() && rstd.numel() == rows && rstd.scalar_type() == at::kFloat,
              "dy must have the shape of x, rstd a number for each row");
  if (!x.device().is_cpu()) {
    auto statistics = x.sizes().vec();
    statistics.back() = 1;
    const auto factor = rstd.view(statistics);
    const auto values = x.to(at::kFloat).mul(factor);  // normalized
    const auto slope = dy.to(at::kFloat);
    const auto scaled = slope.mul(gamma);
    const auto along = scaled.mul(values).mean(-1, true);
    call.output(scaled.sub(values.mul(along)).mul_(factor).to(x.scalar_type()));
    call.output(slope.mul(values).reshape({rows, width}).sum(0));
    return;
  }
  auto dx = at::empty_like(x);
  auto dgamma = gamma.new_zeros(gamma.sizes());
  const int64_t perPart = (rows + kParts - 1) / kParts;
  std::vector<float> sums(static_cast<size_t>(kParts * width));
  at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(static_cast<size_t>(3 * width));
    for (int64_t part = begin; part < end; part++) {
      for (int64_t row = part * perPart; row < std::min(rows, (part + 1) * perPart); row++) {
        const float* slope = graticule::readRow(dy, row, width, buffer.data());
        const float* in = graticule::readRow(x, row, width, buffer.data() + width);
        float* out = graticule::writableRow(dx, row, width, buffer.data() + 2 * width);
        backRow(slope, in, gamma.data_ptr<float>(), rstd.data_ptr<float>()[row], out, sums.data() + part * width, width);
        graticule::finishRow(dx, row, width, out);
      }
    }
  });
  for (int64_t part = 0; part < kParts; part++) {
    for (int64_t i = 0; i < width; i++) dgamma.data_ptr<float>()[i] += sums[part * width + i];
  }
  call.output(dx);
  call.output(dgamma);
}
