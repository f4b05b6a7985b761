#include "recording.h"

#include "timeline.h"

namespace graticule {
namespace {

double toSeconds(Clock::time_point time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

}  // namespace

Napi::Value startRecording(const Napi::CallbackInfo& info) {
  timeline().start();
  return Napi::Number::New(info.Env(), toSeconds(Clock::now()));
}

Napi::Value stopRecording(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto records = timeline().stop();
  auto list = Napi::Array::New(env, records.size());
  for (size_t i = 0; i < records.size(); i++) {
    const OperationRecord& record = records[i];
    auto described = Napi::Object::New(env);
    described.Set("name", record.operation.describe());
    described.Set("communicator", record.communicator);
    described.Set("bytes", static_cast<double>(record.bytes));
    described.Set("start", toSeconds(record.start));
    described.Set("end", toSeconds(record.end));
    if (record.blockedFrom) described.Set("blockedFrom", toSeconds(*record.blockedFrom));
    list.Set(static_cast<uint32_t>(i), described);
  }
  return list;
}

}  // namespace graticule
