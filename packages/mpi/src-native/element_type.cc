#include "element_type.h"

#include <cmath>
#include <cstring>

namespace graticule {
namespace {

struct Element {
  const char* name;
  int bytes;
};

constexpr Element kElements[kElementTypes] = {
    {"float32", 4}, {"float64", 8}, {"int8", 1},  {"uint8", 1},  {"int16", 2},    {"uint16", 2},
    {"int32", 4},   {"uint32", 4},  {"int64", 8}, {"uint64", 8}, {"bfloat16", 2}, {"float16", 2},
};
constexpr const char* kReductionNames[kReductions] = {"sum", "product", "min", "max"};

uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

struct Bfloat16 {
  static float widen(uint16_t half) { return floatOf(static_cast<uint32_t>(half) << 16); }
  /** To nearest, ties to even; a NaN stays one. */
  static uint16_t narrow(float value) {
    const uint32_t bits = bitsOf(value);
    const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    const bool isNan = (bits & 0x7FFFFFFF) > 0x7F800000;
    return static_cast<uint16_t>(isNan ? (bits >> 16) | 0x40 : rounded);
  }
};

struct Float16 {
  static float widen(uint16_t half) {
    // The exponent is moved by a product, which also makes subnormal halves normal floats.
    const uint32_t magnitude = static_cast<uint32_t>(half & 0x7FFF) << 13;
    const float scaled = floatOf(magnitude) * floatOf(0x77800000);  // 2^112
    const uint32_t special = (half & 0x7C00) == 0x7C00 ? 0x7F800000u | magnitude : bitsOf(scaled);
    return floatOf(special | static_cast<uint32_t>(half & 0x8000) << 16);
  }
  /** To nearest, ties to even; beyond 65504 to infinity. */
  static uint16_t narrow(float value) {
    const uint32_t bits = bitsOf(value);
    const uint32_t sign = (bits >> 16) & 0x8000;
    const uint32_t magnitude = bits & 0x7FFFFFFF;
    uint32_t half;
    if (magnitude > 0x7F800000) {
      half = 0x7E00;
    } else if (magnitude >= 0x477FF000) {
      half = 0x7C00;
    } else if (magnitude < 0x38800000) {
      // The sum puts a subnormal half's bits at the end of the significand, rounded by the processor.
      half = bitsOf(floatOf(magnitude) + 0.5F) - 0x3F000000;
    } else {
      half = (magnitude - 0x38000000 + 0xFFF + ((magnitude >> 13) & 1)) >> 13;
    }
    return static_cast<uint16_t>(sign | half);
  }
};

struct Sum {
  static float apply(float a, float b) { return a + b; }
};
struct Product {
  static float apply(float a, float b) { return a * b; }
};
struct Min {
  static float apply(float a, float b) { return a < b ? a : b; }
};
struct Max {
  static float apply(float a, float b) { return a > b ? a : b; }
};

/** Each pair is combined in float32 and rounded once: MPI hands over partial results in the type of the buffer. */
template <typename Half, typename Combine>
void reduceHalves(void* input, void* inout, int* length, MPI_Datatype*) {
  const auto* from = static_cast<const uint16_t*>(input);
  auto* to = static_cast<uint16_t*>(inout);
  for (int i = 0; i < *length; i++) to[i] = Half::narrow(Combine::apply(Half::widen(from[i]), Half::widen(to[i])));
}

MPI_Op halfOps[2][kReductions];

template <typename Half>
void makeOps(MPI_Op* ops) {
  MPI_Op_create(&reduceHalves<Half, Sum>, 1, &ops[0]);
  MPI_Op_create(&reduceHalves<Half, Product>, 1, &ops[1]);
  MPI_Op_create(&reduceHalves<Half, Min>, 1, &ops[2]);
  MPI_Op_create(&reduceHalves<Half, Max>, 1, &ops[3]);
}

}  // namespace

MPI_Datatype mpiType(int code) {
  // Not constants where an MPI makes its handles at start-up.
  const MPI_Datatype types[kElementTypes] = {
      MPI_FLOAT,   MPI_DOUBLE,   MPI_INT8_T,  MPI_UINT8_T,  MPI_INT16_T,  MPI_UINT16_T,
      MPI_INT32_T, MPI_UINT32_T, MPI_INT64_T, MPI_UINT64_T, MPI_UINT16_T, MPI_UINT16_T,
  };
  return types[code];
}

int elementBytes(int code) { return kElements[code].bytes; }
const char* elementName(int code) { return kElements[code].name; }
const char* reductionName(int code) { return kReductionNames[code]; }

MPI_Op mpiOp(int reduction, int elementType) {
  if (elementType >= kBfloat16) return halfOps[elementType - kBfloat16][reduction];
  const MPI_Op ops[kReductions] = {MPI_SUM, MPI_PROD, MPI_MIN, MPI_MAX};
  return ops[reduction];
}

void makeHalfOps() {
  makeOps<Bfloat16>(halfOps[0]);
  makeOps<Float16>(halfOps[1]);
}

void freeHalfOps() {
  for (auto& ops : halfOps)
    for (auto& op : ops) MPI_Op_free(&op);
}

}  // namespace graticule
