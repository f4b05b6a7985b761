// Rows of a float32 or bf16 tensor as float32.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace graticule {

/** Row `row` as float32: the storage itself, or `buffer`. */
const float* readRow(const at::Tensor& x, int64_t row, int64_t width, float* buffer);

/** Where to write a row: the storage itself, or `buffer`, from which `finishRow` converts it. */
float* writableRow(at::Tensor& x, int64_t row, int64_t width, float* buffer);

void finishRow(at::Tensor& x, int64_t row, int64_t width, const float* buffer);

}  // namespace graticule
