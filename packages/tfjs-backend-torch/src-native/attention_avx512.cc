#include "attention_avx512.h"

#if defined(__AVX512BF16__)
#include "avx512_math.h"
#include "gemm_avx512.h"

namespace graticule {
namespace avx512 {
namespace {

constexpr int64_t kMostQueries = 240;     // a multiple of 12
constexpr int64_t kTileFloats = 1 << 16;  // scores of a block stay in the second cache

int64_t roundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

/** Queries of a block, in blocks of equal size: fewer where there are many keys. */
int64_t blockQueries(int64_t queries, int64_t keys) {
  const int64_t fitting = kTileFloats / roundUp(keys, kRightRows) / kLeftRows * kLeftRows;
  const int64_t most = fitting < kLeftRows ? kLeftRows : fitting < kMostQueries ? fitting : kMostQueries;
  const int64_t blocks = (queries + most - 1) / most;
  return roundUp((queries + blocks - 1) / blocks, kLeftRows);
}

Operand rows(const HeadRows& side, int64_t stride, int64_t first) {
  const int64_t bytes = side.element == Element::kBfloat16 ? 2 : 4;
  return {static_cast<const char*>(side.data) + first * side.stride * bytes, side.element, stride, true, false};
}

/** Scratch memory, given out from one piece. */
class Scratch {
 public:
  explicit Scratch(uint32_t* memory) : next_(memory) {}
  uint32_t* words(int64_t count) {
    uint32_t* piece = next_;
    next_ += roundUp(count, 16);
    return piece;
  }
  float* floats(int64_t count) { return reinterpret_cast<float*>(words(count)); }

 private:
  uint32_t* next_;
};

/** One matrix as the left or right side of a product, packed as a whole. */
struct Packed {
  uint32_t* panels;
  int64_t units, stride;
};

Packed packSide(const Operand& operand, Element compute, int64_t lanes, int64_t count, int64_t depth, uint32_t* memory) {
  const int64_t units = unitsOf(depth, compute);
  pack(operand, compute, lanes, 0, count, 0, units, depth, memory);
  return {memory, units, units * lanes};
}

void product(Element compute, const Packed& left, int64_t count, const Packed& right, int64_t columns, float* tile,
             int64_t tileStride, bool accumulate) {
  multiply(compute, roundUp(count, kLeftRows), roundUp(columns, kRightRows), left.units, left.panels, left.stride, right.panels,
           right.stride, tile, tileStride, accumulate);
}

float sumLanes(__m512 values) { return _mm512_reduce_add_ps(values); }

constexpr float kLog2E = 1.44269504088896341f;

/** e^(scale · x - shift) as fine as the product's elements. */
template <Element kCompute>
inline __m512 shiftedExp(__m512 x, float scale, float shift) {
  if (kCompute == Element::kFloat) return exp(_mm512_fmsub_ps(x, _mm512_set1_ps(scale), _mm512_set1_ps(shift)));
  return exp2ForBfloat16(_mm512_fmsub_ps(x, _mm512_set1_ps(scale * kLog2E), _mm512_set1_ps(shift * kLog2E)));
}

/** Writes sixteen values of a row of floats in the product's elements, from the row's beginning on: never past what was read. */
template <Element kCompute>
inline void saveInPlace(float* row, int64_t i, __m512 values) {
  if (kCompute == Element::kFloat) return _mm512_storeu_ps(row + i, values);
  const auto rounded = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(reinterpret_cast<uint16_t*>(row) + i), rounded);
}

/** Rows of floats that `saveInPlace` wrote. */
Operand savedRows(const float* data, Element compute, int64_t stride, bool depthContiguous) {
  return {data, compute, compute == Element::kBfloat16 ? 2 * stride : stride, depthContiguous, false};
}

/** Replaces scores by e^(scale · score - max), in the product's elements; returns their sum, and the max by `maximum`. */
template <Element kCompute>
float exponentiate(float* scores, int64_t count, float scale, float* maximum) {
  __m512 most = _mm512_set1_ps(-__builtin_inff());
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = firstLanes(count - i);
    most = _mm512_mask_max_ps(most, mask, most, _mm512_loadu_ps(scores + i));
  }
  *maximum = scale * _mm512_reduce_max_ps(most);
  __m512 sum = _mm512_setzero_ps();
  for (int64_t i = 0; i < count; i += 16) {
    const __m512 all = shiftedExp<kCompute>(_mm512_loadu_ps(scores + i), scale, *maximum);
    const __m512 values = _mm512_maskz_mov_ps(firstLanes(count - i), all);
    sum = _mm512_add_ps(sum, values);
    saveInPlace<kCompute>(scores, i, values);
  }
  return sumLanes(sum);
}

void scaleRow(float* row, int64_t count, float factor) {
  for (int64_t i = 0; i < count; i += 16) _mm512_storeu_ps(row + i, _mm512_mul_ps(_mm512_loadu_ps(row + i), _mm512_set1_ps(factor)));
}

/**
 * Scores become probabilities, and their gradients those of the scores, in the product's elements:
 * p = e^(scale·s - lse), ds = scale · p · (dp - delta).
 */
template <Element kCompute>
void probabilitiesAndGradients(float* scores, float* gradients, int64_t count, float scale, float logSumExp, float delta) {
  const __m512 scales = _mm512_set1_ps(scale), deltas = _mm512_set1_ps(delta);
  for (int64_t i = 0; i < count; i += 16) {
    const __m512 p = shiftedExp<kCompute>(_mm512_loadu_ps(scores + i), scale, logSumExp);
    const __m512 dp = _mm512_sub_ps(_mm512_loadu_ps(gradients + i), deltas);
    saveInPlace<kCompute>(scores, i, p);
    saveInPlace<kCompute>(gradients, i, _mm512_mul_ps(_mm512_mul_ps(p, scales), dp));
  }
}

float dot(const HeadRows& a, const HeadRows& b, int64_t row, int64_t width) {
  __m512 sum = _mm512_setzero_ps();
  for (int64_t i = 0; i < width; i += 16) {
    const __mmask16 mask = firstLanes(width - i);
    sum = _mm512_fmadd_ps(load(a.data, a.element, row * a.stride + i, mask), load(b.data, b.element, row * b.stride + i, mask), sum);
  }
  return sumLanes(sum);
}

Result resultOf(const HeadResult& side) {
  Result result;
  result.data = side.data;
  result.element = side.element;
  result.stride = side.stride;
  return result;
}

}  // namespace

int64_t attentionWords(int64_t allQueries, int64_t keys, int64_t width) {
  const int64_t queries = blockQueries(allQueries, keys);
  const int64_t manyKeys = roundUp(keys, 96), manyWidth = roundUp(width, 96);
  const int64_t sides = 3 * manyKeys * manyWidth + 2 * queries * manyWidth;  // keys and values, a block's queries
  const int64_t sums = 3 * manyKeys * manyWidth;                             // gradients of keys and values
  return sides + sums + 4 * (queries + 16) * manyKeys + 256;
}

void attend(const Head& head, const HeadResult& out, float* logSumExp, uint32_t* memory) {
  const Element compute = head.compute;
  const int64_t block = blockQueries(head.queries, head.keys);
  const int64_t keyStride = roundUp(head.keys, kRightRows), widthStride = roundUp(head.width, kRightRows);
  auto* toProbabilities = compute == Element::kBfloat16 ? exponentiate<Element::kBfloat16> : exponentiate<Element::kFloat>;
  Scratch scratch(memory);
  const Operand keyRows = rows(head.k, head.k.stride, 0);
  const Operand valueColumns{head.v.data, head.v.element, head.v.stride, false, false};
  const Packed keys = packSide(keyRows, compute, kRightRows, head.keys, head.width, scratch.words(keyStride * head.width));
  const Packed values = packSide(valueColumns, compute, kRightRows, head.width, head.keys, scratch.words(widthStride * keyStride));
  uint32_t* left = scratch.words(block * (head.width > keyStride ? head.width : keyStride));
  float* scores = scratch.floats(block * keyStride);
  float* mixed = scratch.floats(block * widthStride);
  for (int64_t first = 0; first < head.queries; first += block) {
    const int64_t count = head.queries - first < block ? head.queries - first : block;
    const Packed queries = packSide(rows(head.q, head.q.stride, first), compute, kLeftRows, count, head.width, left);
    product(compute, queries, count, keys, head.keys, scores, keyStride, false);
    float sums[kMostQueries];
    for (int64_t i = 0; i < count; i++) {
      float maximum;
      sums[i] = toProbabilities(scores + i * keyStride, head.keys, head.scale, &maximum);
      logSumExp[first + i] = maximum + __builtin_logf(sums[i]);
    }
    const Packed weights = packSide(savedRows(scores, compute, keyStride, true), compute, kLeftRows, count, head.keys, left);
    product(compute, weights, count, values, head.width, mixed, widthStride, false);
    for (int64_t i = 0; i < count; i++) scaleRow(mixed + i * widthStride, widthStride, 1 / sums[i]);
    store(resultOf(out), compute, first, 0, count, head.width, mixed, widthStride);
  }
}

void attendBackward(const Head& head, const HeadGradient& gradient, uint32_t* memory) {
  const Element compute = head.compute;
  const int64_t block = blockQueries(head.queries, head.keys);
  const int64_t keyStride = roundUp(head.keys, kRightRows), widthStride = roundUp(head.width, kRightRows);
  const int64_t keyRows = roundUp(head.keys, kLeftRows);
  auto* toGradients =
      compute == Element::kBfloat16 ? probabilitiesAndGradients<Element::kBfloat16> : probabilitiesAndGradients<Element::kFloat>;
  Scratch scratch(memory);
  const Packed keys = packSide(rows(head.k, head.k.stride, 0), compute, kRightRows, head.keys, head.width,
                               scratch.words(keyStride * head.width));
  const Packed values = packSide(rows(head.v, head.v.stride, 0), compute, kRightRows, head.keys, head.width,
                                 scratch.words(keyStride * head.width));
  const Packed keyColumns = packSide({head.k.data, head.k.element, head.k.stride, false, false}, compute, kRightRows, head.width,
                                     head.keys, scratch.words(widthStride * keyStride));
  uint32_t* left = scratch.words((keyRows > block ? keyRows : block) * (head.width > block ? head.width : block) +
                                 block * keyStride);
  uint32_t* right = scratch.words(widthStride * block);
  float* scores = scratch.floats(block * keyStride);
  float* dscores = scratch.floats(block * keyStride);
  float* dq = scratch.floats(block * widthStride);
  float* dk = scratch.floats(keyRows * widthStride);
  float* dv = scratch.floats(keyRows * widthStride);
  for (int64_t first = 0; first < head.queries; first += block) {
    const int64_t count = head.queries - first < block ? head.queries - first : block;
    const Operand queryRows = rows(head.q, head.q.stride, first);
    const Operand doutRows = rows(gradient.dout, gradient.dout.stride, first);
    product(compute, packSide(queryRows, compute, kLeftRows, count, head.width, left), count, keys, head.keys, scores, keyStride, false);
    product(compute, packSide(doutRows, compute, kLeftRows, count, head.width, left), count, values, head.keys, dscores, keyStride, false);
    for (int64_t i = 0; i < count; i++) {
      const float delta = dot(gradient.dout, gradient.out, first + i, head.width);
      toGradients(scores + i * keyStride, dscores + i * keyStride, keyStride, head.scale,
                                gradient.logSumExp[first + i], delta);
    }
    const bool more = first > 0;
    Operand columns = doutRows;
    columns.depthContiguous = false;
    product(compute, packSide(savedRows(scores, compute, keyStride, false), compute, kLeftRows, head.keys, count, left),
            head.keys, packSide(columns, compute, kRightRows, head.width, count, right), head.width, dv, widthStride, more);
    columns = queryRows;
    columns.depthContiguous = false;
    product(compute, packSide(savedRows(dscores, compute, keyStride, false), compute, kLeftRows, head.keys, count, left),
            head.keys, packSide(columns, compute, kRightRows, head.width, count, right), head.width, dk, widthStride, more);
    product(compute, packSide(savedRows(dscores, compute, keyStride, true), compute, kLeftRows, count, head.keys, left),
            count, keyColumns, head.width, dq, widthStride, false);
    store(resultOf(gradient.dq), compute, first, 0, count, head.width, dq, widthStride);
  }
  store(resultOf(gradient.dk), compute, 0, 0, head.keys, head.width, dk, widthStride);
  store(resultOf(gradient.dv), compute, 0, 0, head.keys, head.width, dv, widthStride);
}

}  // namespace avx512
}  // namespace graticule

#else

namespace graticule {
namespace avx512 {
int64_t attentionWords(int64_t, int64_t, int64_t) { return 0; }
void attend(const Head&, const HeadResult&, float*, uint32_t*) {}
void attendBackward(const Head&, const HeadGradient&, uint32_t*) {}
}  // namespace avx512
}  // namespace graticule

#endif
