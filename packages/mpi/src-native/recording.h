// The timeline of operations, for JavaScript.
#pragma once

#include <napi.h>

namespace graticule {

/** startRecording(): the time now, in seconds of the records' clock. */
Napi::Value startRecording(const Napi::CallbackInfo& info);

/** stopRecording(): the operations that completed since `startRecording`, in the order of their completion. */
Napi::Value stopRecording(const Napi::CallbackInfo& info);

}  // namespace graticule
