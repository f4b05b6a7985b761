// Compiles where our declarations of the GPU's libraries are those of their headers: -DCHECK_CUDA, -DCHECK_NCCL, or both.
#include <type_traits>

#include "../../src-native/device_runtime.h"
#include "../../src-native/nccl_api.h"

/** Passed alike by the platform's calling convention: pointers, whole numbers of one size, structures of one size. */
template <typename A, typename B>
constexpr bool isPassedAlike() {
  constexpr bool pointers = std::is_pointer_v<A> && std::is_pointer_v<B>;
  constexpr bool numbers = (std::is_integral_v<A> || std::is_enum_v<A>) && (std::is_integral_v<B> || std::is_enum_v<B>);
  constexpr bool structures = std::is_class_v<A> && std::is_class_v<B>;
  return (pointers || numbers || structures) && sizeof(A) == sizeof(B);
}

template <typename Ours, typename Theirs>
struct IsCalledAlike : std::false_type {};

template <typename R, typename... A, typename S, typename... B>
struct IsCalledAlike<R (*)(A...), S (*)(B...)> {
  static constexpr bool compare() {
    if constexpr (sizeof...(A) == sizeof...(B))
      return isPassedAlike<R, S>() && (isPassedAlike<A, B>() && ...);
    else
      return false;
  }
  static constexpr bool value = compare();
};

#define CHECK(Table, ours, theirs) \
  static_assert(IsCalledAlike<decltype(graticule::Table::ours), decltype(&theirs)>::value, #theirs)

#ifdef CHECK_CUDA
#include <cuda_runtime_api.h>

CHECK(DeviceRuntime, getDeviceCount, cudaGetDeviceCount);
CHECK(DeviceRuntime, setDevice, cudaSetDevice);
CHECK(DeviceRuntime, deviceGetPCIBusId, cudaDeviceGetPCIBusId);
CHECK(DeviceRuntime, streamCreateWithFlags, cudaStreamCreateWithFlags);
CHECK(DeviceRuntime, streamDestroy, cudaStreamDestroy);
CHECK(DeviceRuntime, streamWaitEvent, cudaStreamWaitEvent);
CHECK(DeviceRuntime, eventCreateWithFlags, cudaEventCreateWithFlags);
CHECK(DeviceRuntime, eventDestroy, cudaEventDestroy);
CHECK(DeviceRuntime, eventRecord, cudaEventRecord);
CHECK(DeviceRuntime, eventQuery, cudaEventQuery);
CHECK(DeviceRuntime, eventSynchronize, cudaEventSynchronize);
CHECK(DeviceRuntime, memcpyAsync, cudaMemcpyAsync);
CHECK(DeviceRuntime, hostAlloc, cudaHostAlloc);
CHECK(DeviceRuntime, freeHost, cudaFreeHost);
static_assert(std::is_same_v<decltype(&cudaPointerGetAttributes), cudaError_t (*)(cudaPointerAttributes*, const void*)>);
CHECK(DeviceRuntime, getErrorString, cudaGetErrorString);
static_assert(graticule::kDeviceNotReady == cudaErrorNotReady);
static_assert(graticule::kStreamNonBlocking == cudaStreamNonBlocking);
static_assert(graticule::kEventDisableTiming == cudaEventDisableTiming);
static_assert(graticule::kHostToDevice == cudaMemcpyHostToDevice && graticule::kDeviceToHost == cudaMemcpyDeviceToHost);
static_assert(cudaMemoryTypeUnregistered == 0 && sizeof(cudaPointerAttributes) <= 256);
static_assert(offsetof(cudaPointerAttributes, type) == 0 && offsetof(cudaPointerAttributes, device) == 4);
#endif

#ifdef CHECK_NCCL
#include <nccl.h>

CHECK(NcclApi, getVersion, ncclGetVersion);
CHECK(NcclApi, getUniqueId, ncclGetUniqueId);
CHECK(NcclApi, commInitRank, ncclCommInitRank);
CHECK(NcclApi, commDestroy, ncclCommDestroy);
CHECK(NcclApi, commAbort, ncclCommAbort);
CHECK(NcclApi, commGetAsyncError, ncclCommGetAsyncError);
CHECK(NcclApi, allReduce, ncclAllReduce);
CHECK(NcclApi, reduce, ncclReduce);
CHECK(NcclApi, broadcast, ncclBroadcast);
CHECK(NcclApi, reduceScatter, ncclReduceScatter);
CHECK(NcclApi, allGather, ncclAllGather);
CHECK(NcclApi, send, ncclSend);
CHECK(NcclApi, recv, ncclRecv);
CHECK(NcclApi, groupStart, ncclGroupStart);
CHECK(NcclApi, groupEnd, ncclGroupEnd);
CHECK(NcclApi, getErrorString, ncclGetErrorString);
static_assert(sizeof(graticule::NcclId) == sizeof(ncclUniqueId));
static_assert(graticule::kNcclSuccess == ncclSuccess && graticule::kNcclInProgress == ncclInProgress);

// In the order of src-native/element_type.cc.
constexpr int kTypes[] = {ncclFloat32, ncclFloat64, ncclInt8,  ncclUint8,  -1,           -1,
                          ncclInt32,   ncclUint32,  ncclInt64, ncclUint64, ncclBfloat16, ncclFloat16};
constexpr int kReductions[] = {ncclSum, ncclProd, ncclMin, ncclMax};
constexpr bool areAlike() {
  for (int i = 0; i < 12; i++)
    if (graticule::kNcclTypes[i] != kTypes[i]) return false;
  for (int i = 0; i < 4; i++)
    if (graticule::kNcclReductions[i] != kReductions[i]) return false;
  return true;
}
static_assert(areAlike());
#endif
