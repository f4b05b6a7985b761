#include "differences.h"

#include "elements.h"
#include "vectorize.h"

namespace graticule {
namespace {

template <typename T>
GRATICULE_INLINE double squaresBody(const T* __restrict a, const float* __restrict b, int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; i++) {
    const float difference = load(a + i) - b[i];
    sum += static_cast<double>(difference * difference);
  }
  return sum;
}

template <typename T>
GRATICULE_INLINE void differencesBody(const T* __restrict a, const float* __restrict b, float factor, int64_t count,
                                      T* __restrict out) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) store(out + i, (load(a + i) - b[i]) * factor);
}

GRATICULE_VECTORIZED double squares(const float* a, const float* b, int64_t count) { return squaresBody(a, b, count); }
GRATICULE_VECTORIZED double squares(const Bf16* a, const float* b, int64_t count) { return squaresBody(a, b, count); }
GRATICULE_VECTORIZED void differences(const float* a, const float* b, float factor, int64_t count, float* out) {
  differencesBody(a, b, factor, count, out);
}
GRATICULE_VECTORIZED void differences(const Bf16* a, const float* b, float factor, int64_t count, Bf16* out) {
  differencesBody(a, b, factor, count, out);
}

}  // namespace

double squaredDifferences(const at::Tensor& prediction, int64_t at, const float* target, int64_t count) {
  return isBf16(prediction) ? squares(elements<Bf16>(prediction) + at, target, count)
                            : squares(elements<float>(prediction) + at, target, count);
}

void scaledDifferences(const at::Tensor& prediction, int64_t at, const float* target, float factor, int64_t count, at::Tensor& out) {
  if (isBf16(prediction)) differences(elements<Bf16>(prediction) + at, target, factor, count, mutableElements<Bf16>(out) + at);
  else differences(elements<float>(prediction) + at, target, factor, count, mutableElements<float>(out) + at);
}

}  // namespace graticule
