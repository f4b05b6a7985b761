#pragma once

#include <ATen/core/Tensor.h>

namespace graticule {

/** The sum of each column of a contiguous float32 or bf16 [rows, columns] tensor on the CPU, in float32. */
at::Tensor columnSums(const at::Tensor& matrix);

}  // namespace graticule
