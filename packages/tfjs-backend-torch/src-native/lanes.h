// Sixteen floats as one value, in the compiler's own vectors: one register with AVX-512, two or four where those are narrower.
#pragma once

#include <cstdint>

#include "elements.h"

namespace graticule {

constexpr int64_t kLanes = 16;

/** At any address. */
typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));

GRATICULE_INLINE const Lanes& lanes(const float* p) { return *reinterpret_cast<const Lanes*>(p); }
GRATICULE_INLINE Lanes& lanes(float* p) { return *reinterpret_cast<Lanes*>(p); }

#if defined(__clang__)
#define GRATICULE_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int32_t LaneIndices __attribute__((vector_size(64)));
#define GRATICULE_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, ::graticule::LaneIndices{__VA_ARGS__})
#endif

/** Of thirty-two numbers in a and b, those at even places to a, those at odd ones to b. */
GRATICULE_INLINE void splitEvenOdd(Lanes& a, Lanes& b) {
  const Lanes even = GRATICULE_SHUFFLE(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  b = GRATICULE_SHUFFLE(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  a = even;
}

}  // namespace graticule
