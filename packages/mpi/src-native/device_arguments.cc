#include "device_arguments.h"

#include <numeric>

#include "arguments.h"
#include "device_path.h"
#include "element_type.h"
#include "message_work.h"
#include "mpi_error.h"
#include "watch.h"

namespace graticule {
namespace {

/** Runs `body`; what the device or NCCL says becomes an Error of JavaScript. */
template <typename Body>
auto guarded(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const DeviceError& error) {
    throw Napi::Error::New(env, error.what());
  }
}

void checkBuffer(Napi::Env env, const void* memory, int64_t elements, const Operation& operation, int device) {
  const auto bytes = static_cast<size_t>(elements * elementBytes(operation.elementType));
  if (memory == nullptr || bytes == 0 || isDeviceMemory(memory, bytes, device)) return;
  throw Napi::TypeError::New(env, "expected an address of memory of device " + std::to_string(device) + ", got another");
}

}  // namespace

Napi::Value openRuntime(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { openDeviceRuntime(info[0].ToString()); });
  return info.Env().Undefined();
}

Napi::Value openPath(const Napi::CallbackInfo& info, std::string& mismatch) {
  const Napi::Env env = info.Env();
  Communicator& communicator = communicatorOf(info, 0);
  const auto device = static_cast<int>(integer(info, 1));
  const auto wanted = static_cast<DeviceCollectives>(integer(info, 2));
  Operation operation;
  operation.kind = kOpenDevice;
  watch().begin(communicator, operation);
  watch().enter(communicator, operation);
  try {
    guarded(env, [&] {
      if (communicator.checks != MPI_COMM_NULL) checkMpi(exchange(communicator, operation, mismatch));
      if (mismatch.empty()) communicator.path = std::make_shared<DevicePath>(communicator, device, wanted);
    });
  } catch (...) {
    watch().leave();
    throw;
  }
  watch().leave();
  return Napi::String::New(env, mismatch.empty() ? communicator.path->description() : "");
}

void checkOnDevice(Napi::Env env, const Communicator& communicator, const Operation& operation, const Buffers& buffers,
                   int device) {
  const int64_t sum = std::accumulate(buffers.counts.begin(), buffers.counts.end(), int64_t{0});
  const auto [inputLength, outputLength] = lengths(operation, communicator.size, sum);
  checkBuffer(env, buffers.input, inputLength, operation, device);
  checkBuffer(env, buffers.output, outputLength, operation, device);
}

std::unique_ptr<DeviceWork> beginOnDevice(Napi::Env env, Communicator& communicator, const Operation& operation,
                                          const Buffers& buffers, int device) {
  return guarded(env, [&]() -> std::unique_ptr<DeviceWork> {
    useDevice(device);
    if (!operation.isCollective()) return std::make_unique<MessageWork>(operation, buffers, communicator.comm, device);
    if (!communicator.path) throw DeviceError("expected openDevicePath before, got no path");
    return communicator.path->begin(operation, buffers);
  });
}

}  // namespace graticule
