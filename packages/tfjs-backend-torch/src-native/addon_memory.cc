// The byte meter, its limits and its tags.
#include "addon.h"
#include "allocator.h"
#include "device_memory.h"

namespace graticule {
namespace {

Napi::Value memory(const Napi::CallbackInfo& info) {
  const at::Device device = settings().device;
  const AllocatorStats stats = device.is_cpu() ? allocatorStats() : deviceAllocatorStats(device);
  auto result = Napi::Object::New(info.Env());
  result.Set("liveBytes", stats.liveBytes);
  result.Set("peakBytes", stats.peakBytes);
  result.Set("reservedBytes", stats.reservedBytes);
  result.Set("storageBytes", storages().bytes());
  result.Set("storages", static_cast<double>(storages().count()));
  auto tags = Napi::Object::New(info.Env());
  for (const TagStats& tag : tagStats()) {
    auto bytes = Napi::Object::New(info.Env());
    bytes.Set("liveBytes", tag.liveBytes);
    bytes.Set("peakBytes", tag.peakBytes);
    tags.Set(tag.name, bytes);
  }
  result.Set("tags", tags);
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

size_t toLimit(const Napi::CallbackInfo& info, size_t index) {
  const double bytes = toNumber(info, index);
  if (!(bytes >= 0)) throw Napi::RangeError::New(info.Env(), "torch: a limit in bytes must not be negative");
  return bytes >= 9007199254740992.0 ? kNoLimit : static_cast<size_t>(bytes);
}

Napi::Value setLimits(const Napi::CallbackInfo& info) {
  setMemoryLimits(toLimit(info, 0), toLimit(info, 1));
  return info.Env().Undefined();
}

Napi::Value tagIndex(const Napi::CallbackInfo& info) {
  const std::string name = info[0].ToString();
  return guarded(info.Env(), "withMemoryTag", nullptr,
                 [&] { return Napi::Number::New(info.Env(), memoryTag(name)); });
}

Napi::Value setTag(const Napi::CallbackInfo& info) {
  const double tag = toNumber(info, 0);
  return guarded(info.Env(), "withMemoryTag", nullptr,
                 [&] { return Napi::Number::New(info.Env(), setMemoryTag(static_cast<int>(tag))); });
}

/** Makes V8 look at its heap now: what it holds only by a small wrapper here may be large there. */
Napi::Value hintCollection(const Napi::CallbackInfo& info) {
  const auto live = static_cast<int64_t>(allocatorStats().liveBytes);
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), live);
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), -live);
  return info.Env().Undefined();
}

Napi::Value liveBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), allocatorStats().liveBytes);
}

}  // namespace

void exportMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("memory", Napi::Function::New<memory>(env));
  exports.Set("liveBytes", Napi::Function::New<liveBytes>(env));
  exports.Set("hintCollection", Napi::Function::New<hintCollection>(env));
  exports.Set("resetPeakBytes", Napi::Function::New<resetPeak>(env));
  exports.Set("releaseCachedBytes", Napi::Function::New<releaseCached>(env));
  exports.Set("setMemoryLimits", Napi::Function::New<setLimits>(env));
  exports.Set("memoryTag", Napi::Function::New<tagIndex>(env));
  exports.Set("setMemoryTag", Napi::Function::New<setTag>(env));
}

}  // namespace graticule
