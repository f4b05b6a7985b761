// One MPI operation: what it is, its buffers, and how it begins.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <string>
#include <vector>

namespace graticule {

/** The codes of src/native.ts. */
enum Kind : int32_t {
  kBarrier,
  kBroadcast,
  kAllReduce,
  kReduceScatter,
  kAllGather,
  kAllToAll,
  kSend,
  kReceive,
  kSplit,
  kDuplicate,
  kOpenDevice,
};
constexpr int kKinds = kOpenDevice + 1;

/** What can be told of an operation to another rank: no pointers. */
struct Operation {
  int32_t kind = -1;
  int32_t elementType = 0;
  int32_t reduction = 0;
  /** Root of a broadcast, the other rank of a send or receive; a rank of the communicator. */
  int32_t peer = -1;
  int32_t tag = 0;
  /** Of a ragged operation: a hash of its counts; 0 where all ranks give as much. */
  uint32_t countsHash = 0;
  /** Whether it works on memory of a device. */
  int32_t onDevice = 0;
  int64_t count = 0;
  /** Counts the communicator's collectives from 1; 0 for send and receive. */
  int64_t sequence = 0;

  bool isCollective() const { return kind != kSend && kind != kReceive; }
  /** For example `all-reduce #41 (sum of 1024 float32)`. */
  std::string describe() const;
  /** Whether two ranks that begin these with the same sequence number mean the same. */
  bool agrees(const Operation& other) const;
};

struct Buffers {
  void* input = nullptr;
  void* output = nullptr;
  /** Elements of each rank; empty where all have as many. */
  std::vector<int> counts;
};

/** Calls MPI's blocking function, or its non-blocking one where a request is given. */
int beginOperation(const Operation& operation, Buffers& buffers, MPI_Comm comm, MPI_Request* request,
                   MPI_Status* status);

}  // namespace graticule
