// Sixteen floats at a time. Only for files named *_avx512.cc, which are compiled for AVX-512.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "matrix.h"

namespace graticule {
namespace avx512 {

inline __mmask16 firstLanes(int64_t count) { return count >= 16 ? 0xffff : static_cast<__mmask16>((1u << (count > 0 ? count : 0)) - 1); }

inline __m512 fromBfloat16(__m256i values) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(values), 16));
}

/** Round to nearest, ties to even; NaN stays NaN. Plain AVX-512, for processors without bf16 instructions too. */
inline __m256i toBfloat16(__m512 values) {
  const __m512i bits = _mm512_castps_si512(values);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __mmask16 nan = _mm512_cmp_ps_mask(values, values, _CMP_UNORD_Q);
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_mask_set1_epi32(rounded, nan, 0x7fc00000), 16));
}

/** Elements [index, index + 16) where the mask says so, else 0. */
inline __m512 load(const void* data, Element element, int64_t index, __mmask16 mask) {
  if (element == Element::kFloat) return _mm512_maskz_loadu_ps(mask, static_cast<const float*>(data) + index);
  return fromBfloat16(_mm256_maskz_loadu_epi16(mask, static_cast<const uint16_t*>(data) + index));
}

inline void save(void* data, Element element, int64_t index, __mmask16 mask, __m512 values) {
  if (element == Element::kFloat) return _mm512_mask_storeu_ps(static_cast<float*>(data) + index, mask, values);
  _mm256_mask_storeu_epi16(static_cast<uint16_t*>(data) + index, mask, toBfloat16(values));
}

/** e^x to 2 units in the last place; about 1e-38 below -87.3, finite above 88.3, NaN for NaN. */
inline __m512 exp(__m512 x) {
  // These give their second operand where one is NaN, which must stay one.
  x = _mm512_min_ps(_mm512_set1_ps(88.37f), _mm512_max_ps(_mm512_set1_ps(-87.33f), x));
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896341f)), 0);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
  // Taylor's series on |r| ≤ ln 2 / 2.
  __m512 p = _mm512_set1_ps(1.0f / 5040);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 720));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 120));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 24));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 6));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, n);
}

/** 2^x within 4e-6, for results that are rounded to bf16; 0 far below, NaN for NaN. */
inline __m512 exp2ForBfloat16(__m512 x) {
  x = _mm512_max_ps(_mm512_set1_ps(-150.0f), x);
  const __m512 n = _mm512_roundscale_ps(x, 0);
  const __m512 r = _mm512_sub_ps(x, n);
  // Minimax on |r| ≤ 1/2.
  __m512 p = _mm512_set1_ps(9.57010165e-03f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.59178621e-02f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.40247448e-01f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.93121815e-01f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.99999261e-01f));
  return _mm512_scalef_ps(p, n);
}

/** 1 / x by an estimate and one step of Newton's method: 2^-27, at a third of a division's time. */
inline __m512 inverse(__m512 x) {
  const __m512 guess = _mm512_rcp14_ps(x);
  return _mm512_mul_ps(guess, _mm512_fnmadd_ps(x, guess, _mm512_set1_ps(2.0f)));
}

/** The normal distribution: Φ(x) and, from the same exponential, φ(x) = e^(-x²/2) / √(2π). */
struct Normal {
  __m512 cumulative, density;
};

/**
 * Φ(-z) = e^(-z²/2) · t · P(t) with t = 1 / (1 + 0.31 z): the form of Abramowitz & Stegun 7.1.26, with eight coefficients
 * fitted to 2e-7 relative error over 0 ≤ z ≤ 14.
 */
inline Normal normal(__m512 x) {
  const __m512 z = _mm512_abs_ps(x);
  const __m512 bell = exp(_mm512_mul_ps(_mm512_mul_ps(z, z), _mm512_set1_ps(-0.5f)));
  const __m512 t = inverse(_mm512_fmadd_ps(z, _mm512_set1_ps(0.31f), _mm512_set1_ps(1.0f)));
  __m512 p = _mm512_set1_ps(3.584181502e-02f);
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-1.416049170e-01f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.550683482e-01f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-1.490377613e-02f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.101103076e-01f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.077710467e-01f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.240603472e-01f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.236569099e-01f));
  const __m512 tail = _mm512_mul_ps(_mm512_mul_ps(p, t), bell);
  const __mmask16 positive = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ);
  return {_mm512_mask_sub_ps(tail, positive, _mm512_set1_ps(1.0f), tail),
          _mm512_mul_ps(bell, _mm512_set1_ps(0.3989422804014327f))};
}

/** x · Φ(x), the exact GELU. Source: Hendrycks & Gimpel 2016, arXiv:1606.08415. */
inline __m512 gelu(__m512 x) { return _mm512_mul_ps(x, normal(x).cumulative); }

/** Φ(x) + x · φ(x). */
inline __m512 geluDerivative(__m512 x) {
  const Normal n = normal(x);
  return _mm512_fmadd_ps(x, n.density, n.cumulative);
}

/** A function of |x| as 32 cubics between 0 and 5.12, where it is as good as 0; its values and slopes meet between them. */
struct Cubics {
  alignas(64) float coefficients[4][32];
};

constexpr double kCubicsEnd = 5.12;

/** Hermite's cubics of a function with its derivative. */
template <typename Value, typename Slope>
Cubics fitCubics(Value value, Slope slope) {
  Cubics cubics;
  const double width = kCubicsEnd / 32;
  for (int i = 0; i < 32; i++) {
    const double left = i * width, right = left + width;
    const double rise = value(right) - value(left), begin = width * slope(left), end = width * slope(right);
    cubics.coefficients[0][i] = static_cast<float>(value(left));
    cubics.coefficients[1][i] = static_cast<float>(begin);
    cubics.coefficients[2][i] = static_cast<float>(3 * rise - 2 * begin - end);
    cubics.coefficients[3][i] = static_cast<float>(begin + end - 2 * rise);
  }
  return cubics;
}

inline __m512 evaluate(const Cubics& cubics, __m512 x) {
  // `min` gives its second operand where one is NaN, which must stay one.
  const __m512 scaled = _mm512_min_ps(_mm512_set1_ps(31.999998f), _mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(32 / kCubicsEnd)));
  const __m512i piece = _mm512_cvttps_epi32(scaled);
  const __m512 t = _mm512_sub_ps(scaled, _mm512_cvtepi32_ps(piece));
  const auto coefficient = [&](int order) {
    const float* all = cubics.coefficients[order];
    return _mm512_permutex2var_ps(_mm512_load_ps(all), piece, _mm512_load_ps(all + 16));
  };
  __m512 y = _mm512_fmadd_ps(coefficient(3), t, coefficient(2));
  y = _mm512_fmadd_ps(y, t, coefficient(1));
  return _mm512_fmadd_ps(y, t, coefficient(0));
}

/** GELU within 1e-6 · |x|, for results that are rounded to bf16; less than half the time of the exact one. */
inline __m512 geluForBfloat16(__m512 x, const Cubics& tail) {
  const __m512 below = evaluate(tail, x);
  const __mmask16 positive = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ);
  return _mm512_mul_ps(x, _mm512_mask_sub_ps(below, positive, _mm512_set1_ps(1.0f), below));
}

/** GELU's derivative within 6e-6, for results that are rounded to bf16. */
inline __m512 geluDerivativeForBfloat16(__m512 x, const Cubics& bend) {
  const __m512 y = evaluate(bend, x);
  const __mmask16 positive = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ);
  const __m512 negated = _mm512_sub_ps(_mm512_setzero_ps(), y);
  return _mm512_mask_add_ps(negated, positive, _mm512_set1_ps(1.0f), y);
}

}  // namespace avx512
}  // namespace graticule
