// The memory meter of devices other than the CPU.
#pragma once

#include <c10/core/Device.h>

#include "allocator.h"

namespace graticule {

/**
 * Bytes of the device's caching allocator. Before LibTorch 2.9, and on devices whose allocator keeps no statistics, live
 * and peak are what this thread's tensors own now.
 */
AllocatorStats deviceAllocatorStats(at::Device device);
void resetDevicePeakBytes(at::Device device);
/** Returns blocks that the device's allocator keeps for reuse. */
void releaseDeviceCachedBytes(at::Device device);

}  // namespace graticule
