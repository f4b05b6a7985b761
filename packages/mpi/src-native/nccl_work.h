// A collective that NCCL does on a stream of its own.
#pragma once

#include "device_work.h"
#include "nccl_api.h"
#include "operation.h"

namespace graticule {

/** Throws a DeviceError with NCCL's text if `code` is one of an error. */
void checkNccl(const NcclApi& api, int code);

class NcclWork : public DeviceWork {
 public:
  /** Begins it, after what the default stream has got to do now. `rank` and `size` are the communicator's. */
  NcclWork(const NcclApi& api, NcclComm comm, int device, DeviceStream stream, int rank, int size,
           const Operation& operation, const Buffers& buffers);
  bool advance() override;
  bool holdBackDefaultStream() override;

 private:
  const NcclApi& api_;
  NcclComm comm_;
  int device_;
  StreamEvent ready_;
  StreamEvent done_;
};

}  // namespace graticule
