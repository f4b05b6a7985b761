// What the watching threads of the ranks tell each other.
#pragma once

#include <cstdint>

#include "operation.h"

namespace graticule {

constexpr int kQueryTag = 1;
constexpr int kReplyTag = 2;

/** "How far are you?", asked by a rank whose operation is late. */
struct Query {
  uint64_t communicator;
  Operation late;
};

enum class Phase : int32_t { kJavaScript, kWaiting, kEnded, kNoCommunicator };

struct Reply {
  uint64_t communicator;
  int64_t sequence;  // of the query
  Phase phase;
  /** The last collective begun on the communicator asked for. */
  int64_t begun;
  Operation last;
  /** What the rank waits for, and on which communicator, if it waits. */
  Operation waitsFor;
  char waitsOn[64];
};

}  // namespace graticule
