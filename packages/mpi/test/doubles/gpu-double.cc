// A double of the CUDA runtime, or with -DHIP of HIP's: "devices" are pages of this process that trap where they are touched
// without it, streams are threads. It knows nothing of src-native.
#include "gpu-double.h"

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

void setDevice(int wanted) { device = wanted; }

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

char* allocate(int which, size_t bytes) {
  size_t& used = memory().used[which];
  char* address = memory().device + kBytesOfDevice * static_cast<size_t>(which) + used;
  used += (bytes + 255) / 256 * 256;
  if (used > kBytesOfDevice) std::abort();
  return address;
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
