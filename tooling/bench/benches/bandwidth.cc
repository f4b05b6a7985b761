// Memory bandwidth of this machine: STREAM's triad, and AdamW's own traffic without its arithmetic. Prints GB/s as JSON.
// Bytes counted: triad reads two arrays and writes one (STREAM's count); update reads four and writes three of them.
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

constexpr long count = 1 << 25;  // floats in an array: 128 MiB, beyond every cache
constexpr int repetitions = 10;

std::unique_ptr<float[]> filled(float value) {
  std::unique_ptr<float[]> array(new float[count]);
#pragma omp parallel for
  for (long i = 0; i < count; i++) array[i] = value;
  return array;
}

template <typename Body>
double bestSeconds(Body body) {
  double best = 1e9;
  for (int repetition = 0; repetition < repetitions; repetition++) {
    const auto start = std::chrono::steady_clock::now();
    body();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  omp_set_num_threads(argc > 1 ? std::atoi(argv[1]) : 1);
  const auto arrays = {filled(1), filled(2), filled(3), filled(4)};
  float* p = arrays.begin()[0].get();
  float* g = arrays.begin()[1].get();
  float* m = arrays.begin()[2].get();
  float* v = arrays.begin()[3].get();
  const double triad = bestSeconds([=] {
#pragma omp parallel for simd
    for (long i = 0; i < count; i++) p[i] = g[i] + 3 * m[i];
  });
  const double update = bestSeconds([=] {
#pragma omp parallel for simd
    for (long i = 0; i < count; i++) {
      m[i] = 0.5f * (m[i] + g[i]);
      v[i] = 0.5f * (v[i] + g[i]);
      p[i] -= 0.1f * m[i] + 0.1f * v[i];
    }
  });
  const double gigabytes = count * sizeof(float) / 1e9;
  std::printf("{\"triadGBps\": %.2f, \"updateGBps\": %.2f}\n", 3 * gigabytes / triad, 7 * gigabytes / update);
}
