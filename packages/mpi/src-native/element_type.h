// Element types and reductions: the codes of src/element-type.ts as MPI's handles.
#pragma once

#include <mpi.h>

#include <cstdint>

namespace graticule {

constexpr int kElementTypes = 12;
constexpr int kBfloat16 = 10;
constexpr int kFloat16 = 11;
constexpr int kReductions = 4;

MPI_Datatype mpiType(int code);
int elementBytes(int code);
const char* elementName(int code);
const char* reductionName(int code);

/** MPI's own reduction, or ours for the 16-bit floats, which MPI does not know. */
MPI_Op mpiOp(int reduction, int elementType);

/** Between MPI_Init and MPI_Finalize. */
void makeHalfOps();
void freeHalfOps();

}  // namespace graticule
