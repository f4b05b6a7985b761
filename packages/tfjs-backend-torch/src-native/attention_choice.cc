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

bool ownIsFaster(Element compute) {
  const auto options = at::TensorOptions().dtype(compute == Element::kBfloat16 ? at::kBFloat16 : at::kFloat);
  const auto x = at::ones({1, kTokens, kHeads * kHeadDim}, options), out = at::empty_like(x);
  const auto heads = x.view({1, kTokens, kHeads, kHeadDim}).transpose(1, 2);
  const auto logSumExp = at::empty({kTokens}, options.dtype(at::kFloat));
  const avx512::Head size = headOfSize(kTokens, kTokens, kHeadDim);
  const auto own = [&] {
    forEachHead(1, kHeads, size, [&](int64_t b, int64_t h, uint32_t* scratch) {
      avx512::Head head = size;
      head.q = head.k = head.v = headOf<avx512::HeadRows>(x, b, h * kHeadDim);
      avx512::attend(head, headOf<avx512::HeadResult>(out, b, h * kHeadDim), logSumExp.data_ptr<float>(), scratch);
    });
  };
  const auto library = [&] { at::_scaled_dot_product_flash_attention_for_cpu(heads, heads, heads, 0.0, false, {}, size.scale); };
  return isFaster(own, library, 1);
}

bool choose(Element compute) {
  return hasOwnKernels(compute) && chooseOwn(compute, "attention", [=] { return ownIsFaster(compute); });
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
