// Storages whose memory is a file, or the host's whatever the device is.
#include "addon_file_storage.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include "addon.h"
#include "file_memory.h"

namespace graticule {
namespace {

/** writeInFile(folder, length): a new storage of float32 zeros in a file of the folder. */
Napi::Value writeInFile(const Napi::CallbackInfo& info) {
  const std::string folder = info[0].ToString();
  const auto length = static_cast<int64_t>(toNumber(info, 1));
  const double handle = guarded(info.Env(), "makeFileTensor", nullptr, [&] {
    TORCH_CHECK(length > 0, "expected a length above 0, got ", length);
    const auto memory = openFileMemory(folder, static_cast<size_t>(length) * sizeof(float));
    return storages().add(at::from_blob(memory->data(), {length}, [memory](void*) {}, at::kFloat));
  });
  return Napi::Number::New(info.Env(), handle);
}

/** writeInHostMemory(length): a new storage of float32 zeros on the CPU, in page-locked memory where the device is a GPU. */
Napi::Value writeInHostMemory(const Napi::CallbackInfo& info) {
  const auto length = static_cast<int64_t>(toNumber(info, 0));
  const double handle = guarded(info.Env(), "makeHostTensor", nullptr, [&] {
    TORCH_CHECK(length >= 0, "expected a length of 0 or more, got ", length);
    const bool isPinned = settings().device.is_cuda() && length > 0;
    return storages().add(at::zeros({length}, at::TensorOptions().dtype(at::kFloat).pinned_memory(isPinned)));
  });
  return Napi::Number::New(info.Env(), handle);
}

template <void (*move)(const void*, size_t)>
Napi::Value movePages(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  guarded(info.Env(), "fetchStorage or evictStorage", nullptr, [&] {
    const Tensor& value = storages().at(handle).value;
    move(value.data_ptr(), value.nbytes());
  });
  return info.Env().Undefined();
}

Napi::Value await(const Napi::CallbackInfo& info) {
  const double pending = toNumber(info, 0);
  guarded(info.Env(), "awaitEvictions", nullptr, [&] { awaitEvictions(static_cast<size_t>(pending)); });
  return info.Env().Undefined();
}

}  // namespace

void exportFileStorage(Napi::Env env, Napi::Object exports) {
  exports.Set("writeInFile", Napi::Function::New<writeInFile>(env));
  exports.Set("writeInHostMemory", Napi::Function::New<writeInHostMemory>(env));
  exports.Set("fetchStorage", Napi::Function::New<movePages<fetchFileMemory>>(env));
  exports.Set("evictStorage", Napi::Function::New<movePages<evictFileMemory>>(env));
  exports.Set("awaitEvictions", Napi::Function::New<await>(env));
}

}  // namespace graticule
