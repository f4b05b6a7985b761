#pragma once

#include <napi.h>

namespace graticule {

/** Adds what makes storages in files and moves their pages. */
void exportFileStorage(Napi::Env env, Napi::Object exports);

}  // namespace graticule
