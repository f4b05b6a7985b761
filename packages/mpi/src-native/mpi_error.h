// MPI's errors as text.
#pragma once

#include <string>

namespace graticule {

/** What MPI says of an error code, on one line, its standard name first. */
std::string mpiErrorText(int code);

/** Throws a DeviceError with that text if `code` is one of an error: for calls without which devices can't be used. */
void checkMpi(int code);

}  // namespace graticule
