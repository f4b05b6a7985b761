// Differences between LibTorch versions live here and nowhere else. Known to build: 1.13 and 2.13.
#pragma once

#include <torch/csrc/api/include/torch/version.h>

#define GRATICULE_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

// at::Allocator::allocate lost its const, and copy_data came, with 2.3.
#if GRATICULE_TORCH_AT_LEAST(2, 3)
#define GRATICULE_ALLOCATE_CONST
#define GRATICULE_ALLOCATOR_HAS_COPY_DATA 1
#else
#define GRATICULE_ALLOCATE_CONST const
#define GRATICULE_ALLOCATOR_HAS_COPY_DATA 0
#endif

// The CPU flash attention that returns its log-sum-exp came as an operator of its own with 2.3.
#define GRATICULE_HAS_CPU_FLASH_ATTENTION GRATICULE_TORCH_AT_LEAST(2, 3)

// at::get_cpu_capability can be called from outside since 2.1.
#if GRATICULE_TORCH_AT_LEAST(2, 1)
#define GRATICULE_CPU_CAPABILITY at::get_cpu_capability()
#else
#define GRATICULE_CPU_CAPABILITY "unknown"
#endif

// Flash and memory-efficient attention of devices, with log-sum-exp and gradients, keep their signatures since 2.2.
#define GRATICULE_HAS_DEVICE_ATTENTION GRATICULE_TORCH_AT_LEAST(2, 2)

// _fused_adamw_ takes its learning rate as a number, on devices, since 2.1.
#define GRATICULE_HAS_DEVICE_ADAMW GRATICULE_TORCH_AT_LEAST(2, 1)

// On CUDA, at::mm multiplies bf16 matrices into a float32 one since 2.8.
#define GRATICULE_HAS_MM_INTO_FLOAT GRATICULE_TORCH_AT_LEAST(2, 8)

// A device's caching allocator tells its statistics without that device's headers since 2.9.
#define GRATICULE_HAS_DEVICE_ALLOCATOR GRATICULE_TORCH_AT_LEAST(2, 9)

// Since 2.9 the setter of TF32 that every version has advises of a newer one, whose form still changes.
#define GRATICULE_TF32_SETTER_WARNS GRATICULE_TORCH_AT_LEAST(2, 9)
