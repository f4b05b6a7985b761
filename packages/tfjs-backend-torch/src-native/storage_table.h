// Integer handle → tensor. A handle carries the generation of its slot, so a stale one is refused, not mixed up.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace graticule {

/** Memory of somebody else that a storage lies in, such as a JavaScript array; given up when this is destroyed. */
class BorrowedMemory {
 public:
  virtual ~BorrowedMemory() = default;
  /** Whether its owner took it away: it must not be touched any more. */
  virtual bool gone() const = 0;
};

struct Storage {
  at::Tensor value;     // undefined in a free slot and while released
  at::Tensor bfloat16;  // cached copy of a float32 weight; dropped when value changes
  std::unique_ptr<BorrowedMemory> borrowed;
  std::vector<int64_t> sizes;  // of a released storage
  at::TensorOptions options;   // of a released storage
  bool released = false;
  bool placed = false;  // value is a part of another storage's memory
  uint32_t generation = 0;

  /** Makes `value` the storage's alone before it is changed in place: nobody else sees the change. */
  void prepareToWrite();
};

class StorageTable {
 public:
  double add(at::Tensor value, std::unique_ptr<BorrowedMemory> borrowed = nullptr);
  /** Throws on a number that is not the handle of a live storage, and on a released one. */
  Storage& at(double handle);
  void remove(double handle);
  /** As `remove`; false where the handle is not a live one. */
  bool removeIfLive(double handle);
  /**
   * Frees the memory; the handle stays, and `restore` gives it memory for as many elements, of the dtype that it had unless
   * another is given, with undefined contents.
   */
  void release(double handle);
  void restore(double handle, std::optional<at::ScalarType> dtype = std::nullopt);
  /** Puts a storage into the memory of another, from an element on; it takes that one's dtype, and its values there. */
  void place(double handle, double within, int64_t offset);
  void clear();
  size_t count() const { return slots_.size() - free_.size(); }
  double bytes() const;

 private:
  Storage* find(double handle);
  Storage& held(double handle);
  void removeSlot(Storage& storage);

  std::vector<Storage> slots_;
  std::vector<uint32_t> free_;
};

/** The table of this thread: each Node worker has its own. */
StorageTable& storages();

}  // namespace graticule
