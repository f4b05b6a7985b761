#include "storage_table.h"

#include <ATen/ops/empty.h>

#include <cmath>
#include <utility>

namespace graticule {
namespace {
constexpr double kSlots = 16777216.0;  // 2^24 slots; the rest of the 53 bits is the generation
}

void Storage::prepareToWrite() {
  bfloat16 = at::Tensor();
  // A second owner is an asynchronous read that is under way.
  if (borrowed || value.use_count() > 1) value = value.clone();
  borrowed.reset();
}

double StorageTable::add(at::Tensor value, std::unique_ptr<BorrowedMemory> borrowed) {
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
  slots_[slot].borrowed = std::move(borrowed);
  return slots_[slot].generation * kSlots + slot;
}

Storage* StorageTable::find(double handle) {
  const bool whole = handle >= 0 && handle < 9007199254740992.0 && std::floor(handle) == handle;
  TORCH_CHECK(whole, "a tensor handle must be a whole number, got ", handle);
  const auto slot = static_cast<size_t>(std::fmod(handle, kSlots));
  const double generation = std::floor(handle / kSlots);
  if (slot >= slots_.size() || slots_[slot].generation != generation) return nullptr;
  Storage& storage = slots_[slot];
  return storage.value.defined() || storage.released ? &storage : nullptr;
}

Storage& StorageTable::held(double handle) {
  Storage* storage = find(handle);
  TORCH_CHECK(storage != nullptr, "the tensor was disposed or never existed (handle ", handle, ")");
  return *storage;
}

Storage& StorageTable::at(double handle) {
  Storage& storage = held(handle);
  TORCH_CHECK(!storage.released, "expected a tensor with a storage, got one whose storage was released. Call ",
              "restoreStorage first");
  TORCH_CHECK(!storage.borrowed || !storage.borrowed->gone(), "expected a tensor whose array is still there, got one ",
              "whose ArrayBuffer was transferred or detached. Make the tensor from a copy of the array");
  return storage;
}

void StorageTable::removeSlot(Storage& storage) {
  const auto slot = static_cast<uint32_t>(&storage - slots_.data());
  const uint32_t next = storage.generation + 1;
  storage = Storage();
  storage.generation = next;
  if (next < 536870911u) free_.push_back(slot);
}

void StorageTable::remove(double handle) { removeSlot(held(handle)); }

bool StorageTable::removeIfLive(double handle) {
  Storage* storage = find(handle);
  if (storage != nullptr) removeSlot(*storage);
  return storage != nullptr;
}

void StorageTable::release(double handle) {
  Storage& storage = held(handle);
  if (storage.released) return;
  storage.sizes = storage.value.sizes().vec();
  storage.options = storage.value.options();
  storage.value = at::Tensor();
  storage.bfloat16 = at::Tensor();
  storage.borrowed.reset();
  storage.released = true;
  storage.placed = false;
}

void StorageTable::restore(double handle, std::optional<at::ScalarType> dtype) {
  Storage& storage = held(handle);
  if (!storage.released) return;
  storage.value = at::empty(storage.sizes, dtype ? storage.options.dtype(*dtype) : storage.options);
  storage.sizes.clear();
  storage.released = false;
}

void StorageTable::place(double handle, double within, int64_t offset) {
  Storage& whole = at(within);
  Storage& storage = held(handle);
  TORCH_CHECK(&whole != &storage && !whole.placed, "expected to be placed in the memory of a tensor of its own");
  const auto sizes = storage.released ? storage.sizes : storage.value.sizes().vec();
  int64_t count = 1;
  for (const int64_t size : sizes) count *= size;
  TORCH_CHECK(offset >= 0 && offset + count <= whole.value.numel(), "expected ", count, " elements from ", offset,
              " on to lie within ", whole.value.numel());
  // A copy that a kernel makes before it writes would part them.
  whole.prepareToWrite();
  storage.value = whole.value.view({-1}).narrow(0, offset, count).view(sizes);
  storage.bfloat16 = at::Tensor();
  storage.borrowed.reset();
  storage.sizes.clear();
  storage.released = false;
  storage.placed = true;
}

void StorageTable::clear() {
  slots_.clear();
  free_.clear();
}

double StorageTable::bytes() const {
  double total = 0;
  for (const Storage& storage : slots_) {
    if (storage.value.defined() && !storage.placed) total += static_cast<double>(storage.value.nbytes());
    if (storage.bfloat16.defined()) total += static_cast<double>(storage.bfloat16.nbytes());
  }
  return total;
}

StorageTable& storages() {
  thread_local StorageTable table;
  return table;
}

}  // namespace graticule
