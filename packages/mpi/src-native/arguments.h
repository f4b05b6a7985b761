// JavaScript's arguments as numbers, communicators and operations.
#pragma once

#include <napi.h>

#include <utility>

#include "communicator.h"
#include "operation.h"

namespace graticule {

/** @throws a TypeError of JavaScript if it is no number. */
int64_t integer(const Napi::CallbackInfo& info, size_t index);

/** @throws an Error of JavaScript if it is freed. */
Communicator& communicatorOf(const Napi::CallbackInfo& info, size_t index);

struct OperationArguments {
  Operation operation;
  Buffers buffers;
  /** Of the larger of input and output. */
  int64_t bytes = 0;
};

/**
 * The arguments of `run`: (kind, communicator, count, elementType, reduction, peer, tag, input, output, counts, …).
 *
 * @throws a TypeError or RangeError of JavaScript if a buffer is none or too short.
 */
OperationArguments operationOf(const Napi::CallbackInfo& info, const Communicator& communicator);

/** Elements of the input and the output of an operation of `count` elements on `size` ranks; `sum` is that of its counts. */
std::pair<int64_t, int64_t> lengths(const Operation& operation, int64_t size, int64_t sum);

}  // namespace graticule
