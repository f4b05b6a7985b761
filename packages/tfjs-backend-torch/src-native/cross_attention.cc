// Attention of queries over other tokens, with an optional mask. On the CPU it runs in blocks and never holds all scores.
#include <ATen/ops/empty.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>

#include <cmath>

#include "call.h"
#include "cross_attention.h"
#include "device_attention.h"
#include "torch_version.h"

#if GRATICULE_HAS_CPU_FLASH_ATTENTION
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#endif

using at::Tensor;
using graticule::AttentionInputs;

namespace {

/** Stands for −∞ in the block-wise kernels, so that a row of nothing else gives no NaN. */
constexpr double kUnseen = -1e30;
/** Scores held at once where there is no block-wise kernel: 16 MB of float32. */
constexpr int64_t kScoresAtOnce = 1 << 22;

AttentionInputs readInputs(graticule::Call& call) {
  AttentionInputs in;
  in.q = call.tensor();
  in.k = call.tensor();
  in.v = call.tensor();
  in.bias = call.optionalTensor();
  in.heads = call.integer();
  in.keyValueHeads = call.integer();
  in.causal = call.flag();
  TORCH_CHECK(in.q.dim() == 3 && in.k.dim() == 3 && in.k.sizes() == in.v.sizes(), "expected q, k, v of three dims");
  TORCH_CHECK(in.q.size(0) == in.k.size(0) || in.q.size(0) == 1, "expected a query for each sample, or one for all");
  TORCH_CHECK(in.heads > 0 && in.keyValueHeads > 0 && in.q.size(2) % in.heads == 0 &&
                  in.heads % in.keyValueHeads == 0 && in.k.size(2) == in.keyValueHeads * in.headDim(),
              in.heads, " heads of queries and ", in.keyValueHeads, " of keys don't fit");
  TORCH_CHECK(!in.causal || in.queries() == in.keys(), "causal attention needs as many queries as keys");
  TORCH_CHECK(!in.bias.defined() || (in.bias.dim() == 4 && in.bias.size(0) == in.batch() &&
                                     (in.bias.size(1) == 1 || in.bias.size(1) == in.heads) &&
                                     (in.bias.size(2) == 1 || in.bias.size(2) == in.queries()) &&
                                     in.bias.size(3) == in.keys()),
              "the bias must be [B, 1 or H, 1 or Nq, Nk]");
  in.scale = 1 / std::sqrt(static_cast<double>(in.headDim()));
  return in;
}

bool isOneQuery(const AttentionInputs& in) { return in.queries() == 1 && in.k.device().is_cpu(); }

/** [B, H, N, d] views in the compute dtype; key heads repeated for each of their group. */
struct Heads {
  Tensor q, k, v;
  Tensor bias;     // float32 [B, H, Nq, Nk], finite
  Tensor isBlind;  // queries that see no key, [B, 1 or H, 1 or Nq, 1]
};

Heads split(const AttentionInputs& in) {
  const auto dtype = graticule::inBfloat16() ? at::kBFloat16 : at::kFloat;
  const int64_t B = in.batch(), Nq = in.queries(), Nk = in.keys(), d = in.headDim(), G = in.keyValueHeads;
  const int64_t group = in.heads / G;
  const auto keyHeads = [&](const Tensor& x) {
    const auto heads = x.to(dtype).view({B, Nk, G, d}).transpose(1, 2);
    if (group == 1) return heads;
    return heads.unsqueeze(2).expand({B, G, group, Nk, d}).reshape({B, in.heads, Nk, d});
  };
  Heads h;
  h.q = in.q.to(dtype).expand({B, Nq, in.heads * d}).reshape({B, Nq, in.heads, d}).transpose(1, 2);
  h.k = keyHeads(in.k);
  h.v = keyHeads(in.values());
  if (in.bias.defined()) {
    const auto bias = in.bias.to(at::kFloat);
    h.isBlind = bias.amax({-1}, true).le(kUnseen);
    h.bias = bias.clamp_min(kUnseen).expand({B, in.heads, Nq, Nk});
  }
  return h;
}

Tensor scoresOf(const Heads& h, int64_t begin, int64_t count, double scale, bool causal) {
  const auto q = h.q.narrow(0, begin, count), k = h.k.narrow(0, begin, count);
  auto scores = at::matmul(q, k.transpose(-1, -2)).to(at::kFloat).mul_(scale);
  if (h.bias.defined()) scores.add_(h.bias.narrow(0, begin, count));
  if (causal) {
    const auto later = at::ones({scores.size(-2), scores.size(-1)}, scores.options().dtype(at::kBool)).triu(1);
    scores.masked_fill_(later, kUnseen);
  }
  return scores;
}

int64_t samplesAtOnce(const Heads& h) {
  return std::max<int64_t>(1, kScoresAtOnce / std::max<int64_t>(1, h.q.size(1) * h.q.size(2) * h.k.size(2)));
}

/** Some samples at a time. */
void composedForward(const Heads& h, double scale, bool causal, Tensor out, Tensor logSumExp) {
  const int64_t step = samplesAtOnce(h);
  for (int64_t b = 0; b < h.q.size(0); b += step) {
    const int64_t count = std::min(step, h.q.size(0) - b);
    auto scores = scoresOf(h, b, count, scale, causal);
    const auto norm = at::logsumexp(scores, {-1}, true);
    scores.sub_(norm).exp_();
    const auto v = h.v.narrow(0, b, count);
    out.narrow(0, b, count).copy_(at::matmul(scores.to(v.scalar_type()), v));
    logSumExp.narrow(0, b, count).copy_(norm.squeeze(-1));
  }
}

void composedBackward(const Heads& h, const Tensor& dout, const Tensor& out, const Tensor& logSumExp, double scale,
                      bool causal, Heads& grad) {
  const auto dtype = h.q.scalar_type();
  const int64_t step = samplesAtOnce(h);
  for (int64_t b = 0; b < h.q.size(0); b += step) {
    const int64_t count = std::min(step, h.q.size(0) - b);
    const auto part = [&](const Tensor& x) { return x.narrow(0, b, count); };
    auto probabilities = scoresOf(h, b, count, scale, causal);
    probabilities.sub_(part(logSumExp).unsqueeze(-1)).exp_();
    const auto delta = part(dout).to(at::kFloat).mul(part(out)).sum(-1, true);
    auto slopes = at::matmul(part(dout), part(h.v).transpose(-1, -2)).to(at::kFloat).sub_(delta);
    slopes.mul_(probabilities).mul_(scale);
    part(grad.v).copy_(at::matmul(probabilities.to(dtype).transpose(-1, -2), part(dout)));
    part(grad.q).copy_(at::matmul(slopes.to(dtype), part(h.k)));
    part(grad.k).copy_(at::matmul(slopes.to(dtype).transpose(-1, -2), part(h.q)));
  }
}

/** The device's own fused kernels take no mask here. */
bool useDevice(const AttentionInputs& in, const Heads& h) {
  return !h.q.device().is_cpu() && !in.bias.defined() && !in.causal && graticule::hasDeviceAttention(h.q);
}

bool useFlash(const Heads& h) {
  return GRATICULE_HAS_CPU_FLASH_ATTENTION && h.q.device().is_cpu() && h.q.numel() > 0 && h.k.numel() > 0;
}

/** [B, H, N, d] → [B, N, H·d]. */
Tensor join(const Tensor& heads) { return heads.transpose(1, 2).reshape({heads.size(0), heads.size(2), -1}); }

/** Gradients of repeated key heads back to their one. */
Tensor joinKeys(const Tensor& heads, const AttentionInputs& in) {
  const int64_t G = in.keyValueHeads;
  if (G == in.heads) return join(heads);
  return join(heads.reshape({in.batch(), G, in.heads / G, in.keys(), in.headDim()}).sum(2));
}

}  // namespace

namespace graticule {

std::tuple<Tensor, Tensor> crossAttention(const AttentionInputs& in) {
  if (isOneQuery(in) || useDenseAttention(in)) {
    const auto [out, logSumExp] = isOneQuery(in) ? oneQueryAttention(in) : denseAttention(in);
    return {out, logSumExp.view({in.batch(), in.heads, in.queries()})};
  }
  Tensor out, logSumExp;
  const auto h = split(in);
#if GRATICULE_HAS_CPU_FLASH_ATTENTION
  if (useFlash(h)) {
    const auto bias = h.bias.defined() ? c10::optional<Tensor>(h.bias) : c10::nullopt;
    std::tie(out, logSumExp) =
        at::_scaled_dot_product_flash_attention_for_cpu(h.q, h.k, h.v, 0.0, in.causal, bias, in.scale);
  }
#endif
  if (!out.defined()) {
    out = at::empty(h.q.sizes(), h.q.options());
    logSumExp = at::empty({in.batch(), in.heads, in.queries()}, h.q.options().dtype(at::kFloat));
    composedForward(h, in.scale, in.causal, out, logSumExp);
  }
  if (h.isBlind.defined()) out = out.masked_fill(h.isBlind, 0);
  return {join(out), logSumExp.to(at::kFloat)};
}

std::tuple<Tensor, Tensor, Tensor> crossAttentionGrad(const AttentionInputs& in, const Tensor& dy, const Tensor& result,
                                                      const Tensor& logSumExp) {
  const int64_t B = in.batch(), Nq = in.queries(), H = in.heads, d = in.headDim();
  TORCH_CHECK(dy.sizes() == at::IntArrayRef({B, Nq, H * d}), "dy must be [B, Nq, D]");
  TORCH_CHECK(logSumExp.sizes() == at::IntArrayRef({B, H, Nq}) && logSumExp.scalar_type() == at::kFloat,
              "logSumExp must be float32 [B, H, Nq]");
  if (isOneQuery(in)) return oneQueryAttentionGrad(in, dy, logSumExp);
  TORCH_CHECK(result.sizes() == dy.sizes(), "out must be [B, Nq, D]");
  if (useDenseAttention(in)) return denseAttentionGrad(in, dy, result, logSumExp);
  const auto h = split(in);
  const auto heads = [&](const Tensor& x) { return x.to(h.q.scalar_type()).view({B, Nq, H, d}).transpose(1, 2); };
  auto dout = heads(dy);
  if (h.isBlind.defined()) dout = dout.masked_fill(h.isBlind, 0);
  const auto out = heads(result);
  Heads grad;
  if (useDevice(in, h)) {
    auto grads = deviceAttentionBackward(dout, h.q, h.k, h.v, out, logSumExp, in.scale);
    grad = {grads[0], grads[1], grads[2], Tensor(), Tensor()};
  }
#if GRATICULE_HAS_CPU_FLASH_ATTENTION
  if (useFlash(h)) {
    const auto bias = h.bias.defined() ? c10::optional<Tensor>(h.bias) : c10::nullopt;
    std::tie(grad.q, grad.k, grad.v) = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        dout, h.q, h.k, h.v, out, logSumExp, 0.0, in.causal, bias, in.scale);
  }
#endif
  if (!grad.q.defined()) {
    grad = {at::empty(h.q.sizes(), h.q.options()), at::empty(h.k.sizes(), h.k.options()),
            at::empty(h.v.sizes(), h.v.options()), Tensor(), Tensor()};
    composedBackward(h, dout, out, logSumExp, in.scale, in.causal, grad);
  }
  auto dq = join(grad.q);
  if (in.q.size(0) != B) dq = dq.to(at::kFloat).sum(0, true);
  const auto dk = joinKeys(grad.k, in), dv = joinKeys(grad.v, in);
  if (!in.v.defined()) return {dq, dk.add(dv), Tensor()};
  return {dq, dk, dv};
}

}  // namespace graticule

/** q [B or 1, Nq, H·d], k and v [B, Nk, G·d], bias, H, G, causal → out [B, Nq, H·d] and log-sum-exp [B, H, Nq]. */
KERNEL(FusedAttention) {
  const auto [out, logSumExp] = graticule::crossAttention(readInputs(call));
  call.activation(out);
  call.output(logSumExp);
}

/** dy and out [B, Nq, H·d], log-sum-exp and the inputs → gradients of q, k and v. */
KERNEL(FusedAttentionGrad) {
  const auto dy = call.tensor();
  const auto out = call.tensor();
  const auto logSumExp = call.tensor();
  const auto [dq, dk, dv] = graticule::crossAttentionGrad(readInputs(call), dy, out, logSumExp);
  for (const Tensor& gradient : {dq, dk, dv}) call.activation(gradient);
}
