#include "mpi_error.h"

#include <mpi.h>

#include "device_runtime.h"

namespace graticule {
namespace {

/** The name that the MPI standard gives an error's class. */
std::string errorName(int code) {
  struct Named {
    int value;
    const char* name;
  };
  static const Named kNames[] = {
      {MPI_ERR_BUFFER, "MPI_ERR_BUFFER"}, {MPI_ERR_COUNT, "MPI_ERR_COUNT"},       {MPI_ERR_TYPE, "MPI_ERR_TYPE"},
      {MPI_ERR_TAG, "MPI_ERR_TAG"},       {MPI_ERR_COMM, "MPI_ERR_COMM"},         {MPI_ERR_RANK, "MPI_ERR_RANK"},
      {MPI_ERR_ROOT, "MPI_ERR_ROOT"},     {MPI_ERR_OP, "MPI_ERR_OP"},             {MPI_ERR_ARG, "MPI_ERR_ARG"},
      {MPI_ERR_INTERN, "MPI_ERR_INTERN"}, {MPI_ERR_TRUNCATE, "MPI_ERR_TRUNCATE"}, {MPI_ERR_PENDING, "MPI_ERR_PENDING"},
      {MPI_ERR_NO_MEM, "MPI_ERR_NO_MEM"}, {MPI_ERR_REQUEST, "MPI_ERR_REQUEST"},   {MPI_ERR_OTHER, "MPI_ERR_OTHER"},
  };
  int errorClass = code;
  MPI_Error_class(code, &errorClass);
  for (const Named& named : kNames)
    if (named.value == errorClass) return named.name;
  return "MPI error class " + std::to_string(errorClass);
}

}  // namespace

std::string mpiErrorText(int code) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  const std::string name = errorName(code);
  const std::string said(text, static_cast<size_t>(length));
  // Open MPI begins with the name, MPICH does not and goes on with a stack.
  const std::string first = said.substr(0, said.find_first_of(",\n"));
  return first.compare(0, name.size(), name) == 0 ? first : name + ": " + first;
}

void checkMpi(int code) {
  if (code != MPI_SUCCESS) throw DeviceError(mpiErrorText(code));
}

}  // namespace graticule
