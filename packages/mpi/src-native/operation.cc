#include "operation.h"

#include "element_type.h"

namespace graticule {
namespace {

constexpr const char* kNames[kKinds] = {
    "barrier", "broadcast", "all-reduce", "reduce-scatter", "all-gather",
    "all-to-all", "send", "receive", "split", "dup", "opening of devices",
};

std::vector<int> displacements(const std::vector<int>& counts) {
  std::vector<int> offsets(counts.size());
  for (size_t i = 1; i < counts.size(); i++) offsets[i] = offsets[i - 1] + counts[i - 1];
  return offsets;
}

/** The displacements must outlive a non-blocking call: they are kept behind the counts. */
const int* appendDisplacements(std::vector<int>& counts) {
  const size_t ranks = counts.size();
  const auto offsets = displacements(counts);
  counts.insert(counts.end(), offsets.begin(), offsets.end());
  return counts.data() + ranks;
}

}  // namespace

std::string Operation::describe() const {
  std::string text = kNames[kind];
  if (isCollective()) text += " #" + std::to_string(sequence);
  if (kind == kBarrier || kind == kSplit || kind == kDuplicate || kind == kOpenDevice) return text;
  const std::string values =
      std::to_string(count) + " " + elementName(elementType) + (onDevice != 0 ? " on the device" : "");
  if (kind == kAllReduce || kind == kReduceScatter) return text + " (" + reductionName(reduction) + " of " + values + ")";
  if (kind == kBroadcast) return text + " (" + values + " from rank " + std::to_string(peer) + ")";
  if (isCollective()) return text + " (" + values + (countsHash != 0 ? ", ragged)" : ")");
  const char* preposition = kind == kSend ? " to rank " : " from rank ";
  return text + preposition + std::to_string(peer) + " (" + values + ", tag " + std::to_string(tag) + ")";
}

bool Operation::agrees(const Operation& other) const {
  if (kind != other.kind || elementType != other.elementType || reduction != other.reduction) return false;
  if (peer != other.peer || countsHash != other.countsHash || sequence != other.sequence) return false;
  if (onDevice != other.onDevice) return false;
  return countsHash != 0 || count == other.count;
}

int beginOperation(const Operation& operation, Buffers& buffers, MPI_Comm comm, MPI_Request* request,
                   MPI_Status* status) {
  const auto type = mpiType(operation.elementType);
  const auto count = static_cast<int>(operation.count);
  auto& counts = buffers.counts;
  const bool inPlace = buffers.input == nullptr;
  const void* input = inPlace ? MPI_IN_PLACE : buffers.input;
  void* output = buffers.output;
  switch (operation.kind) {
    case kBarrier:
      return request ? MPI_Ibarrier(comm, request) : MPI_Barrier(comm);
    case kBroadcast:
      return request ? MPI_Ibcast(output, count, type, operation.peer, comm, request)
                     : MPI_Bcast(output, count, type, operation.peer, comm);
    case kAllReduce: {
      const auto op = mpiOp(operation.reduction, operation.elementType);
      return request ? MPI_Iallreduce(input, output, count, type, op, comm, request)
                     : MPI_Allreduce(input, output, count, type, op, comm);
    }
    case kReduceScatter: {
      const auto op = mpiOp(operation.reduction, operation.elementType);
      if (counts.empty())
        return request ? MPI_Ireduce_scatter_block(input, output, count, type, op, comm, request)
                       : MPI_Reduce_scatter_block(input, output, count, type, op, comm);
      return request ? MPI_Ireduce_scatter(input, output, counts.data(), type, op, comm, request)
                     : MPI_Reduce_scatter(input, output, counts.data(), type, op, comm);
    }
    case kAllGather: {
      if (counts.empty())
        return request ? MPI_Iallgather(input, count, type, output, count, type, comm, request)
                       : MPI_Allgather(input, count, type, output, count, type, comm);
      const int* offsets = appendDisplacements(counts);
      return request ? MPI_Iallgatherv(input, count, type, output, counts.data(), offsets, type, comm, request)
                     : MPI_Allgatherv(input, count, type, output, counts.data(), offsets, type, comm);
    }
    case kAllToAll:
      return request ? MPI_Ialltoall(input, count, type, output, count, type, comm, request)
                     : MPI_Alltoall(input, count, type, output, count, type, comm);
    case kSend:
      return request ? MPI_Isend(input, count, type, operation.peer, operation.tag, comm, request)
                     : MPI_Send(input, count, type, operation.peer, operation.tag, comm);
    default:
      return request ? MPI_Irecv(output, count, type, operation.peer, operation.tag, comm, request)
                     : MPI_Recv(output, count, type, operation.peer, operation.tag, comm, status);
  }
}

}  // namespace graticule
