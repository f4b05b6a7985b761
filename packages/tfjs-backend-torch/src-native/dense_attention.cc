// Attention without masks on our own AVX-512 kernel, which reads every tensor where it lies.
#include <ATen/ops/empty.h>

#include "cross_attention.h"
#include "heads.h"

using at::Tensor;

namespace graticule {
namespace {

avx512::Head sizeOf(const AttentionInputs& in) { return headOfSize(in.queries(), in.keys(), in.headDim()); }

avx512::Head oneHead(const AttentionInputs& in, int64_t b, int64_t h) {
  using avx512::HeadRows;
  avx512::Head head = sizeOf(in);
  head.q = headOf<HeadRows>(in.q, b, h * head.width);
  head.k = headOf<HeadRows>(in.k, b, h * head.width);
  head.v = headOf<HeadRows>(in.v, b, h * head.width);
  return head;
}

AttentionInputs inComputeDtype(AttentionInputs in) {
  const auto dtype = inBfloat16() ? at::kBFloat16 : at::kFloat;
  for (Tensor* x : {&in.q, &in.k, &in.v}) *x = x->to(dtype).contiguous();
  return in;
}

}  // namespace

bool useDenseAttention(const AttentionInputs& in) {
  return useOwnAttention(in.q) && in.k.numel() > 0 && !in.bias.defined() && !in.causal && in.keyValueHeads == in.heads;
}

std::tuple<Tensor, Tensor> denseAttention(const AttentionInputs& given) {
  const auto in = inComputeDtype(given);
  const int64_t B = in.batch(), H = in.heads, Nq = in.queries(), d = in.headDim();
  auto out = at::empty({B, Nq, H * d}, in.q.options());
  auto logSumExp = at::empty({B, H, Nq}, in.q.options().dtype(at::kFloat));
  forEachHead(B, H, sizeOf(in), [&](int64_t b, int64_t h, uint32_t* scratch) {
    avx512::attend(oneHead(in, b, h), headOf<avx512::HeadResult>(out, b, h * d),
                   logSumExp.data_ptr<float>() + (b * H + h) * Nq, scratch);
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
  forEachHead(B, H, sizeOf(in), [&](int64_t b, int64_t h, uint32_t* scratch) {
    avx512::HeadGradient gradient;
    gradient.dout = headOf<avx512::HeadRows>(dout, b, h * d);
    gradient.out = headOf<avx512::HeadRows>(out, b, h * d);
    gradient.logSumExp = logSumExp.data_ptr<float>() + (b * H + h) * Nq;
    gradient.dq = headOf<avx512::HeadResult>(dq, b, h * d);
    gradient.dk = headOf<avx512::HeadResult>(dk, b, h * d);
    gradient.dv = headOf<avx512::HeadResult>(dv, b, h * d);
    avx512::attendBackward(oneHead(in, b, h), gradient, scratch);
  });
  return {in.q.size(0) == B ? dq : dq.to(at::kFloat).sum(0, true), dk, dv};
}

}  // namespace graticule
