// Libraries that are looked for when they are needed: the addon is built without them.
#pragma once

#include <dlfcn.h>

#include <string>
#include <vector>

namespace graticule {

struct LibrarySearch {
  /** Environment variable that names the file to load; nothing else is then tried. */
  const char* variable;
  /** Beginning of the file's name, by which a library is found that this process has loaded under another name. */
  const char* prefix;
  /** Names to give to the loader, newest first. */
  std::vector<const char*> names;
};

/** A handle of dlopen: of the library that the process has loaded, else of one that can be; null, and why. */
void* openLibrary(const LibrarySearch& search, std::string& reason);

/** Finds a function; false, and which, if the library hasn't it. */
template <typename Function>
bool findSymbol(void* library, const std::string& name, Function*& function, std::string& reason) {
  function = reinterpret_cast<Function*>(dlsym(library, name.c_str()));
  if (function == nullptr) reason = "it has no " + name;
  return function != nullptr;
}

}  // namespace graticule
