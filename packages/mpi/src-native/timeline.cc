#include "timeline.h"

namespace graticule {

Timeline& timeline() {
  static auto* const only = new Timeline();  // never destroyed: the watching thread may outlive static objects
  return *only;
}

void Timeline::start() {
  const std::lock_guard<std::mutex> lock(mutex_);
  records_.clear();
  recording_ = true;
}

std::vector<OperationRecord> Timeline::stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  recording_ = false;
  return std::move(records_);
}

void Timeline::add(OperationRecord record) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (recording_) records_.push_back(std::move(record));
}

}  // namespace graticule
