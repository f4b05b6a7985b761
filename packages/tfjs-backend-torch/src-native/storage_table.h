// Integer handle → tensor. A handle carries the generation of its slot, so a stale one is refused, not mixed up.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace graticule {

struct Storage {
  at::Tensor value;
  at::Tensor bfloat16;  // cached copy of a float32 weight; dropped when value changes
  uint32_t generation = 0;
};

class StorageTable {
 public:
  double add(at::Tensor value);
  /** Throws on a number that is not the handle of a live storage. */
  Storage& at(double handle);
  void remove(double handle);
  size_t count() const { return slots_.size() - free_.size(); }
  double bytes() const;

 private:
  std::vector<Storage> slots_;
  std::vector<uint32_t> free_;
};

/** The table of this thread: each Node worker has its own. */
StorageTable& storages();

}  // namespace graticule
