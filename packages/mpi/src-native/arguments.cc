#include "arguments.h"

#include <algorithm>

#include "element_type.h"
#include "watch.h"

namespace graticule {
namespace {

/** What an empty buffer points to. */
char nowhere[8];

/** A typed array's memory, or an address as a BigInt; null for null. The array must hold `bytes`. */
void* memoryOf(const Napi::CallbackInfo& info, size_t index, int64_t bytes) {
  const napi_env env = info.Env();
  const Napi::Value value = info[index];
  if (value.IsNull()) return nullptr;
  if (value.IsBigInt()) {
    bool lossless = false;
    auto* address = reinterpret_cast<void*>(value.As<Napi::BigInt>().Uint64Value(&lossless));
    return address ? address : nowhere;
  }
  void* data = nullptr;
  size_t length = 0;
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok)
    throw Napi::TypeError::New(env, "mpi: expected a typed array");
  static constexpr int kBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  if (static_cast<int64_t>(length) * kBytes[type] < bytes)
    throw Napi::RangeError::New(env, "mpi: the array is shorter than the operation");
  return data ? data : nowhere;
}

/** The counts of a ragged operation, and their sum. */
int64_t readCounts(const Napi::CallbackInfo& info, size_t index, std::vector<int>& counts) {
  if (info[index].IsNull()) return 0;
  const auto array = info[index].As<Napi::Int32Array>();
  counts.assign(array.Data(), array.Data() + array.ElementLength());
  int64_t sum = 0;
  for (const int count : counts) sum += count;
  return sum;
}

uint32_t hashCounts(const std::vector<int>& counts) {
  uint32_t hash = 2166136261U;  // FNV-1a
  for (const int count : counts) hash = (hash ^ static_cast<uint32_t>(count)) * 16777619U;
  return counts.empty() ? 0 : hash | 1U;
}

}  // namespace

std::pair<int64_t, int64_t> lengths(const Operation& operation, int64_t size, int64_t sum) {
  const int64_t count = operation.count;
  const int64_t whole = operation.countsHash != 0 ? sum : count * size;
  switch (operation.kind) {
    case kReduceScatter:
      return {whole, count};
    case kAllGather:
      return {count, whole};
    case kAllToAll:
      return {count * size, count * size};
    default:
      return {count, count};
  }
}

int64_t integer(const Napi::CallbackInfo& info, size_t index) {
  int64_t value = 0;
  if (napi_get_value_int64(info.Env(), info[index], &value) != napi_ok)
    throw Napi::TypeError::New(info.Env(), "mpi: expected a number");
  return value;
}

Communicator& communicatorOf(const Napi::CallbackInfo& info, size_t index) {
  Communicator* found = watch().find(static_cast<uint32_t>(integer(info, index)));
  if (found == nullptr) throw Napi::Error::New(info.Env(), "mpi: the communicator is freed");
  return *found;
}

OperationArguments operationOf(const Napi::CallbackInfo& info, const Communicator& communicator) {
  OperationArguments read;
  Operation& operation = read.operation;
  operation.kind = static_cast<int32_t>(integer(info, 0));
  operation.count = integer(info, 2);
  operation.elementType = static_cast<int32_t>(integer(info, 3));
  operation.reduction = static_cast<int32_t>(integer(info, 4));
  operation.peer = static_cast<int32_t>(integer(info, 5));
  operation.tag = static_cast<int32_t>(integer(info, 6));
  const int64_t sum = readCounts(info, 9, read.buffers.counts);
  operation.countsHash = hashCounts(read.buffers.counts);
  const auto [inputLength, outputLength] = lengths(operation, communicator.size, sum);
  const int64_t bytes = elementBytes(operation.elementType);
  read.buffers.input = memoryOf(info, 7, inputLength * bytes);
  read.buffers.output = memoryOf(info, 8, outputLength * bytes);
  read.bytes = std::max(inputLength, outputLength) * bytes;
  return read;
}

}  // namespace graticule
