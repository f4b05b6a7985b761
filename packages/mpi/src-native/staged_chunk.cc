#include "staged_chunk.h"

#include <algorithm>

#include "element_type.h"

namespace graticule {
namespace {

/** Whether a buffer holds a part of each rank. */
bool hasParts(const Operation& operation) {
  return operation.kind == kReduceScatter || operation.kind == kAllGather || operation.kind == kAllToAll;
}

void append(std::vector<Piece>& pieces, const Piece& piece) {
  if (piece.bytes == 0) return;
  if (!pieces.empty()) {
    Piece& last = pieces.back();
    if (last.device + last.bytes == piece.device && last.host + last.bytes == piece.host) {
      last.bytes += piece.bytes;
      return;
    }
  }
  pieces.push_back(piece);
}

}  // namespace

int64_t longestPart(const Operation& operation, const Buffers& buffers) {
  const auto& counts = buffers.counts;
  return counts.empty() ? operation.count : *std::max_element(counts.begin(), counts.end());
}

int64_t chunkElements(const Operation& operation, int size, size_t bytes) {
  const auto parts = static_cast<size_t>(hasParts(operation) ? size : 1);
  const auto element = static_cast<size_t>(elementBytes(operation.elementType));
  return std::max<int64_t>(1, static_cast<int64_t>(bytes / element / parts));
}

Chunk planChunk(const Operation& operation, const Buffers& buffers, int rank, int size, int64_t first, int64_t end) {
  Chunk chunk;
  chunk.operation = operation;
  auto* input = static_cast<char*>(buffers.input);
  auto* output = static_cast<char*>(buffers.output);
  const auto element = static_cast<size_t>(elementBytes(operation.elementType));
  const auto whole = [&](int part) -> int64_t {
    return buffers.counts.empty() ? operation.count : buffers.counts[static_cast<size_t>(part)];
  };
  const auto cut = [&](int part) { return std::max<int64_t>(0, std::min(end, whole(part)) - first); };
  const size_t start = static_cast<size_t>(first) * element;
  const size_t own = static_cast<size_t>(cut(rank)) * element;
  chunk.operation.count = cut(rank);
  if (!hasParts(operation)) {
    const Piece all{output + start, 0, own};
    if (operation.kind == kAllReduce || rank == operation.peer) append(chunk.in, all);
    if (operation.kind == kAllReduce || rank != operation.peer) append(chunk.out, all);
    chunk.bytes = own;
    return chunk;
  }
  const bool gathers = operation.kind == kAllGather;
  const bool inPlace = gathers && input == nullptr;
  size_t before = 0;  // of this part on the device
  size_t packed = 0;  // and in the chunk
  for (int part = 0; part < size; part++) {
    const size_t bytes = static_cast<size_t>(cut(part)) * element;
    const size_t offset = before + start;
    if (!gathers) append(chunk.in, {input + offset, packed, bytes});
    if (gathers && part == rank) append(chunk.in, {inPlace ? output + offset : input + start, packed, bytes});
    if (gathers && !(inPlace && part == rank)) append(chunk.out, {output + offset, packed, bytes});
    before += static_cast<size_t>(whole(part)) * element;
    packed += bytes;
    if (!buffers.counts.empty()) chunk.counts.push_back(static_cast<int>(cut(part)));
  }
  chunk.bytes = packed;
  if (gathers) return chunk;
  chunk.input = 0;
  chunk.output = packed;
  if (operation.kind == kReduceScatter) {
    append(chunk.out, {output + start, packed, own});
    chunk.bytes += own;
    return chunk;
  }
  for (int part = 0; part < size; part++)
    append(chunk.out, {output + static_cast<size_t>(part * operation.count) * element + start,
                       packed + static_cast<size_t>(part) * own, own});
  chunk.bytes += packed;
  return chunk;
}

}  // namespace graticule
