#include "shared_library.h"

#include <cstdlib>
#include <cstring>
#ifdef __linux__
#include <link.h>
#endif

namespace graticule {
namespace {

#ifdef __linux__
struct Loaded {
  const char* prefix;
  std::vector<std::string> paths;
};

int note(dl_phdr_info* info, size_t, void* data) {
  auto* loaded = static_cast<Loaded*>(data);
  const std::string path = info->dlpi_name;
  const std::string file = path.substr(path.rfind('/') + 1);
  if (file.compare(0, std::strlen(loaded->prefix), loaded->prefix) == 0) loaded->paths.push_back(path);
  return 0;
}

/** Libraries of this process: LibTorch brings its own, which may have names of their own. */
std::vector<std::string> loadedPaths(const char* prefix) {
  Loaded loaded{prefix, {}};
  dl_iterate_phdr(&note, &loaded);
  return loaded.paths;
}
#else
std::vector<std::string> loadedPaths(const char*) { return {}; }
#endif

}  // namespace

void* openLibrary(const LibrarySearch& search, std::string& reason) {
  if (const char* path = std::getenv(search.variable)) {
    void* named = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (named == nullptr) reason = std::string(search.variable) + ": " + dlerror();
    return named;
  }
  for (const auto& path : loadedPaths(search.prefix))
    if (void* loaded = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD)) return loaded;
  for (const char* name : search.names) {
    if (void* found = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return found;
    if (reason.empty()) reason = dlerror();
  }
  return nullptr;
}

}  // namespace graticule
