// What every function of the addon does with its arguments and with what LibTorch throws.
#pragma once

#include <c10/core/InferenceMode.h>
#include <napi.h>

#include <new>
#include <string>

#include "allocator.h"
#include "call.h"

namespace graticule {

/** First sentence of an ATen message: no stack, no source position. */
std::string firstSentence(std::string message);

/** Runs `body` without autograd; what it throws becomes a JavaScript error that names `where` and the call's inputs. */
template <typename F>
auto guarded(Napi::Env env, const std::string& where, const Call* call, F body) -> decltype(body()) {
  std::string reason;
  try {
    c10::InferenceMode inference;
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const c10::Error& error) {
    reason = firstSentence(error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    reason = "out of memory: " + std::to_string(static_cast<size_t>(allocatorStats().liveBytes)) + " bytes live";
  } catch (const std::exception& error) {
    reason = firstSentence(error.what());
  }
  if (call != nullptr) {
    const std::string inputs = call->describeInputs();
    if (!inputs.empty()) reason += " (inputs: " + inputs + ")";
  }
  throw Napi::Error::New(env, "torch " + where + ": " + reason);
}

double toNumber(const Napi::CallbackInfo& info, size_t index);
Napi::Float64Array toFloat64Array(const Napi::CallbackInfo& info, size_t index, const char* where);

/** Each adds a family of functions to what the addon exports. */
void exportStorage(Napi::Env env, Napi::Object exports);
void exportReading(Napi::Env env, Napi::Object exports);
void exportMemory(Napi::Env env, Napi::Object exports);
void exportSettings(Napi::Env env, Napi::Object exports);

}  // namespace graticule
