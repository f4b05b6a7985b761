// The channel attention by the library's products, for other devices and for processors without AVX-512.
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <limits>

#include "channel_attention.h"
#include "heads.h"

using at::Tensor;

namespace graticule {
namespace {

/** Numbers of the largest tensor, [H, rows, C·F]. */
constexpr int64_t kNumbersAtOnce = 1 << 22;

int64_t rowsAtOnce(const ChannelAttentionInputs& in) {
  return std::max<int64_t>(1, kNumbersAtOnce / (in.heads() * std::max<int64_t>(1, in.columns())));
}

/** Some rows, in the dtype of the products. */
struct Rows {
  Tensor patches;    // [rows, C, F]
  Tensor byChannel;  // [C, rows, F]
  Tensor weights;    // float32 [H, rows, C]
  Tensor weighted;   // [H, rows, C·F]
};

Tensor valueWeightOf(const ChannelAttentionInputs& in) {
  return inComputeDtype(in.parameters.valueWeight).view({in.heads(), in.headDim(), in.columns()});
}

Tensor valueBiasOf(const ChannelAttentionInputs& in) { return in.parameters.valueBias.view({in.heads(), in.headDim(), in.channels()}); }

Rows weigh(const ChannelAttentionInputs& in, int64_t first, int64_t count) {
  const int64_t H = in.heads(), C = in.channels(), F = in.values();
  Rows rows;
  rows.patches = inComputeDtype(in.patches.slice(0, first, first + count)).view({count, C, F});
  rows.byChannel = rows.patches.transpose(0, 1);
  const auto scorers = inComputeDtype(in.parameters.scoreWeight).view({H, C, F}).permute({1, 2, 0});
  auto scores = at::bmm(rows.byChannel, scorers).to(at::kFloat).permute({2, 1, 0}).add(in.parameters.scoreBias.view({H, 1, C}));
  if (in.seen.defined()) {
    const auto hidden = in.seen.slice(0, first, first + count).logical_not().unsqueeze(0);
    scores.masked_fill_(hidden, -std::numeric_limits<float>::max());
    rows.weights = at::softmax(scores, -1).masked_fill(hidden, 0);
  } else {
    rows.weights = at::softmax(scores, -1);
  }
  const auto factors = inComputeDtype(rows.weights).unsqueeze(-1);
  rows.weighted = factors.mul(rows.patches.unsqueeze(0)).view({H, count, in.columns()});
  return rows;
}

}  // namespace

Tensor composedChannelAttention(const ChannelAttentionInputs& in) {
  auto out = at::empty({in.rows(), in.width()}, in.parameters.scoreBias.options());
  const auto values = valueWeightOf(in).transpose(1, 2), biases = valueBiasOf(in).transpose(1, 2);
  for (int64_t first = 0; first < in.rows(); first += rowsAtOnce(in)) {
    const int64_t count = std::min(rowsAtOnce(in), in.rows() - first);
    const auto rows = weigh(in, first, count);
    const auto mixed = at::baddbmm(at::bmm(rows.weighted, values).to(at::kFloat), rows.weights, biases);  // [H, rows, headDim]
    out.slice(0, first, first + count).view({count, in.heads(), in.headDim()}).copy_(mixed.transpose(0, 1));
  }
  return out;
}

ChannelAttentionParameters composedChannelAttentionGrad(const ChannelAttentionInputs& in, const Tensor& dy) {
  const int64_t H = in.heads(), C = in.channels(), F = in.values();
  const auto& p = in.parameters;
  ChannelAttentionParameters sums{at::zeros_like(p.scoreWeight), at::zeros_like(p.scoreBias), at::zeros_like(p.valueWeight),
                                  at::zeros_like(p.valueBias)};
  const auto values = valueWeightOf(in), biases = valueBiasOf(in);
  for (int64_t first = 0; first < in.rows(); first += rowsAtOnce(in)) {
    const int64_t count = std::min(rowsAtOnce(in), in.rows() - first);
    const auto rows = weigh(in, first, count);
    const auto slopes = dy.slice(0, first, first + count).view({count, H, in.headDim()}).transpose(0, 1);  // [H, rows, headDim]
    const auto narrow = inComputeDtype(slopes);
    sums.valueWeight.view({H, in.headDim(), in.columns()}).add_(at::bmm(narrow.transpose(1, 2), rows.weighted));
    sums.valueBias.view({H, in.headDim(), C}).add_(at::bmm(slopes.transpose(1, 2), rows.weights));
    const auto ofWeighted = at::bmm(narrow, values).view({H, count, C, F}).mul(rows.patches.unsqueeze(0)).sum(-1, false, at::kFloat);
    const auto ofWeights = at::baddbmm(ofWeighted, slopes, biases);
    const auto ofScores = rows.weights.mul(ofWeights.sub(rows.weights.mul(ofWeights).sum(-1, true)));  // [H, rows, C]
    sums.scoreBias.add_(ofScores.sum(1));
    const auto byChannel = inComputeDtype(ofScores).permute({2, 0, 1});  // [C, H, rows]
    sums.scoreWeight.view({H, C, F}).add_(at::bmm(byChannel, rows.byChannel).transpose(0, 1));
  }
  return sums;
}

}  // namespace graticule
