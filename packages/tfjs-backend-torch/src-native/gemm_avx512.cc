// Packing, the inner product and the way out of a matrix product, on AVX-512. Compiled with those instructions, so nothing
// that other files share may be defined in here.
#include "gemm_avx512.h"

#if defined(__AVX512BF16__)
#include "avx512_math.h"

namespace graticule {
namespace avx512 {
namespace {

constexpr double kInverseRootTwoPi = 0.39894228040143268;

double density(double z) { return kInverseRootTwoPi * __builtin_exp(-z * z / 2); }
double upperTail(double z) { return __builtin_erfc(z * 0.70710678118654752) / 2; }

/** Φ(-z). Made at first use, since a machine without these instructions loads this file too. */
const Cubics& normalTail() {
  static const Cubics cubics = fitCubics(upperTail, [](double z) { return -density(z); });
  return cubics;
}

/** GELU'(z) - 1 = z · φ(z) - Φ(-z). */
const Cubics& geluBend() {
  static const Cubics cubics = fitCubics([](double z) { return z * density(z) - upperTail(z); },
                                         [](double z) { return (2 - z * z) * density(z); });
  return cubics;
}

/** GELU as fine as the product's elements. */
template <Element kCompute>
inline __m512 activate(__m512 x, const Cubics& tail) {
  return kCompute == Element::kBfloat16 ? geluForBfloat16(x, tail) : gelu(x);
}

/** Sixteen units of depth of one row, for a row that is contiguous in depth. */
template <Element kSource, Element kCompute>
inline __m512i rowUnits(const void* data, int64_t index, int64_t count, bool applyGelu, const Cubics& tail) {
  if (kCompute == Element::kFloat) {
    const __m512 values = load(data, kSource, index, firstLanes(count));
    return _mm512_castps_si512(applyGelu ? activate<kCompute>(values, tail) : values);
  }
  if (kSource == Element::kBfloat16 && !applyGelu) {
    const __mmask32 mask = count >= 32 ? 0xffffffffu : (1u << (count > 0 ? count : 0)) - 1;
    return _mm512_maskz_loadu_epi16(mask, static_cast<const uint16_t*>(data) + index);
  }
  __m512 low = load(data, kSource, index, firstLanes(count));
  __m512 high = load(data, kSource, index + 16, firstLanes(count - 16));
  if (applyGelu) {
    low = activate<kCompute>(low, tail);
    high = activate<kCompute>(high, tail);
  }
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

/** One unit of sixteen neighboring rows, for an operand that is contiguous over its rows. */
template <Element kSource, Element kCompute>
inline __m512i depthUnit(const void* data, int64_t index, int64_t stride, bool second, __mmask16 mask, bool applyGelu,
                         const Cubics& tail) {
  if (kCompute == Element::kFloat) {
    const __m512 values = load(data, kSource, index, mask);
    return _mm512_castps_si512(applyGelu ? activate<kCompute>(values, tail) : values);
  }
  const __mmask16 mask2 = second ? mask : 0;
  if (kSource == Element::kBfloat16 && !applyGelu) {
    const auto* source = static_cast<const uint16_t*>(data);
    const __m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, source + index));
    const __m512i high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask2, source + index + stride));
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
  }
  __m512 low = load(data, kSource, index, mask);
  __m512 high = load(data, kSource, index + stride, mask2);
  if (applyGelu) {
    low = activate<kCompute>(low, tail);
    high = activate<kCompute>(high, tail);
  }
  const __m512i lows = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(low)));
  const __m512i highs = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(high)));
  return _mm512_or_si512(lows, _mm512_slli_epi32(highs, 16));
}

/** Transposes 16 × 16 units in place. */
inline void transpose(__m512i* r) {
  __m512i t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

constexpr int64_t perUnit(Element compute) { return compute == Element::kBfloat16 ? 2 : 1; }

/** Rows that will be read soon: their lines lie far apart, which the processor does not foresee. */
inline void prefetchRow(const Operand& operand, int64_t index, int64_t elements) {
  const int64_t bytes = operand.element == Element::kBfloat16 ? 2 : 4;
  const char* begin = static_cast<const char*>(operand.data) + index * bytes;
  for (int64_t at = 0; at < elements * bytes; at += 64) _mm_prefetch(begin + at, _MM_HINT_T0);
}

constexpr int64_t kPrefetchRows = 16;

/**
 * An operand that is contiguous over its rows. All its lanes of one unit lie side by side, so they are read together: going
 * down one panel at a time would touch a new page at each step.
 */
template <Element kSource, Element kCompute>
void packAcross(const Operand& operand, int64_t lanes, int64_t row, int64_t rows, int64_t unit, int64_t units, int64_t depth,
                uint32_t* panels) {
  const Cubics& tail = normalTail();
  for (int64_t u = 0; u < units; u++) {
    const int64_t k = (unit + u) * perUnit(kCompute);
    for (int64_t i = 0; i < perUnit(kCompute); i++) {
      if (k + kPrefetchRows + i < depth) prefetchRow(operand, (k + kPrefetchRows + i) * operand.stride + row, rows);
    }
    for (int64_t panel = 0; panel < rows; panel += lanes) {
      for (int64_t lane = 0; lane < lanes; lane += 16) {
        const int64_t width = lanes - lane < 16 ? lanes - lane : 16;
        const int64_t left = rows - panel - lane;
        const __m512i values = k < depth ? depthUnit<kSource, kCompute>(operand.data, k * operand.stride + row + panel + lane,
                                                                       operand.stride, k + 1 < depth,
                                                                       firstLanes(left < width ? left : width), operand.gelu, tail)
                                         : _mm512_setzero_si512();
        _mm512_mask_storeu_epi32(panels + panel * units + u * lanes + lane, firstLanes(width), values);
      }
    }
  }
}

constexpr int64_t kPrefetchBytes = 1024;  // ahead in a row; of shorter rows, the sixteenth after is fetched

/** An operand that is contiguous in depth: sixteen rows at a time, turned in registers. */
template <Element kSource, Element kCompute>
void packDown(const Operand& operand, int64_t lanes, int64_t row, int64_t rows, int64_t unit, int64_t units, int64_t depth,
              uint32_t* panels) {
  const Cubics& tail = normalTail();
  constexpr int64_t kBytes = kSource == Element::kBfloat16 ? 2 : 4;
  const bool shortRows = units * perUnit(kCompute) * kBytes <= kPrefetchBytes;
  const int64_t bytesAhead = shortRows ? 16 * operand.stride * kBytes : kPrefetchBytes;
  for (int64_t panel = 0; panel < rows; panel += lanes) {
    for (int64_t lane = 0; lane < lanes; lane += 16) {
      const int64_t width = lanes - lane < 16 ? lanes - lane : 16;
      const int64_t left = rows - panel - lane;
      const int64_t count = left < 0 ? 0 : left < width ? left : width;
      uint32_t* out = panels + panel * units + lane;
      for (int64_t u = 0; u < units; u += 16) {
        const int64_t k = (unit + u) * perUnit(kCompute);
        __m512i block[16];
#pragma GCC unroll 16
        for (int64_t i = 0; i < 16; i++) {
          if (i >= count) {
            block[i] = _mm512_setzero_si512();
            continue;
          }
          const int64_t index = (row + panel + lane + i) * operand.stride + k;
          // Many rows that lie far apart are more streams than the processor foresees by itself.
          const char* ahead = static_cast<const char*>(operand.data) + index * kBytes + bytesAhead;
          _mm_prefetch(ahead, _MM_HINT_T0);
          if (kBytes * perUnit(kCompute) > 4) _mm_prefetch(ahead + 64, _MM_HINT_T0);
          block[i] = rowUnits<kSource, kCompute>(operand.data, index, depth - k, operand.gelu, tail);
        }
        transpose(block);
        const int64_t last = units - u < 16 ? units - u : 16;
        for (int64_t i = 0; i < last; i++) _mm512_mask_storeu_epi32(out + (u + i) * lanes, firstLanes(width), block[i]);
      }
    }
  }
}

template <Element kSource, Element kCompute>
void packAll(const Operand& operand, int64_t lanes, int64_t row, int64_t rows, int64_t unit, int64_t units, int64_t depth,
             uint32_t* panels) {
  auto* run = operand.depthContiguous ? packDown<kSource, kCompute> : packAcross<kSource, kCompute>;
  run(operand, lanes, row, rows, unit, units, depth, panels);
}

template <Element kCompute>
inline __m512 multiplyAdd(__m512 sum, __m512i a, __m512i b) {
  if (kCompute == Element::kBfloat16) return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
}

/** How far ahead the right panel is fetched: it comes from the third cache where a slab does not fit the second. */
constexpr int64_t kAhead = 16 * kRightRows;

/** 12 × 32 sums in 24 registers. */
template <Element kCompute>
void multiplyTile(int64_t units, const uint32_t* __restrict left, const uint32_t* __restrict right, float* __restrict tile,
                  int64_t stride, bool accumulate) {
  __m512 sum[kLeftRows][2];
#pragma GCC unroll 12
  for (int r = 0; r < kLeftRows; r++) {
    sum[r][0] = accumulate ? _mm512_loadu_ps(tile + r * stride) : _mm512_setzero_ps();
    sum[r][1] = accumulate ? _mm512_loadu_ps(tile + r * stride + 16) : _mm512_setzero_ps();
  }
  for (int64_t u = 0; u < units; u++, left += kLeftRows, right += kRightRows) {
    const __m512i b0 = _mm512_loadu_si512(right);
    const __m512i b1 = _mm512_loadu_si512(right + 16);
    _mm_prefetch(reinterpret_cast<const char*>(right + kAhead), _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(right + kAhead + 16), _MM_HINT_T0);
#pragma GCC unroll 12
    for (int r = 0; r < kLeftRows; r++) {
      const __m512i a = _mm512_set1_epi32(static_cast<int>(left[r]));
      sum[r][0] = multiplyAdd<kCompute>(sum[r][0], a, b0);
      sum[r][1] = multiplyAdd<kCompute>(sum[r][1], a, b1);
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < kLeftRows; r++) {
    _mm512_storeu_ps(tile + r * stride, sum[r][0]);
    _mm512_storeu_ps(tile + r * stride + 16, sum[r][1]);
  }
}

/** Where products are of bf16, the processor rounds to it. */
template <Element kCompute>
inline void saveRounded(const Result& result, int64_t index, __mmask16 mask, __m512 values) {
  if (kCompute == Element::kFloat || result.element == Element::kFloat) return save(result.data, result.element, index, mask, values);
  const auto rounded = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values));
  _mm256_mask_storeu_epi16(static_cast<uint16_t*>(result.data) + index, mask, rounded);
}

template <Element kCompute>
void storeAll(const Result& result, int64_t row, int64_t column, int64_t rows, int64_t columns, const float* tile,
              int64_t tileStride) {
  const Cubics& bend = geluBend();
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c += 16) {
      const __mmask16 mask = firstLanes(columns - c);
      const int64_t index = (row + r) * result.stride + column + c;
      __m512 values = _mm512_loadu_ps(tile + r * tileStride + c);
      if (result.bias) values = _mm512_add_ps(values, _mm512_maskz_loadu_ps(mask, result.bias + column + c));
      if (result.geluInput) {
        const __m512 x = load(result.geluInput, result.geluElement, index, mask);
        values = _mm512_mul_ps(values, kCompute == Element::kBfloat16 ? geluDerivativeForBfloat16(x, bend) : geluDerivative(x));
      }
      if (result.residual) values = _mm512_add_ps(values, load(result.residual, result.residualElement, index, mask));
      saveRounded<kCompute>(result, index, mask, values);
    }
  }
}

}  // namespace

bool canMultiply(Element compute) {
  static const bool floats = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  static const bool bfloats = floats && __builtin_cpu_supports("avx512bf16");
  return compute == Element::kBfloat16 ? bfloats : floats;
}

void pack(const Operand& operand, Element compute, int64_t lanes, int64_t row, int64_t rows, int64_t unit, int64_t units,
          int64_t depth, uint32_t* panels) {
  const bool bfloatSource = operand.element == Element::kBfloat16;
  auto* run = compute == Element::kBfloat16
                  ? (bfloatSource ? packAll<Element::kBfloat16, Element::kBfloat16> : packAll<Element::kFloat, Element::kBfloat16>)
                  : (bfloatSource ? packAll<Element::kBfloat16, Element::kFloat> : packAll<Element::kFloat, Element::kFloat>);
  run(operand, lanes, row, rows, unit, units, depth, panels);
}

void multiply(Element compute, int64_t rows, int64_t columns, int64_t units, const uint32_t* left, int64_t leftStride,
              const uint32_t* right, int64_t rightStride, float* tile, int64_t tileStride, bool accumulate) {
  auto* run = compute == Element::kBfloat16 ? multiplyTile<Element::kBfloat16> : multiplyTile<Element::kFloat>;
  for (int64_t column = 0; column < columns; column += kRightRows) {
    for (int64_t row = 0; row < rows; row += kLeftRows) {
      run(units, left + row / kLeftRows * leftStride, right + column / kRightRows * rightStride,
          tile + row * tileStride + column, tileStride, accumulate);
    }
  }
}

void store(const Result& result, Element compute, int64_t row, int64_t column, int64_t rows, int64_t columns,
           const float* tile, int64_t tileStride) {
  auto* run = compute == Element::kBfloat16 ? storeAll<Element::kBfloat16> : storeAll<Element::kFloat>;
  run(result, row, column, rows, columns, tile, tileStride);
}

}  // namespace avx512
}  // namespace graticule

#else

namespace graticule {
namespace avx512 {
bool canMultiply(Element) { return false; }
void pack(const Operand&, Element, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, uint32_t*) {}
void multiply(Element, int64_t, int64_t, int64_t, const uint32_t*, int64_t, const uint32_t*, int64_t, float*, int64_t, bool) {}
void store(const Result&, Element, int64_t, int64_t, int64_t, int64_t, const float*, int64_t) {}
}  // namespace avx512
}  // namespace graticule

#endif
