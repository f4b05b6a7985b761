// The pieces of a matrix product on AVX-512; plain pointers, no ATen: see gemm.cc for how they are put together.
//
// Operands are packed into panels of 32-bit units: one float32, or two bf16 that are neighbors in depth. A panel of P rows
// holds, unit after unit, P lanes; rows and depth past the matrix are zeros.
#pragma once

#include <cstdint>

#include "matrix.h"

namespace graticule {
namespace avx512 {

constexpr int64_t kLeftRows = 12;     // lanes of a left panel: rows of a tile
constexpr int64_t kRightRows = 32;    // lanes of a right panel: columns of a tile
constexpr int64_t kDepthUnits = 384;  // units of a block: a right panel of them is 48 KiB

/** Whether this processor, and this build, can multiply so. */
bool canMultiply(Element compute);

inline int64_t unitsOf(int64_t depth, Element compute) { return compute == Element::kBfloat16 ? (depth + 1) / 2 : depth; }

/** Packs rows [row, row + rows) and units [unit, unit + units) into panels of `lanes` rows: [panel][unit][lane]. */
void pack(const Operand& operand, Element compute, int64_t lanes, int64_t row, int64_t rows, int64_t unit, int64_t units,
          int64_t depth, uint32_t* panels);

/**
 * tile[rows, columns] (+)= left · right over `units`; rows a multiple of 12, columns of 32. Panels of one operand lie
 * `leftStride` and `rightStride` units apart.
 */
void multiply(Element compute, int64_t rows, int64_t columns, int64_t units, const uint32_t* left, int64_t leftStride,
              const uint32_t* right, int64_t rightStride, float* tile, int64_t tileStride, bool accumulate);

/** Writes a finished tile of products of `compute` elements to rows from `row` and columns from `column` of the result. */
void store(const Result& result, Element compute, int64_t row, int64_t column, int64_t rows, int64_t columns,
           const float* tile, int64_t tileStride);

}  // namespace avx512
}  // namespace graticule
