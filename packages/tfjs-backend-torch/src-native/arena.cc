#include "arena.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace graticule {
namespace {

constexpr size_t kGrowth = size_t{64} << 20;

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

bool addressSpaceIsLimited() {
#ifdef RLIMIT_AS
  rlimit limit{};
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
#else
  return false;
#endif
}

void discardPages(void* start, size_t bytes) {
#ifdef __linux__
  madvise(start, bytes, MADV_DONTNEED);
#else
  mmap(start, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
#endif
}

}  // namespace

/** Takes addresses, not memory: four times what the machine has, so that holes never exhaust them. */
bool Arena::reserve() {
  if (refused_) return false;
  refused_ = true;
  // Under `ulimit -v` a reservation would count as use.
  if (addressSpaceIsLimited()) return false;
  const auto physical = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t size = (4 * physical / kChunk + 1) * kChunk;
  void* start = mmap(nullptr, size + kChunk, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return false;
  refused_ = false;
  const auto aligned = (reinterpret_cast<uintptr_t>(start) + kChunk - 1) / kChunk * kChunk;
  base_ = top_ = writableEnd_ = reinterpret_cast<char*>(aligned);
  end_ = base_ + size;
  return true;
}

bool Arena::growTo(char* end) {
  if (end <= writableEnd_) return true;
  const size_t missing = static_cast<size_t>(end - writableEnd_);
  const size_t left = static_cast<size_t>(end_ - writableEnd_);
  if (missing > left) return false;
  // Where the system counts promised memory, a smaller step may be granted when a large one is not.
  const size_t least = (missing + kChunk - 1) / kChunk * kChunk;
  for (const size_t step : {std::min(std::max(least, kGrowth), left), least}) {
    if (mprotect(writableEnd_, step, PROT_READ | PROT_WRITE) != 0) continue;
#ifdef MADV_HUGEPAGE
    madvise(writableEnd_, step, MADV_HUGEPAGE);
#endif
    writableEnd_ += step;
    chunks_.resize(static_cast<size_t>(writableEnd_ - base_) / kChunk);
    return true;
  }
  return false;
}

void* Arena::allocate(size_t bytes) {
  if (base_ == nullptr && !reserve()) return nullptr;
  char* start = nullptr;
  const auto fit = freeBySize_.lower_bound({bytes, nullptr});
  if (fit != freeBySize_.end()) {
    const size_t size = fit->first;
    start = fit->second;
    eraseFree(freeByAddress_.find(start));
    if (size > bytes) insertFree(start + bytes, size - bytes);
  } else {
    if (bytes > static_cast<size_t>(end_ - top_) || !growTo(top_ + bytes)) return nullptr;
    start = top_;
    top_ += bytes;
  }
  occupy(start, bytes);
  return start;
}

void Arena::free(void* pointer, size_t bytes) {
  char* start = static_cast<char*>(pointer);
  vacate(start, bytes);
  auto after = freeByAddress_.lower_bound(start);
  if (after != freeByAddress_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == start) {
      start = before->first;
      bytes += before->second;
      eraseFree(before);
    }
  }
  if (after != freeByAddress_.end() && start + bytes == after->first) {
    bytes += after->second;
    eraseFree(after);
  }
  if (start + bytes == top_) {
    top_ = start;
  } else {
    insertFree(start, bytes);
  }
}

void Arena::shrinkTo(size_t bytes) {
  while (residentBytes() > bytes && oldestIdle_ != kNone) {
    const uint32_t index = oldestIdle_;
    unlinkIdle(index);
    chunks_[index].resident = false;
    resident_--;
    discardPages(base_ + index * kChunk, kChunk);
  }
}

void Arena::insertFree(char* start, size_t bytes) {
  freeByAddress_.emplace(start, bytes);
  freeBySize_.emplace(bytes, start);
}

void Arena::eraseFree(std::map<char*, size_t>::iterator range) {
  freeBySize_.erase({range->second, range->first});
  freeByAddress_.erase(range);
}

std::pair<uint32_t, uint32_t> Arena::chunksOf(const char* start, size_t bytes) const {
  const auto offset = static_cast<size_t>(start - base_);
  return {static_cast<uint32_t>(offset / kChunk), static_cast<uint32_t>((offset + bytes - 1) / kChunk)};
}

void Arena::occupy(char* start, size_t bytes) {
  const auto [first, last] = chunksOf(start, bytes);
  for (uint32_t index = first; index <= last; index++) {
    Chunk& chunk = chunks_[index];
    if (!chunk.resident) {
      chunk.resident = true;
      resident_++;
    } else if (chunk.blocks == 0) {
      unlinkIdle(index);
    }
    chunk.blocks++;
  }
}

void Arena::vacate(char* start, size_t bytes) {
  const auto [first, last] = chunksOf(start, bytes);
  for (uint32_t index = first; index <= last; index++) {
    if (--chunks_[index].blocks == 0) appendIdle(index);
  }
}

void Arena::appendIdle(uint32_t index) {
  chunks_[index].previous = newestIdle_;
  chunks_[index].next = kNone;
  (newestIdle_ == kNone ? oldestIdle_ : chunks_[newestIdle_].next) = index;
  newestIdle_ = index;
}

void Arena::unlinkIdle(uint32_t index) {
  const Chunk& chunk = chunks_[index];
  (chunk.previous == kNone ? oldestIdle_ : chunks_[chunk.previous].next) = chunk.next;
  (chunk.next == kNone ? newestIdle_ : chunks_[chunk.next].previous) = chunk.previous;
}

}  // namespace graticule
