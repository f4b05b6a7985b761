// Storages as JavaScript sees them: made from typed arrays, disposed of, released and restored, and their addresses.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <cstring>
#include <optional>

#include "addon.h"
#include "borrowed_array.h"
#include "device_transfer.h"

namespace graticule {
namespace {

struct ArrayView {
  void* data = nullptr;
  size_t bytes = 0;
  napi_value buffer = nullptr;
};

/** The memory of a typed array, shared between threads or not. */
ArrayView viewOf(Napi::Env env, Napi::Value value) {
  auto array = value.As<Napi::TypedArray>();
  ArrayView view;
  view.bytes = array.ByteLength();
  const auto status =
      napi_get_typedarray_info(env, array, nullptr, nullptr, &view.data, &view.buffer, nullptr);
  if (status != napi_ok) throw Napi::TypeError::New(env, "torch: expected a typed array");
  return view;
}

/**
 * Copies an array of JavaScript's element type (float32, int32, uint8, pairs of float32) into a tensor of any dtype; one of
 * 16 bits takes its bits as well.
 */
void fill(Tensor& target, const ArrayView& source) {
  const auto stored = target.scalar_type();
  const bool reduced = stored == at::kBFloat16 || stored == at::kHalf;
  const bool converted = reduced && source.bytes != target.nbytes();
  const auto dtype = converted ? at::kFloat : stored == at::kBool ? at::kByte : stored;
  Tensor values = at::from_blob(source.data, target.sizes(), at::TensorOptions().dtype(dtype));
  TORCH_CHECK(source.bytes == values.nbytes(), "shape ", target.sizes(), " needs ", values.nbytes(), " bytes, got ",
              source.bytes);
  if (source.bytes == 0) return;
  if (!target.device().is_cpu()) values = toDevice(source.data, target.sizes(), dtype, target.device());
  target.copy_(values);
}

/**
 * write(values | null, dtype, [rank, dims…], borrow): a new storage. The shared array is left alone: a kernel call may be
 * half encoded while one of its inputs moves here from another backend.
 */
Napi::Value write(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const double code = toNumber(info, 1);
  const auto shape = toFloat64Array(info, 2, "write");
  const bool borrow = info[3].ToBoolean();
  const double handle = guarded(env, "write", nullptr, [&] {
    Call call(shape.Data(), shape.ElementLength());
    const auto dims = call.shape();
    const auto options = at::TensorOptions().dtype(dtypeOfCode(static_cast<int64_t>(code)));
    const auto device = settings().device;
    if (!info[0].IsTypedArray()) return storages().add(at::zeros(dims, options.device(device)));
    const ArrayView view = viewOf(env, info[0]);
    if (borrow && device.is_cpu()) {
      const Napi::Value buffer(env, view.buffer);
      TORCH_CHECK(buffer.IsArrayBuffer(), "expected an ArrayBuffer to borrow");
      Tensor value = at::from_blob(view.data, dims, options);
      TORCH_CHECK(value.nbytes() == view.bytes, "shape ", c10::IntArrayRef(dims), " needs ", value.nbytes(),
                  " bytes, got ", view.bytes);
      return storages().add(value, std::make_unique<BorrowedArray>(buffer.As<Napi::ArrayBuffer>(), view.bytes));
    }
    Tensor value = at::empty(dims, options.device(device));
    fill(value, view);
    return storages().add(value);
  });
  return Napi::Number::New(env, handle);
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  guarded(info.Env(), "dispose", nullptr, [&] { storages().remove(handle); });
  return info.Env().Undefined();
}

Napi::Value disposeIfLive(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  const bool live = guarded(info.Env(), "dispose", nullptr, [&] { return storages().removeIfLive(handle); });
  return Napi::Boolean::New(info.Env(), live);
}

Napi::Value release(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  guarded(info.Env(), "releaseStorage", nullptr, [&] { storages().release(handle); });
  return info.Env().Undefined();
}

/** restore(handle, values | null, dtype | null): memory again, and contents where values are given. */
Napi::Value restore(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  guarded(info.Env(), "restoreStorage", nullptr, [&] {
    const bool hasDtype = info[2].IsNumber();
    const auto dtype = hasDtype ? std::optional(dtypeOfCode(static_cast<int64_t>(toNumber(info, 2)))) : std::nullopt;
    storages().restore(handle, dtype);
    if (!info[1].IsTypedArray()) return;
    Storage& storage = storages().at(handle);
    storage.prepareToWrite();
    fill(storage.value, viewOf(info.Env(), info[1]));
  });
  return info.Env().Undefined();
}

/** place(handle, within, offset): see StorageTable::place. */
Napi::Value place(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  const double within = toNumber(info, 1);
  const auto offset = static_cast<int64_t>(toNumber(info, 2));
  guarded(info.Env(), "placeStorage", nullptr, [&] { storages().place(handle, within, offset); });
  return info.Env().Undefined();
}

/** copy(from, to): values into memory that is there, converted to the dtype that it is stored in. */
Napi::Value copy(const Napi::CallbackInfo& info) {
  const double from = toNumber(info, 0);
  const double to = toNumber(info, 1);
  guarded(info.Env(), "copyStorage", nullptr, [&] {
    const Tensor values = storages().at(from).value;
    Storage& target = storages().at(to);
    TORCH_CHECK(values.numel() == target.value.numel(), "expected ", target.value.numel(), " elements, got ",
                values.numel());
    target.prepareToWrite();
    // From page-locked memory it takes its place in the device's stream, without waiting.
    const bool comesLater = values.device().is_cpu() && target.value.device().is_cuda() && values.is_pinned();
    target.value.view({-1}).copy_(values.view({-1}), /*non_blocking=*/comesLater);
  });
  return info.Env().Undefined();
}

const char* dtypeName(at::ScalarType dtype) {
  static constexpr const char* names[] = {"float32", "int32", "bool", "complex64", "bfloat16", "float16"};
  return names[dtypeCode(dtype)];
}

/** The memory of a storage, which is made its own first: whoever gets the address may write there. */
Napi::Value pointer(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  const Napi::Env env = info.Env();
  return guarded(env, "dataPointer", nullptr, [&]() -> Napi::Value {
    Storage& storage = storages().at(handle);
    storage.prepareToWrite();
    auto result = Napi::Object::New(env);
    result.Set("address", Napi::BigInt::New(env, static_cast<uint64_t>(
                                                     reinterpret_cast<uintptr_t>(storage.value.data_ptr()))));
    result.Set("bytes", static_cast<double>(storage.value.nbytes()));
    result.Set("dtype", dtypeName(storage.value.scalar_type()));
    result.Set("device", storage.value.device().str());
    return result;
  });
}

}  // namespace

void exportStorage(Napi::Env env, Napi::Object exports) {
  exports.Set("write", Napi::Function::New<write>(env));
  exports.Set("dispose", Napi::Function::New<dispose>(env));
  exports.Set("disposeIfLive", Napi::Function::New<disposeIfLive>(env));
  exports.Set("releaseStorage", Napi::Function::New<release>(env));
  exports.Set("restoreStorage", Napi::Function::New<restore>(env));
  exports.Set("placeStorage", Napi::Function::New<place>(env));
  exports.Set("copyStorage", Napi::Function::New<copy>(env));
  exports.Set("dataPointer", Napi::Function::New<pointer>(env));
}

}  // namespace graticule
