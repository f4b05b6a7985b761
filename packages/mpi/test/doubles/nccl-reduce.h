// Reductions of NCCL's double: element by element, halves as the processor rounds them.
#pragma once

#include <cstddef>

namespace gpu_double {

/** `into[i] = into[i] ∘ from[i]` for `count` elements of a `ncclDataType_t`, by a `ncclRedOp_t`. */
void reduce(char* into, const char* from, size_t count, int type, int reduction);

}  // namespace gpu_double
