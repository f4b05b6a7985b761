// Attention of one query over the channels of each row, whose keys and values are affine in the channel's numbers and are never
// made. On the CPU nothing of the size of rows times weights is written.
#include "channel_attention.h"

#include "call.h"
#include "elements.h"
#include "own_or_library.h"

using at::Tensor;
using graticule::ChannelAttentionInputs;

namespace {

ChannelAttentionInputs readInputs(graticule::Call& call) {
  ChannelAttentionInputs in;
  in.patches = graticule::readable(call.tensor());
  auto& p = in.parameters;
  for (Tensor* parameter : {&p.scoreWeight, &p.scoreBias, &p.valueWeight, &p.valueBias}) {
    *parameter = call.tensor().to(at::kFloat).contiguous();
    TORCH_CHECK(parameter->dim() == 2, "expected parameters of two dims, got ", parameter->sizes());
  }
  const Tensor seen = call.optionalTensor();
  if (seen.defined()) in.seen = seen.to(at::kBool).contiguous();
  TORCH_CHECK(in.patches.dim() == 2 && in.heads() > 0 && in.channels() > 0 && in.columns() % in.channels() == 0 &&
                  p.scoreWeight.sizes() == at::IntArrayRef({in.heads(), in.columns()}) && in.width() % in.heads() == 0 &&
                  p.valueWeight.sizes() == at::IntArrayRef({in.width(), in.columns()}) && p.valueBias.size(1) == in.channels(),
              "patches ", in.patches.sizes(), " and parameters do not fit");
  TORCH_CHECK(!in.seen.defined() || in.seen.sizes() == at::IntArrayRef({in.rows(), in.channels()}), "the mask must be [R, C]");
  return in;
}

/** The blocks' tiles fill the registers of AVX-512. */
bool useBlocks(const ChannelAttentionInputs& in) {
  return in.patches.device().is_cpu() && graticule::hasOwnKernels(graticule::Element::kFloat);
}

}  // namespace

/** patches [R, C·F], scoreWeight [H, C·F], scoreBias [H, C], valueWeight [D, C·F], valueBias [D, C], mask [R, C] → [R, D]. */
KERNEL(FusedChannelAttention) {
  const auto in = readInputs(call);
  call.activation(useBlocks(in) ? blockwiseChannelAttention(in) : composedChannelAttention(in));
}

/** dy [R, D] and the same arguments → gradients of the four parameters. */
KERNEL(FusedChannelAttentionGrad) {
  const auto dy = call.tensor().to(at::kFloat).contiguous();
  const auto in = readInputs(call);
  TORCH_CHECK(dy.sizes() == at::IntArrayRef({in.rows(), in.width()}), "dy must be [R, D], got ", dy.sizes());
  const auto found = useBlocks(in) ? blockwiseChannelAttentionGrad(in, dy) : composedChannelAttentionGrad(in, dy);
  for (const Tensor& gradient : {found.scoreWeight, found.scoreBias, found.valueWeight, found.valueBias}) call.output(gradient);
}
