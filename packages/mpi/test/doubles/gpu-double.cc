// A double of the CUDA runtime, or with -DHIP of HIP's: "devices" are pages of this process that trap where they are touched
// without it, streams are threads. Also an addon, by which tests put values there. It knows nothing of src-native.
#include "gpu-double.h"

#include <node_api.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#ifdef HIP
#define GPU(name) hip##name
#else
#define GPU(name) cuda##name
#endif
#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace gpu_double {
namespace {

constexpr size_t kBytesOfDevice = size_t{1} << 30;

/** The same pages twice: at the addresses that the devices have, and where the double itself reads and writes. */
struct Memory {
  char* device = nullptr;
  char* own = nullptr;
  size_t used[kDevices] = {};

  Memory() {
    const int file = memfd_create("gpu-double", 0);
    const size_t bytes = kBytesOfDevice * kDevices;
    if (file < 0 || ftruncate(file, static_cast<off_t>(bytes)) != 0) std::abort();
    // An MPI that reaches devices may touch them.
    const int access = std::getenv("GPU_DOUBLE_AWARE") ? PROT_READ | PROT_WRITE : PROT_NONE;
    device = static_cast<char*>(mmap(nullptr, bytes, access, MAP_SHARED | MAP_NORESERVE, file, 0));
    own = static_cast<char*>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0));
    if (device == MAP_FAILED || own == MAP_FAILED) std::abort();
  }
};

Memory& memory() {
  static auto* const only = new Memory();
  return *only;
}

std::mutex pinnedMutex;
std::map<const char*, size_t> pinned;

bool isPinned(const void* address, size_t bytes) {
  const std::lock_guard<std::mutex> lock(pinnedMutex);
  const auto* first = static_cast<const char*>(address);
  auto block = pinned.upper_bound(first);
  if (block == pinned.begin()) return false;
  --block;
  return first + bytes <= block->first + block->second;
}

thread_local int device = 0;

struct Event {
  std::mutex mutex;
  std::condition_variable changed;
  int recorded = 0;
  int reached = 0;

  bool isReached(int count) const { return reached >= count; }
};
using EventHandle = std::shared_ptr<Event>;

EventHandle& eventOf(void* handle) { return *static_cast<EventHandle*>(handle); }

}  // namespace

struct Stream::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> tasks;
  bool isBusy = false;

  void run() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return !tasks.empty(); });
      const auto task = std::move(tasks.front());
      tasks.pop_front();
      isBusy = true;
      lock.unlock();
      task();
      lock.lock();
      isBusy = false;
      changed.notify_all();
    }
  }
};

Stream::Stream() : state_(std::make_shared<State>()) {
  std::thread([state = state_] { state->run(); }).detach();
}

void Stream::enqueue(std::function<void()> task) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->tasks.push_back(std::move(task));
  state_->changed.notify_all();
}

void Stream::finish() {
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->tasks.empty() && !state_->isBusy; });
}

int currentDevice() { return device; }

Stream& streamOf(void* handle) {
  static auto* const defaults = new Stream[kDevices];
  return handle == nullptr ? defaults[device] : *static_cast<Stream*>(handle);
}

char* reach(const void* address, size_t bytes, int* found) {
  const auto* first = static_cast<const char*>(address);
  if (first < memory().device || first + bytes > memory().device + kBytesOfDevice * kDevices) return nullptr;
  const auto offset = static_cast<size_t>(first - memory().device);
  if (found != nullptr) *found = static_cast<int>(offset / kBytesOfDevice);
  return memory().own + offset;
}

void takeTime() { std::this_thread::sleep_for(std::chrono::microseconds(200)); }

}  // namespace gpu_double

using namespace gpu_double;

EXPORTED int GPU(GetDeviceCount)(int* count) {
  *count = kDevices;
  return 0;
}

EXPORTED int GPU(SetDevice)(int wanted) {
  if (wanted < 0 || wanted >= kDevices) return 101;
  device = wanted;
  return 0;
}

EXPORTED int GPU(DeviceGetPCIBusId)(char* text, int length, int which) {
  std::snprintf(text, static_cast<size_t>(length), "0000:%02x:00.0", which);
  return 0;
}

EXPORTED int GPU(StreamCreateWithFlags)(void** stream, unsigned flags) {
  if (flags != 1) return 1;
  *stream = new Stream();
  return 0;
}

EXPORTED int GPU(StreamDestroy)(void*) { return 0; }

EXPORTED int GPU(StreamWaitEvent)(void* stream, void* handle, unsigned flags) {
  if (flags != 0) return 1;
  const EventHandle event = eventOf(handle);
  const int count = event->recorded;
  streamOf(stream).enqueue([event, count] {
    std::unique_lock<std::mutex> lock(event->mutex);
    event->changed.wait(lock, [&] { return event->isReached(count); });
  });
  return 0;
}

EXPORTED int GPU(EventCreateWithFlags)(void** event, unsigned flags) {
  if (flags != 2) return 1;
  *event = new EventHandle(std::make_shared<Event>());
  return 0;
}

EXPORTED int GPU(EventDestroy)(void* event) {
  delete &eventOf(event);
  return 0;
}

EXPORTED int GPU(EventRecord)(void* handle, void* stream) {
  const EventHandle event = eventOf(handle);
  const int count = ++event->recorded;
  streamOf(stream).enqueue([event, count] {
    const std::lock_guard<std::mutex> lock(event->mutex);
    event->reached = count;
    event->changed.notify_all();
  });
  return 0;
}

EXPORTED int GPU(EventQuery)(void* handle) {
  const EventHandle event = eventOf(handle);
  const std::lock_guard<std::mutex> lock(event->mutex);
  return event->isReached(event->recorded) ? 0 : 600;
}

EXPORTED int GPU(EventSynchronize)(void* handle) {
  const EventHandle event = eventOf(handle);
  std::unique_lock<std::mutex> lock(event->mutex);
  event->changed.wait(lock, [&] { return event->isReached(event->recorded); });
  return 0;
}

EXPORTED int GPU(MemcpyAsync)(void* to, const void* from, size_t bytes, int kind, void* stream) {
  const bool down = kind == 2;
  char* onDevice = reach(down ? from : to, bytes);
  if ((kind != 1 && kind != 2) || onDevice == nullptr || !isPinned(down ? to : from, bytes)) return 1;
  streamOf(stream).enqueue([=] {
    takeTime();
    std::memcpy(down ? to : onDevice, down ? onDevice : from, bytes);
  });
  return 0;
}

#ifdef HIP
EXPORTED int hipHostMalloc(void** block, size_t bytes, unsigned) {
#else
EXPORTED int cudaHostAlloc(void** block, size_t bytes, unsigned) {
#endif
  *block = std::malloc(bytes);
  const std::lock_guard<std::mutex> lock(pinnedMutex);
  pinned[static_cast<char*>(*block)] = bytes;
  return 0;
}

#ifdef HIP
EXPORTED int hipHostFree(void* block) {
#else
EXPORTED int cudaFreeHost(void* block) {
#endif
  const std::lock_guard<std::mutex> lock(pinnedMutex);
  if (pinned.erase(static_cast<char*>(block)) == 0) return 1;
  std::free(block);
  return 0;
}

struct PointerAttributes {
  int type;
  int device;
  void* devicePointer;
  void* hostPointer;
};

EXPORTED int GPU(PointerGetAttributes)(PointerAttributes* attributes, const void* address) {
  int owner = -1;
  const bool isDevice = reach(address, 1, &owner) != nullptr;
  attributes->type = isDevice ? 2 : isPinned(address, 1) ? 1 : 0;
  attributes->device = owner;
  return 0;
}

EXPORTED const char* GPU(GetErrorString)(int code) { return code == 1 ? "invalid argument" : "an error of the double"; }

namespace {

uint64_t numberOf(napi_env env, napi_value value) {
  uint64_t number = 0;
  bool lossless = false;
  if (napi_get_value_bigint_uint64(env, value, &number, &lossless) != napi_ok) std::abort();
  return number;
}

/** As LibTorch does it: its calls leave the thread's device as they found it, which for the tests is 0. */
struct OnDevice {
  explicit OnDevice(int wanted) { device = wanted; }
  ~OnDevice() { device = 0; }
};

/** allocate(device, bytes): an address. Nothing is given back. */
napi_value allocate(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value args[2];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  int64_t which = 0;
  int64_t bytes = 0;
  napi_get_value_int64(env, args[0], &which);
  napi_get_value_int64(env, args[1], &bytes);
  size_t& used = memory().used[which];
  char* address = memory().device + kBytesOfDevice * static_cast<size_t>(which) + used;
  used += (static_cast<size_t>(bytes) + 255) / 256 * 256;
  if (used > kBytesOfDevice) std::abort();
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

EXPORTED napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  const std::pair<const char*, napi_callback> functions[] = {
      {"allocate", &allocate}, {"write", &write}, {"read", &read}, {"breakNccl", &breakIt}, {"ncclCollectives", &collectives}};
  for (const auto& [name, function] : functions) {
    napi_value value;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  }
  return exports;
}
