#include "watch.h"

#include "pinned_memory.h"

namespace graticule {
namespace {

/** How often the thread looks up while nothing is pending, and while something is. */
constexpr auto kIdlePause = std::chrono::milliseconds(20);
constexpr auto kBusyPause = std::chrono::microseconds(50);
/** And how often the JavaScript thread, while it waits for a device. */
constexpr auto kBlockedPause = std::chrono::microseconds(10);

/** To be called as soon as an operation is seen to be done. */
void record(const Pending& pending, std::optional<Clock::time_point> blockedFrom = std::nullopt) {
  if (!timeline().isRecording()) return;
  timeline().add({pending.operation, pending.communicator->name, pending.bytes, pending.start, Clock::now(), blockedFrom});
}

}  // namespace

Watch& watch() {
  static auto* const only = new Watch();  // never destroyed: its thread may outlive static objects
  return *only;
}

void Watch::start(MPI_Comm control, std::chrono::duration<double> timeout, std::function<void(uint32_t)> completed) {
  control_ = control;
  MPI_Comm_rank(control, &rank_);
  timeout_ = std::chrono::duration_cast<Clock::duration>(timeout);
  completed_ = std::move(completed);
  thread_ = std::thread([this] { run(); });
}

void Watch::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    testPending();
    answer();
    checkDeadlines();
    if (untested_ > 0)
      wake_.wait_for(lock, kBusyPause);
    else
      wake_.wait_for(lock, kIdlePause);
  }
}

void Watch::stop() {
  std::vector<uint32_t> ids;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [id, pending] : pending_) ids.push_back(id);
  }
  for (const uint32_t id : ids) wait(id);
  drain(nullptr);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }
  MPI_Request request;
  int done = MPI_Ibarrier(control_, &request) != MPI_SUCCESS;
  while (!done) {
    if (MPI_Test(&request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) break;
    if (!done) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  for (auto& [reply, request] : repliesSent_) MPI_Request_free(&request);
  for (auto& [handle, communicator] : communicators_)
    if (communicator->comm != MPI_COMM_WORLD) release(*communicator);
  communicators_.clear();
  freePinnedMemory();
  MPI_Comm_free(&control_);
}

void Watch::addCommunicator(std::unique_ptr<Communicator> communicator, uint32_t handle) {
  const std::lock_guard<std::mutex> lock(mutex_);
  communicators_[handle] = std::move(communicator);
}

Communicator* Watch::find(uint32_t handle) {
  // Only the JavaScript thread changes the table.
  const auto found = communicators_.find(handle);
  return found == communicators_.end() ? nullptr : found->second.get();
}

Communicator* Watch::byId(uint64_t id) {
  for (auto& [handle, communicator] : communicators_)
    if (communicator->id == id) return communicator.get();
  return nullptr;
}

std::unique_ptr<Communicator> Watch::removeCommunicator(uint32_t handle) {
  const Communicator* leaving = find(handle);
  if (leaving == nullptr) return nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [id, pending] : pending_)
      if (pending->communicator == leaving && !pending->isHandedOver) return nullptr;
  }
  drain(leaving);
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = communicators_.find(handle);
  auto communicator = std::move(found->second);
  communicators_.erase(found);
  return communicator;
}

void Watch::begin(Communicator& communicator, Operation& operation) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (operation.isCollective()) operation.sequence = ++communicator.collectives;
  communicator.last = operation;
}

void Watch::enter(Communicator& communicator, Operation& operation) {
  const std::lock_guard<std::mutex> lock(mutex_);
  inside_ = true;
  current_ = operation;
  currentCommunicator_ = &communicator;
  currentDeadline_ = Clock::now() + timeout_;
}

void Watch::leave() {
  const std::lock_guard<std::mutex> lock(mutex_);
  inside_ = false;
}

uint32_t Watch::add(std::unique_ptr<Pending> pending) {
  uint32_t id;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    id = nextPending_++;
    pending_[id] = std::move(pending);
    untested_++;
  }
  wake_.notify_one();
  return id;
}

bool Watch::isDone(Pending& pending) {
  Outcome& outcome = pending.outcome;
  outcome.elementType = pending.operation.elementType;
  if (!pending.work) {
    int done = 0;
    outcome.result = MPI_Test(&pending.request, &done, &outcome.status);
    return done || outcome.result != MPI_SUCCESS;
  }
  try {
    if (!pending.work->advance()) return false;
  } catch (const DeviceError& error) {
    abortJob("mpi: rank " + std::to_string(rank_) + ": " + pending.operation.describe() + " on \"" +
                 pending.communicator->name + "\" failed: " + error.what() + ".\n  The job ends.",
             1);
  }
  outcome.result = pending.work->result;
  outcome.status = pending.work->status;
  return true;
}

void Watch::testPending() {
  for (auto next = pending_.begin(); next != pending_.end();) {
    const auto [id, pending] = std::pair<uint32_t, Pending*>(next->first, next->second.get());
    const auto here = next++;
    if (pending->done || !isDone(*pending)) continue;
    pending->done = true;
    record(*pending);
    untested_--;
    if (pending->isHandedOver)
      pending_.erase(here);
    else
      completed_(id);
  }
}

std::optional<Outcome> Watch::takeDone(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = pending_.find(id);
  if (found == pending_.end()) return std::nullopt;
  Pending& pending = *found->second;
  if (!pending.done) {
    if (!isDone(pending)) return std::nullopt;
    record(pending);
    untested_--;
  }
  const Outcome outcome = pending.outcome;
  pending_.erase(found);
  return outcome;
}

std::optional<Outcome> Watch::wait(uint32_t id) {
  std::unique_ptr<Pending> pending;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = pending_.find(id);
    if (found == pending_.end()) return std::nullopt;
    if (!found->second->work || found->second->done) {
      pending = std::move(found->second);
      pending_.erase(found);
      if (pending->done) return pending->outcome;
      untested_--;
    }
  }
  if (!pending) return waitForDevice(id);
  const auto blockedFrom = Clock::now();
  enter(*pending->communicator, pending->operation);
  Outcome& outcome = pending->outcome;
  outcome.elementType = pending->operation.elementType;
  outcome.result = MPI_Wait(&pending->request, &outcome.status);
  leave();
  record(*pending, blockedFrom);
  return outcome;
}

std::optional<Outcome> Watch::waitForDevice(uint32_t id) {
  const auto blockedFrom = Clock::now();
  expect(id);
  for (;;) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto found = pending_.find(id);
      if (found == pending_.end()) return Outcome{};  // it was handed over before, and is done
      Pending& pending = *found->second;
      if (!pending.done && pending.work->holdBackDefaultStream()) {
        pending.isHandedOver = true;
        return Outcome{MPI_SUCCESS, {}, pending.operation.elementType};
      }
      const bool wasDone = pending.done;
      if (wasDone || isDone(pending)) {
        if (!wasDone) {
          record(pending, blockedFrom);
          untested_--;
        }
        const Outcome outcome = pending.outcome;
        pending_.erase(found);
        return outcome;
      }
    }
    std::this_thread::sleep_for(kBlockedPause);
  }
}

void Watch::drain(const Communicator* communicator) {
  for (;;) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      bool isUnderWay = false;
      for (const auto& [id, pending] : pending_)
        isUnderWay = isUnderWay || (pending->isHandedOver && (communicator == nullptr || pending->communicator == communicator));
      if (!isUnderWay) return;
    }
    wake_.notify_one();
    std::this_thread::sleep_for(kBusyPause);
  }
}

void Watch::expect(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = pending_.find(id);
  if (found != pending_.end()) found->second->deadline = Clock::now() + timeout_;
}

}  // namespace graticule
