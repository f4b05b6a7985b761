// float32 and bf16 elements as float, in a form that the compiler turns into vector code.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <cstring>

#define GRATICULE_INLINE inline __attribute__((always_inline))

namespace graticule {

/** The bits of a bf16 number: the upper half of a float32. */
struct Bf16 {
  uint16_t bits;
};

GRATICULE_INLINE float load(const float* p) { return *p; }

GRATICULE_INLINE float load(const int32_t* p) { return static_cast<float>(*p); }

GRATICULE_INLINE float load(const Bf16* p) {
  const uint32_t bits = static_cast<uint32_t>(p->bits) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

GRATICULE_INLINE void store(float* p, float value) { *p = value; }

/** Rounds to the nearest, ties to even; NaN stays NaN. */
GRATICULE_INLINE void store(Bf16* p, float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  p->bits = static_cast<uint16_t>(value == value ? rounded : 0x7fc0u);
}

/**
 * e^x for x ≤ 88, within 2 units in the last place; 0 below −87, NaN for NaN. Cody and Waite's reduction by ln 2, then the Taylor
 * series to degree 7 on ±ln 2 / 2.
 */
GRATICULE_INLINE float exponential(float x) {
  const float clamped = x > -87.0f ? (x < 88.0f ? x : 88.0f) : -87.0f;
  const float shifted = clamped * 1.44269504f + 12582912.0f;  // 1.5 · 2²³: rounds to a whole number
  const float n = shifted - 12582912.0f;
  const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.98412698e-4f;
  p = p * r + 1.38888889e-3f;
  p = p * r + 8.33333333e-3f;
  p = p * r + 4.16666667e-2f;
  p = p * r + 1.66666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const uint32_t bits = static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return x > -87.0f ? p * power : (x == x ? 0.0f : x);
}

template <typename T>
const T* elements(const at::Tensor& x) {
  return static_cast<const T*>(x.data_ptr());
}

template <typename T>
T* mutableElements(at::Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

inline bool isBf16(const at::Tensor& x) { return x.scalar_type() == at::kBFloat16; }

/** As it is if float32 or bf16, which the kernels read directly; float32 otherwise. Contiguous. */
inline at::Tensor readable(const at::Tensor& x) { return (isBf16(x) ? x : x.to(at::kFloat)).contiguous(); }

}  // namespace graticule
