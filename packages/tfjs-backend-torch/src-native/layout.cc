// Kernels that move elements and compute nothing.
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/unbind.h>

#include "call.h"

using at::Tensor;

KERNEL(Transpose) {
  const auto x = call.tensor();
  call.output(x.permute(call.integers()));
}

KERNEL(Concat) {
  auto values = call.tensors();
  const int64_t dim = call.integer();
  call.output(at::cat(values, dim));
}

KERNEL(Pack) {
  const auto values = call.tensors();
  const int64_t dim = call.integer();
  call.output(at::stack(values, dim));
}

KERNEL(Unpack) {
  const auto x = call.tensor();
  for (auto& part : at::unbind(x, call.integer())) call.output(part);
}

KERNEL(SplitV) {
  const auto x = call.tensor();
  const auto sizes = call.integers();
  const int64_t dim = call.integer();
  int64_t start = 0;
  for (const int64_t size : sizes) {
    call.output(x.narrow(dim, start, size));
    start += size;
  }
}

KERNEL(Slice) {
  auto x = call.tensor();
  const auto begin = call.integers();
  const auto size = call.integers();
  TORCH_CHECK(begin.size() == static_cast<size_t>(x.dim()) && size.size() == begin.size(), "begin and size need ",
              x.dim(), " numbers each");
  for (size_t dim = 0; dim < begin.size(); dim++) {
    x = x.narrow(static_cast<int64_t>(dim), begin[dim], size[dim]);
  }
  call.output(x);
}

/** Takes size[d] elements from begin[d] in steps of stride[d], which may be negative. */
KERNEL(StridedSlice) {
  auto x = call.tensor();
  const auto begin = call.integers();
  const auto size = call.integers();
  const auto stride = call.integers();
  const auto rank = static_cast<size_t>(x.dim());
  TORCH_CHECK(begin.size() == rank && size.size() == rank && stride.size() == rank, "expected ", rank,
              " numbers each for begin, size and stride");
  for (size_t d = 0; d < begin.size(); d++) {
    const auto dim = static_cast<int64_t>(d);
    TORCH_CHECK(stride[d] != 0 && size[d] >= 0, "a stride must not be 0, nor a size negative");
    if (size[d] == 0) {
      x = x.narrow(dim, 0, 0);
    } else if (stride[d] > 0) {
      x = x.slice(dim, begin[d], begin[d] + (size[d] - 1) * stride[d] + 1, stride[d]);
    } else {
      const int64_t last = begin[d] + (size[d] - 1) * stride[d];
      x = x.slice(dim, last, begin[d] + 1, -stride[d]).flip({dim});
    }
  }
  call.output(x);
}

/** Paddings come as before, after for each dim from the first; ATen wants them from the last. */
KERNEL(PadV2) {
  const auto x = call.tensor();
  const auto paddings = call.integers();
  const double value = call.number();
  std::vector<int64_t> reversed;
  for (size_t dim = paddings.size() / 2; dim-- > 0;) {
    reversed.push_back(paddings[2 * dim]);
    reversed.push_back(paddings[2 * dim + 1]);
  }
  call.output(at::constant_pad_nd(x, reversed, value));
}

/** offset 1: reflect (the edge is not repeated); offset 0: symmetric. */
KERNEL(MirrorPad) {
  auto x = call.tensor();
  const auto paddings = call.integers();
  const int64_t offset = call.integer();
  TORCH_CHECK(paddings.size() == static_cast<size_t>(2 * x.dim()), "expected two paddings a dimension");
  for (int64_t dim = 0; dim < x.dim(); dim++) {
    const int64_t before = paddings[2 * dim];
    const int64_t after = paddings[2 * dim + 1];
    const int64_t length = x.size(dim);
    if (before == 0 && after == 0) continue;
    TORCH_CHECK(before >= 0 && after >= 0 && before <= length - offset && after <= length - offset,
                "a padding is larger than dimension ", dim, " allows");
    std::vector<int64_t> index;
    for (int64_t i = 0; i < before; i++) index.push_back(before - i - 1 + offset);
    for (int64_t i = 0; i < length; i++) index.push_back(i);
    for (int64_t i = 0; i < after; i++) index.push_back(length - 1 - offset - i);
    const auto indices = at::from_blob(index.data(), {static_cast<int64_t>(index.size())}, at::kLong);
    x = at::index_select(x, dim, indices.to(x.device()));
  }
  call.output(x);
}

KERNEL(Tile) {
  const auto x = call.tensor();
  call.output(x.repeat(call.shape()));
}

KERNEL(BroadcastTo) {
  const auto x = call.tensor();
  call.output(x.expand(call.shape()));
}

KERNEL(Reverse) {
  const auto x = call.tensor();
  call.output(at::flip(x, call.integers()));
}

KERNEL(Fill) {
  const auto shape = call.shape();
  const double value = call.number();
  const auto dtype = graticule::dtypeOfCode(call.integer());
  call.output(at::full(shape, value, at::TensorOptions().dtype(dtype).device(graticule::settings().device)));
}

KERNEL(LinSpace) {
  const double start = call.number();
  const double stop = call.number();
  const int64_t count = call.integer();
  const double step = count > 1 ? (stop - start) / static_cast<double>(count - 1) : 0;
  const auto options = at::TensorOptions().device(graticule::settings().device);
  call.output(at::arange(count, options.dtype(at::kDouble)).mul(step).add(start).to(at::kFloat));
}
