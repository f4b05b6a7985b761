// Runs of a prediction, float32 or bf16, less a float32 target: the values and the derivatives of squared errors.
#pragma once

#include <ATen/core/Tensor.h>

namespace graticule {

/** Σ (prediction[at + i] − target[i])² over `count` elements, each squared in float32, added up in float64. */
double squaredDifferences(const at::Tensor& prediction, int64_t at, const float* target, int64_t count);

/** out[at + i] = (prediction[at + i] − target[i]) · factor; `out` is stored as the prediction is. */
void scaledDifferences(const at::Tensor& prediction, int64_t at, const float* target, float factor, int64_t count, at::Tensor& out);

}  // namespace graticule
