// The door to JavaScript: `run` calls a kernel by its index, with arguments in an array that both sides share.
#include "addon.h"

#include <ATen/core/Tensor.h>
#include <dlfcn.h>

#include <string>

#include "addon_file_storage.h"
#include "allocator.h"

namespace graticule {

std::string firstSentence(std::string message) {
  for (const char* mark : {"\nException raised from", "\nDebug info", "\n"}) {
    const auto position = message.find(mark);
    if (position != std::string::npos) message.resize(position);
  }
  if (message.size() > 400) message = message.substr(0, 400) + "…";
  return message;
}

double toNumber(const Napi::CallbackInfo& info, size_t index) {
  if (info.Length() <= index || !info[index].IsNumber()) {
    throw Napi::TypeError::New(info.Env(), "torch: argument " + std::to_string(index) + " must be a number");
  }
  return info[index].As<Napi::Number>().DoubleValue();
}

Napi::Float64Array toFloat64Array(const Napi::CallbackInfo& info, size_t index, const char* where) {
  const bool fits = info.Length() > index && info[index].IsTypedArray() &&
                    info[index].As<Napi::TypedArray>().TypedArrayType() == napi_float64_array;
  if (!fits) throw Napi::TypeError::New(info.Env(), std::string("torch ") + where + ": expected a Float64Array");
  return info[index].As<Napi::Float64Array>();
}

namespace {

thread_local double* shared = nullptr;
thread_local size_t sharedLength = 0;
thread_local Napi::Reference<Napi::Float64Array>* sharedReference = nullptr;

/** A storage is contiguous, owns its memory alone, and has a dtype that tfjs knows. */
Tensor owned(Tensor value) {
  if (value.scalar_type() == at::kLong) value = value.to(at::kInt);
  if (value.scalar_type() == at::kDouble) value = value.to(at::kFloat);
  if (value.scalar_type() == at::kComplexDouble) value = value.to(at::kComplexFloat);
  TORCH_CHECK(dtypeCode(value.scalar_type()) >= 0, "the result has dtype ", value.scalar_type());
  value = value.contiguous();
  const bool alone = value.storage().use_count() == 1 && value.storage().nbytes() == value.nbytes();
  return alone ? value : value.clone();
}

/** bind(array): the array that arguments go through from now on. A second copy of the package gets that of the first. */
Napi::Value bind(const Napi::CallbackInfo& info) {
  if (sharedReference != nullptr) return sharedReference->Value();
  auto array = toFloat64Array(info, 0, "bind");
  sharedReference = new Napi::Reference<Napi::Float64Array>(Napi::Persistent(array));
  shared = array.Data();
  sharedLength = array.ElementLength();
  return array;
}

/** run(kernel, arguments): the number of outputs; each is written as handle, dtype, rank, dims… */
Napi::Value run(const Napi::CallbackInfo& info) {
  const double index = toNumber(info, 0);
  const double length = toNumber(info, 1);
  const auto& all = kernels();
  if (!(index >= 0 && index < all.size()) || !(length >= 0 && length <= sharedLength)) {
    throw Napi::RangeError::New(info.Env(), "torch run: no such kernel or too many arguments");
  }
  const Kernel& kernel = all[static_cast<size_t>(index)];
  Call call(shared, static_cast<size_t>(length));
  const auto count = guarded(info.Env(), kernel.name, &call, [&] {
    kernel.run(call);
    size_t position = 0;
    std::vector<Tensor> results;
    for (const Tensor& output : call.outputs()) {
      position += 3 + output.dim();
      TORCH_CHECK(position <= sharedLength, "too many outputs");
    }
    position = 0;
    for (size_t i = 0; i < call.outputs().size(); i++) results.push_back(owned(call.takeOutput(i)));
    for (Tensor& result : results) {
      const auto sizes = result.sizes().vec();
      const int dtype = dtypeCode(result.scalar_type());
      shared[position++] = storages().add(std::move(result));
      shared[position++] = dtype;
      shared[position++] = static_cast<double>(sizes.size());
      for (const int64_t size : sizes) shared[position++] = static_cast<double>(size);
    }
    return results.size();
  });
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

Napi::Value kernelNames(const Napi::CallbackInfo& info) {
  auto names = Napi::Array::New(info.Env());
  for (uint32_t i = 0; i < kernels().size(); i++) names.Set(i, Napi::String::New(info.Env(), kernels()[i].name));
  return names;
}

/**
 * Node unloads an addon when the last thread that loaded it ends; LibTorch would go on calling our allocator, and other
 * threads hold memory of it.
 */
void stayLoaded() {
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&stayLoaded), &self) != 0) dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
}

/** Before this thread's JavaScript goes: what refers to it must not outlive it. */
void cleanUp(void*) {
  storages().clear();
  delete sharedReference;
  sharedReference = nullptr;
  shared = nullptr;
  sharedLength = 0;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  stayLoaded();
  installAllocator();
  napi_add_env_cleanup_hook(env, &cleanUp, nullptr);
  exports.Set("bind", Napi::Function::New<bind>(env));
  exports.Set("run", Napi::Function::New<run>(env));
  exports.Set("kernelNames", Napi::Function::New<kernelNames>(env));
  exportStorage(env, exports);
  exportFileStorage(env, exports);
  exportReading(env, exports);
  exportMemory(env, exports);
  exportSettings(env, exports);
  return exports;
}

}  // namespace
}  // namespace graticule

static Napi::Object initializeModule(Napi::Env env, Napi::Object exports) {
  return graticule::initialize(env, exports);
}

NODE_API_MODULE(graticule_torch, initializeModule)
