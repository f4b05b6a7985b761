// Reductions, scans and orderings.
#include <ATen/ops/all.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/any.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/argmin.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/cumprod.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/prod.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "call.h"

namespace {

using at::Tensor;

/** float32 for floats of any storage, int32 for integers and bool: what tfjs expects of a sum. */
at::ScalarType sumDtype(const Tensor& x) {
  if (x.is_complex()) return x.scalar_type();
  return at::isFloatingType(x.scalar_type()) ? at::kFloat : at::kInt;
}

struct Reduction {
  Tensor x;
  std::vector<int64_t> dims;
  bool keepDims;
};

Reduction readReduction(graticule::Call& call) {
  auto x = call.tensor();
  auto dims = call.integers();
  return {x, dims, call.flag()};
}

/** Applies a reduction over one dim to several, the last first so that the others keep their index. */
Tensor overDims(const Reduction& r, const std::function<Tensor(const Tensor&, int64_t, bool)>& reduce) {
  auto dims = r.dims;
  for (auto& dim : dims) dim = dim < 0 ? dim + r.x.dim() : dim;
  std::sort(dims.rbegin(), dims.rend());
  Tensor x = r.x;
  for (const int64_t dim : dims) x = reduce(x, dim, r.keepDims);
  return x;
}

}  // namespace

KERNEL(Sum) {
  const auto r = readReduction(call);
  const auto dtype = sumDtype(r.x);
  call.output(r.dims.empty() ? r.x.to(dtype) : at::sum(r.x, r.dims, r.keepDims, dtype));
}

KERNEL(Mean) {
  const auto r = readReduction(call);
  call.output(r.dims.empty() ? r.x.to(at::kFloat) : at::mean(r.x, r.dims, r.keepDims, at::kFloat));
}

KERNEL(Prod) {
  const auto r = readReduction(call);
  const auto dtype = sumDtype(r.x);
  call.output(overDims(r, [dtype](const Tensor& x, int64_t dim, bool keep) { return at::prod(x, dim, keep, dtype); })
                  .to(dtype));
}

KERNEL(Max) {
  const auto r = readReduction(call);
  call.output(r.dims.empty() ? r.x : at::amax(r.x, r.dims, r.keepDims));
}

KERNEL(Min) {
  const auto r = readReduction(call);
  call.output(r.dims.empty() ? r.x : at::amin(r.x, r.dims, r.keepDims));
}

KERNEL(All) {
  const auto r = readReduction(call);
  call.output(overDims(r, [](const Tensor& x, int64_t dim, bool keep) { return at::all(x, dim, keep); }));
}

KERNEL(Any) {
  const auto r = readReduction(call);
  call.output(overDims(r, [](const Tensor& x, int64_t dim, bool keep) { return at::any(x, dim, keep); }));
}

namespace {

/** Numbers to compare, with NaN replaced by what never wins. */
Tensor comparable(const Tensor& x, double loser) {
  if (x.scalar_type() == at::kBool) return x.to(at::kInt);
  return at::isFloatingType(x.scalar_type()) ? x.masked_fill(at::isnan(x), loser) : x;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

KERNEL(ArgMax) {
  const auto x = comparable(call.tensor(), -kInfinity);
  call.output(at::argmax(x, call.integer(), false));
}

KERNEL(ArgMin) {
  const auto x = comparable(call.tensor(), kInfinity);
  call.output(at::argmin(x, call.integer(), false));
}

KERNEL(Softmax) {
  const auto x = call.tensor();
  call.output(at::softmax(x, call.integer(), at::kFloat));
}

KERNEL(LogSoftmax) {
  const auto x = call.tensor();
  call.output(at::log_softmax(x, call.integer(), at::kFloat));
}

namespace {

using Scan = Tensor (*)(const Tensor&, int64_t, at::ScalarType);

/** tfjs scans: `exclusive` shifts by one and starts from the neutral element, `reverse` starts from the end. */
void scan(graticule::Call& call, Scan accumulate, double neutral) {
  auto x = call.tensor();
  const int64_t dim = call.integer();
  const bool exclusive = call.flag();
  const bool reverse = call.flag();
  const auto dtype = sumDtype(x);
  if (reverse) x = x.flip({dim});
  auto result = accumulate(x, dim, dtype);
  if (exclusive && x.size(dim) > 0) {
    const auto first = result.narrow(dim, 0, 1).clone().fill_(neutral);
    result = at::cat({first, result.narrow(dim, 0, x.size(dim) - 1)}, dim);
  }
  if (reverse) result = result.flip({dim});
  call.output(result);
}

}  // namespace

KERNEL(Cumsum) {
  scan(call, [](const Tensor& x, int64_t dim, at::ScalarType dtype) { return at::cumsum(x, dim, dtype); }, 0);
}

KERNEL(Cumprod) {
  scan(call, [](const Tensor& x, int64_t dim, at::ScalarType dtype) { return at::cumprod(x, dim, dtype); }, 1);
}

/** Among equals the lower index comes first; ATen's topk does not promise that, its stable sort does. */
KERNEL(TopK) {
  const auto x = call.tensor();
  const int64_t k = call.integer();
  TORCH_CHECK(x.dim() > 0 && k >= 0 && k <= x.size(-1), "k = ", k, " does not fit the last dimension");
  const auto sorted = at::sort(x, /*stable=*/true, /*dim=*/-1, /*descending=*/true);
  call.output(std::get<0>(sorted).narrow(-1, 0, k));
  call.output(std::get<1>(sorted).narrow(-1, 0, k).to(at::kInt));
}

/** Counts (or sums weights) per value below `size` in each row; larger values are left out. */
KERNEL(DenseBincount) {
  const auto x = call.tensor();
  const auto weights = call.optionalTensor();
  const int64_t size = call.integer();
  const bool binary = call.flag();
  const int64_t rows = x.dim() < 2 ? 1 : x.size(0);
  const auto values = x.reshape({rows, -1}).to(at::kLong);
  TORCH_CHECK(values.numel() == 0 || values.min().item<int64_t>() >= 0, "a negative value cannot be counted");
  const bool weighted = weights.defined() && weights.numel() > 0 && !binary;
  const auto dtype = weighted ? weights.scalar_type() : at::kFloat;
  const auto inside = values.lt(size);
  auto amount = weighted ? weights.reshape({rows, -1}) : at::ones_like(values, x.options().dtype(dtype));
  amount = amount.mul(inside.to(dtype));
  auto result = at::zeros_like(values, x.options().dtype(dtype)).resize_({rows, size}).zero_();
  const auto target = values.masked_fill(inside.logical_not(), 0);
  if (size > 0) result.scatter_add_(1, target, amount);
  if (binary) result.clamp_(0, 1);
  call.output(x.dim() < 2 ? result.view({size}) : result);
}
