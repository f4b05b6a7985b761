// One build for every machine: the compiler makes AVX-512 and AVX2 versions of a loop, the loader picks one.
// They are named by features: "arch=haswell" and the like are refused to processors of other makers.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#if __GNUC__ >= 12
#define GRATICULE_TARGETS target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")
#else
#define GRATICULE_TARGETS target_clones("avx512f", "avx2", "default")
#endif
#define GRATICULE_VECTORIZED __attribute__((GRATICULE_TARGETS, optimize("O3")))
#else
#define GRATICULE_VECTORIZED
#endif
