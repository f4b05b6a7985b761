#include "device_attention.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include <limits>
#include <map>
#include <mutex>
#include <tuple>

#include "torch_version.h"

#if GRATICULE_HAS_DEVICE_ATTENTION
#include <ATen/ops/_scaled_dot_product_efficient_attention.h>
#include <ATen/ops/_scaled_dot_product_efficient_attention_backward.h>
#include <ATen/ops/_scaled_dot_product_flash_attention.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_backward.h>
#endif

namespace graticule {

using at::Tensor;

#if GRATICULE_HAS_DEVICE_ATTENTION

namespace {

enum class Method { kNone, kFlash, kEfficient };

using Result = std::pair<Tensor, Tensor>;
using Gradients = std::array<Tensor, 3>;

/** Without dropout the backward kernels look at neither seed nor offset, but want tensors. */
Tensor noSeed(const Tensor& like) { return at::zeros({}, like.options().dtype(at::kLong)); }

Result flash(const Tensor& q, const Tensor& k, const Tensor& v, double scale) {
  const auto result = at::_scaled_dot_product_flash_attention(q, k, v, 0.0, false, false, scale);
  return {std::get<0>(result), std::get<1>(result)};
}

Gradients flashBackward(const Tensor& dout, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
                        const Tensor& logSumExp, double scale) {
  const Tensor seed = noSeed(q);
  const auto result = at::_scaled_dot_product_flash_attention_backward(dout, q, k, v, out, logSumExp, Tensor(), Tensor(),
                                                                       q.size(2), k.size(2), 0.0, false, seed, seed, scale);
  return {std::get<0>(result), std::get<1>(result), std::get<2>(result)};
}

/** The kernel pads the rows of its log-sum-exp to a multiple of 32; the padding is cut off here. */
Result efficient(const Tensor& q, const Tensor& k, const Tensor& v, double scale) {
  const auto result = at::_scaled_dot_product_efficient_attention(q, k, v, {}, true, 0.0, false, scale);
  return {std::get<0>(result), std::get<1>(result).narrow(2, 0, q.size(2))};
}

Gradients efficientBackward(const Tensor& dout, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
                            const Tensor& logSumExp, double scale) {
  // exp(score - ∞) = 0: rows of the padding count for nothing.
  const int64_t padding = (32 - q.size(2) % 32) % 32;
  const auto padded = at::constant_pad_nd(logSumExp, {0, padding}, std::numeric_limits<double>::infinity());
  const Tensor seed = noSeed(q);
  const auto result = at::_scaled_dot_product_efficient_attention_backward(
      dout, q, k, v, Tensor(), out, padded, seed, seed, 0.0, {true, true, true, false}, false, scale);
  return {std::get<0>(result), std::get<1>(result), std::get<2>(result)};
}

/** Which of the two serves the device, dtype and headDim of q: asked of ATen itself, on a tiny input. */
Method probe(const Tensor& q) {
  const int64_t headDim = q.size(3);
  const auto x = at::zeros({1, 8, 1, headDim}, q.options()).transpose(1, 2);
  // Flash wants multiples of 8 and, for gradients on every chip, at most 192.
  if (q.scalar_type() != at::kFloat && headDim % 8 == 0 && headDim <= 192) {
    try {
      const auto [out, logSumExp] = flash(x, x, x, 1);
      flashBackward(x, x, x, x, out, logSumExp, 1);
      return Method::kFlash;
    } catch (const c10::Error&) {
      // This chip or build has none.
    }
  }
  // Rows must start on 16 bytes.
  if (headDim % (q.scalar_type() == at::kFloat ? 4 : 8) != 0) return Method::kNone;
  try {
    const auto [out, logSumExp] = efficient(x, x, x, 1);
    efficientBackward(x, x, x, x, out, logSumExp, 1);
    return Method::kEfficient;
  } catch (const c10::Error&) {
    return Method::kNone;
  }
}

Method methodFor(const Tensor& q) {
  static std::mutex mutex;
  static std::map<std::tuple<at::DeviceType, int, at::ScalarType, int64_t>, Method> known;
  const auto key = std::make_tuple(q.device().type(), static_cast<int>(q.device().index()), q.scalar_type(), q.size(3));
  std::lock_guard<std::mutex> lock(mutex);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  return known[key] = probe(q);
}

}  // namespace

bool hasDeviceAttention(const Tensor& q) {
  return !q.device().is_cpu() && q.numel() > 0 && methodFor(q) != Method::kNone;
}

Result deviceAttention(const Tensor& q, const Tensor& k, const Tensor& v, double scale) {
  return methodFor(q) == Method::kFlash ? flash(q, k, v, scale) : efficient(q, k, v, scale);
}

Gradients deviceAttentionBackward(const Tensor& dout, const Tensor& q, const Tensor& k, const Tensor& v,
                                  const Tensor& out, const Tensor& logSumExp, double scale) {
  return methodFor(q) == Method::kFlash ? flashBackward(dout, q, k, v, out, logSumExp, scale)
                                        : efficientBackward(dout, q, k, v, out, logSumExp, scale);
}

#else

bool hasDeviceAttention(const Tensor&) { return false; }

std::pair<Tensor, Tensor> deviceAttention(const Tensor&, const Tensor&, const Tensor&, double) {
  TORCH_CHECK(false, "this LibTorch has no fused attention for devices");
}

std::array<Tensor, 3> deviceAttentionBackward(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                                              const Tensor&, double) {
  TORCH_CHECK(false, "this LibTorch has no fused attention for devices");
}

#endif

}  // namespace graticule
