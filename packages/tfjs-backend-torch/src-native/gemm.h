// Matrix products by whatever is fastest here: our own AVX-512 product, or the library that LibTorch brings.
#pragma once

#include <ATen/core/Tensor.h>

#include "matrix.h"

namespace graticule {

/** Whether our own product serves this machine and is the faster one for elements of this kind. */
bool useOwnProduct(Element compute);

/** Runs on our own kernels; ask `useOwnProduct` first. */
void multiply(const MatrixProduct& product);

/** float32 or bf16; throws on anything else. */
Element elementOf(const at::Tensor& tensor);

/** A contiguous [rows, depth] tensor as the side of a product that has those rows. */
Operand rowsOf(const at::Tensor& matrix);
/** A contiguous [depth, columns] tensor as the side of a product that has those columns (or, on the left, rows). */
Operand columnsOf(const at::Tensor& matrix);

}  // namespace graticule
