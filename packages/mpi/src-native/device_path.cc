#include "device_path.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "communicator.h"
#include "element_type.h"
#include "gpu_aware.h"
#include "mpi_error.h"
#include "nccl_work.h"

namespace graticule {
namespace {

/** What a rank tells the others before they choose. */
struct Candidate {
  int32_t ncclVersion;
  int32_t isAware;
  char host[64];
  char device[32];
  /** Why it has no NCCL. */
  char reason[256];
};

void copyText(char* to, size_t size, const std::string& text) {
  std::memset(to, 0, size);
  std::memcpy(to, text.data(), std::min(text.size(), size - 1));
}

std::mutex liveMutex;
/** NCCL's communicators of this process. */
std::set<std::pair<const NcclApi*, NcclComm>>& live() {
  static auto* const comms = new std::set<std::pair<const NcclApi*, NcclComm>>();
  return *comms;
}

/** Why these ranks can't use NCCL; empty if they can. */
std::string refusal(const std::vector<Candidate>& all, const std::vector<int>& worldRanks) {
  for (size_t i = 0; i < all.size(); i++) {
    const std::string rank = "rank " + std::to_string(worldRanks[i]);
    if (all[i].ncclVersion == 0) return "rank " + std::to_string(worldRanks[i]) + " has none: " + all[i].reason;
    if (all[i].ncclVersion != all[0].ncclVersion)
      return rank + " has " + ncclVersionText(all[i].ncclVersion) + ", rank " + std::to_string(worldRanks[0]) +
             " has " + ncclVersionText(all[0].ncclVersion);
    for (size_t j = 0; j < i; j++)
      if (std::strcmp(all[i].host, all[j].host) == 0 && std::strcmp(all[i].device, all[j].device) == 0)
        return "ranks " + std::to_string(worldRanks[j]) + " and " + std::to_string(worldRanks[i]) + " share device " +
               all[i].device + " of " + all[i].host;
  }
  return "";
}

}  // namespace

DevicePath::DevicePath(const Communicator& communicator, int device, DeviceCollectives wanted)
    : communicator_(communicator), device_(device) {
  useDevice(device);
  const bool hip = std::strcmp(deviceRuntime().prefix, "hip") == 0;
  const std::string library = hip ? "RCCL" : "NCCL";
  std::string reason;
  const NcclApi* api = wanted == DeviceCollectives::kMpi ? nullptr : openNccl(reason);
  Candidate own{};
  own.ncclVersion = ncclVersion(api);
  own.isAware = mpiReachesDevices() ? 1 : 0;
  gethostname(own.host, sizeof(own.host) - 1);
  checkDevice(deviceRuntime().deviceGetPCIBusId(own.device, sizeof(own.device), device), "DeviceGetPCIBusId");
  copyText(own.reason, sizeof(own.reason), reason);
  std::vector<Candidate> all(static_cast<size_t>(communicator.size));
  checkMpi(MPI_Allgather(&own, sizeof(own), MPI_BYTE, all.data(), sizeof(own), MPI_BYTE, communicator.comm));
  isAware_ = true;
  for (const auto& candidate : all) isAware_ = isAware_ && candidate.isAware != 0;

  const std::string byMpi = isAware_ ? "GPU-aware MPI" : "MPI, through page-locked host memory";
  if (wanted == DeviceCollectives::kMpi) {
    description_ = byMpi;
    return;
  }
  std::string why = refusal(all, communicator.worldRanks);
  if (why.empty()) why = openNcclComm(communicator, *api);
  if (why.empty()) {
    nccl_ = api;
    stream_ = std::make_unique<OwnStream>();
    description_ = library + " " + ncclVersionText(own.ncclVersion);
    return;
  }
  const std::string install =
      hip ? "It comes with ROCm; GRATICULE_NCCL names its librccl.so"
          : "Install it (`pip install nvidia-nccl-cu12`, or libnccl2), or set GRATICULE_NCCL to its libnccl.so.2";
  if (wanted == DeviceCollectives::kNccl) throw DeviceError("expected " + library + ", got none: " + why + ". " + install);
  description_ = byMpi + ", without " + library + ": " + why + ". " + install;
}

std::string DevicePath::openNcclComm(const Communicator& communicator, const NcclApi& api) {
  struct {
    int code;
    NcclId id;
  } made{};
  if (communicator.rank == 0) made.code = api.getUniqueId(&made.id);
  checkMpi(MPI_Bcast(&made, sizeof(made), MPI_BYTE, 0, communicator.comm));
  if (made.code != kNcclSuccess) return api.getErrorString(made.code);
  const int code = api.commInitRank(&comm_, communicator.size, made.id, communicator.rank);
  int worst = 0;
  checkMpi(MPI_Allreduce(&code, &worst, 1, MPI_INT, MPI_MAX, communicator.comm));
  if (worst == kNcclSuccess) {
    const std::lock_guard<std::mutex> lock(liveMutex);
    live().emplace(&api, comm_);
    return "";
  }
  if (code == kNcclSuccess) api.commAbort(comm_);
  return std::string("it could not connect the ranks (") + api.getErrorString(worst) + ")";
}

DevicePath::~DevicePath() {
  if (nccl_ == nullptr) return;
  {
    const std::lock_guard<std::mutex> lock(liveMutex);
    live().erase({nccl_, comm_});
  }
  deviceRuntime().setDevice(device_);
  nccl_->commDestroy(comm_);
}

std::unique_ptr<DeviceWork> DevicePath::begin(const Operation& operation, const Buffers& buffers) {
  useDevice(device_);
  if (nccl_ != nullptr && kNcclTypes[operation.elementType] >= 0)
    return std::make_unique<NcclWork>(*nccl_, comm_, device_, stream_->get(), communicator_.rank, communicator_.size, operation,
                                      buffers);
  if (!queue_)
    queue_ = std::make_shared<StagedQueue>(communicator_.comm, communicator_.rank, communicator_.size, device_);
  // MPI calls our sums of 16-bit floats, which read host memory.
  const bool isOurSum = operation.elementType >= kBfloat16 && (operation.kind == kAllReduce || operation.kind == kReduceScatter);
  return queue_->begin(operation, buffers, isAware_ && !isOurSum);
}

void abortNccl() {
  std::set<std::pair<const NcclApi*, NcclComm>> comms;
  {
    const std::lock_guard<std::mutex> lock(liveMutex);
    comms.swap(live());
  }
  if (comms.empty()) return;
  const auto ended = std::make_shared<std::atomic<bool>>(false);
  std::thread([comms, ended] {
    for (const auto& [api, comm] : comms) api->commAbort(comm);
    *ended = true;
  }).detach();
  for (int i = 0; i < 100 && !*ended; i++) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace graticule
