// A CPU allocator that keeps freed blocks, so that large activations do not go back to the operating system each step.
#pragma once

#include <cstddef>

namespace graticule {

struct AllocatorStats {
  double liveBytes;
  double peakBytes;
  double cachedBytes;
};

/** Makes ATen allocate CPU memory from the pool; call once per process, before the first tensor. */
void installAllocator();
AllocatorStats allocatorStats();
void resetPeakBytes();
/** Returns cached blocks to the operating system. */
void releaseCachedBytes();

}  // namespace graticule
