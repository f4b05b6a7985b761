// A matrix product as data: what lies where, in which width, and what happens to the result on its way to memory.
#pragma once

#include <cstdint>

namespace graticule {

enum class Element : uint8_t { kFloat, kBfloat16 };

/** The left operand has the result's rows, the right one its columns; `depth` is what the product sums over. */
struct Operand {
  const void* data = nullptr;
  Element element = Element::kFloat;
  /** Elements from one row to the next, or from one depth to the next. */
  int64_t stride = 0;
  /** Element (row, k) lies at row · stride + k; otherwise at k · stride + row. */
  bool depthContiguous = true;
  /** The product takes GELU of each element. */
  bool gelu = false;
};

struct Result {
  void* data = nullptr;
  Element element = Element::kFloat;
  int64_t stride = 0;
  /** One number a column, or null. */
  const float* bias = nullptr;
  /** Where set, the result is multiplied by GELU's derivative at these values, which lie as the result does. */
  const void* geluInput = nullptr;
  Element geluElement = Element::kFloat;
  /** Where set, added last; lies as the result does. */
  const void* residual = nullptr;
  Element residualElement = Element::kFloat;
};

/** result[rows, columns] = left · right, with products of `compute` elements and sums in float32. */
struct MatrixProduct {
  int64_t rows = 0, columns = 0, depth = 0;
  Operand left, right;
  Element compute = Element::kFloat;
  Result result;
  /** Where its depth is above 0, a second product of as many rows and columns, added before anything else is. */
  int64_t addedDepth = 0;
  Operand addedLeft, addedRight;
};

}  // namespace graticule
