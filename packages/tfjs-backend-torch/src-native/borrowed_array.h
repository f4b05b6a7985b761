// A typed array's memory as a tensor's.
#pragma once

#include <napi.h>

#include <memory>

#include "storage_table.h"

namespace graticule {

/** Keeps an ArrayBuffer from being collected; destroyed on the thread of its JavaScript, as all storages are. */
class BorrowedArray final : public BorrowedMemory {
 public:
  explicit BorrowedArray(Napi::ArrayBuffer buffer) : reference_(Napi::Persistent(buffer)) {}

  bool gone() const override {
    Napi::HandleScope scope(reference_.Env());
    return reference_.Value().IsDetached();
  }

 private:
  Napi::Reference<Napi::ArrayBuffer> reference_;
};

}  // namespace graticule
