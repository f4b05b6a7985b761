// Whether our own kernels or LibTorch's library do what both can.
#pragma once

#include <functional>
#include <string>

#include "matrix.h"

namespace graticule {

/** Whether our kernels for elements of this kind run on this processor and in this build, and are not switched off. */
bool hasOwnKernels(Element compute);

/** How to run one piece of work both ways. */
struct Contest {
  std::string name;  // of the work, in the notes
  /** How many times the library's time ours may take. */
  double advantage;
  std::function<void()> own, library;
};

/**
 * Whether ours is to do such work, where `hasOwnKernels`: as `GRATICULE_MATRIX_PRODUCT` says, as was noted earlier, or as is
 * measured now and noted, since a run that resumes must compute as it did before to give the same bits.
 */
bool chooseOwn(Element compute, const std::function<Contest()>& contest);

}  // namespace graticule
