// Bytes in the meter that the allocator didn't give out.
#pragma once

#include <cstddef>

namespace graticule {

/** Memory of somebody else that counts as live while this exists. */
class CountedBytes {
 public:
  explicit CountedBytes(size_t bytes);
  ~CountedBytes();
  CountedBytes(const CountedBytes&) = delete;
  CountedBytes& operator=(const CountedBytes&) = delete;

 private:
  const size_t bytes_;
};

}  // namespace graticule
