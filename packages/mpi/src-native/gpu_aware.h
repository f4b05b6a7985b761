// Whether MPI takes addresses of devices' memory.
#pragma once

namespace graticule {

/**
 * What `GRATICULE_GPU_AWARE_MPI` says (0 or 1), else Cray's `MPICH_GPU_SUPPORT_ENABLED`, else the MPI itself, for the
 * runtime that is open. False where none of them says so.
 */
bool mpiReachesDevices();

}  // namespace graticule
