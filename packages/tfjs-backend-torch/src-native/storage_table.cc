#include "storage_table.h"

#include <cmath>

namespace graticule {
namespace {
constexpr double kSlots = 16777216.0;  // 2^24 slots; the rest of the 53 bits is the generation
}

double StorageTable::add(at::Tensor value) {
  uint32_t slot;
  if (free_.empty()) {
    TORCH_CHECK(slots_.size() < kSlots, "too many live tensors");
    slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot].value = std::move(value);
  return slots_[slot].generation * kSlots + slot;
}

Storage& StorageTable::at(double handle) {
  const bool whole = handle >= 0 && handle < 9007199254740992.0 && std::floor(handle) == handle;
  TORCH_CHECK(whole, "a tensor handle must be a whole number, got ", handle);
  const auto slot = static_cast<size_t>(std::fmod(handle, kSlots));
  const double generation = std::floor(handle / kSlots);
  const bool live = slot < slots_.size() && slots_[slot].generation == generation && slots_[slot].value.defined();
  TORCH_CHECK(live, "the tensor was disposed or never existed (handle ", handle, ")");
  return slots_[slot];
}

void StorageTable::remove(double handle) {
  Storage& storage = at(handle);
  const auto slot = static_cast<uint32_t>(&storage - slots_.data());
  storage.value = at::Tensor();
  storage.bfloat16 = at::Tensor();
  storage.generation++;
  if (storage.generation < 536870911u) free_.push_back(slot);
}

double StorageTable::bytes() const {
  double total = 0;
  for (const Storage& storage : slots_) {
    if (storage.value.defined()) total += static_cast<double>(storage.value.nbytes());
    if (storage.bfloat16.defined()) total += static_cast<double>(storage.bfloat16.nbytes());
  }
  return total;
}

StorageTable& storages() {
  thread_local StorageTable table;
  return table;
}

}  // namespace graticule
