// What JavaScript calls for memory of devices.
#pragma once

#include <napi.h>

#include "communicator.h"
#include "device_work.h"
#include "operation.h"

namespace graticule {

/** openDeviceRuntime(prefix): loads the runtime; throws an Error of JavaScript where there is none. */
Napi::Value openRuntime(const Napi::CallbackInfo& info);

/**
 * openDevicePath(communicator, device, wanted): how its collectives travel, in words. Throws an Error of JavaScript on every
 * rank where that fails. Collective.
 *
 * @param mismatch in check mode what the ranks do, if they differ; nothing is then opened.
 */
Napi::Value openPath(const Napi::CallbackInfo& info, std::string& mismatch);

/** Throws a TypeError of JavaScript if a buffer is not of that device's memory. */
void checkOnDevice(Napi::Env env, const Communicator& communicator, const Operation& operation, const Buffers& buffers,
                   int device);

/** Begins an operation on a device's memory. Throws an Error of JavaScript for what the device says. */
std::unique_ptr<DeviceWork> beginOnDevice(Napi::Env env, Communicator& communicator, const Operation& operation,
                                          const Buffers& buffers, int device);

}  // namespace graticule
