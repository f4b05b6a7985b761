#include "own_or_library.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "gemm_avx512.h"
#include "torch_version.h"

namespace graticule {
namespace {

constexpr int kRounds = 9;

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

/** One line a measurement: processor, LibTorch, element, work, choice. */
std::string notesPath() {
  std::string folder = environment("GRATICULE_CACHE_DIR");
  if (folder.empty() && !environment("XDG_CACHE_HOME").empty()) folder = environment("XDG_CACHE_HOME");
  if (folder.empty() && !environment("HOME").empty()) folder = environment("HOME") + "/.cache";
  return folder.empty() ? "" : folder + "/graticule-own-or-library.txt";
}

/** Of this thread's processor time, in which no other job counts. */
double seconds(const std::function<void()>& run) {
  const auto now = [] {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  run();
  return now() - start;
}

}  // namespace

bool hasOwnKernels(Element compute) {
  static const bool switchedOff = environment("GRATICULE_MATRIX_PRODUCT") == "library";
  return !switchedOff && avx512::canMultiply(compute);
}

bool chooseOwn(Element compute, const char* work, const std::function<bool()>& ownIsFaster) {
  if (environment("GRATICULE_MATRIX_PRODUCT") == "own") return true;
  const std::string path = notesPath();
  const std::string element = compute == Element::kBfloat16 ? "bf16" : "fp32";
  const std::string key = processorName() + " | " + TORCH_VERSION + " | " + element + " | " + work + " | ";
  std::ifstream notes(path);
  for (std::string line; std::getline(notes, line);) {
    if (line.rfind(key, 0) == 0) return line.substr(key.size()) == "own";
  }
  const bool own = ownIsFaster();
  if (!path.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    std::ofstream(path, std::ios::app) << key << (own ? "own" : "library") << "\n";
  }
  return own;
}

bool isFaster(const std::function<void()>& own, const std::function<void()>& library, double advantage) {
  // Several threads would wait for each other on a busy machine, and ranks begin together.
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  double ours = 1e9, theirs = 1e9;
  for (int round = 0; round < kRounds; round++) {
    ours = std::min(ours, seconds(own));
    theirs = std::min(theirs, seconds(library));
  }
  at::set_num_threads(threads);
  return ours < theirs * advantage;
}

}  // namespace graticule
