// Best-fit allocation inside one reserved span of addresses, with the pages behind freed blocks under control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace graticule {

/**
 * Freed blocks join their free neighbours, so any later size can use them; unlike lists by size class nothing is stuck in
 * a class that does not come back. Pages are counted in chunks of a huge page: a chunk is resident from the first block
 * that touches it until it is discarded, which can happen while no block overlaps it. Not thread-safe.
 */
class Arena {
 public:
  /** Start of `bytes` bytes, a multiple of kGranule; null where no address space is left or the system refuses memory. */
  void* allocate(size_t bytes);
  void free(void* start, size_t bytes);
  /** Discards chunks that no block overlaps, longest idle first, until at most `bytes` are resident. */
  void shrinkTo(size_t bytes);
  size_t residentBytes() const { return resident_ * kChunk; }

  static constexpr size_t kGranule = 4096;

 private:
  static constexpr size_t kChunk = size_t{1} << 21;
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Chunk {
    uint32_t blocks = 0;  // that overlap it
    uint32_t previous = kNone, next = kNone;
    bool resident = false;
  };

  bool reserve();
  bool growTo(char* end);
  void insertFree(char* start, size_t bytes);
  void eraseFree(std::map<char*, size_t>::iterator range);
  void occupy(char* start, size_t bytes);
  void vacate(char* start, size_t bytes);
  void unlinkIdle(uint32_t index);
  void appendIdle(uint32_t index);
  std::pair<uint32_t, uint32_t> chunksOf(const char* start, size_t bytes) const;

  char* base_ = nullptr;
  char* top_ = nullptr;        // all above was never used or is free again
  char* writableEnd_ = nullptr;
  char* end_ = nullptr;
  bool refused_ = false;
  std::map<char*, size_t> freeByAddress_;
  std::set<std::pair<size_t, char*>> freeBySize_;
  std::vector<Chunk> chunks_;
  uint32_t oldestIdle_ = kNone, newestIdle_ = kNone;
  size_t resident_ = 0;
};

}  // namespace graticule
