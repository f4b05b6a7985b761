// Sums over listed rows, and what is left when repeated rows are dropped.
#include <ATen/ops/_unique2.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/unique_dim.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "call.h"

using at::Tensor;

namespace {

/** Numbers that are equal as integers exactly if tfjs takes the elements for equal: NaN equals NaN, and -0 equals 0. */
Tensor comparable(const Tensor& x) {
  if (!x.is_floating_point()) return x;
  const auto floats = x.to(at::kFloat).add(0.0);
  return floats.masked_fill(at::isnan(floats), std::numeric_limits<float>::quiet_NaN()).view(at::kInt);
}

}  // namespace

/** data [rows, inner], indices [n] of rows, ids [n] of segments → [segments, inner]: the sum or mean of each segment. */
KERNEL(SparseSegment) {
  const auto data = call.tensor();
  const auto indices = call.tensor();
  const auto ids = call.tensor();
  const int64_t segments = call.integer();
  const bool mean = call.flag();
  TORCH_CHECK(data.dim() == 2 && indices.dim() == 1 && ids.sizes() == indices.sizes() && segments >= 0,
              "expected data of rank 2, and as many indices as segment ids");
  const auto rows = (data.is_floating_point() ? data.to(at::kFloat) : data).index_select(0, indices);
  auto result = at::zeros({segments, data.size(1)}, rows.options());
  result.index_add_(0, ids, rows);
  if (mean) {
    auto counts = at::zeros({segments}, rows.options());
    counts.index_add_(0, ids, at::ones(ids.sizes(), rows.options())).clamp_min_(1);
    const auto divisor = counts.unsqueeze(1);
    result = rows.is_floating_point() ? result.div(divisor) : result.div(divisor, "trunc");
  }
  call.output(result);
}

/** x, dim → the different slices of x along dim in the order of their first appearance; int32: which one each slice is. */
KERNEL(Unique) {
  const auto x = call.tensor();
  const int64_t dim = call.integer();
  TORCH_CHECK(dim >= 0 && dim < x.dim(), "expected a dimension of x, got ", dim);
  const int64_t count = x.size(dim);
  const auto options = x.options().dtype(at::kLong);
  if (x.numel() == 0) {
    // Slices without elements are all the same.
    call.output(x.narrow(dim, 0, count > 0 ? 1 : 0));
    call.output(at::zeros({count}, options.dtype(at::kInt)));
    return;
  }
  const auto keys = comparable(x);
  // Slices of one element are sorted as numbers, which is many times faster.
  const auto groups = keys.numel() == count ? at::_unique2(keys.reshape({count}), true, true, true)
                                            : at::unique_dim(keys, dim, true, true, true);
  const auto inverse = std::get<1>(groups), counts = std::get<2>(groups);
  const int64_t different = counts.size(0);
  // Members of a group, one group after the other; the sort is stable, so a group begins with its first appearance.
  const auto members = std::get<1>(at::sort(inverse, /*stable=*/true, /*dim=*/0, /*descending=*/false));
  const auto first = members.index_select(0, counts.cumsum(0).sub(counts));
  const auto [places, order] = first.sort();
  const auto position = at::zeros({different}, options).scatter_(0, order, at::arange(different, options));
  call.output(x.index_select(dim, places));
  call.output(position.index_select(0, inverse).to(at::kInt));
}
