// The heads of a batch, one task each, for attention on our own kernels.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "attention_avx512.h"
#include "call.h"
#include "gemm.h"

namespace graticule {

inline Element attentionElement() { return inBfloat16() ? Element::kBfloat16 : Element::kFloat; }

inline Tensor inComputeDtype(const Tensor& x) { return x.to(inBfloat16() ? at::kBFloat16 : at::kFloat); }

/** Whether our own kernel computes such attention: it runs here and is the faster one. */
bool useOwnAttention(const Tensor& x);

/** What begins `offset` elements into each row of sample b of a contiguous [B or 1, N, width] tensor. */
template <typename Side>
Side headOf(const Tensor& x, int64_t b, int64_t offset) {
  const int64_t index = (x.size(0) == 1 ? 0 : b) * x.size(1) * x.size(2) + offset;
  Side side;
  side.element = elementOf(x);
  side.data = static_cast<char*>(x.data_ptr()) + index * static_cast<int64_t>(x.element_size());
  side.stride = x.size(2);
  return side;
}

/** Sizes that all heads share. */
inline avx512::Head headOfSize(int64_t queries, int64_t keys, int64_t width) {
  avx512::Head head;
  head.queries = queries;
  head.keys = keys;
  head.width = width;
  head.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(width)));
  head.compute = attentionElement();
  return head;
}

/** Calls `use(b, h, scratch)` for every head; heads are handed out one by one, so that no thread waits for another. */
template <typename F>
void forEachHead(int64_t samples, int64_t heads, const avx512::Head& size, F use) {
  const int64_t count = samples * heads;
  std::atomic<int64_t> next{0};
  at::parallel_for(0, std::min<int64_t>(at::get_num_threads(), count), 1, [&](int64_t, int64_t) {
    auto scratch = at::empty({avx512::attentionWords(size.queries, size.keys, size.width)}, at::TensorOptions().dtype(at::kInt));
    for (int64_t task = next++; task < count; task = next++) {
      use(task / heads, task % heads, reinterpret_cast<uint32_t*>(scratch.data_ptr<int32_t>()));
    }
  });
}

}  // namespace graticule
