// Which attention of whole heads is the faster one on this machine.
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones.h>

#include "heads.h"
#include "own_or_library.h"
#include "torch_version.h"

#if GRATICULE_HAS_CPU_FLASH_ATTENTION
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#endif

namespace graticule {
namespace {

#if GRATICULE_HAS_CPU_FLASH_ATTENTION
constexpr int64_t kHeads = 4, kTokens = 256, kHeadDim = 64;

Contest attentionContest(Element compute) {
  const auto options = at::TensorOptions().dtype(compute == Element::kBfloat16 ? at::kBFloat16 : at::kFloat);
  const auto x = at::ones({1, kTokens, kHeads * kHeadDim}, options), out = at::empty_like(x);
  const auto heads = x.view({1, kTokens, kHeads, kHeadDim}).transpose(1, 2);
  const auto logSumExp = at::empty({kTokens}, options.dtype(at::kFloat));
  return {"attention", 1.0,
          [=] {
            avx512::Head head = headOfSize(kTokens, kTokens, kHeadDim);
            head.compute = compute;
            forEachHead(1, kHeads, head, [&](int64_t b, int64_t h, uint32_t* scratch) {
              head.q = head.k = head.v = headOf<avx512::HeadRows>(x, b, h * kHeadDim);
              avx512::attend(head, headOf<avx512::HeadResult>(out, b, h * kHeadDim), logSumExp.data_ptr<float>(), scratch);
            });
          },
          [=] { at::_scaled_dot_product_flash_attention_for_cpu(heads, heads, heads, 0.0, false, {}, 1.0); }};
}

bool choose(Element compute) {
  return hasOwnKernels(compute) && chooseOwn(compute, [=] { return attentionContest(compute); });
}
#else
/** What is composed of the library's products is never the faster one. */
bool choose(Element compute) { return hasOwnKernels(compute); }
#endif

}  // namespace

bool useOwnAttention(const Tensor& x) {
  if (!x.device().is_cpu() || x.numel() == 0) return false;
  if (inBfloat16()) {
    static const bool own = choose(Element::kBfloat16);
    return own;
  }
  static const bool own = choose(Element::kFloat);
  return own;
}

}  // namespace graticule
