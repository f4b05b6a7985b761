// Which matrix product is the faster one on this machine.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>

#include "gemm.h"
#include "own_or_library.h"

namespace graticule {
namespace {

constexpr int64_t kSide = 1024;
// Our product converts, adds bias and residual and takes GELU on its way, which the library's leaves to further passes:
// over a training step that is worth more than this.
constexpr double kAdvantage = 1.3;

bool ownIsFaster(Element compute) {
  const auto options = at::TensorOptions().dtype(compute == Element::kBfloat16 ? at::kBFloat16 : at::kFloat);
  const auto a = at::ones({kSide, kSide}, options), b = at::ones({kSide, kSide}, options), c = at::empty({kSide, kSide}, options);
  MatrixProduct product{kSide, kSide, kSide, rowsOf(a), rowsOf(b), compute, {}};
  product.result.data = c.data_ptr();
  product.result.element = compute;
  product.result.stride = kSide;
  return isFaster([&] { multiply(product); }, [&] { at::mm(a, b.t()); }, kAdvantage);
}

bool choose(Element compute) {
  return hasOwnKernels(compute) && chooseOwn(compute, "product", [=] { return ownIsFaster(compute); });
}

}  // namespace

bool useOwnProduct(Element compute) {
  if (compute == Element::kBfloat16) {
    static const bool own = choose(Element::kBfloat16);
    return own;
  }
  static const bool own = choose(Element::kFloat);
  return own;
}

}  // namespace graticule
