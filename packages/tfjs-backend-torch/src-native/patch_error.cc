// The loss of a masked autoencoder, from predicted patches and the images themselves: no matrix of target patches.
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>

#include <cmath>

#include "differences.h"
#include "elements.h"
#include "patches.h"
#include "vectorize.h"

using at::Tensor;
using graticule::PatchGrid;

namespace {

/** Keeps flat patches from being divided by zero; MAE's own value. */
constexpr double kVarianceEpsilon = 1e-6;

/** To mean 0 and unbiased variance 1, in two passes. */
GRATICULE_VECTORIZED
void normalizePatch(float* __restrict x, int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; i++) sum += x[i];
  const float mean = static_cast<float>(sum / static_cast<double>(count));
  double squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < count; i++) squares += static_cast<double>(x[i] - mean) * (x[i] - mean);
  const float scale = static_cast<float>(1 / std::sqrt(squares / static_cast<double>(count - 1) + kVarianceEpsilon));
#pragma omp simd
  for (int64_t i = 0; i < count; i++) x[i] = (x[i] - mean) * scale;
}

struct PatchError {
  Tensor prediction;  // [B, N, F], float32 or bf16
  Tensor mask;        // [B, N], float32
  PatchGrid grid;
  bool normalize;
};

PatchError readPatchError(graticule::Call& call) {
  PatchError e;
  e.prediction = graticule::readable(call.tensor());
  e.mask = call.tensor().to(at::kFloat).contiguous();
  e.grid = graticule::readPatchGrid(call);
  e.normalize = call.flag();
  const int64_t B = e.grid.batch, N = e.grid.patches(), F = e.grid.values();
  TORCH_CHECK(e.prediction.sizes() == at::IntArrayRef({B, N, F}), "prediction must be ", at::IntArrayRef({B, N, F}));
  TORCH_CHECK(e.mask.sizes() == at::IntArrayRef({B, N}), "mask must be ", at::IntArrayRef({B, N}));
  return e;
}

/** target [B, N, F] on any device. */
Tensor targetOnDevice(const PatchError& e) {
  const auto& grid = e.grid;
  const int64_t B = grid.batch, C = grid.channels, P = grid.side;
  const auto cut = grid.images.to(at::kFloat).view({B, C, grid.height / P, P, grid.columns(), P});
  const auto patches = cut.permute({0, 2, 4, 3, 5, 1}).reshape({B, grid.patches(), grid.values()});
  if (!e.normalize) return patches;
  const auto centered = patches.sub(patches.mean(-1, true));
  const auto variance = centered.square().sum(-1, true).div_(static_cast<double>(grid.values() - 1));
  return centered.mul(variance.add_(kVarianceEpsilon).rsqrt_());
}

/** Calls `use(i, target)` for each patch i of B·N with a weight, in parallel. */
template <typename F>
void forEachWeighted(const PatchError& e, F use) {
  const int64_t N = e.grid.patches(), values = e.grid.values();
  const float* mask = e.mask.data_ptr<float>();
  at::parallel_for(0, e.grid.batch * N, 16, [&](int64_t begin, int64_t end) {
    std::vector<float> target(static_cast<size_t>(values));
    for (int64_t i = begin; i < end; i++) {
      if (mask[i] == 0) continue;
      e.grid.read(i / N, i % N, target.data());
      if (e.normalize) normalizePatch(target.data(), values);
      use(i, target.data());
    }
  });
}

}  // namespace

/** prediction [B, N, F], mask [B, N], images and their patches → scalar: mean squared error, averaged by the mask. */
KERNEL(FusedPatchError) {
  const auto e = readPatchError(call);
  const int64_t count = e.mask.numel(), F = e.grid.values();
  const auto options = e.mask.options();
  if (!e.prediction.device().is_cpu()) {
    const auto perPatch = e.prediction.to(at::kFloat).sub(targetOnDevice(e)).square_().mean(-1);
    call.output(perPatch.mul_(e.mask).sum().div(e.mask.sum()));
    return;
  }
  std::vector<double> errors(static_cast<size_t>(count));
  forEachWeighted(e, [&](int64_t i, const float* target) {
    errors[i] = graticule::squaredDifferences(e.prediction, i * F, target, F);
  });
  const float* mask = e.mask.data_ptr<float>();
  double sum = 0, weights = 0;
  for (int64_t i = 0; i < count; i++) {
    sum += errors[i] * mask[i];
    weights += mask[i];
  }
  call.output(at::full({}, sum / (weights * static_cast<double>(F)), options));
}

/** dy scalar and the same arguments → dprediction [B, N, F], stored as the prediction is. */
KERNEL(FusedPatchErrorGrad) {
  const auto dy = call.tensor().to(at::kFloat);
  const auto e = readPatchError(call);
  TORCH_CHECK(dy.numel() == 1, "dy must be a scalar");
  const int64_t F = e.grid.values();
  if (!e.prediction.device().is_cpu()) {
    const auto weight = e.mask.mul(dy.mul(2.0 / static_cast<double>(F)).div(e.mask.sum())).unsqueeze(-1);
    call.output(e.prediction.to(at::kFloat).sub(targetOnDevice(e)).mul_(weight).to(e.prediction.scalar_type()));
    return;
  }
  const float* mask = e.mask.data_ptr<float>();
  double weights = 0;
  for (int64_t i = 0; i < e.mask.numel(); i++) weights += mask[i];
  const double factor = 2.0 * dy.item<float>() / (static_cast<double>(F) * weights);
  auto out = at::empty_like(e.prediction);
  const int64_t bytes = F * static_cast<int64_t>(out.element_size());
  auto* first = static_cast<char*>(out.data_ptr());
  for (int64_t i = 0; i < e.mask.numel(); i++) {
    if (mask[i] == 0) std::memset(first + i * bytes, 0, static_cast<size_t>(bytes));
  }
  forEachWeighted(e, [&](int64_t i, const float* target) {
    const auto by = static_cast<float>(factor * mask[i]);
    graticule::scaledDifferences(e.prediction, i * F, target, by, F, out);
  });
  call.output(out);
}
