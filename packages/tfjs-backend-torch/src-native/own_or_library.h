// Whether our own kernels or LibTorch's library do what both can.
#pragma once

#include <functional>

#include "matrix.h"

namespace graticule {

/** Whether our kernels for elements of this kind run on this processor and in this build, and are not switched off. */
bool hasOwnKernels(Element compute);

/**
 * Whether ours is to do such work, where `hasOwnKernels`: as `GRATICULE_MATRIX_PRODUCT` says, as was noted earlier, or as
 * `ownIsFaster` finds now and is noted, since a run that resumes must compute as it did before to give the same bits.
 */
bool chooseOwn(Element compute, const char* work, const std::function<bool()>& ownIsFaster);

/** Whether `own` takes less than `advantage` times the library's time; on one thread, by processor time. */
bool isFaster(const std::function<void()>& own, const std::function<void()>& library, double advantage);

}  // namespace graticule
