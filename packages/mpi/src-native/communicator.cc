#include "communicator.h"

#include <numeric>

#include "device_path.h"

namespace graticule {
namespace {

uint64_t identify(const std::string& name, const std::vector<int>& ranks) {
  uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  const auto add = [&](const void* data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) hash = (hash ^ static_cast<const uint8_t*>(data)[i]) * 1099511628211ULL;
  };
  add(name.data(), name.size());
  add(ranks.data(), ranks.size() * sizeof(int));
  return hash;
}

}  // namespace

int adopt(MPI_Comm comm, const std::string& name, bool check, std::unique_ptr<Communicator>& adopted) {
  auto made = std::make_unique<Communicator>();
  made->comm = comm;
  made->name = name;
  int status = MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
  if (status == MPI_SUCCESS) status = MPI_Comm_rank(comm, &made->rank);
  if (status == MPI_SUCCESS) status = MPI_Comm_size(comm, &made->size);
  if (status != MPI_SUCCESS) return status;
  std::vector<int> ranks(made->size);
  std::iota(ranks.begin(), ranks.end(), 0);
  made->worldRanks.resize(made->size);
  MPI_Group group;
  MPI_Group world;
  MPI_Comm_group(comm, &group);
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  status = MPI_Group_translate_ranks(group, made->size, ranks.data(), world, made->worldRanks.data());
  MPI_Group_free(&group);
  MPI_Group_free(&world);
  if (status != MPI_SUCCESS) return status;
  made->id = identify(name, made->worldRanks);
  if (check) {
    status = MPI_Comm_dup(comm, &made->checks);
    if (status != MPI_SUCCESS) return status;
  }
  adopted = std::move(made);
  return MPI_SUCCESS;
}

int release(Communicator& communicator) {
  communicator.path.reset();
  if (communicator.checks != MPI_COMM_NULL) MPI_Comm_free(&communicator.checks);
  return MPI_Comm_free(&communicator.comm);
}

int exchange(const Communicator& communicator, const Operation& operation, std::string& mismatch) {
  std::vector<Operation> all(communicator.size);
  const int status = MPI_Allgather(&operation, sizeof(Operation), MPI_BYTE, all.data(), sizeof(Operation), MPI_BYTE,
                                   communicator.checks);
  if (status != MPI_SUCCESS) return status;
  bool agree = true;
  for (const auto& other : all) agree = agree && operation.agrees(other);
  if (agree) return MPI_SUCCESS;
  for (int rank = 0; rank < communicator.size; rank++)
    mismatch += "\n  rank " + std::to_string(communicator.worldRanks[rank]) + ": " + all[rank].describe();
  return MPI_SUCCESS;
}

}  // namespace graticule
