// The doubles as a module of Node: the tests put values into the memory of the devices, and read them.
#include <node_api.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "gpu-double.h"

using namespace gpu_double;

namespace {

uint64_t numberOf(napi_env env, napi_value value) {
  uint64_t number = 0;
  bool lossless = false;
  if (napi_get_value_bigint_uint64(env, value, &number, &lossless) != napi_ok) std::abort();
  return number;
}

/** As LibTorch does it: its calls leave the thread's device as they found it, which for the tests is 0. */
struct OnDevice {
  explicit OnDevice(int wanted) { setDevice(wanted); }
  ~OnDevice() { setDevice(0); }
};

/** allocate(device, bytes): an address. */
napi_value allocateOn(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value args[2];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  int64_t which = 0;
  int64_t bytes = 0;
  napi_get_value_int64(env, args[0], &which);
  napi_get_value_int64(env, args[1], &bytes);
  const char* address = gpu_double::allocate(static_cast<int>(which), static_cast<size_t>(bytes));
  napi_value result;
  napi_create_bigint_uint64(env, reinterpret_cast<uint64_t>(address), &result);
  return result;
}

struct Bytes {
  char* data;
  size_t length;
};

Bytes bytesOf(napi_env env, napi_value array) {
  void* data = nullptr;
  size_t length = 0;
  napi_get_typedarray_info(env, array, nullptr, &length, &data, nullptr, nullptr);
  return {static_cast<char*>(data), length};
}

/** write(address, Uint8Array, milliseconds): in the order of the default stream, as a kernel that takes so long would. */
napi_value write(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value args[3];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  const Bytes bytes = bytesOf(env, args[1]);
  int64_t milliseconds = 0;
  napi_get_value_int64(env, args[2], &milliseconds);
  auto values = std::make_shared<std::string>(bytes.data, bytes.length);
  int owner = 0;
  char* to = reach(reinterpret_cast<void*>(numberOf(env, args[0])), bytes.length, &owner);
  if (to == nullptr) std::abort();
  const OnDevice here(owner);
  streamOf(nullptr).enqueue([=] {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    takeTime();
    std::memcpy(to, values->data(), values->size());
  });
  return nullptr;
}

/** read(address, Uint8Array): waits for the default stream, as reading a tensor does. */
napi_value read(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value args[2];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  const Bytes bytes = bytesOf(env, args[1]);
  int owner = 0;
  const char* from = reach(reinterpret_cast<void*>(numberOf(env, args[0])), bytes.length, &owner);
  if (from == nullptr) std::abort();
  const OnDevice here(owner);
  streamOf(nullptr).finish();
  std::memcpy(bytes.data, from, bytes.length);
  return nullptr;
}

napi_value breakIt(napi_env, napi_callback_info) {
  breakNccl();
  return nullptr;
}

napi_value collectives(napi_env env, napi_callback_info) {
  napi_value result;
  napi_create_int32(env, ncclCollectives(), &result);
  return result;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  const std::pair<const char*, napi_callback> functions[] = {
      {"allocate", &allocateOn}, {"write", &write}, {"read", &read}, {"breakNccl", &breakIt}, {"ncclCollectives", &collectives}};
  for (const auto& [name, function] : functions) {
    napi_value value;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  }
  return exports;
}
