// Gather, scatter and segment sums. Every index is checked: a bad one is an error, never a stray read.
#include <ATen/ops/aminmax.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/diag.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/full.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <unordered_map>

#include "call.h"

using at::Tensor;

namespace {

/** Column d of indices [count, depth] must lie in [0, dims[d]). One wait for the device, whatever the depth. */
void checkRange(const Tensor& indices, const std::vector<int64_t>& dims) {
  if (indices.numel() == 0) return;
  const auto range = at::aminmax(indices, 0);
  const auto limits = at::stack({std::get<0>(range), std::get<1>(range)}).to(at::kCPU, at::kLong);  // [2, depth]
  const auto* values = limits.data_ptr<int64_t>();
  for (size_t d = 0; d < dims.size(); d++) {
    const int64_t low = values[d], high = values[dims.size() + d];
    TORCH_CHECK(low >= 0 && high < dims[d], "the index value ", low < 0 ? low : high, " is not in [0, ", dims[d] - 1,
                "]");
  }
}

/** Rows of `indices` [count, depth] as one number each, for a table of shape `dims` in row-major order. */
Tensor flatten(const Tensor& indices, const std::vector<int64_t>& dims) {
  TORCH_CHECK(indices.dim() == 2 && indices.size(1) == static_cast<int64_t>(dims.size()), "indices ", indices.sizes(),
              " do not fit a table of ", dims.size(), " dimensions");
  checkRange(indices, dims);
  auto flat = at::zeros({indices.size(0)}, indices.options().dtype(at::kLong));
  for (int64_t d = 0; d < static_cast<int64_t>(dims.size()); d++) {
    flat = flat.mul(dims[d]).add(indices.select(1, d).to(at::kLong));
  }
  return flat;
}

}  // namespace

/** x [batch, outer, size, inner], indices [batch, count] → [batch, outer, count, inner]. */
KERNEL(GatherV2) {
  const auto x = call.tensor();
  auto indices = call.tensor();
  TORCH_CHECK(x.dim() == 4 && indices.dim() == 2, "expected x of rank 4 and indices of rank 2");
  const int64_t batch = x.size(0), outer = x.size(1), size = x.size(2), inner = x.size(3);
  const int64_t count = indices.size(1);
  checkRange(indices.reshape({-1, 1}), {size});
  if (batch == 1) {
    call.output(at::index_select(x, 2, indices.view({count})));
  } else if (outer == 1) {
    const auto offsets = at::arange(batch, indices.options().dtype(at::kLong)).mul(size).unsqueeze(1);
    const auto flat = indices.to(at::kLong).add(offsets).view({batch * count});
    call.output(at::index_select(x.view({batch * size, inner}), 0, flat).view({batch, 1, count, inner}));
  } else {
    const auto index = indices.to(at::kLong).view({batch, 1, count, 1}).expand({batch, outer, count, inner});
    call.output(at::gather(x, 2, index));
  }
}

/** params [table, slice], indices [count, depth], dims of the table → [count, slice]. */
KERNEL(GatherNd) {
  const auto params = call.tensor();
  const auto indices = call.tensor();
  call.output(at::index_select(params, 0, flatten(indices, call.shape())));
}

/** indices [count, depth], updates [count, slice], dims of the table → [table, slice]; repeated indices add up. */
KERNEL(ScatterNd) {
  const auto indices = call.tensor();
  const auto updates = call.tensor();
  const auto dims = call.shape();
  int64_t table = 1;
  for (const int64_t dim : dims) table *= dim;
  auto result = at::zeros({table, updates.size(1)}, updates.options());
  call.output(result.index_add_(0, flatten(indices, dims), updates));
}

/** tensor [table, slice], indices [count, depth], updates [count, slice], dims: the last of repeated indices wins. */
KERNEL(TensorScatterUpdate) {
  auto result = call.tensor().clone();
  const auto indices = call.tensor();
  const auto updates = call.tensor().to(result.scalar_type());
  const auto flat = flatten(indices, call.shape());
  TORCH_CHECK(updates.dim() == 2 && updates.size(0) == flat.numel(), "expected ", flat.numel(), " updates, got ",
              updates.sizes());
  // ATen leaves open which of repeated indices it takes, so that only the last of each is handed on.
  const auto targets = flat.to(at::kCPU);
  const auto* target = targets.data_ptr<int64_t>();
  std::unordered_map<int64_t, int64_t> last;
  for (int64_t i = 0; i < flat.numel(); i++) last[target[i]] = i;
  std::vector<int64_t> rows, sources;
  for (const auto& [row, source] : last) {
    rows.push_back(row);
    sources.push_back(source);
  }
  const auto onDevice = [&](std::vector<int64_t>& values) {
    return at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kLong).to(result.device());
  };
  call.output(result.index_copy_(0, onDevice(rows), updates.index_select(0, onDevice(sources))));
}

/** x [rows, inner], ids [rows]: sums rows of the same id; negative ids are left out. */
KERNEL(UnsortedSegmentSum) {
  const auto x = call.tensor();
  auto ids = call.tensor().to(at::kLong);
  const int64_t segments = call.integer();
  TORCH_CHECK(segments >= 0 && x.dim() == 2, "expected a count of segments, got ", segments);
  if (ids.numel() > 0) {
    const int64_t high = ids.max().item<int64_t>();
    TORCH_CHECK(high < segments, "segment id ", high, " is not below ", segments);
  }
  // One row more takes what is left out.
  auto result = at::zeros({segments + 1, x.size(1)}, x.options());
  result.index_add_(0, at::where(ids.lt(0), at::full({}, segments, ids.options()), ids), x);
  call.output(result.narrow(0, 0, segments));
}

KERNEL(OneHot) {
  const auto indices = call.tensor();
  const int64_t depth = call.integer();
  const double on = call.number();
  const double off = call.number();
  const auto dtype = graticule::dtypeOfCode(call.integer());
  TORCH_CHECK(depth >= 0, "depth ", depth, " is negative");
  const auto hit = indices.unsqueeze(-1).eq(at::arange(depth, indices.options()));
  const auto options = indices.options().dtype(dtype);
  call.output(at::where(hit, at::full({}, on, options), at::full({}, off, options)));
}

/** sorted [rows, n], values [rows, m] → int32 [rows, m]: where each value would be inserted. */
KERNEL(SearchSorted) {
  const auto sorted = call.tensor();
  const auto values = call.tensor();
  const bool right = call.flag();
  call.output(at::searchsorted(sorted, values, /*out_int32=*/true, right));
}

/** x of any shape → a matrix [numel, numel] with x on its diagonal. */
KERNEL(Diag) { call.output(at::diag(call.tensor().reshape({-1}))); }
