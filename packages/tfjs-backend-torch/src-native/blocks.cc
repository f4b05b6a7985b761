// Kernels that trade space for batch or depth.
#include "call.h"

using at::Tensor;

namespace {

void expectPositive(const std::vector<int64_t>& block) {
  for (const int64_t size : block) TORCH_CHECK(size > 0, "a block must be positive");
}

}  // namespace

/** x [batch, spatial…, rest…] already padded, block [m] → [batch·∏block, spatial/block…, rest…]. */
KERNEL(SpaceToBatchND) {
  const auto x = call.tensor();
  const auto block = call.shape();
  expectPositive(block);
  const auto m = static_cast<int64_t>(block.size());
  TORCH_CHECK(x.dim() > m, "block has more dimensions than x");
  std::vector<int64_t> split{x.size(0)}, order, result{x.size(0)};
  for (int64_t d = 0; d < m; d++) {
    TORCH_CHECK(x.size(d + 1) % block[d] == 0, "block ", block[d], " does not divide ", x.size(d + 1));
    split.push_back(x.size(d + 1) / block[d]);
    split.push_back(block[d]);
    order.push_back(2 * d + 2);
    result[0] *= block[d];
    result.push_back(x.size(d + 1) / block[d]);
  }
  order.push_back(0);
  for (int64_t d = 0; d < m; d++) order.push_back(2 * d + 1);
  for (int64_t d = m + 1; d < x.dim(); d++) {
    order.push_back(static_cast<int64_t>(split.size()));
    split.push_back(x.size(d));
    result.push_back(x.size(d));
  }
  call.output(x.reshape(split).permute(order).reshape(result));
}

/** The inverse of SpaceToBatchND, before cropping. */
KERNEL(BatchToSpaceND) {
  const auto x = call.tensor();
  const auto block = call.shape();
  expectPositive(block);
  const auto m = static_cast<int64_t>(block.size());
  TORCH_CHECK(x.dim() > m, "block has more dimensions than x");
  int64_t product = 1;
  for (const int64_t size : block) product *= size;
  TORCH_CHECK(x.size(0) % product == 0, "blocks of ", product, " do not divide a batch of ", x.size(0));
  std::vector<int64_t> split(block), order{m}, result{x.size(0) / product};
  split.push_back(x.size(0) / product);
  for (int64_t d = 0; d < m; d++) {
    split.push_back(x.size(d + 1));
    order.push_back(m + 1 + d);
    order.push_back(d);
    result.push_back(x.size(d + 1) * block[d]);
  }
  for (int64_t d = m + 1; d < x.dim(); d++) {
    order.push_back(static_cast<int64_t>(split.size()));
    split.push_back(x.size(d));
    result.push_back(x.size(d));
  }
  call.output(x.reshape(split).permute(order).reshape(result));
}

/** x [B, H, W, C·b²] → [B, H·b, W·b, C]; or channels first. */
KERNEL(DepthToSpace) {
  const auto x = call.tensor();
  const int64_t b = call.integer();
  const bool channelsLast = call.flag();
  TORCH_CHECK(x.dim() == 4 && b > 0 && x.size(channelsLast ? 3 : 1) % (b * b) == 0, "block ", b,
              " does not divide the channels");
  if (channelsLast) {
    const int64_t B = x.size(0), H = x.size(1), W = x.size(2), C = x.size(3) / (b * b);
    call.output(x.view({B, H, W, b, b, C}).permute({0, 1, 3, 2, 4, 5}).reshape({B, H * b, W * b, C}));
  } else {
    const int64_t B = x.size(0), H = x.size(2), W = x.size(3), C = x.size(1) / (b * b);
    call.output(x.view({B, b, b, C, H, W}).permute({0, 3, 4, 1, 5, 2}).reshape({B, C, H * b, W * b}));
  }
}
