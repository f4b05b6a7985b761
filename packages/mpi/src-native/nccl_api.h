// NCCL's functions, or RCCL's, which has the same: loaded when they are needed.
#pragma once

#include <cstddef>
#include <string>

#include "device_runtime.h"

namespace graticule {

using NcclComm = void*;

/** As ncclUniqueId: passed by value. */
struct NcclId {
  char bytes[128];
};

/** Values of nccl.h. */
constexpr int kNcclSuccess = 0;
constexpr int kNcclInProgress = 7;
/** The version that brought bfloat16. */
constexpr int kOldestNccl = 21000;

/** All but the last return 0 or an error code; types and reductions are numbers of nccl.h's enums. */
struct NcclApi {
  int (*getVersion)(int* version);
  int (*getUniqueId)(NcclId* id);
  int (*commInitRank)(NcclComm* comm, int ranks, NcclId id, int rank);
  int (*commDestroy)(NcclComm comm);
  int (*commAbort)(NcclComm comm);
  int (*commGetAsyncError)(NcclComm comm, int* error);
  int (*allReduce)(const void* input, void* output, size_t count, int type, int reduction, NcclComm comm,
                   DeviceStream stream);
  int (*reduce)(const void* input, void* output, size_t count, int type, int reduction, int root, NcclComm comm,
                DeviceStream stream);
  int (*broadcast)(const void* input, void* output, size_t count, int type, int root, NcclComm comm,
                   DeviceStream stream);
  int (*reduceScatter)(const void* input, void* output, size_t count, int type, int reduction, NcclComm comm,
                       DeviceStream stream);
  int (*allGather)(const void* input, void* output, size_t count, int type, NcclComm comm, DeviceStream stream);
  int (*send)(const void* input, size_t count, int type, int peer, NcclComm comm, DeviceStream stream);
  int (*recv)(void* output, size_t count, int type, int peer, NcclComm comm, DeviceStream stream);
  int (*groupStart)();
  int (*groupEnd)();
  const char* (*getErrorString)(int code);
};

/** Loads the library for the device runtime that is open. Null, and why, if there is none or it is too old. */
const NcclApi* openNccl(std::string& reason);
/** `2.21.5`; 0 where there is none. */
int ncclVersion(const NcclApi* api);
std::string ncclVersionText(int version);

/** By our codes: float32, float64, int8, uint8, int16, uint16, int32, uint32, int64, uint64, bfloat16, float16; −1: none. */
constexpr int kNcclTypes[] = {7, 8, 0, 1, -1, -1, 2, 3, 4, 5, 9, 6};
/** By our codes: sum, product, min, max. */
constexpr int kNcclReductions[] = {0, 1, 3, 2};

}  // namespace graticule
