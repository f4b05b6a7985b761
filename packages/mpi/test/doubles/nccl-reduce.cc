#include "nccl-reduce.h"

#include <cstdint>
#include <cstring>

#include "nccl-types.h"

namespace gpu_double {
namespace {

float bfloat16ToFloat(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

uint16_t floatToBfloat16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if (value != value) return 0x7FC0;
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

float float16ToFloat(uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const float significand = static_cast<float>(half & 1023);
  const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return significand != 0 ? __builtin_nanf("") : sign * __builtin_inff();
  return sign * __builtin_ldexpf(exponent == 0 ? significand : 1024 + significand, exponent == 0 ? -24 : exponent - 25);
}

uint16_t floatToFloat16(float value) {
  const auto sign = static_cast<uint16_t>(__builtin_signbit(value) ? 0x8000 : 0);
  const float size = __builtin_fabsf(value);
  if (value != value) return 0x7E00;
  if (size >= 65520) return sign | 0x7C00;
  int exponent = 0;
  __builtin_frexpf(size, &exponent);
  const int scale = exponent - 11 < -24 ? -24 : exponent - 11;
  // To nearest, ties to even, as the processor rounds; a carry into the exponent is right as it stands.
  const auto units = static_cast<uint32_t>(__builtin_nearbyintf(__builtin_ldexpf(size, -scale)));
  return static_cast<uint16_t>(sign | (units + (static_cast<uint32_t>(scale + 24) << 10)));
}

template <typename T>
T combine(T a, T b, int reduction) {
  switch (reduction) {
    case ncclSum:
      return static_cast<T>(a + b);
    case ncclProd:
      return static_cast<T>(a * b);
    case ncclMax:
      return a > b ? a : b;
    default:
      return a < b ? a : b;
  }
}

template <typename T>
void reduceAs(char* into, const char* from, size_t count, int reduction) {
  for (size_t i = 0; i < count; i++) {
    T a;
    T b;
    std::memcpy(&a, into + i * sizeof(T), sizeof(T));
    std::memcpy(&b, from + i * sizeof(T), sizeof(T));
    a = combine(a, b, reduction);
    std::memcpy(into + i * sizeof(T), &a, sizeof(T));
  }
}

template <float widen(uint16_t), uint16_t narrow(float)>
void reduceHalves(char* into, const char* from, size_t count, int reduction) {
  auto* a = reinterpret_cast<uint16_t*>(into);
  const auto* b = reinterpret_cast<const uint16_t*>(from);
  for (size_t i = 0; i < count; i++) a[i] = narrow(combine(widen(a[i]), widen(b[i]), reduction));
}

}  // namespace

void reduce(char* into, const char* from, size_t count, int type, int reduction) {
  static void (*const kReduce[])(char*, const char*, size_t, int) = {
      &reduceAs<int8_t>,  &reduceAs<uint8_t>,
      &reduceAs<int32_t>, &reduceAs<uint32_t>,
      &reduceAs<int64_t>, &reduceAs<uint64_t>,
      &reduceHalves<float16ToFloat, floatToFloat16>, &reduceAs<float>,
      &reduceAs<double>,  &reduceHalves<bfloat16ToFloat, floatToBfloat16>};
  kReduce[type](into, from, count, reduction);
}

}  // namespace gpu_double
