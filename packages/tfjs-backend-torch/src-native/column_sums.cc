// Sums of columns, as a layer's bias gradient is. Threads take stripes of columns and go down all rows, so that the order of
// a sum does not depend on their number.
#include "column_sums.h"

#include <ATen/Parallel.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "elements.h"
#include "vectorize.h"

namespace graticule {
namespace {

constexpr int64_t kStripe = 128;    // columns
constexpr int64_t kRowsAtOnce = 64;  // summed by themselves, then added to the total: rounding grows with the blocks alone

template <typename T>
GRATICULE_INLINE void addBlock(const T* __restrict x, int64_t stride, int64_t rows, int64_t columns, float* __restrict total) {
  float sums[kStripe] = {};
  for (int64_t r = 0; r < rows; r++) {
#pragma omp simd
    for (int64_t c = 0; c < columns; c++) sums[c] += load(x + r * stride + c);
  }
#pragma omp simd
  for (int64_t c = 0; c < columns; c++) total[c] += sums[c];
}

GRATICULE_VECTORIZED void addFloats(const float* x, int64_t stride, int64_t rows, int64_t columns, float* total) {
  addBlock(x, stride, rows, columns, total);
}

GRATICULE_VECTORIZED void addBf16s(const Bf16* x, int64_t stride, int64_t rows, int64_t columns, float* total) {
  addBlock(x, stride, rows, columns, total);
}

}  // namespace

at::Tensor columnSums(const at::Tensor& matrix) {
  const int64_t rows = matrix.size(0), columns = matrix.size(1);
  auto sums = at::zeros({columns}, matrix.options().dtype(at::kFloat));
  auto* totals = sums.data_ptr<float>();
  at::parallel_for(0, (columns + kStripe - 1) / kStripe, 1, [&](int64_t begin, int64_t end) {
    for (int64_t first = begin * kStripe; first < std::min(end * kStripe, columns); first += kStripe) {
      const int64_t width = std::min(kStripe, columns - first);
      for (int64_t row = 0; row < rows; row += kRowsAtOnce) {
        const int64_t count = std::min(kRowsAtOnce, rows - row), index = row * columns + first;
        if (isBf16(matrix)) addBf16s(elements<Bf16>(matrix) + index, columns, count, width, totals + first);
        else addFloats(elements<float>(matrix) + index, columns, count, width, totals + first);
      }
    }
  });
  return sums;
}

}  // namespace graticule
