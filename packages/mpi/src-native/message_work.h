// A message of a device's memory.
#pragma once

#include <optional>

#include "device_work.h"
#include "operation.h"
#include "pinned_memory.h"

namespace graticule {

/**
 * Goes by MPI, which keeps tags, and lengths that the receiver does not know, as NCCL does not. A send waits for the device
 * before MPI takes it, so that messages stay in their order.
 */
class MessageWork : public DeviceWork {
 public:
  /** Begins it. Throws a DeviceError. */
  MessageWork(const Operation& operation, const Buffers& buffers, MPI_Comm comm, int device);
  bool advance() override;

 private:
  Operation operation_;
  Buffers buffers_;
  int device_;
  DeviceStream stream_ = kDefaultStream;
  /** Where the message lies on the device, if MPI doesn't reach that. */
  char* target_ = nullptr;
  std::optional<PinnedMemory> host_;
  StreamEvent ready_;
  StreamEvent copied_;
  MPI_Request request_ = MPI_REQUEST_NULL;
  bool isCopying_ = false;
};

}  // namespace graticule
