// ATen's CPU allocator: counts bytes, holds them under limits, and keeps the pages of large blocks for the next step.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace graticule {

struct AllocatorStats {
  double liveBytes;
  double peakBytes;
  double reservedBytes;  // live, and pages kept behind freed blocks
};

struct TagStats {
  std::string name;
  double liveBytes;
  double peakBytes;
};

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

/** Makes ATen allocate CPU memory here; call before the first tensor. Later calls do nothing. */
void installAllocator();
AllocatorStats allocatorStats();
/** Starts the peaks anew from what is live now. */
void resetPeakBytes();
/** Gives pages behind freed blocks back to the operating system. */
void releaseCachedBytes();
/** An allocation that would lift live bytes above `live` fails; idle pages beyond `cached` are given back at once. */
void setMemoryLimits(size_t live, size_t cached);
/** Index of a tag, made if new; 0 stands for none. Throws if the table is full. */
int memoryTag(const std::string& name);
/** What this thread allocates from now on counts for the tag; returns the one before. */
int setMemoryTag(int tag);
std::vector<TagStats> tagStats();

}  // namespace graticule
