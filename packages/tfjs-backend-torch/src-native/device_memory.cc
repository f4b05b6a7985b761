#include "device_memory.h"

#include <c10/core/Allocator.h>

#include <algorithm>

#include "storage_table.h"
#include "torch_version.h"

#if GRATICULE_HAS_DEVICE_ALLOCATOR
#include <c10/core/CachingDeviceAllocator.h>
#endif

namespace graticule {

#if GRATICULE_HAS_DEVICE_ALLOCATOR

namespace {

/** Null where the device's allocator keeps no statistics, or was never used. */
c10::DeviceAllocator* allocatorOf(at::Device device) {
  auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
  return allocator != nullptr && allocator->initialized() ? allocator : nullptr;
}

c10::DeviceIndex indexOf(at::Device device) { return std::max<c10::DeviceIndex>(0, device.index()); }

}  // namespace

AllocatorStats deviceAllocatorStats(at::Device device) {
  auto* allocator = allocatorOf(device);
  if (allocator == nullptr) return {storages().bytes(), storages().bytes(), storages().bytes()};
  const auto stats = allocator->getDeviceStats(indexOf(device));
  const auto& allocated = stats.allocated_bytes[0];  // over all pools
  return {static_cast<double>(allocated.current), static_cast<double>(allocated.peak),
          static_cast<double>(stats.reserved_bytes[0].current)};
}

void resetDevicePeakBytes(at::Device device) {
  if (auto* allocator = allocatorOf(device)) allocator->resetPeakStats(indexOf(device));
}

void releaseDeviceCachedBytes(at::Device device) {
  if (auto* allocator = allocatorOf(device)) allocator->emptyCache();
}

#else

AllocatorStats deviceAllocatorStats(at::Device) { return {storages().bytes(), storages().bytes(), storages().bytes()}; }
void resetDevicePeakBytes(at::Device) {}
void releaseDeviceCachedBytes(at::Device) {}

#endif

}  // namespace graticule
