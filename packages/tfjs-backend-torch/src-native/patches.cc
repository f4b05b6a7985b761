// Patches of an image as rows of a matrix: only those asked for, normalized and converted on the way.
#include "patches.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "elements.h"
#include "vectorize.h"

using at::Tensor;
using graticule::Bf16;
using graticule::PatchGrid;

namespace graticule {
namespace {

template <typename T>
GRATICULE_INLINE void readPatchBody(const PatchGrid& grid, const T* image, float* __restrict out) {
  const int64_t C = grid.channels, P = grid.side, width = grid.width;
  for (int64_t c = 0; c < C; c++) {
    const float scale = grid.scale[c], shift = grid.shift[c];
    const T* __restrict rows = image + c * grid.height * width;
    if (grid.channelsFirst) {
      for (int64_t p = 0; p < P; p++) {
#pragma omp simd
        for (int64_t q = 0; q < P; q++) out[(c * P + p) * P + q] = load(rows + p * width + q) * scale + shift;
      }
    } else {
      for (int64_t p = 0; p < P; p++) {
        for (int64_t q = 0; q < P; q++) out[(p * P + q) * C + c] = load(rows + p * width + q) * scale + shift;
      }
    }
  }
}

GRATICULE_VECTORIZED void readPatch(const PatchGrid& grid, const float* image, float* out) {
  readPatchBody(grid, image, out);
}
GRATICULE_VECTORIZED void readPatch(const PatchGrid& grid, const Bf16* image, float* out) {
  readPatchBody(grid, image, out);
}
GRATICULE_VECTORIZED void readPatch(const PatchGrid& grid, const int32_t* image, float* out) {
  readPatchBody(grid, image, out);
}

}  // namespace

void PatchGrid::read(int64_t sample, int64_t patch, float* out) const {
  const int64_t row = patch / columns(), column = patch % columns();
  const int64_t offset = sample * channels * height * width + row * side * width + column * side;
  if (images.scalar_type() == at::kInt) {
    readPatch(*this, elements<int32_t>(images) + offset, out);
  } else if (isBf16(images)) {
    readPatch(*this, elements<Bf16>(images) + offset, out);
  } else {
    readPatch(*this, elements<float>(images) + offset, out);
  }
}

PatchGrid readPatchGrid(Call& call) {
  PatchGrid grid;
  const auto images = call.tensor();
  grid.side = call.integer();
  grid.channelsFirst = call.flag();
  TORCH_CHECK(images.dim() == 4 && grid.side > 0 && images.size(2) % grid.side == 0 && images.size(3) % grid.side == 0,
              "patches of side ", grid.side, " do not divide images ", images.sizes());
  const bool asItIs = images.scalar_type() == at::kInt || isBf16(images);
  grid.images = (asItIs ? images : images.to(at::kFloat)).contiguous();
  grid.batch = images.size(0);
  grid.channels = images.size(1);
  grid.height = images.size(2);
  grid.width = images.size(3);
  grid.scale.assign(static_cast<size_t>(grid.channels), 1.0f);
  grid.shift.assign(static_cast<size_t>(grid.channels), 0.0f);
  const int64_t normalized = call.integer();
  TORCH_CHECK(normalized == 0 || normalized == grid.channels, "expected a mean for each of ", grid.channels,
              " channels, got ", normalized);
  std::vector<double> mean;
  for (int64_t c = 0; c < normalized; c++) mean.push_back(call.number());
  for (int64_t c = 0; c < normalized; c++) {
    const double deviation = call.number();
    grid.scale[c] = static_cast<float>(1 / deviation);
    grid.shift[c] = static_cast<float>(-mean[c] / deviation);
  }
  return grid;
}

}  // namespace graticule

namespace {

GRATICULE_VECTORIZED
void toBf16(const float* __restrict x, Bf16* __restrict y, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) graticule::store(y + i, x[i]);
}

/** Rows `patches` of every sample's patch matrix. The same in one place for every device. */
Tensor gatherOnDevice(const PatchGrid& grid, const Tensor& patches) {
  const int64_t B = grid.batch, C = grid.channels, P = grid.side, N = grid.patches(), F = grid.values();
  const auto options = at::TensorOptions().dtype(at::kFloat);
  auto scale = at::empty({C, 1, 1}, options), shift = at::empty({C, 1, 1}, options);
  std::copy(grid.scale.begin(), grid.scale.end(), scale.data_ptr<float>());
  std::copy(grid.shift.begin(), grid.shift.end(), shift.data_ptr<float>());
  const auto device = grid.images.device();
  const auto normalized = grid.images.to(at::kFloat).mul(scale.to(device)).add_(shift.to(device));
  const auto cut = normalized.view({B, C, grid.height / P, P, grid.columns(), P});
  const auto order = grid.channelsFirst ? std::vector<int64_t>{0, 2, 4, 1, 3, 5} : std::vector<int64_t>{0, 2, 4, 3, 5, 1};
  const auto all = cut.permute(order).reshape({B, N, F});
  if (!patches.defined()) return all;
  const auto index = patches.to(at::kLong).unsqueeze(-1).expand({B, patches.size(1), F});
  return all.gather(1, index);
}

}  // namespace

/** images [B, C, H, W], patches int32 [B, K] or absent for all → [B, K, F], bf16 under that policy. */
KERNEL(FusedGatherPatches) {
  const auto grid = graticule::readPatchGrid(call);
  const auto chosen = call.optionalTensor();
  const auto dtype = graticule::inBfloat16() ? at::kBFloat16 : at::kFloat;
  TORCH_CHECK(!chosen.defined() || (chosen.dim() == 2 && chosen.size(0) == grid.batch && chosen.scalar_type() == at::kInt),
              "patches must be int32 [B, K], got ", chosen.sizes());
  if (!grid.images.device().is_cpu()) {
    call.activation(gatherOnDevice(grid, chosen).to(dtype));
    return;
  }
  const int64_t N = grid.patches(), F = grid.values();
  const int64_t K = chosen.defined() ? chosen.size(1) : N;
  const auto numbers = chosen.defined() ? chosen.contiguous() : chosen;
  const int32_t* number = numbers.defined() ? numbers.data_ptr<int32_t>() : nullptr;
  if (number != nullptr) {
    for (int64_t i = 0; i < grid.batch * K; i++) {
      TORCH_CHECK(number[i] >= 0 && number[i] < N, "patch ", number[i], " is not in [0, ", N - 1, "]");
    }
  }
  auto out = at::empty({grid.batch, K, F}, grid.images.options().dtype(dtype));
  at::parallel_for(0, grid.batch * K, 16, [&](int64_t begin, int64_t end) {
    std::vector<float> patch(static_cast<size_t>(F));
    for (int64_t i = begin; i < end; i++) {
      const int64_t which = number != nullptr ? number[i] : i % N;
      if (dtype == at::kBFloat16) {
        grid.read(i / K, which, patch.data());
        toBf16(patch.data(), graticule::mutableElements<Bf16>(out) + i * F, F);
      } else {
        grid.read(i / K, which, graticule::mutableElements<float>(out) + i * F);
      }
    }
  });
  call.activation(out);
}
