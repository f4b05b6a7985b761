// MPI's errors as text.
#pragma once

#include <string>

namespace graticule {

/** What MPI says of an error code, on one line, its standard name first. */
std::string mpiErrorText(int code);

}  // namespace graticule
