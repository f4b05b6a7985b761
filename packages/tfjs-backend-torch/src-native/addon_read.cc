// Values of a storage for JavaScript, now or when a thread has copied them.
#include <ATen/core/Tensor.h>

#include <cstring>
#include <memory>

#include "addon.h"
#include "device_transfer.h"

namespace graticule {
namespace {

/** The array type in which tfjs holds values of a dtype; complex ones are pairs. */
struct ArrayType {
  const char* name;
  size_t elementBytes;
};

ArrayType arrayTypeOf(at::ScalarType dtype) {
  switch (dtype) {
    case at::kInt:
      return {"Int32Array", 4};
    case at::kBool:
      return {"Uint8Array", 1};
    default:
      return {"Float32Array", 4};
  }
}

size_t bytesToRead(const Tensor& value) {
  const bool reduced = value.scalar_type() == at::kBFloat16 || value.scalar_type() == at::kHalf;
  return value.numel() * (reduced ? 4 : value.element_size());
}

/** Widens 16-bit floats; waits for the device where there is one. */
void copyTo(void* target, Tensor value) {
  if (value.scalar_type() == at::kBFloat16 || value.scalar_type() == at::kHalf) value = value.to(at::kFloat);
  value = value.contiguous();
  if (!value.device().is_cpu()) return toHost(value, target);
  if (value.nbytes() > 0) std::memcpy(target, value.data_ptr(), value.nbytes());
}

/** JavaScript's own constructor throws a RangeError where memory is short; N-API's would end the process. */
Napi::TypedArray makeArray(Napi::Env env, const Tensor& value) {
  const ArrayType type = arrayTypeOf(value.scalar_type());
  const auto length = static_cast<double>(bytesToRead(value) / type.elementBytes);
  return env.Global().Get(type.name).As<Napi::Function>().New({Napi::Number::New(env, length)}).As<Napi::TypedArray>();
}

char* dataOf(Napi::TypedArray array) {
  return static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
}

Napi::Value read(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  const Napi::Env env = info.Env();
  return guarded(env, "read", nullptr, [&]() -> Napi::Value {
    const Tensor& value = storages().at(handle).value;
    auto array = makeArray(env, value);
    copyTo(dataOf(array), value);
    return array;
  });
}

/** Copies on a thread of libuv's pool; the tensor is held, and who changes it in place meanwhile gets a copy. */
class Reader final : public Napi::AsyncWorker {
 public:
  Reader(Napi::Env env, Tensor value, Napi::TypedArray array)
      : Napi::AsyncWorker(env),
        value_(std::move(value)),
        array_(Napi::Persistent(array)),
        target_(dataOf(array)),
        deferred_(Napi::Promise::Deferred::New(env)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    try {
      c10::InferenceMode inference;
      copyTo(target_, value_);
    } catch (const c10::Error& error) {
      SetError("torch read: " + firstSentence(error.what_without_backtrace()));
    }
  }
  void OnOK() override {
    value_ = Tensor();
    deferred_.Resolve(array_.Value());
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Tensor value_;
  Napi::Reference<Napi::TypedArray> array_;
  char* target_;
  Napi::Promise::Deferred deferred_;
};

/** readLater(handle, fromBytes): the values, or a promise of them where they are many and the memory is ours. */
Napi::Value readLater(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  const double fromBytes = toNumber(info, 1);
  const Napi::Env env = info.Env();
  return guarded(env, "read", nullptr, [&]() -> Napi::Value {
    const Storage& storage = storages().at(handle);
    auto array = makeArray(env, storage.value);
    // A borrowed array may be transferred while a thread reads it; a device's stream is this thread's.
    const bool here = storage.borrowed || !storage.value.device().is_cpu();
    if (here || static_cast<double>(bytesToRead(storage.value)) < fromBytes) {
      copyTo(dataOf(array), storage.value);
      return array;
    }
    auto* reader = new Reader(env, storage.value, array);
    reader->Queue();
    return reader->promise();
  });
}

}  // namespace

void exportReading(Napi::Env env, Napi::Object exports) {
  exports.Set("read", Napi::Function::New<read>(env));
  exports.Set("readLater", Napi::Function::New<readLater>(env));
}

}  // namespace graticule
