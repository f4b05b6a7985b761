// When operations began and were seen to be done, while somebody records them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "operation.h"

namespace graticule {

using Clock = std::chrono::steady_clock;

struct OperationRecord {
  Operation operation;
  std::string communicator;
  int64_t bytes = 0;
  Clock::time_point start;
  /** When a test or wait of MPI first said that it is done. */
  Clock::time_point end;
  /** Since when the JavaScript thread was blocked by it, until its end; empty if it never was. */
  std::optional<Clock::time_point> blockedFrom;
};

/** The operations of this process that complete between `start` and `stop`. Any thread may add. */
class Timeline {
 public:
  bool isRecording() const { return recording_.load(std::memory_order_relaxed); }
  void start();
  std::vector<OperationRecord> stop();
  void add(OperationRecord record);

 private:
  std::atomic<bool> recording_{false};
  std::mutex mutex_;
  std::vector<OperationRecord> records_;
};

Timeline& timeline();

}  // namespace graticule
