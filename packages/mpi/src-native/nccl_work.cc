#include "nccl_work.h"

#include "element_type.h"

namespace graticule {
namespace {

/** Between these NCCL takes calls as one: sends and receives that wait for each other must be. */
class Group {
 public:
  explicit Group(const NcclApi& api) : api_(api) { checkNccl(api, api.groupStart()); }
  void end() {
    isOpen_ = false;
    checkNccl(api_, api_.groupEnd());
  }
  ~Group() {
    if (isOpen_) api_.groupEnd();
  }

 private:
  const NcclApi& api_;
  bool isOpen_ = true;
};

struct Call {
  const NcclApi& api;
  NcclComm comm;
  DeviceStream stream;
  int rank;
  int size;
  size_t count;
  size_t bytes;
  int type;
  int reduction;

  /** A broadcast from each rank, or a reduction to each: NCCL has no collectives of unequal parts. */
  void ragged(const Operation& operation, const Buffers& buffers) const {
    Group group(api);
    auto* input = static_cast<char*>(buffers.input);
    auto* output = static_cast<char*>(buffers.output);
    size_t before = 0;
    for (int root = 0; root < size; root++) {
      const auto part = static_cast<size_t>(buffers.counts[static_cast<size_t>(root)]);
      const size_t offset = before * bytes;
      before += part;
      if (part == 0) continue;
      if (operation.kind == kReduceScatter) {
        checkNccl(api, api.reduce(input + offset, output, part, type, reduction, root, comm, stream));
      } else {
        const void* own = input != nullptr && root == rank ? input : output + offset;
        checkNccl(api, api.broadcast(own, output + offset, part, type, root, comm, stream));
      }
    }
    group.end();
  }

  void allToAll(const Buffers& buffers) const {
    Group group(api);
    const auto* input = static_cast<const char*>(buffers.input);
    auto* output = static_cast<char*>(buffers.output);
    for (int peer = 0; peer < size; peer++) {
      const size_t offset = static_cast<size_t>(peer) * count * bytes;
      checkNccl(api, api.send(input + offset, count, type, peer, comm, stream));
      checkNccl(api, api.recv(output + offset, count, type, peer, comm, stream));
    }
    group.end();
  }

  void run(const Operation& operation, const Buffers& buffers) const {
    if (!buffers.counts.empty()) return ragged(operation, buffers);
    if (count == 0) return;
    const void* input = buffers.input;
    void* output = buffers.output;
    switch (operation.kind) {
      case kBroadcast:
        return checkNccl(api, api.broadcast(output, output, count, type, operation.peer, comm, stream));
      case kAllReduce:
        return checkNccl(api, api.allReduce(output, output, count, type, reduction, comm, stream));
      case kReduceScatter:
        return checkNccl(api, api.reduceScatter(input, output, count, type, reduction, comm, stream));
      case kAllGather: {
        const void* own = input != nullptr ? input : static_cast<char*>(output) + static_cast<size_t>(rank) * count * bytes;
        return checkNccl(api, api.allGather(own, output, count, type, comm, stream));
      }
      default:
        return allToAll(buffers);
    }
  }
};

}  // namespace

void checkNccl(const NcclApi& api, int code) {
  if (code != kNcclSuccess && code != kNcclInProgress) throw DeviceError(std::string("NCCL: ") + api.getErrorString(code));
}

NcclWork::NcclWork(const NcclApi& api, NcclComm comm, int device, DeviceStream stream, int rank, int size,
                   const Operation& operation, const Buffers& buffers)
    : api_(api), comm_(comm), device_(device) {
  useDevice(device);
  ready_.record(kDefaultStream);
  ready_.holdBack(stream);
  Call{api,
       comm,
       stream,
       rank,
       size,
       static_cast<size_t>(operation.count),
       static_cast<size_t>(elementBytes(operation.elementType)),
       kNcclTypes[operation.elementType],
       kNcclReductions[operation.reduction]}
      .run(operation, buffers);
  done_.record(stream);
}

bool NcclWork::advance() {
  useDevice(device_);
  int error = kNcclSuccess;
  checkNccl(api_, api_.commGetAsyncError(comm_, &error));
  checkNccl(api_, error);
  return done_.isReached();
}

bool NcclWork::holdBackDefaultStream() {
  useDevice(device_);
  done_.holdBack(kDefaultStream);
  return true;
}

}  // namespace graticule
