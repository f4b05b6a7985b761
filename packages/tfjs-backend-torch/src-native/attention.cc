// Self-attention from packed q, k, v. On the CPU it runs in blocks and never holds a matrix of N×N per head.
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>

#include <cmath>

#include "call.h"
#include "device_attention.h"
#include "heads.h"
#include "torch_version.h"

#if GRATICULE_HAS_CPU_FLASH_ATTENTION
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#endif

using at::Tensor;

namespace {

struct Heads {
  Tensor q, k, v;  // [B, H, N, headDim], views of one [B, N, 3, H, headDim]
};

Heads split(const Tensor& qkv, int64_t numHeads) {
  TORCH_CHECK(qkv.dim() == 3 && numHeads > 0 && qkv.size(2) % (3 * numHeads) == 0, "qkv ", qkv.sizes(),
              " does not split into q, k, v of ", numHeads, " heads");
  const auto parts = qkv.view({qkv.size(0), qkv.size(1), 3, numHeads, qkv.size(2) / (3 * numHeads)}).permute({2, 0, 3, 1, 4});
  return {parts[0], parts[1], parts[2]};
}

bool useFlash(const Tensor& qkv) { return GRATICULE_HAS_CPU_FLASH_ATTENTION && qkv.device().is_cpu() && qkv.numel() > 0; }

/** One sample at a time, so that the N×N scores of one sample's heads are the most that is ever held. */
void composedForward(const Heads& h, double scale, Tensor& out, Tensor& logSumExp) {
  for (int64_t b = 0; b < h.q.size(0); b++) {
    auto scores = at::matmul(h.q[b], h.k[b].transpose(-1, -2)).to(at::kFloat).mul_(scale);  // [H, N, N]
    const auto norm = at::logsumexp(scores, {-1}, true);
    scores.sub_(norm).exp_();
    out[b].copy_(at::matmul(scores.to(h.v.scalar_type()), h.v[b]));
    logSumExp[b].copy_(norm.squeeze(-1));
  }
}

void composedBackward(const Heads& h, const Tensor& dout, const Tensor& out, const Tensor& logSumExp, double scale,
                      const Heads& grad) {
  const auto dtype = h.q.scalar_type();
  for (int64_t b = 0; b < h.q.size(0); b++) {
    auto probabilities = at::matmul(h.q[b], h.k[b].transpose(-1, -2)).to(at::kFloat).mul_(scale);
    probabilities.sub_(logSumExp[b].unsqueeze(-1)).exp_();
    const auto delta = dout[b].to(at::kFloat).mul(out[b]).sum(-1, true);
    auto dscores = at::matmul(dout[b], h.v[b].transpose(-1, -2)).to(at::kFloat).sub_(delta);
    dscores.mul_(probabilities).mul_(scale);
    grad.v[b].copy_(at::matmul(probabilities.to(dtype).transpose(-1, -2), dout[b]));
    grad.q[b].copy_(at::matmul(dscores.to(dtype), h.k[b]));
    grad.k[b].copy_(at::matmul(dscores.to(dtype).transpose(-1, -2), h.q[b]));
  }
}

using graticule::inComputeDtype;
using graticule::avx512::Head;
using graticule::avx512::HeadResult;
using graticule::avx512::HeadRows;

/** One head of [B, N, 3D], where q, k and v are D wide each. */
Head packedHead(const Tensor& qkv, int64_t b, int64_t h, const Head& size) {
  const int64_t width = qkv.size(2) / 3;
  Head head = size;
  head.q = graticule::headOf<HeadRows>(qkv, b, h * size.width);
  head.k = graticule::headOf<HeadRows>(qkv, b, width + h * size.width);
  head.v = graticule::headOf<HeadRows>(qkv, b, 2 * width + h * size.width);
  return head;
}

}  // namespace

/** qkv [B, N, 3D] → out [B, N, D], log-sum-exp [B, H, N] of the scaled scores. */
KERNEL(FusedSelfAttention) {
  const auto qkv = inComputeDtype(call.tensor());
  const auto h = split(qkv, call.integer());
  const int64_t B = h.q.size(0), H = h.q.size(1), N = h.q.size(2), headDim = h.q.size(3);
  const double scale = 1 / std::sqrt(static_cast<double>(headDim));
  if (graticule::useOwnAttention(qkv)) {
    auto out = at::empty({B, N, H * headDim}, qkv.options());
    auto logSumExp = at::empty({B, H, N}, qkv.options().dtype(at::kFloat));
    const Head size = graticule::headOfSize(N, N, headDim);
    graticule::forEachHead(B, H, size, [&](int64_t b, int64_t h, uint32_t* scratch) {
      graticule::avx512::attend(packedHead(qkv, b, h, size), graticule::headOf<HeadResult>(out, b, h * headDim),
                                logSumExp.data_ptr<float>() + (b * H + h) * N, scratch);
    });
    call.activation(out);
    call.output(logSumExp);
    return;
  }
#if GRATICULE_HAS_CPU_FLASH_ATTENTION
  if (useFlash(qkv)) {
    const auto result = at::_scaled_dot_product_flash_attention_for_cpu(h.q, h.k, h.v, 0.0, false, {}, scale);
    call.activation(std::get<0>(result).transpose(1, 2).reshape({B, N, H * headDim}));
    call.output(std::get<1>(result).to(at::kFloat));
    return;
  }
#endif
  if (graticule::hasDeviceAttention(h.q)) {
    const auto [attended, norm] = graticule::deviceAttention(h.q, h.k, h.v, scale);
    call.activation(attended.transpose(1, 2).reshape({B, N, H * headDim}));
    call.output(norm);
    return;
  }
  auto out = at::empty({B, N, H, headDim}, qkv.options());
  auto logSumExp = at::empty({B, H, N}, qkv.options().dtype(at::kFloat));
  auto outHeads = out.transpose(1, 2);
  composedForward(h, scale, outHeads, logSumExp);
  call.activation(out.view({B, N, H * headDim}));
  call.output(logSumExp);
}

/** dy [B, N, D] → dqkv [B, N, 3D]. */
KERNEL(FusedSelfAttentionGrad) {
  const auto dy = inComputeDtype(call.tensor());
  const auto qkv = inComputeDtype(call.tensor());
  const auto out = inComputeDtype(call.tensor());
  const auto logSumExp = call.tensor();
  const auto h = split(qkv, call.integer());
  const int64_t B = h.q.size(0), H = h.q.size(1), N = h.q.size(2), headDim = h.q.size(3);
  const double scale = 1 / std::sqrt(static_cast<double>(headDim));
  TORCH_CHECK(dy.sizes() == out.sizes() && dy.sizes() == at::IntArrayRef({B, N, H * headDim}), "dy ", dy.sizes(),
              " and out ", out.sizes(), " must be [B, N, D] of qkv");
  TORCH_CHECK(logSumExp.sizes() == at::IntArrayRef({B, H, N}) && logSumExp.scalar_type() == at::kFloat,
              "logSumExp must be float32 [B, H, N], got ", logSumExp.sizes());
  if (graticule::useOwnAttention(qkv)) {
    auto dqkv = at::empty_like(qkv);
    const Head size = graticule::headOfSize(N, N, headDim);
    graticule::forEachHead(B, H, size, [&](int64_t b, int64_t h, uint32_t* scratch) {
      graticule::avx512::HeadGradient gradient;
      gradient.dout = graticule::headOf<HeadRows>(dy, b, h * headDim);
      gradient.out = graticule::headOf<HeadRows>(out, b, h * headDim);
      gradient.logSumExp = logSumExp.data_ptr<float>() + (b * H + h) * N;
      gradient.dq = graticule::headOf<HeadResult>(dqkv, b, h * headDim);
      gradient.dk = graticule::headOf<HeadResult>(dqkv, b, (H + h) * headDim);
      gradient.dv = graticule::headOf<HeadResult>(dqkv, b, (2 * H + h) * headDim);
      graticule::avx512::attendBackward(packedHead(qkv, b, h, size), gradient, scratch);
    });
    call.activation(dqkv);
    return;
  }
  const auto heads = [&](const Tensor& x) { return x.view({B, N, H, headDim}).transpose(1, 2); };
  if (graticule::hasDeviceAttention(h.q)) {
    const auto [dq, dk, dv] =
        graticule::deviceAttentionBackward(heads(dy), h.q, h.k, h.v, heads(out), logSumExp, scale);
    const auto joined = at::stack({dq.transpose(1, 2), dk.transpose(1, 2), dv.transpose(1, 2)}, 2);
    call.activation(joined.reshape({B, N, 3 * H * headDim}));
    return;
  }
  auto dqkv = at::empty_like(qkv);
  const auto grad = split(dqkv, H);
#if GRATICULE_HAS_CPU_FLASH_ATTENTION
  if (useFlash(qkv)) {
    const auto result = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        heads(dy), h.q, h.k, h.v, heads(out), logSumExp, 0.0, false, {}, scale);
    grad.q.copy_(std::get<0>(result));
    grad.k.copy_(std::get<1>(result));
    grad.v.copy_(std::get<2>(result));
    call.activation(dqkv);
    return;
  }
#endif
  composedBackward(h, heads(dy), heads(out), logSumExp, scale, grad);
  call.activation(dqkv);
}
