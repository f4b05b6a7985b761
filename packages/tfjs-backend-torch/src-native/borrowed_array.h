// A typed array's memory as a tensor's.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>

#include "counted_bytes.h"
#include "storage_table.h"

namespace graticule {

/** Keeps an ArrayBuffer from being collected, and counts a view of it; destroyed on the thread of its JavaScript, as all storages are. */
class BorrowedArray final : public BorrowedMemory {
 public:
  BorrowedArray(Napi::ArrayBuffer buffer, size_t bytes) : reference_(Napi::Persistent(buffer)), counted_(bytes) {}

  bool gone() const override {
    Napi::HandleScope scope(reference_.Env());
    return reference_.Value().IsDetached();
  }

 private:
  Napi::Reference<Napi::ArrayBuffer> reference_;
  CountedBytes counted_;
};

}  // namespace graticule
