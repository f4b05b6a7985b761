#include "nccl_api.h"

#include <cstring>

#include "shared_library.h"

namespace graticule {
namespace {

const LibrarySearch kNccl{"GRATICULE_NCCL", "libnccl.so", {"libnccl.so.2", "libnccl.so"}};
const LibrarySearch kRccl{"GRATICULE_NCCL", "librccl.so", {"librccl.so.1", "librccl.so"}};

bool load(const LibrarySearch& search, NcclApi& found, std::string& reason) {
  void* library = openLibrary(search, reason);
  if (library == nullptr) return false;
  const auto find = [&](const char* name, auto*& function) {
    return findSymbol(library, std::string("nccl") + name, function, reason);
  };
  return find("GetVersion", found.getVersion) && find("GetUniqueId", found.getUniqueId) &&
         find("CommInitRank", found.commInitRank) && find("CommDestroy", found.commDestroy) &&
         find("CommAbort", found.commAbort) && find("CommGetAsyncError", found.commGetAsyncError) &&
         find("AllReduce", found.allReduce) && find("Reduce", found.reduce) && find("Broadcast", found.broadcast) &&
         find("ReduceScatter", found.reduceScatter) && find("AllGather", found.allGather) &&
         find("Send", found.send) && find("Recv", found.recv) && find("GroupStart", found.groupStart) &&
         find("GroupEnd", found.groupEnd) && find("GetErrorString", found.getErrorString);
}

}  // namespace

const NcclApi* openNccl(std::string& reason) {
  static NcclApi api;
  static bool isOpen = false;
  if (isOpen) return &api;
  const bool hip = std::strcmp(deviceRuntime().prefix, "hip") == 0;
  if (!load(hip ? kRccl : kNccl, api, reason)) return nullptr;
  const int version = ncclVersion(&api);
  if (version < kOldestNccl) {
    reason = "it is of version " + ncclVersionText(version) + ", expected 2.10 or newer";
    return nullptr;
  }
  isOpen = true;
  return &api;
}

int ncclVersion(const NcclApi* api) {
  int version = 0;
  return api != nullptr && api->getVersion(&version) == kNcclSuccess ? version : 0;
}

std::string ncclVersionText(int version) {
  // Up to 2.8 thousands stand for the major number.
  const int unit = version < 10000 ? 1000 : 10000;
  return std::to_string(version / unit) + "." + std::to_string(version % unit / 100) + "." +
         std::to_string(version % 100);
}

}  // namespace graticule
