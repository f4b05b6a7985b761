// What of a collective passes through host memory at once.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "operation.h"

namespace graticule {

/** Bytes that lie one behind the other on the device and in the chunk's host memory. */
struct Piece {
  char* device;
  size_t host;
  size_t bytes;
};

/** One MPI operation in host memory, and what is copied there before and back afterwards. */
struct Chunk {
  Operation operation;
  /** Of this chunk, where the collective is ragged. */
  std::vector<int> counts;
  std::vector<Piece> in;
  std::vector<Piece> out;
  size_t bytes = 0;
  /** Where input and output lie in the host memory; without an input MPI works in place. */
  std::optional<size_t> input;
  size_t output = 0;
};

/** Elements of the longest part that a rank gives or gets: chunks divide it. The same on every rank. */
int64_t longestPart(const Operation& operation, const Buffers& buffers);

/** Elements of each part that a chunk of at most so many bytes has: at least one. The same on every rank. */
int64_t chunkElements(const Operation& operation, int size, size_t bytes);

/** The chunk of the elements from `first` to `end` of each part, for one rank. */
Chunk planChunk(const Operation& operation, const Buffers& buffers, int rank, int size, int64_t first, int64_t end);

}  // namespace graticule
