// A double of NCCL: processes of one machine pass bytes on in shared memory, when their streams come to it. Signatures, enums
// and rules are those of nccl.h; it knows nothing of src-native.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gpu-double.h"
#include "nccl-reduce.h"
#include "nccl-types.h"

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

constexpr size_t kSlotBytes = size_t{32} << 20;
constexpr int kMostRanks = 16;
constexpr size_t kElementBytes[] = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2};
constexpr auto kPatience = std::chrono::seconds(60);

/** What each rank says that it does: all must say the same. */
struct Call {
  int what;
  size_t count;
  int type;
  int reduction;
  int root;

  bool operator==(const Call& other) const {
    return what == other.what && count == other.count && type == other.type && reduction == other.reduction &&
           root == other.root;
  }
};

struct Shared {
  std::atomic<int> joined;
  std::atomic<int> waiting;
  std::atomic<int> round;
  int devices[kMostRanks];
  Call calls[kMostRanks];
  /** Of grouped sends: where in its slot a rank has put what is for another, and how much. */
  size_t offsets[kMostRanks][kMostRanks];
  size_t lengths[kMostRanks][kMostRanks];
};

}  // namespace

struct ncclComm {
  Shared* shared = nullptr;
  char* slots = nullptr;
  int rank = 0;
  int ranks = 0;
  int device = 0;
  std::atomic<int> error{ncclSuccess};
  std::atomic<bool> isAborted{false};

  char* slot(int which) const { return slots + static_cast<size_t>(which) * kSlotBytes; }

  /** False once the communicator is aborted. */
  bool meet() {
    const int round = shared->round.load();
    if (shared->waiting.fetch_add(1) + 1 == ranks) {
      shared->waiting = 0;
      shared->round.fetch_add(1);
      return true;
    }
    while (shared->round.load() == round) {
      if (isAborted || error != ncclSuccess) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(30));
    }
    return true;
  }

  /** Everyone's `bytes` in the slots, if all call the same; then `take`. */
  void exchange(const Call& call, const char* input, size_t bytes, const std::function<void()>& take) {
    gpu_double::takeTime();
    if (bytes > kSlotBytes) error = ncclInvalidArgument;
    shared->calls[rank] = call;
    if (error == ncclSuccess) std::memcpy(slot(rank), input, bytes);
    if (!meet()) return;
    for (int other = 0; other < ranks; other++)
      if (!(shared->calls[other] == call)) error = ncclInvalidUsage;
    if (error == ncclSuccess) take();
    meet();
  }
};

typedef ncclComm* ncclComm_t;

namespace {

std::mutex mutex;
std::set<ncclComm_t> comms;
std::atomic<int> begun{0};

/** What a group holds until its end; each thread has its own. */
struct Message {
  ncclComm_t comm;
  cudaStream_t stream;
  char* memory;
  size_t bytes;
  int peer;
  bool sends;
};
thread_local int depth = 0;
thread_local std::vector<std::function<void()>> held;
thread_local std::vector<Message> messages;

ncclResult_t launch(ncclComm_t comm, cudaStream_t stream, std::function<void()> run) {
  if (gpu_double::currentDevice() != comm->device) return ncclInvalidUsage;
  begun++;
  auto start = [stream, run = std::move(run)] { gpu_double::streamOf(stream).enqueue(run); };
  if (depth > 0)
    held.push_back(start);
  else
    start();
  return ncclSuccess;
}

char* reachOf(ncclComm_t comm, const void* address, size_t bytes) {
  int device = -1;
  char* memory = gpu_double::reach(address, bytes, &device);
  return device == comm->device ? memory : nullptr;
}

ncclResult_t message(void* memory, size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t stream, bool sends) {
  const size_t bytes = count * kElementBytes[type];
  char* reached = reachOf(comm, memory, bytes);
  if (reached == nullptr || depth == 0) return ncclInvalidArgument;
  messages.push_back({comm, stream, reached, bytes, peer, sends});
  return ncclSuccess;
}

/** All messages of a group at once; the double wants every rank in it. */
void exchangeMessages(ncclComm_t comm, const std::vector<Message>& group) {
  gpu_double::takeTime();
  std::memset(comm->shared->lengths[comm->rank], 0, sizeof(comm->shared->lengths[0]));
  size_t used = 0;
  for (const Message& each : group) {
    if (!each.sends) continue;
    std::memcpy(comm->slot(comm->rank) + used, each.memory, each.bytes);
    comm->shared->offsets[comm->rank][each.peer] = used;
    comm->shared->lengths[comm->rank][each.peer] = each.bytes;
    used += each.bytes;
  }
  if (!comm->meet()) return;
  for (const Message& each : group) {
    if (each.sends) continue;
    if (comm->shared->lengths[each.peer][comm->rank] != each.bytes) comm->error = ncclInvalidUsage;
    std::memcpy(each.memory, comm->slot(each.peer) + comm->shared->offsets[each.peer][comm->rank], each.bytes);
  }
  comm->meet();
}

}  // namespace

namespace gpu_double {

void breakNccl() {
  const std::lock_guard<std::mutex> lock(mutex);
  for (const ncclComm_t comm : comms) comm->error = ncclUnhandledCudaError;
}

int ncclCollectives() { return begun; }

}  // namespace gpu_double

EXPORTED ncclResult_t ncclGetVersion(int* version) {
  const char* other = std::getenv("NCCL_DOUBLE_VERSION");
  *version = other != nullptr ? std::atoi(other) : 22105;
  return ncclSuccess;
}

EXPORTED ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  static std::atomic<int> made{0};
  std::memset(id, 0, sizeof(*id));
  std::snprintf(id->internal, sizeof(id->internal), "/nccl-double-%d-%d", getpid(), made++);
  return ncclSuccess;
}

EXPORTED ncclResult_t ncclCommInitRank(ncclComm_t* made, int ranks, ncclUniqueId id, int rank) {
  if (ranks > kMostRanks || rank < 0 || rank >= ranks) return ncclInvalidArgument;
  if (std::getenv("NCCL_DOUBLE_UNCONNECTED")) return ncclSystemError;
  const int file = shm_open(id.internal, O_CREAT | O_RDWR, 0600);
  const size_t bytes = sizeof(Shared) + kSlotBytes * static_cast<size_t>(ranks);
  if (file < 0 || ftruncate(file, static_cast<off_t>(bytes)) != 0) return ncclSystemError;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
  close(file);
  if (memory == MAP_FAILED) return ncclSystemError;
  auto* comm = new ncclComm();
  comm->shared = static_cast<Shared*>(memory);
  comm->slots = static_cast<char*>(memory) + sizeof(Shared);
  comm->rank = rank;
  comm->ranks = ranks;
  comm->device = gpu_double::currentDevice();
  comm->shared->devices[rank] = comm->device;
  comm->shared->joined.fetch_add(1);
  const auto late = std::chrono::steady_clock::now() + kPatience;
  while (comm->shared->joined.load() < ranks) {
    if (std::chrono::steady_clock::now() > late) return ncclSystemError;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  shm_unlink(id.internal);
  for (int other = 0; other < ranks; other++)
    if (other != rank && comm->shared->devices[other] == comm->device) return ncclInvalidUsage;
  const std::lock_guard<std::mutex> lock(mutex);
  comms.insert(comm);
  *made = comm;
  return ncclSuccess;
}

EXPORTED ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  const std::lock_guard<std::mutex> lock(mutex);
  return comms.erase(comm) == 1 ? ncclSuccess : ncclInvalidArgument;
}

EXPORTED ncclResult_t ncclCommAbort(ncclComm_t comm) {
  comm->isAborted = true;
  if (std::getenv("NCCL_DOUBLE_LOUD")) std::fprintf(stderr, "nccl-double: aborted\n");
  return ncclSuccess;
}

EXPORTED ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* error) {
  *error = static_cast<ncclResult_t>(comm->error.load());
  return ncclSuccess;
}

EXPORTED ncclResult_t ncclReduce(const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype, ncclRedOp_t op, int root,
                                 ncclComm_t comm, cudaStream_t stream) {
  const size_t bytes = count * kElementBytes[datatype];
  const char* input = reachOf(comm, sendbuff, bytes);
  char* output = comm->rank == root ? reachOf(comm, recvbuff, bytes) : nullptr;
  if (input == nullptr || (comm->rank == root && output == nullptr)) return ncclInvalidArgument;
  return launch(comm, stream, [=] {
    comm->exchange({0, count, datatype, op, root}, input, bytes, [&] {
      if (output == nullptr) return;
      std::memcpy(output, comm->slot(0), bytes);
      for (int other = 1; other < comm->ranks; other++) gpu_double::reduce(output, comm->slot(other), count, datatype, op);
    });
  });
}

EXPORTED ncclResult_t ncclBroadcast(const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype, int root, ncclComm_t comm,
                                    cudaStream_t stream) {
  const size_t bytes = count * kElementBytes[datatype];
  const bool isRoot = comm->rank == root;
  const char* input = isRoot ? reachOf(comm, sendbuff, bytes) : nullptr;
  char* output = reachOf(comm, recvbuff, bytes);
  if ((isRoot && input == nullptr) || output == nullptr) return ncclInvalidArgument;
  return launch(comm, stream, [=] {
    comm->exchange({1, count, datatype, 0, root}, input, isRoot ? bytes : 0,
                   [&] { std::memmove(output, comm->slot(root), bytes); });
  });
}

EXPORTED ncclResult_t ncclAllReduce(const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype, ncclRedOp_t op,
                                    ncclComm_t comm, cudaStream_t stream) {
  const size_t bytes = count * kElementBytes[datatype];
  const char* input = reachOf(comm, sendbuff, bytes);
  char* output = reachOf(comm, recvbuff, bytes);
  if (input == nullptr || output == nullptr) return ncclInvalidArgument;
  return launch(comm, stream, [=] {
    comm->exchange({2, count, datatype, op, 0}, input, bytes, [&] {
      std::memcpy(output, comm->slot(0), bytes);
      for (int other = 1; other < comm->ranks; other++) gpu_double::reduce(output, comm->slot(other), count, datatype, op);
    });
  });
}

EXPORTED ncclResult_t ncclReduceScatter(const void* sendbuff, void* recvbuff, size_t recvcount, ncclDataType_t datatype, ncclRedOp_t op,
                                        ncclComm_t comm, cudaStream_t stream) {
  const size_t bytes = recvcount * kElementBytes[datatype];
  const size_t whole = bytes * static_cast<size_t>(comm->ranks);
  const char* input = reachOf(comm, sendbuff, whole);
  char* output = reachOf(comm, recvbuff, bytes);
  if (input == nullptr || output == nullptr) return ncclInvalidArgument;
  return launch(comm, stream, [=] {
    comm->exchange({3, recvcount, datatype, op, 0}, input, whole, [&] {
      const size_t offset = bytes * static_cast<size_t>(comm->rank);
      std::memcpy(output, comm->slot(0) + offset, bytes);
      for (int other = 1; other < comm->ranks; other++) gpu_double::reduce(output, comm->slot(other) + offset, recvcount, datatype, op);
    });
  });
}

EXPORTED ncclResult_t ncclAllGather(const void* sendbuff, void* recvbuff, size_t sendcount, ncclDataType_t datatype, ncclComm_t comm,
                                    cudaStream_t stream) {
  const size_t bytes = sendcount * kElementBytes[datatype];
  const char* input = reachOf(comm, sendbuff, bytes);
  char* output = reachOf(comm, recvbuff, bytes * static_cast<size_t>(comm->ranks));
  if (input == nullptr || output == nullptr) return ncclInvalidArgument;
  return launch(comm, stream, [=] {
    comm->exchange({4, sendcount, datatype, 0, 0}, input, bytes, [&] {
      for (int other = 0; other < comm->ranks; other++)
        std::memcpy(output + bytes * static_cast<size_t>(other), comm->slot(other), bytes);
    });
  });
}

EXPORTED ncclResult_t ncclSend(const void* sendbuff, size_t count, ncclDataType_t datatype, int peer, ncclComm_t comm, cudaStream_t stream) {
  return message(const_cast<void*>(sendbuff), count, datatype, peer, comm, stream, true);
}

EXPORTED ncclResult_t ncclRecv(void* recvbuff, size_t count, ncclDataType_t datatype, int peer, ncclComm_t comm, cudaStream_t stream) {
  return message(recvbuff, count, datatype, peer, comm, stream, false);
}

EXPORTED ncclResult_t ncclGroupStart() {
  depth++;
  return ncclSuccess;
}

EXPORTED ncclResult_t ncclGroupEnd() {
  if (--depth > 0) return ncclSuccess;
  for (const auto& start : held) start();
  held.clear();
  if (messages.empty()) return ncclSuccess;
  const std::vector<Message> group = std::move(messages);
  messages.clear();
  const ncclComm_t comm = group[0].comm;
  return launch(comm, group[0].stream, [=] { exchangeMessages(comm, group); });
}

EXPORTED const char* ncclGetErrorString(ncclResult_t result) {
  return result == ncclUnhandledCudaError ? "unhandled cuda error" : result == ncclSystemError ? "unhandled system error" : "invalid usage";
}
