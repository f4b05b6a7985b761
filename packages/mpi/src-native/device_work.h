// An operation on memory of a device, under way.
#pragma once

#include <mpi.h>

#include "device_runtime.h"

namespace graticule {

class DeviceWork {
 public:
  virtual ~DeviceWork() = default;
  /** Brings it on as far as it goes without waiting; whether it is done. Throws a DeviceError where it can't go on. */
  virtual bool advance() = 0;
  /**
   * Lets all that the device's default stream does from now on come after it, without waiting; false where only waiting
   * for `advance` to be done can do that.
   */
  virtual bool holdBackDefaultStream() { return false; }

  /** Once it is done: MPI's error code, and what a receive got. */
  int result = MPI_SUCCESS;
  MPI_Status status{};
};

}  // namespace graticule
