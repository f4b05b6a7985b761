// Page-locked host memory, from which devices copy at full speed; kept for reuse, because locking pages is slow.
#pragma once

#include <cstddef>

namespace graticule {

class PinnedMemory {
 public:
  explicit PinnedMemory(size_t bytes);
  ~PinnedMemory();
  PinnedMemory(PinnedMemory&& other) noexcept;
  PinnedMemory& operator=(PinnedMemory&&) = delete;
  char* data() const { return data_; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

/** Frees what is kept. */
void freePinnedMemory();

}  // namespace graticule
