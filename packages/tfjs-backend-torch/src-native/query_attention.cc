// Attention of one query over tokens that are keys and values themselves: the query holds the matrix of the keys, and that of the
// values multiplies the result.
#include <ATen/ops/zeros.h>

#include <limits>
#include <vector>

#include "call.h"
#include "cross_attention.h"

using at::Tensor;
using graticule::AttentionInputs;

namespace {

AttentionInputs readInputs(graticule::Call& call) {
  AttentionInputs in;
  in.k = call.tensor();
  const auto scorer = call.tensor();
  const auto seen = call.optionalTensor();
  TORCH_CHECK(in.k.dim() == 3 && scorer.dim() == 2 && scorer.size(0) > 0 && scorer.size(1) == in.k.size(2),
              "tokens must be [R, G, D] and the scorer [H, D], got ", in.k.sizes(), " and ", scorer.sizes());
  in.q = scorer.reshape({1, 1, scorer.numel()});
  in.heads = scorer.size(0);
  in.keyValueHeads = 1;
  in.causal = false;
  in.scale = 1;
  if (seen.defined()) {
    TORCH_CHECK(seen.sizes() == in.k.sizes().slice(0, 2), "the mask must be [R, G]");
    in.bias = at::zeros({in.batch(), 1, 1, in.keys()}, in.k.options().dtype(at::kFloat));
    in.bias.masked_fill_(seen.to(at::kBool).logical_not().view(in.bias.sizes()), -std::numeric_limits<float>::infinity());
  }
  return in;
}

}  // namespace

/** tokens [R, G, D], scorer [H, D], mask [R, G] or none → means [R, H, D] by the weights, log-sum-exp [R, H] of the scores. */
KERNEL(FusedQueryAttention) {
  const auto in = readInputs(call);
  const auto [means, logSumExp] = graticule::crossAttention(in);
  call.activation(means.view({in.batch(), in.heads, in.headDim()}));
  call.output(logSumExp.view({in.batch(), in.heads}));
}

/** dy [R, H, D], log-sum-exp [R, H] and the inputs → gradients of tokens and scorer. */
KERNEL(FusedQueryAttentionGrad) {
  const auto dy = call.tensor();
  const auto logSumExp = call.tensor();
  const auto in = readInputs(call);
  const std::vector<int64_t> shape{in.batch(), in.heads, in.headDim()}, heads{in.batch(), in.heads};
  TORCH_CHECK(dy.sizes() == shape && logSumExp.sizes() == heads, "dy must be [R, H, D] and the log-sum-exp [R, H]");
  const auto out = in.k.device().is_cpu() ? Tensor() : std::get<0>(graticule::crossAttention(in));
  const auto [ofScorer, ofTokens, none] = graticule::crossAttentionGrad(in, dy.reshape({in.batch(), 1, in.q.size(2)}), out,
                                                                        logSumExp.reshape({in.batch(), in.heads, 1}));
  call.activation(ofTokens);
  call.output(ofScorer.to(at::kFloat).reshape({in.heads, in.headDim()}));
}
