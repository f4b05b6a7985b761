#include "rows.h"

#include "elements.h"
#include "vectorize.h"

namespace graticule {
namespace {

GRATICULE_VECTORIZED void toFloat(const Bf16* __restrict x, float* __restrict y, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) y[i] = load(x + i);
}

GRATICULE_VECTORIZED void toBf16(const float* __restrict x, Bf16* __restrict y, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) store(y + i, x[i]);
}

}  // namespace

const float* readRow(const at::Tensor& x, int64_t row, int64_t width, float* buffer) {
  if (!isBf16(x)) return elements<float>(x) + row * width;
  toFloat(elements<Bf16>(x) + row * width, buffer, width);
  return buffer;
}

float* writableRow(at::Tensor& x, int64_t row, int64_t width, float* buffer) {
  return isBf16(x) ? buffer : mutableElements<float>(x) + row * width;
}

void finishRow(at::Tensor& x, int64_t row, int64_t width, const float* buffer) {
  if (isBf16(x)) toBf16(buffer, mutableElements<Bf16>(x) + row * width, width);
}

}  // namespace graticule
