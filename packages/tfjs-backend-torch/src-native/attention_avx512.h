// Attention of one head on AVX-512, forward and backward, in blocks of queries: scores of a block against all keys are the
// most that is held. Plain pointers, no ATen.
#pragma once

#include <cstdint>

#include "matrix.h"

namespace graticule {
namespace avx512 {

/** Rows of one head; row n begins at n · stride. */
struct HeadRows {
  const void* data = nullptr;
  Element element = Element::kFloat;
  int64_t stride = 0;
};

struct HeadResult {
  void* data = nullptr;
  Element element = Element::kFloat;
  int64_t stride = 0;
};

/** softmax(scale · q · kᵀ) · v with q [queries, width], k and v [keys, width]. */
struct Head {
  int64_t queries = 0, keys = 0, width = 0;
  float scale = 1;
  Element compute = Element::kFloat;
  HeadRows q, k, v;
};

/** 32-bit words of scratch memory that one head needs. */
int64_t attentionWords(int64_t queries, int64_t keys, int64_t width);

/** Writes out [queries, width] and, a number a query, the log-sum-exp of its scaled scores. */
void attend(const Head& head, const HeadResult& out, float* logSumExp, uint32_t* scratch);

struct HeadGradient {
  HeadRows dout, out;
  const float* logSumExp = nullptr;
  HeadResult dq, dk, dv;
};

void attendBackward(const Head& head, const HeadGradient& gradient, uint32_t* scratch);

}  // namespace avx512
}  // namespace graticule
