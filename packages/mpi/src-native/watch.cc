#include "watch.h"

namespace graticule {
namespace {

/** How often the thread looks up while nothing is pending, and while something is. */
constexpr auto kIdlePause = std::chrono::milliseconds(20);
constexpr auto kBusyPause = std::chrono::microseconds(50);

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
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = communicators_.find(handle);
  if (found == communicators_.end()) return nullptr;
  for (const auto& [id, pending] : pending_)
    if (pending->communicator == found->second.get()) return nullptr;
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

void Watch::testPending() {
  for (auto& [id, pending] : pending_) {
    if (pending->done) continue;
    int done = 0;
    pending->result = MPI_Test(&pending->request, &done, &pending->status);
    if (!done && pending->result == MPI_SUCCESS) continue;
    pending->done = true;
    record(*pending);
    untested_--;
    completed_(id);
  }
}

std::unique_ptr<Pending> Watch::takeDone(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = pending_.find(id);
  if (found == pending_.end()) return nullptr;
  Pending& pending = *found->second;
  if (!pending.done) {
    int done = 0;
    pending.result = MPI_Test(&pending.request, &done, &pending.status);
    if (!done && pending.result == MPI_SUCCESS) return nullptr;
    record(pending);
    untested_--;
  }
  auto taken = std::move(found->second);
  pending_.erase(found);
  return taken;
}

std::unique_ptr<Pending> Watch::wait(uint32_t id) {
  std::unique_ptr<Pending> pending;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = pending_.find(id);
    if (found == pending_.end()) return nullptr;
    pending = std::move(found->second);
    pending_.erase(found);
    if (pending->done) return pending;
    untested_--;
  }
  const auto blockedFrom = Clock::now();
  enter(*pending->communicator, pending->operation);
  pending->result = MPI_Wait(&pending->request, &pending->status);
  leave();
  record(*pending, blockedFrom);
  return pending;
}

void Watch::expect(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = pending_.find(id);
  if (found != pending_.end()) found->second->deadline = Clock::now() + timeout_;
}

}  // namespace graticule
