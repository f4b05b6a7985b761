// The communicators of this process, by the handles that JavaScript holds.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "operation.h"

namespace graticule {

class DevicePath;

struct Communicator {
  MPI_Comm comm = MPI_COMM_NULL;
  /** In check mode, what the ranks are about to begin goes here; elsewhere MPI_COMM_NULL. */
  MPI_Comm checks = MPI_COMM_NULL;
  std::string name;
  /** The same on all its ranks and on no other communicator. */
  uint64_t id = 0;
  int rank = 0;
  int size = 0;
  /** Ranks of the world, by rank of this communicator. */
  std::vector<int> worldRanks;
  /** The last operation begun here: told to ranks that ask. */
  Operation last;
  int64_t collectives = 0;
  /** How collectives on memory of a device travel, once there were some. */
  std::shared_ptr<DevicePath> path;
};

/** Takes over an MPI communicator: errors are returned, not fatal. Returns MPI's error code. */
int adopt(MPI_Comm comm, const std::string& name, bool check, std::unique_ptr<Communicator>& adopted);
/** Frees what `adopt` made. */
int release(Communicator& communicator);

/**
 * Tells all ranks what this one is about to begin. Collective over the communicator.
 *
 * @param mismatch a line for each rank if they differ; left empty otherwise
 */
int exchange(const Communicator& communicator, const Operation& operation, std::string& mismatch);

}  // namespace graticule
