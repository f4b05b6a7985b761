// The door to JavaScript: storages, settings and `run`, which calls a kernel by its index.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <napi.h>

#include <cstring>
#include <string>

#include "allocator.h"
#include "call.h"
#include "device_linear.h"
#include "device_memory.h"
#include "device_transfer.h"
#include "torch_version.h"

namespace graticule {
namespace {

thread_local double* shared = nullptr;
thread_local size_t sharedLength = 0;
thread_local Napi::Reference<Napi::Float64Array>* sharedReference = nullptr;

/** First sentence of an ATen message: no stack, no source position. */
std::string shorten(std::string message) {
  for (const char* mark : {"\nException raised from", "\nDebug info", "\n"}) {
    const auto position = message.find(mark);
    if (position != std::string::npos) message.resize(position);
  }
  if (message.size() > 400) message = message.substr(0, 400) + "…";
  return message;
}

template <typename F>
auto guarded(Napi::Env env, const std::string& where, const Call* call, F body) -> decltype(body()) {
  std::string reason;
  try {
    c10::InferenceMode inference;
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const c10::Error& error) {
    reason = shorten(error.what_without_backtrace());
  } catch (const std::exception& error) {
    reason = shorten(error.what());
  }
  if (call != nullptr) {
    const std::string inputs = call->describeInputs();
    if (!inputs.empty()) reason += " (inputs: " + inputs + ")";
  }
  throw Napi::Error::New(env, "torch " + where + ": " + reason);
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

Napi::Value bind(const Napi::CallbackInfo& info) {
  auto array = toFloat64Array(info, 0, "bind");
  delete sharedReference;
  sharedReference = new Napi::Reference<Napi::Float64Array>(Napi::Persistent(array));
  sharedReference->SuppressDestruct();
  shared = array.Data();
  sharedLength = array.ElementLength();
  return info.Env().Undefined();
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

/** write(values | null, dtype, [rank, dims…]): a new storage. The shared array is left alone: a kernel call may be half
 * encoded while one of its inputs moves here from another backend. */
Napi::Value write(const Napi::CallbackInfo& info) {
  const double code = toNumber(info, 1);
  const auto shape = toFloat64Array(info, 2, "write");
  Call call(shape.Data(), shape.ElementLength());
  const double handle = guarded(info.Env(), "write", nullptr, [&] {
    const auto dims = call.shape();
    const auto options = at::TensorOptions().dtype(dtypeOfCode(static_cast<int64_t>(code)));
    if (!info[0].IsTypedArray()) return storages().add(at::zeros(dims, options.device(settings().device)));
    auto array = info[0].As<Napi::TypedArray>();
    const auto* source = static_cast<const char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
    size_t bytes = c10::elementSize(dtypeOfCode(static_cast<int64_t>(code)));
    for (const int64_t dim : dims) bytes *= static_cast<size_t>(dim);
    TORCH_CHECK(array.ByteLength() == bytes, "shape ", c10::IntArrayRef(dims), " needs ", bytes, " bytes, got ",
                array.ByteLength());
    if (!settings().device.is_cpu()) {
      return storages().add(toDevice(source, dims, dtypeOfCode(static_cast<int64_t>(code)), settings().device));
    }
    Tensor value = at::empty(dims, options);
    if (bytes > 0) std::memcpy(value.data_ptr(), source, bytes);
    return storages().add(value);
  });
  return Napi::Number::New(info.Env(), handle);
}

Napi::Value read(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  const Napi::Env env = info.Env();
  return guarded(env, "read", nullptr, [&]() -> Napi::Value {
    Tensor value = storages().at(handle).value;
    if (value.scalar_type() == at::kBFloat16 || value.scalar_type() == at::kHalf) value = value.to(at::kFloat);
    value = value.contiguous();
    auto buffer = Napi::ArrayBuffer::New(env, value.nbytes());
    if (!value.device().is_cpu()) {
      toHost(value, buffer.Data());
    } else if (value.nbytes() > 0) {
      std::memcpy(buffer.Data(), value.data_ptr(), value.nbytes());
    }
    switch (value.scalar_type()) {
      case at::kInt:
        return Napi::Int32Array::New(env, value.numel(), buffer, 0);
      case at::kBool:
        return Napi::Uint8Array::New(env, value.numel(), buffer, 0);
      case at::kComplexFloat:
        return Napi::Float32Array::New(env, value.numel() * 2, buffer, 0);
      default:
        return Napi::Float32Array::New(env, value.numel(), buffer, 0);
    }
  });
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  const double handle = toNumber(info, 0);
  guarded(info.Env(), "dispose", nullptr, [&] { storages().remove(handle); });
  return info.Env().Undefined();
}

Napi::Value kernelNames(const Napi::CallbackInfo& info) {
  auto names = Napi::Array::New(info.Env());
  for (uint32_t i = 0; i < kernels().size(); i++) names.Set(i, Napi::String::New(info.Env(), kernels()[i].name));
  return names;
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  const at::Device device = settings().device;
  const AllocatorStats stats = device.is_cpu() ? allocatorStats() : deviceAllocatorStats(device);
  auto result = Napi::Object::New(info.Env());
  result.Set("liveBytes", stats.liveBytes);
  result.Set("peakBytes", stats.peakBytes);
  result.Set("cachedBytes", stats.cachedBytes);
  result.Set("storageBytes", storages().bytes());
  result.Set("storages", static_cast<double>(storages().count()));
  return result;
}

Napi::Value resetPeak(const Napi::CallbackInfo& info) {
  resetPeakBytes();
  if (!settings().device.is_cpu()) resetDevicePeakBytes(settings().device);
  return info.Env().Undefined();
}

Napi::Value releaseCached(const Napi::CallbackInfo& info) {
  releaseCachedBytes();
  if (!settings().device.is_cpu()) releaseDeviceCachedBytes(settings().device);
  return info.Env().Undefined();
}

Napi::Value setThreads(const Napi::CallbackInfo& info) {
  const double threads = toNumber(info, 0);
  guarded(info.Env(), "setThreads", nullptr, [&] {
    TORCH_CHECK(threads >= 1 && threads <= 1024, "expected 1 to 1024 threads, got ", threads);
    at::set_num_threads(static_cast<int>(threads));
  });
  return info.Env().Undefined();
}

Napi::Value getThreads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), at::get_num_threads()); }

Napi::Value setPrecision(const Napi::CallbackInfo& info) {
  settings().precision = toNumber(info, 0) == 1 ? Precision::kBfloat16 : Precision::kFloat32;
  return info.Env().Undefined();
}

Napi::Value setDevice(const Napi::CallbackInfo& info) {
  const std::string name = info[0].ToString();
  guarded(info.Env(), "setDevice", nullptr, [&] {
    const at::Device device(name);
    at::zeros({1}, at::TensorOptions().device(device));
    if (device.is_cuda()) forbidTf32();
    settings().device = device;
  });
  return info.Env().Undefined();
}

Napi::Value getDevice(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), settings().device.str());
}

Napi::Value describe(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  result.Set("version", TORCH_VERSION);
  result.Set("cpuCapability", GRATICULE_CPU_CAPABILITY);
  result.Set("mkl", at::hasMKL());
  result.Set("mkldnn", at::globalContext().hasMKLDNN());
  result.Set("openmp", at::globalContext().hasOpenMP());
  result.Set("cuda", at::globalContext().hasCUDA());
  result.Set("flashAttention", GRATICULE_HAS_CPU_FLASH_ATTENTION ? true : false);
  return result;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  installAllocator();
  exports.Set("bind", Napi::Function::New<bind>(env));
  exports.Set("run", Napi::Function::New<run>(env));
  exports.Set("write", Napi::Function::New<write>(env));
  exports.Set("read", Napi::Function::New<read>(env));
  exports.Set("dispose", Napi::Function::New<dispose>(env));
  exports.Set("kernelNames", Napi::Function::New<kernelNames>(env));
  exports.Set("memory", Napi::Function::New<memory>(env));
  exports.Set("resetPeakBytes", Napi::Function::New<resetPeak>(env));
  exports.Set("releaseCachedBytes", Napi::Function::New<releaseCached>(env));
  exports.Set("setThreads", Napi::Function::New<setThreads>(env));
  exports.Set("getThreads", Napi::Function::New<getThreads>(env));
  exports.Set("setPrecision", Napi::Function::New<setPrecision>(env));
  exports.Set("setDevice", Napi::Function::New<setDevice>(env));
  exports.Set("getDevice", Napi::Function::New<getDevice>(env));
  exports.Set("describe", Napi::Function::New<describe>(env));
  return exports;
}

}  // namespace
}  // namespace graticule

static Napi::Object initializeModule(Napi::Env env, Napi::Object exports) {
  return graticule::initialize(env, exports);
}

NODE_API_MODULE(graticule_torch, initializeModule)
