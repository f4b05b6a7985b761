// Picks rows of every sample, and puts rows back.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cstring>

#include "call.h"

using at::Tensor;

namespace {

/** Row numbers in [B·N] of indices [B, K]; every one is checked. */
std::vector<int64_t> rowsOf(const Tensor& indices, int64_t batch, int64_t tokens) {
  TORCH_CHECK(indices.dim() == 2 && indices.size(0) == batch && indices.scalar_type() == at::kInt,
              "indices must be int32 [", batch, ", K], got ", indices.sizes());
  const auto host = indices.to(at::kCPU).contiguous();
  const int64_t picked = host.size(1);
  const int32_t* index = host.data_ptr<int32_t>();
  std::vector<int64_t> rows(static_cast<size_t>(batch * picked));
  for (int64_t i = 0; i < batch * picked; i++) {
    TORCH_CHECK(index[i] >= 0 && index[i] < tokens, "token ", index[i], " is not in [0, ", tokens - 1, "]");
    rows[i] = i / picked * tokens + index[i];
  }
  return rows;
}

/** Copies row from[i] of the source to row to[i] of the result; null stands for i. */
void copyRows(const Tensor& source, const int64_t* from, Tensor& result, const int64_t* to, int64_t count) {
  const int64_t bytes = source.size(-1) * static_cast<int64_t>(source.element_size());
  const auto* in = static_cast<const char*>(source.data_ptr());
  auto* out = static_cast<char*>(result.data_ptr());
  at::parallel_for(0, count, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(bytes, 1)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      std::memcpy(out + (to ? to[i] : i) * bytes, in + (from ? from[i] : i) * bytes, static_cast<size_t>(bytes));
    }
  });
}

Tensor expanded(const Tensor& indices, int64_t width) {
  return indices.to(at::kLong).unsqueeze(-1).expand({indices.size(0), indices.size(1), width});
}

}  // namespace

/** x [B, N, D], indices int32 [B, K] → [B, K, D]. */
KERNEL(FusedGatherTokens) {
  const auto x = call.tensor().contiguous();
  const auto indices = call.tensor();
  TORCH_CHECK(x.dim() == 3, "expected x [B, N, D]");
  const auto rows = rowsOf(indices, x.size(0), x.size(1));
  if (!x.device().is_cpu()) {
    call.output(x.gather(1, expanded(indices, x.size(2))));
    return;
  }
  auto out = at::empty({x.size(0), indices.size(1), x.size(2)}, x.options());
  copyRows(x, rows.data(), out, nullptr, static_cast<int64_t>(rows.size()));
  call.output(out);
}

/** dy [B, K, D], indices int32 [B, K] distinct in a sample, N → [B, N, D]: zero where no row went. */
KERNEL(FusedScatterTokens) {
  const auto dy = call.tensor().contiguous();
  const auto indices = call.tensor();
  const int64_t tokens = call.integer();
  TORCH_CHECK(dy.dim() == 3 && tokens >= 0 && indices.dim() == 2 && dy.size(1) == indices.size(1),
              "expected dy [B, K, D] and as many indices");
  const auto rows = rowsOf(indices, dy.size(0), tokens);
  auto out = at::zeros({dy.size(0), tokens, dy.size(2)}, dy.options());
  if (dy.device().is_cpu()) {
    copyRows(dy, nullptr, out, rows.data(), static_cast<int64_t>(rows.size()));
  } else {
    out.scatter_(1, expanded(indices, dy.size(2)), dy);
  }
  call.output(out);
}
