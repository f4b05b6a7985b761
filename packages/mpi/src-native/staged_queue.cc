#include "staged_queue.h"

#include <algorithm>

#include "mpi_error.h"

namespace graticule {
namespace {

/** Large enough for MPI's and the bus's full speed. */
constexpr size_t kChunkBytes = size_t{4} << 20;
/** One on its way from the device, one with MPI, one on its way back. */
constexpr size_t kChunksAtOnce = 3;

class StagedWork : public DeviceWork {
 public:
  StagedWork(std::shared_ptr<StagedQueue> queue, std::shared_ptr<StagedQueue::Job> job)
      : queue_(std::move(queue)), job_(std::move(job)) {}

  bool advance() override {
    queue_->advance();
    if (!job_->isPlanned || job_->underWay > 0) return false;
    result = job_->result;
    return true;
  }

 private:
  std::shared_ptr<StagedQueue> queue_;
  std::shared_ptr<StagedQueue::Job> job_;
};

}  // namespace

StagedQueue::StagedQueue(MPI_Comm comm, int rank, int size, int device) : rank_(rank), size_(size), device_(device) {
  checkMpi(MPI_Comm_dup(comm, &comm_));
  checkMpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN));
}

StagedQueue::~StagedQueue() {
  if (comm_ != MPI_COMM_NULL) MPI_Comm_free(&comm_);
}

std::unique_ptr<DeviceWork> StagedQueue::begin(const Operation& operation, const Buffers& buffers, bool isDirect) {
  auto job = std::make_shared<Job>();
  job->operation = operation;
  job->buffers = buffers;
  job->isDirect = isDirect;
  job->end = longestPart(operation, buffers);
  job->step = isDirect ? job->end : chunkElements(operation, size_, kChunkBytes);
  job->isPlanned = job->end == 0;
  job->ready.record(kDefaultStream);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!job->isPlanned) waiting_.push_back(job);
  }
  advance();
  return std::make_unique<StagedWork>(shared_from_this(), job);
}

void StagedQueue::advance() {
  const std::lock_guard<std::mutex> lock(mutex_);
  useDevice(device_);
  fill();
  bool isTurn = true;
  for (Active& active : active_) {
    // Every rank begins them in one order: none before those that came before it.
    if (active.stage == Stage::kCopyingIn && isTurn) isTurn = start(active);
    if (active.stage == Stage::kWithMpi) test(active);
    if (active.stage == Stage::kCopyingOut && active.copied.isReached()) active.stage = Stage::kDone;
    if (active.stage == Stage::kDone) active.job->underWay--;
  }
  active_.remove_if([](const Active& active) { return active.stage == Stage::kDone; });
}

void StagedQueue::fill() {
  while (active_.size() < kChunksAtOnce && !waiting_.empty()) {
    const auto job = waiting_.front();
    activate(job);
    if (job->next < job->end) continue;
    job->isPlanned = true;
    waiting_.pop_front();
  }
}

void StagedQueue::activate(const std::shared_ptr<Job>& job) {
  active_.emplace_back();
  Active& active = active_.back();
  active.job = job;
  job->underWay++;
  if (job->isDirect) {
    active.chunk.operation = job->operation;
    active.buffers = job->buffers;
    job->next = job->end;
    return;
  }
  if (job->next == 0) {
    job->ready.holdBack(in_.get());
    job->ready.holdBack(out_.get());
  }
  const int64_t end = std::min(job->next + job->step, job->end);
  active.chunk = planChunk(job->operation, job->buffers, rank_, size_, job->next, end);
  job->next = end;
  active.host.emplace(active.chunk.bytes);
  char* host = active.host->data();
  active.buffers.input = active.chunk.input ? host + *active.chunk.input : nullptr;
  active.buffers.output = host + active.chunk.output;
  active.buffers.counts = active.chunk.counts;
  for (const Piece& piece : active.chunk.in)
    checkDevice(deviceRuntime().memcpyAsync(host + piece.host, piece.device, piece.bytes, kDeviceToHost, in_.get()),
                "MemcpyAsync");
  active.copied.record(in_.get());
}

bool StagedQueue::start(Active& active) {
  if (!(active.job->isDirect ? active.job->ready : active.copied).isReached()) return false;
  const int code = beginOperation(active.chunk.operation, active.buffers, comm_, &active.request, nullptr);
  active.stage = Stage::kWithMpi;
  if (code == MPI_SUCCESS) return true;
  active.job->result = code;
  active.stage = Stage::kDone;
  return true;
}

void StagedQueue::test(Active& active) {
  int done = 0;
  const int code = MPI_Test(&active.request, &done, MPI_STATUS_IGNORE);
  if (!done && code == MPI_SUCCESS) return;
  active.stage = Stage::kDone;
  if (code != MPI_SUCCESS) active.job->result = code;
  if (code != MPI_SUCCESS || active.chunk.out.empty()) return;
  for (const Piece& piece : active.chunk.out)
    checkDevice(deviceRuntime().memcpyAsync(piece.device, active.host->data() + piece.host, piece.bytes, kHostToDevice,
                                            out_.get()),
                "MemcpyAsync");
  active.copied.record(out_.get());
  active.stage = Stage::kCopyingOut;
}

}  // namespace graticule
