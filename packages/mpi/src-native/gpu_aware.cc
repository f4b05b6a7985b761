#include "gpu_aware.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

#include "device_runtime.h"

namespace graticule {
namespace {

/** Asks an extension that not every MPI has: it is looked for among the libraries that this addon is linked to. */
bool ask(const char* name) {
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&mpiReachesDevices), &self) == 0) return false;
  void* addon = dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  if (addon == nullptr) return false;
  const auto query = reinterpret_cast<int (*)()>(dlsym(addon, name));
  const bool reaches = query != nullptr && query() == 1;
  dlclose(addon);
  return reaches;
}

bool isSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::strcmp(value, "1") == 0;
}

}  // namespace

bool mpiReachesDevices() {
  if (std::getenv("GRATICULE_GPU_AWARE_MPI") != nullptr) return isSet("GRATICULE_GPU_AWARE_MPI");
  if (isSet("MPICH_GPU_SUPPORT_ENABLED")) return true;
  if (std::strcmp(deviceRuntime().prefix, "cuda") == 0) return ask("MPIX_Query_cuda_support");
  // Open MPI's name, and MPICH's.
  return ask("MPIX_Query_rocm_support") || ask("MPIX_Query_hip_support");
}

}  // namespace graticule
