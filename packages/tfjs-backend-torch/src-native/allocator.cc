#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "torch_version.h"

namespace graticule {
namespace {

constexpr size_t kHeaderBytes = 64;                    // keeps the payload on a cache line
constexpr size_t kPooledFrom = size_t{1} << 18;        // malloc serves smaller blocks well
constexpr size_t kHugePage = size_t{1} << 21;
constexpr size_t kAlwaysCached = size_t{256} << 20;

struct Header {
  size_t requested;
  size_t block;  // bytes with the header, rounded up to a size class; 0: not pooled
};

std::atomic<size_t> live{0};
std::atomic<size_t> peak{0};
std::mutex poolMutex;
std::unordered_map<size_t, std::vector<void*>> pool;
size_t cached = 0;

/** Eight classes a power of two: at most 12.5 % is wasted. */
size_t sizeClass(size_t bytes) {
  size_t power = kPooledFrom;
  while (power * 2 <= bytes) power *= 2;
  const size_t step = power / 8;
  return (bytes + step - 1) / step * step;
}

void freeCached() {
  for (auto& [size, blocks] : pool) {
    for (void* block : blocks) std::free(block);
  }
  pool.clear();
  cached = 0;
}

void* allocateBlock(size_t bytes, bool pooled) {
  void* block = nullptr;
  const size_t alignment = pooled && bytes >= kHugePage ? kHugePage : 64;
  if (posix_memalign(&block, alignment, bytes) != 0) {
    std::lock_guard<std::mutex> lock(poolMutex);
    freeCached();
    if (posix_memalign(&block, alignment, bytes) != 0) return nullptr;
  }
#ifdef MADV_HUGEPAGE
  if (alignment == kHugePage) madvise(block, bytes, MADV_HUGEPAGE);
#endif
  return block;
}

void release(void* pointer) {
  if (pointer == nullptr) return;
  auto* block = static_cast<char*>(pointer) - kHeaderBytes;
  const Header header = *reinterpret_cast<Header*>(block);
  live -= header.requested;
  if (header.block != 0) {
    std::lock_guard<std::mutex> lock(poolMutex);
    // What lies idle stays below what was once in use: shapes that never return do not pile up.
    if (cached + header.block <= std::max(kAlwaysCached, peak.load())) {
      pool[header.block].push_back(block);
      cached += header.block;
      return;
    }
  }
  std::free(block);
}

class PoolAllocator final : public at::Allocator {
 public:
  at::DataPtr allocate(size_t bytes) GRATICULE_ALLOCATE_CONST override {
    if (bytes == 0) return {nullptr, nullptr, &release, at::Device(at::kCPU)};
    const bool pooled = bytes >= kPooledFrom;
    const size_t size = pooled ? sizeClass(bytes + kHeaderBytes) : bytes + kHeaderBytes;
    void* block = nullptr;
    if (pooled) {
      std::lock_guard<std::mutex> lock(poolMutex);
      auto found = pool.find(size);
      if (found != pool.end() && !found->second.empty()) {
        block = found->second.back();
        found->second.pop_back();
        cached -= size;
      }
    }
    if (block == nullptr) block = allocateBlock(size, pooled);
    TORCH_CHECK(block != nullptr, "out of memory: could not allocate ", bytes, " bytes, ", live.load(), " are in use");
    *static_cast<Header*>(block) = {bytes, pooled ? size : 0};
    const size_t now = live += bytes;
    size_t before = peak.load();
    while (now > before && !peak.compare_exchange_weak(before, now)) {
    }
    void* payload = static_cast<char*>(block) + kHeaderBytes;
    return {payload, payload, &release, at::Device(at::kCPU)};
  }

  at::DeleterFnPtr raw_deleter() const override { return &release; }

#if GRATICULE_ALLOCATOR_HAS_COPY_DATA
  void copy_data(void* target, const void* source, std::size_t bytes) const override {
    std::memcpy(target, source, bytes);
  }
#endif
};

}  // namespace

void installAllocator() {
  static std::once_flag once;
  std::call_once(once, [] { c10::SetCPUAllocator(new PoolAllocator(), 255); });
}

AllocatorStats allocatorStats() {
  std::lock_guard<std::mutex> lock(poolMutex);
  return {static_cast<double>(live.load()), static_cast<double>(peak.load()), static_cast<double>(cached)};
}

void resetPeakBytes() { peak = live.load(); }

void releaseCachedBytes() {
  std::lock_guard<std::mutex> lock(poolMutex);
  freeCached();
}

}  // namespace graticule
