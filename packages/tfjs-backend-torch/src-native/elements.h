// float32 and bf16 elements as float, in a form that the compiler turns into vector code.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <cstring>

#define GRATICULE_INLINE inline __attribute__((always_inline))

namespace graticule {

GRATICULE_INLINE uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

GRATICULE_INLINE float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/** The bits of a bf16 number: the upper half of a float32. */
struct Bf16 {
  uint16_t bits;
};

GRATICULE_INLINE float load(const float* p) { return *p; }

GRATICULE_INLINE float load(const int32_t* p) { return static_cast<float>(*p); }

GRATICULE_INLINE float load(const Bf16* p) {
  return floatOf(static_cast<uint32_t>(p->bits) << 16);
}

GRATICULE_INLINE void store(float* p, float value) { *p = value; }

/** Rounds to the nearest, ties to even; NaN stays NaN. */
GRATICULE_INLINE void store(Bf16* p, float value) {
  const uint32_t bits = bitsOf(value);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  p->bits = static_cast<uint16_t>(value == value ? rounded : 0x7fc0u);
}

/**
 * e^x for x ≤ 88, within 2 units in the last place; 0 from −87 down, NaN for NaN. Cody and Waite's reduction by ln 2, then
 * the Taylor series to degree 7 on ±ln 2 / 2. Small x are masked out: choices would become branches, which the compiler
 * can't make vectors of.
 */
GRATICULE_INLINE float exponential(float x) {
  const uint32_t mask = ~-static_cast<uint32_t>(x <= -87.0f);
  const float kept = floatOf(bitsOf(x) & mask);
  const float shifted = kept * 1.44269504f + 12582912.0f;  // 1.5 · 2²³: rounds to a whole number
  const float n = shifted - 12582912.0f;
  const float r = (kept - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.98412698e-4f;
  p = p * r + 1.38888889e-3f;
  p = p * r + 8.33333333e-3f;
  p = p * r + 4.16666667e-2f;
  p = p * r + 1.66666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  // 2^n from the bits of 1.5 · 2²³ + n, whose lowest ones are n.
  const float power = floatOf((bitsOf(shifted) << 23) + 0x3f800000u);
  return floatOf(bitsOf(p * power) & mask);
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
