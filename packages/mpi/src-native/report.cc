// What happens when an operation is late: the ranks are asked how far they are, the answer is written, the job ends.
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "device_path.h"
#include "watch.h"

namespace graticule {
namespace {

/** Ranks that have not answered by then are stopped, or so busy that their threads do not run. */
constexpr auto kAnswerTime = std::chrono::seconds(3);
/** While another rank is asking, it reports. */
constexpr auto kSilence = std::chrono::seconds(6);

void writeAll(const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (wrote <= 0) return;
    done += static_cast<size_t>(wrote);
  }
}

std::string seconds(Clock::duration duration) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g s", std::chrono::duration<double>(duration).count());
  return text;
}

}  // namespace

void abortJob(const std::string& message, int code) {
  writeAll(message + "\n");
  // What is in the pipe to the launcher should be there before the launcher hears of the end.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  abortNccl();
  MPI_Abort(MPI_COMM_WORLD, code);
  _exit(code);
}

void Watch::answer() {
  for (;;) {
    int there = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, control_, &there, &status) != MPI_SUCCESS || !there) break;
    if (status.MPI_TAG == kQueryTag) {
      Query query;
      MPI_Recv(&query, sizeof(query), MPI_BYTE, status.MPI_SOURCE, kQueryTag, control_, MPI_STATUS_IGNORE);
      reply(query, status.MPI_SOURCE);
    } else {
      Reply reply;
      MPI_Recv(&reply, sizeof(reply), MPI_BYTE, status.MPI_SOURCE, kReplyTag, control_, MPI_STATUS_IGNORE);
      if (report_ && reply.communicator == report_->query.communicator &&
          reply.sequence == report_->query.late.sequence)
        report_->replies[status.MPI_SOURCE] = reply;
    }
  }
  auto& sent = repliesSent_;
  for (size_t i = 0; i < sent.size();) {
    int done = 0;
    MPI_Test(&sent[i].second, &done, MPI_STATUS_IGNORE);
    if (done)
      sent.erase(sent.begin() + static_cast<std::ptrdiff_t>(i));
    else
      i++;
  }
}

void Watch::reply(const Query& query, int asker) {
  // The lowest rank reports: one message for one cause.
  if (!report_ || asker < rank_) {
    report_.reset();
    silentUntil_ = Clock::now() + kSilence;
  }
  auto answer = std::make_unique<Reply>();
  std::memset(static_cast<void*>(answer.get()), 0, sizeof(Reply));
  answer->communicator = query.communicator;
  answer->sequence = query.late.sequence;
  const Communicator* asked = byId(query.communicator);
  answer->phase = asked ? (ended_ ? Phase::kEnded : Phase::kJavaScript) : Phase::kNoCommunicator;
  if (asked) {
    answer->begun = asked->collectives;
    answer->last = asked->last;
  }
  const Pending* waiting = nullptr;
  for (const auto& [id, pending] : pending_)
    if (pending->deadline && !pending->done && waiting == nullptr) waiting = pending.get();
  if (inside_ || waiting != nullptr) {
    answer->phase = Phase::kWaiting;
    answer->waitsFor = inside_ ? current_ : waiting->operation;
    const auto& name = (inside_ ? currentCommunicator_ : waiting->communicator)->name;
    std::strncpy(answer->waitsOn, name.c_str(), sizeof(answer->waitsOn) - 1);
  }
  MPI_Request request;
  MPI_Isend(answer.get(), sizeof(Reply), MPI_BYTE, asker, kReplyTag, control_, &request);
  repliesSent_.emplace_back(std::move(answer), request);
}

void Watch::checkDeadlines() {
  const auto now = Clock::now();
  if (report_ && !isStillLate(*report_)) report_.reset();
  if (report_) {
    const bool all = report_->replies.size() + 1 == report_->communicator->worldRanks.size();
    if (all || now >= report_->until) finishReport();
    return;
  }
  if (now < silentUntil_) return;
  if (inside_ && now >= currentDeadline_) return beginReport(current_, *currentCommunicator_);
  for (const auto& [id, pending] : pending_)
    if (!pending->done && pending->deadline && now >= *pending->deadline)
      return beginReport(pending->operation, *pending->communicator);
}

bool Watch::isStillLate(const Report& report) const {
  const auto isIt = [&](const Operation& operation, const Communicator* communicator) {
    return communicator == report.communicator && operation.kind == report.late.kind &&
           operation.sequence == report.late.sequence;
  };
  if (inside_ && isIt(current_, currentCommunicator_)) return true;
  for (const auto& [id, pending] : pending_)
    if (!pending->done && pending->deadline && isIt(pending->operation, pending->communicator)) return true;
  return false;
}

void Watch::beginReport(const Operation& late, Communicator& communicator) {
  report_.emplace();
  report_->late = late;
  report_->communicator = &communicator;
  report_->until = Clock::now() + kAnswerTime;
  std::memset(static_cast<void*>(&report_->query), 0, sizeof(Query));
  report_->query.communicator = communicator.id;
  report_->query.late = late;
  for (const int other : communicator.worldRanks) {
    if (other == rank_) continue;
    MPI_Request request;
    MPI_Isend(&report_->query, sizeof(Query), MPI_BYTE, other, kQueryTag, control_, &request);
    report_->sent.push_back(request);
  }
}

std::string Watch::describeRank(int worldRank, const Report& report) const {
  const auto found = report.replies.find(worldRank);
  if (found == report.replies.end()) return "does not answer: stopped, dead, or without processor time";
  const Reply& reply = found->second;
  if (reply.phase == Phase::kNoCommunicator) return "has not made this communicator, or has freed it";
  std::string text = reply.last.kind < 0 ? "has begun nothing here" : "last began " + reply.last.describe() + " here";
  if (reply.phase == Phase::kEnded) return text + "; has come to its end";
  if (reply.phase == Phase::kJavaScript) return text + "; is not waiting in MPI";
  if (reply.waitsFor.kind == reply.last.kind && reply.waitsFor.sequence == reply.last.sequence &&
      report.communicator->name == reply.waitsOn)
    return text + " and waits for it";
  return text + "; waits for " + reply.waitsFor.describe() + " on \"" + reply.waitsOn + "\"";
}

void Watch::finishReport() {
  const Report& report = *report_;
  const Operation& late = report.late;
  std::string missing;
  std::string present;
  for (const int other : report.communicator->worldRanks) {
    if (other == rank_) continue;
    const auto found = report.replies.find(other);
    const bool came = found != report.replies.end() && found->second.phase != Phase::kNoCommunicator &&
                      found->second.begun >= late.sequence;
    // A message has one other rank; it alone can be what is missing.
    if (!late.isCollective() && other != report.communicator->worldRanks[late.peer]) continue;
    std::string& list = late.isCollective() && came ? present : missing;
    list += "\n    rank " + std::to_string(other) + ": " + describeRank(other, report);
  }
  std::string text = "mpi: rank " + std::to_string(rank_) + ": " + late.describe() + " on \"" +
                     report.communicator->name + "\" did not complete in " + seconds(timeout_) + ".";
  if (!missing.empty()) text += (late.isCollective() ? "\n  Missing:" : "\n  The other rank:") + missing;
  if (!present.empty()) text += (missing.empty() ? "\n  No rank is missing:" : "\n  Not missing:") + present;
  abortJob(text + "\n  The job ends.", 1);
}

}  // namespace graticule
