// How collectives on memory of devices travel between the ranks of a communicator.
#pragma once

#include <memory>
#include <string>

#include "device_work.h"
#include "nccl_api.h"
#include "operation.h"
#include "staged_queue.h"

namespace graticule {

struct Communicator;

/** What the caller allows: the codes of src/device-collectives.ts. */
enum class DeviceCollectives : int32_t { kAuto, kNccl, kMpi };

class DevicePath {
 public:
  /**
   * The ranks agree on NCCL where all have it, of one version, and each a device of its own; else on MPI, which gets the
   * devices' memory where it says that it can, and copies in host memory elsewhere. Collective.
   *
   * @throws {DeviceError} on every rank alike, if `wanted` is NCCL and that can't be, or MPI fails.
   */
  DevicePath(const Communicator& communicator, int device, DeviceCollectives wanted);
  ~DevicePath();
  DevicePath(const DevicePath&) = delete;
  DevicePath& operator=(const DevicePath&) = delete;

  int device() const { return device_; }
  /** `NCCL 2.21.5`; or how MPI carries it, and why not NCCL. The same on every rank. */
  const std::string& description() const { return description_; }

  /**
   * Begins a collective after all that the device's default stream has got to do now. Collective.
   *
   * @throws {DeviceError} as NCCL and the runtime say.
   */
  std::unique_ptr<DeviceWork> begin(const Operation& operation, const Buffers& buffers);

 private:
  /** Text that says why not; empty if NCCL's communicator is made. Collective. */
  std::string openNcclComm(const Communicator& communicator, const NcclApi& api);

  const Communicator& communicator_;
  int device_;
  std::string description_;
  const NcclApi* nccl_ = nullptr;
  NcclComm comm_ = nullptr;
  std::unique_ptr<OwnStream> stream_;
  /** Of what NCCL does not carry; made when it is first needed. */
  std::shared_ptr<StagedQueue> queue_;
  bool isAware_ = false;
};

/** Ends what NCCL has under way in this process, waiting a second for it at most: its kernels would go on for ever. */
void abortNccl();

}  // namespace graticule
