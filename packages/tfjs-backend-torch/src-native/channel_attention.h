// What the ways to compute the attention of one query over channels share.
#pragma once

#include <ATen/core/Tensor.h>

namespace graticule {

/** The parameters of the attention, or their gradients; float32. */
struct ChannelAttentionParameters {
  at::Tensor scoreWeight;  // [H, C·F]
  at::Tensor scoreBias;    // [H, C]
  at::Tensor valueWeight;  // [D, C·F], D = H · headDim
  at::Tensor valueBias;    // [D, C]
};

/** out_h = Σ_c softmax_c(s_h,c · x_c + s0_h,c) · (V_h,c · x_c + v0_h,c) for each row x of C channels with F numbers each. */
struct ChannelAttentionInputs {
  at::Tensor patches;  // [R, C·F]
  ChannelAttentionParameters parameters;
  at::Tensor seen;  // bool [R, C], or undefined: all

  int64_t rows() const { return patches.size(0); }
  int64_t columns() const { return patches.size(1); }
  int64_t heads() const { return parameters.scoreBias.size(0); }
  int64_t channels() const { return parameters.scoreBias.size(1); }
  int64_t values() const { return columns() / channels(); }
  int64_t width() const { return parameters.valueBias.size(0); }
  int64_t headDim() const { return width() / heads(); }
};

/** On the CPU, in blocks of rows that stay in the caches; [R, D] in float32. */
at::Tensor blockwiseChannelAttention(const ChannelAttentionInputs& in);
ChannelAttentionParameters blockwiseChannelAttentionGrad(const ChannelAttentionInputs& in, const at::Tensor& dy);

/** Anywhere, by the library's products, some rows at a time. */
at::Tensor composedChannelAttention(const ChannelAttentionInputs& in);
ChannelAttentionParameters composedChannelAttentionGrad(const ChannelAttentionInputs& in, const at::Tensor& dy);

}  // namespace graticule
