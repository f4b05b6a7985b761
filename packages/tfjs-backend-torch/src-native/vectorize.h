// One build for every machine: the compiler makes AVX-512 and AVX2 versions of a loop, the loader picks one.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define GRATICULE_VECTORIZED \
  __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default"), optimize("O3")))
#else
#define GRATICULE_VECTORIZED
#endif
