// Attention without masks on our own AVX-512 kernel, which reads every tensor where it lies.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <vector>

#include "attention_avx512.h"
#include "call.h"
#include "cross_attention.h"
#include "gemm.h"

using at::Tensor;

namespace graticule {
namespace {

Element computeElement() {
  return inBfloat16() ? Element::kBfloat16 : Element::kFloat;
}

/** Head h of sample b in a contiguous [B or 1, N, H·d] tensor. */
template <typename Side>
Side headOf(const Tensor& x, int64_t b, int64_t h, int64_t headDim) {
  const int64_t index = (x.size(0) == 1 ? 0 : b) * x.size(1) * x.size(2) + h * headDim;
  Side side;
  side.element = elementOf(x);
  side.data = static_cast<char*>(x.data_ptr()) + index * static_cast<int64_t>(x.element_size());
  side.stride = x.size(2);
  return side;
}

/** Runs `use(head, b, h, scratch)` for the heads of all samples. */
template <typename F>
void forEachHead(const AttentionInputs& in, F use) {
  using avx512::HeadRows;
  const int64_t d = in.headDim();
  at::parallel_for(0, in.batch() * in.heads, 1, [&](int64_t begin, int64_t end) {
    std::vector<uint32_t> scratch(static_cast<size_t>(avx512::attentionWords(in.keys(), d)));
    for (int64_t i = begin; i < end; i++) {
      const int64_t b = i / in.heads, h = i % in.heads;
      avx512::Head head;
      head.queries = in.queries();
      head.keys = in.keys();
      head.width = d;
      head.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(d)));
      head.compute = computeElement();
      head.q = headOf<HeadRows>(in.q, b, h, d);
      head.k = headOf<HeadRows>(in.k, b, h, d);
      head.v = headOf<HeadRows>(in.v, b, h, d);
      use(head, b, h, scratch.data());
    }
  });
}

AttentionInputs inComputeDtype(AttentionInputs in) {
  const auto dtype = inBfloat16() ? at::kBFloat16 : at::kFloat;
  for (Tensor* x : {&in.q, &in.k, &in.v}) *x = x->to(dtype).contiguous();
  return in;
}

}  // namespace

bool useDenseAttention(const AttentionInputs& in) {
  return in.k.device().is_cpu() && in.q.numel() > 0 && in.k.numel() > 0 && !in.bias.defined() && !in.causal &&
         in.keyValueHeads == in.heads && useOwnProduct(computeElement());
}

std::tuple<Tensor, Tensor> denseAttention(const AttentionInputs& given) {
  const auto in = inComputeDtype(given);
  const int64_t B = in.batch(), H = in.heads, Nq = in.queries(), d = in.headDim();
  auto out = at::empty({B, Nq, H * d}, in.q.options());
  auto logSumExp = at::empty({B, H, Nq}, in.q.options().dtype(at::kFloat));
  forEachHead(in, [&](const avx512::Head& head, int64_t b, int64_t h, uint32_t* scratch) {
    avx512::attend(head, headOf<avx512::HeadResult>(out, b, h, d), logSumExp.data_ptr<float>() + (b * H + h) * Nq,
                   scratch);
  });
  return {out, logSumExp};
}

std::tuple<Tensor, Tensor, Tensor> denseAttentionGrad(const AttentionInputs& given, const Tensor& dy,
                                                      const Tensor& result, const Tensor& logSumExp) {
  const auto in = inComputeDtype(given);
  const auto options = in.q.options();
  const int64_t B = in.batch(), H = in.heads, Nq = in.queries(), d = in.headDim();
  const auto dout = dy.to(in.q.scalar_type()).contiguous(), out = result.to(in.q.scalar_type()).contiguous();
  auto dq = at::empty({B, Nq, H * d}, options);
  auto dk = at::empty(in.k.sizes(), options), dv = at::empty(in.v.sizes(), options);
  forEachHead(in, [&](const avx512::Head& head, int64_t b, int64_t h, uint32_t* scratch) {
    avx512::HeadGradient gradient;
    gradient.dout = headOf<avx512::HeadRows>(dout, b, h, d);
    gradient.out = headOf<avx512::HeadRows>(out, b, h, d);
    gradient.logSumExp = logSumExp.data_ptr<float>() + (b * H + h) * Nq;
    gradient.dq = headOf<avx512::HeadResult>(dq, b, h, d);
    gradient.dk = headOf<avx512::HeadResult>(dk, b, h, d);
    gradient.dv = headOf<avx512::HeadResult>(dv, b, h, d);
    avx512::attendBackward(head, gradient, scratch);
  });
  return {in.q.size(0) == B ? dq : dq.to(at::kFloat).sum(0, true), dk, dv};
}

}  // namespace graticule
