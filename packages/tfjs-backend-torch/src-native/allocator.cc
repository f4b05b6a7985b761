#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "arena.h"
#include "counted_bytes.h"
#include "torch_version.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace graticule {
namespace {

constexpr size_t kHeaderBytes = 64;               // keeps the payload on a cache line
constexpr size_t kArenaFrom = size_t{1} << 18;    // malloc serves smaller blocks well
constexpr size_t kSlackBytes = size_t{32} << 20;  // pages that small programs may keep
constexpr size_t kTrimStep = size_t{64} << 20;    // growth of the arena after which malloc gives back its idle pages
constexpr int kMaxTags = 32;

struct Header {
  size_t requested;
  size_t block;  // bytes in the arena, header included; 0: from malloc
  int tag;
};

/** Bytes that are in use, and the most that ever were since the last reset. */
class Meter {
 public:
  void add(size_t bytes) {
    const size_t now = live_ += bytes;
    size_t before = peak_.load();
    while (now > before && !peak_.compare_exchange_weak(before, now)) {
    }
  }
  void subtract(size_t bytes) { live_ -= bytes; }
  size_t live() const { return live_.load(); }
  size_t peak() const { return peak_.load(); }
  void resetPeak() { peak_ = live_.load(); }

 private:
  std::atomic<size_t> live_{0};
  std::atomic<size_t> peak_{0};
};

Meter total;
std::array<Meter, kMaxTags> tagged;
std::atomic<size_t> liveLimit{kNoLimit};
thread_local int currentTag = 0;

std::mutex poolMutex;  // guards all below
Arena arena;
size_t arenaLive = 0;
size_t arenaPeak = 0;  // since pages were last released
size_t arenaTrimmed = 0;  // arenaPeak when malloc last gave back pages
size_t cachedLimit = kNoLimit;
std::vector<std::string> tagNames;

/** Pages may stay for a tenth more than was ever in use at once: what is idle never costs more than that. */
size_t residentBudget() {
  const size_t kept = std::max(arenaPeak + arenaPeak / 10, arenaPeak + kSlackBytes);
  const size_t limit = cachedLimit == kNoLimit ? kept : std::min(kept, arenaLive + cachedLimit);
  return std::max(arenaLive, std::min(limit, liveLimit.load()));
}

/** malloc keeps the pages of JavaScript arrays that are gone: a model's first values, read files. */
void trimMalloc() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

void* allocateInArena(size_t block) {
  bool isGrowing = false;
  void* start = nullptr;
  {
    std::lock_guard<std::mutex> lock(poolMutex);
    start = arena.allocate(block);
    if (start == nullptr) return nullptr;
    arenaLive += block;
    arenaPeak = std::max(arenaPeak, arenaLive);
    arena.shrinkTo(residentBudget());
    isGrowing = arenaPeak >= arenaTrimmed + kTrimStep;
    if (isGrowing) arenaTrimmed = arenaPeak;
  }
  if (isGrowing) trimMalloc();
  return start;
}

void freeInArena(void* start, size_t block) {
  std::lock_guard<std::mutex> lock(poolMutex);
  arena.free(start, block);
  arenaLive -= block;
  if (cachedLimit != kNoLimit || liveLimit.load() != kNoLimit) arena.shrinkTo(residentBudget());
}

void* allocateByMalloc(size_t bytes) {
  void* start = nullptr;
  if (posix_memalign(&start, kHeaderBytes, bytes) == 0) return start;
  releaseCachedBytes();
  return posix_memalign(&start, kHeaderBytes, bytes) == 0 ? start : nullptr;
}

void release(void* pointer) {
  if (pointer == nullptr) return;
  auto* start = static_cast<char*>(pointer) - kHeaderBytes;
  const Header header = *reinterpret_cast<Header*>(start);
  total.subtract(header.requested);
  if (header.tag != 0) tagged[header.tag].subtract(header.requested);
  if (header.block != 0) {
    freeInArena(start, header.block);
  } else {
    std::free(start);
  }
}

class CountingAllocator final : public at::Allocator {
 public:
  explicit CountingAllocator(bool useArena) : arenaFrom_(useArena ? kArenaFrom : kNoLimit) {}

  at::DataPtr allocate(size_t bytes) GRATICULE_ALLOCATE_CONST override {
    if (bytes == 0) return {nullptr, nullptr, &release, at::Device(at::kCPU)};
    const size_t limit = liveLimit.load(std::memory_order_relaxed);
    TORCH_CHECK(limit == kNoLimit || total.live() + bytes <= limit, "out of memory: ", bytes, " bytes asked, ",
                total.live(), " live, limit ", limit);
    // A size near 2^64 must not wrap around when the header is added.
    TORCH_CHECK(bytes < (size_t{1} << 62), "out of memory: ", bytes, " bytes asked, ", total.live(), " live");
    size_t block = 0;
    void* start = nullptr;
    if (bytes >= arenaFrom_) {
      block = (bytes + kHeaderBytes + Arena::kGranule - 1) / Arena::kGranule * Arena::kGranule;
      start = allocateInArena(block);
    }
    if (start == nullptr) {
      block = 0;
      start = allocateByMalloc(bytes + kHeaderBytes);
    }
    TORCH_CHECK(start != nullptr, "out of memory: ", bytes, " bytes asked, ", total.live(), " live");
    *static_cast<Header*>(start) = {bytes, block, currentTag};
    total.add(bytes);
    if (currentTag != 0) tagged[currentTag].add(bytes);
    void* payload = static_cast<char*>(start) + kHeaderBytes;
    return {payload, payload, &release, at::Device(at::kCPU)};
  }

  at::DeleterFnPtr raw_deleter() const override { return &release; }

#if GRATICULE_ALLOCATOR_HAS_COPY_DATA
  void copy_data(void* target, const void* source, std::size_t bytes) const override {
    std::memcpy(target, source, bytes);
  }
#endif

 private:
  const size_t arenaFrom_;
};

}  // namespace

void installAllocator() {
  static std::once_flag once;
  std::call_once(once, [] {
    const char* choice = std::getenv("GRATICULE_TORCH_ALLOCATOR");
    const bool useArena = choice == nullptr || std::strcmp(choice, "malloc") != 0;
    c10::SetCPUAllocator(new CountingAllocator(useArena), 255);
  });
}

CountedBytes::CountedBytes(size_t bytes) : bytes_(bytes) { total.add(bytes); }

CountedBytes::~CountedBytes() { total.subtract(bytes_); }

AllocatorStats allocatorStats() {
  std::lock_guard<std::mutex> lock(poolMutex);
  const double live = static_cast<double>(total.live());
  const double idle = static_cast<double>(arena.residentBytes()) - static_cast<double>(arenaLive);
  return {live, static_cast<double>(total.peak()), live + std::max(idle, 0.0)};
}

void resetPeakBytes() {
  total.resetPeak();
  for (Meter& meter : tagged) meter.resetPeak();
}

void releaseCachedBytes() {
  std::lock_guard<std::mutex> lock(poolMutex);
  arena.shrinkTo(0);
  arenaPeak = arenaLive;
  arenaTrimmed = arenaLive;
  trimMalloc();
}

void setMemoryLimits(size_t live, size_t cached) {
  liveLimit = live;
  std::lock_guard<std::mutex> lock(poolMutex);
  cachedLimit = cached;
  arena.shrinkTo(residentBudget());
}

int memoryTag(const std::string& name) {
  std::lock_guard<std::mutex> lock(poolMutex);
  const auto found = std::find(tagNames.begin(), tagNames.end(), name);
  if (found != tagNames.end()) return static_cast<int>(found - tagNames.begin()) + 1;
  TORCH_CHECK(tagNames.size() + 1 < kMaxTags, "expected at most ", kMaxTags - 1, " memory tags, got one more: ", name);
  tagNames.push_back(name);
  return static_cast<int>(tagNames.size());
}

int setMemoryTag(int tag) {
  TORCH_CHECK(tag >= 0 && tag < kMaxTags, "expected a memory tag of 0 to ", kMaxTags - 1, ", got ", tag);
  return std::exchange(currentTag, tag);
}

std::vector<TagStats> tagStats() {
  std::lock_guard<std::mutex> lock(poolMutex);
  std::vector<TagStats> stats;
  for (size_t i = 0; i < tagNames.size(); i++) {
    const Meter& meter = tagged[i + 1];
    stats.push_back({tagNames[i], static_cast<double>(meter.live()), static_cast<double>(meter.peak())});
  }
  return stats;
}

}  // namespace graticule
