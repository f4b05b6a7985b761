// Which matrix product is the faster one on this machine: measured once for each kind of element, and written down, since
// a run that resumes must multiply as it did before to give the same bits.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gemm.h"
#include "gemm_avx512.h"
#include "torch_version.h"

namespace graticule {
namespace {

constexpr int64_t kSide = 1024;
constexpr int kRounds = 9;
// Our product converts, adds bias and residual and takes GELU on its way, which the library's leaves to further passes:
// over a training step that is worth more than this.
constexpr double kAdvantage = 1.3;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string processorName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

/** One line a measurement: processor, LibTorch, element, choice. */
std::string notesPath() {
  std::string folder = environment("GRATICULE_CACHE_DIR");
  if (folder.empty() && !environment("XDG_CACHE_HOME").empty()) folder = environment("XDG_CACHE_HOME");
  if (folder.empty() && !environment("HOME").empty()) folder = environment("HOME") + "/.cache";
  return folder.empty() ? "" : folder + "/graticule-matrix-products.txt";
}

template <typename F>
double seconds(F run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool ownIsFaster(Element compute) {
  const auto options = at::TensorOptions().dtype(compute == Element::kBfloat16 ? at::kBFloat16 : at::kFloat);
  const auto a = at::ones({kSide, kSide}, options), b = at::ones({kSide, kSide}, options), c = at::empty({kSide, kSide}, options);
  MatrixProduct product{kSide, kSide, kSide, rowsOf(a), rowsOf(b), compute, {}};
  product.result.data = c.data_ptr();
  product.result.element = compute;
  product.result.stride = kSide;
  // In turn, and the best of each: what else runs on the machine slows both down.
  double own = 1e9, library = 1e9;
  for (int round = 0; round < kRounds; round++) {
    own = std::min(own, seconds([&] { multiply(product); }));
    library = std::min(library, seconds([&] { at::mm(a, b.t()); }));
  }
  return own < library * kAdvantage;
}

bool choose(Element compute) {
  if (!avx512::canMultiply(compute)) return false;
  const std::string wanted = environment("GRATICULE_MATRIX_PRODUCT");
  if (wanted == "own" || wanted == "library") return wanted == "own";
  const std::string path = notesPath();
  const std::string key = processorName() + " | " + TORCH_VERSION + " | " + (compute == Element::kBfloat16 ? "bf16" : "fp32") + " | ";
  std::ifstream notes(path);
  for (std::string line; std::getline(notes, line);) {
    if (line.rfind(key, 0) == 0) return line.substr(key.size()) == "own";
  }
  const bool own = ownIsFaster(compute);
  if (!path.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    std::ofstream(path, std::ios::app) << key << (own ? "own" : "library") << "\n";
  }
  return own;
}

}  // namespace

bool useOwnProduct(Element compute) {
  if (compute == Element::kBfloat16) {
    static const bool own = choose(compute);
    return own;
  }
  static const bool own = choose(compute);
  return own;
}

}  // namespace graticule
