// What the kinds of attention over other tokens share.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

namespace graticule {

/** What attention reads. H heads of d = D / H for queries, G for keys and values; head h reads key head h / (H / G). */
struct AttentionInputs {
  at::Tensor q;     // [B or 1, Nq, H·d]
  at::Tensor k, v;  // [B, Nk, G·d]; v undefined where the values are the keys, whose gradient then has both
  at::Tensor bias;  // float32 [B, 1 or H, 1 or Nq, Nk], added to the scores, −∞ where a key is not seen; or undefined
  int64_t heads, keyValueHeads;
  bool causal;
  double scale;  // of the scores

  int64_t batch() const { return k.size(0); }
  int64_t queries() const { return q.size(1); }
  int64_t keys() const { return k.size(1); }
  int64_t headDim() const { return q.size(2) / heads; }
  const at::Tensor& values() const { return v.defined() ? v : k; }
};

/** By the best way for the device and the sizes: out [B, Nq, H·d] and log-sum-exp [B, H, Nq]. */
std::tuple<at::Tensor, at::Tensor> crossAttention(const AttentionInputs& in);
/** Gradients of q, k, v; out is not needed for Nq = 1 on the CPU. */
std::tuple<at::Tensor, at::Tensor, at::Tensor> crossAttentionGrad(const AttentionInputs& in, const at::Tensor& dy,
                                                                  const at::Tensor& out, const at::Tensor& logSumExp);

/** Whether our own AVX-512 kernel, which knows neither masks nor shared key heads, serves these and is the faster one. */
bool useDenseAttention(const AttentionInputs& in);
/** Without a copy of q, k and v per head: out [B, Nq, H·d] and log-sum-exp [B, H, Nq]. */
std::tuple<at::Tensor, at::Tensor> denseAttention(const AttentionInputs& in);
/** Gradients of q, k, v. */
std::tuple<at::Tensor, at::Tensor, at::Tensor> denseAttentionGrad(const AttentionInputs& in, const at::Tensor& dy,
                                                                  const at::Tensor& out, const at::Tensor& logSumExp);

/** For Nq = 1 on the CPU: out [B, 1, H·d] and log-sum-exp [B, H]. A query that sees no key gives zeros. */
std::tuple<at::Tensor, at::Tensor> oneQueryAttention(const AttentionInputs& in);
/** Gradients of q, k, v, each stored as its tensor is. */
std::tuple<at::Tensor, at::Tensor, at::Tensor> oneQueryAttentionGrad(const AttentionInputs& in, const at::Tensor& dy,
                                                                     const at::Tensor& logSumExp);

}  // namespace graticule
