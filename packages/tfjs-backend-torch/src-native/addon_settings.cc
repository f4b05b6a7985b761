// Threads, precision, device, and what this LibTorch is.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/zeros.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "addon.h"
#include "device_linear.h"
#include "torch_version.h"

namespace graticule {
namespace {

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
  const double code = toNumber(info, 0);
  settings().precision = code == 2 ? Precision::kFloat16 : code == 1 ? Precision::kBfloat16 : Precision::kFloat32;
  return info.Env().Undefined();
}

Napi::Value getPrecision(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), static_cast<int>(settings().precision.load())); }

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

/** GPUs that LibTorch sees, CUDA's or ROCm's; 0 where it was built without. */
int gpuCount() {
  if (!c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)) return 0;
  return c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA)->deviceCount();
}

Napi::Value describe(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  result.Set("version", TORCH_VERSION);
  result.Set("cpuCapability", GRATICULE_CPU_CAPABILITY);
  result.Set("mkl", at::hasMKL());
  result.Set("mkldnn", at::globalContext().hasMKLDNN());
  result.Set("openmp", at::globalContext().hasOpenMP());
  result.Set("cuda", at::globalContext().hasCUDA());
  result.Set("gpuCount", gpuCount());
  result.Set("flashAttention", GRATICULE_HAS_CPU_FLASH_ATTENTION ? true : false);
  return result;
}

}  // namespace

void exportSettings(Napi::Env env, Napi::Object exports) {
  exports.Set("setThreads", Napi::Function::New<setThreads>(env));
  exports.Set("getThreads", Napi::Function::New<getThreads>(env));
  exports.Set("setPrecision", Napi::Function::New<setPrecision>(env));
  exports.Set("getPrecision", Napi::Function::New<getPrecision>(env));
  exports.Set("setDevice", Napi::Function::New<setDevice>(env));
  exports.Set("getDevice", Napi::Function::New<getDevice>(env));
  exports.Set("describe", Napi::Function::New<describe>(env));
}

}  // namespace graticule
