#include "window.h"

#include <ATen/ops/constant_pad_nd.h>

namespace graticule {

Window readWindow(Call& call) {
  Window w;
  w.strides = call.integers();
  w.padding = call.integers();
  w.dilations = call.integers();
  w.channelsLast = call.flag();
  w.groups = call.integer();
  const size_t spatial = w.strides.size();
  TORCH_CHECK((spatial == 2 || spatial == 3) && w.padding.size() == 2 * spatial && w.dilations.size() == spatial,
              "expected strides, padding and dilations of two or three dimensions");
  for (const int64_t stride : w.strides) TORCH_CHECK(stride > 0, "strides must be positive");
  for (const int64_t dilation : w.dilations) TORCH_CHECK(dilation > 0, "dilations must be positive");
  for (const int64_t padding : w.padding) TORCH_CHECK(padding >= 0, "padding must not be negative");
  return w;
}

Tensor pad(const Tensor& x, const Window& w, double value) {
  Dims reversed;
  bool any = false;
  for (int64_t d = w.spatial(); d-- > 0;) {
    reversed.push_back(w.padding[2 * d]);
    reversed.push_back(w.padding[2 * d + 1]);
    any = any || w.padding[2 * d] != 0 || w.padding[2 * d + 1] != 0;
  }
  return any ? at::constant_pad_nd(x, reversed, value) : x;
}

Tensor unpad(Tensor x, const Window& w, const Tensor& like) {
  for (int64_t d = 0; d < w.spatial(); d++) x = x.narrow(d + 2, w.padding[2 * d], like.size(d + 2));
  return x;
}

}  // namespace graticule
