#include "pinned_memory.h"

#include <map>
#include <mutex>
#include <utility>

#include "device_runtime.h"

namespace graticule {
namespace {

constexpr size_t kLeast = 4096;

/** Blocks without an owner, by size. Never destroyed: the runtime may be gone before. */
std::multimap<size_t, char*>& kept() {
  static auto* const blocks = new std::multimap<size_t, char*>();
  return *blocks;
}

std::mutex mutex;

}  // namespace

PinnedMemory::PinnedMemory(size_t bytes) : size_(kLeast) {
  while (size_ < bytes) size_ *= 2;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = kept().find(size_);
  if (found != kept().end()) {
    data_ = found->second;
    kept().erase(found);
    return;
  }
  void* memory = nullptr;
  checkDevice(deviceRuntime().hostAlloc(&memory, size_, 0), "HostAlloc");
  data_ = static_cast<char*>(memory);
}

PinnedMemory::PinnedMemory(PinnedMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}

PinnedMemory::~PinnedMemory() {
  if (data_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(mutex);
  kept().emplace(size_, data_);
}

void freePinnedMemory() {
  const std::lock_guard<std::mutex> lock(mutex);
  for (const auto& [size, data] : kept()) deviceRuntime().freeHost(data);
  kept().clear();
}

}  // namespace graticule
