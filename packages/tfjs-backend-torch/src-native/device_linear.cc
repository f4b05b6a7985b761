#include "device_linear.h"

#include <ATen/Context.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <c10/util/Exception.h>

#include "torch_version.h"

namespace graticule {

using at::Tensor;

Tensor deviceWeightGradient(const Tensor& rows, const Tensor& inputs) {
#if GRATICULE_HAS_MM_INTO_FLOAT
  if (rows.is_cuda() && rows.scalar_type() == at::kBFloat16) return at::mm(rows.t(), inputs, at::kFloat);
#endif
  return at::mm(rows.t(), inputs).to(at::kFloat);
}

Tensor deviceIntegerProduct(const Tensor& a, const Tensor& b) {
  return at::matmul(a.to(at::kDouble), b.to(at::kDouble)).to(at::kInt);
}

void forbidTf32() {
#if GRATICULE_TF32_SETTER_WARNS
  class Silence final : public c10::WarningHandler {
    void process(const c10::Warning&) override {}
  } silence;
  c10::WarningUtils::WarningHandlerGuard guard(&silence);
#endif
  at::globalContext().setAllowTF32CuDNN(false);
}

}  // namespace graticule
