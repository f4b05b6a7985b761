// A thread that completes non-blocking operations, ends the job when one is late, and tells other ranks how far we are.
#pragma once

#include <mpi.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "communicator.h"
#include "device_work.h"
#include "messages.h"
#include "timeline.h"

namespace graticule {

/** How an operation ended. */
struct Outcome {
  int result = MPI_SUCCESS;
  MPI_Status status{};
  int elementType = 0;
};

/** A non-blocking operation. The thread tests it until it is done or a blocking wait takes it over. */
struct Pending {
  Operation operation;
  Communicator* communicator;
  Buffers buffers;
  /** Of the larger buffer. */
  int64_t bytes = 0;
  Clock::time_point start;
  MPI_Request request = MPI_REQUEST_NULL;
  /** In the request's stead, of an operation on memory of a device. */
  std::unique_ptr<DeviceWork> work;
  Outcome outcome;
  bool done = false;
  /** JavaScript is through with it: the device's default stream waits in its stead. */
  bool isHandedOver = false;
  /** Set when JavaScript begins to wait. */
  std::optional<Clock::time_point> deadline;
};

class Watch {
 public:
  /** Starts the thread; `control` is a communicator of all ranks for it alone. `completed` is called there. */
  void start(MPI_Comm control, std::chrono::duration<double> timeout, std::function<void(uint32_t)> completed);
  /** Waits for all ranks to come here, then ends the thread. Call before MPI_Finalize. */
  void stop();

  std::mutex& mutex() { return mutex_; }

  void addCommunicator(std::unique_ptr<Communicator> communicator, uint32_t handle);
  /** The communicator of a handle; null if there is none. */
  Communicator* find(uint32_t handle);
  /** Takes a communicator out; null while operations of it are pending that JavaScript still holds. */
  std::unique_ptr<Communicator> removeCommunicator(uint32_t handle);

  /** Before a blocking call of MPI, and after it. */
  void enter(Communicator& communicator, Operation& operation);
  void leave();
  /** Notes that an operation has begun: gives a collective its sequence number. */
  void begin(Communicator& communicator, Operation& operation);

  uint32_t add(std::unique_ptr<Pending> pending);
  /** How the operation ended if it is done, which takes it out; empty otherwise. Tests it now. */
  std::optional<Outcome> takeDone(uint32_t id);
  /**
   * Blocks until the operation is done, and takes it out; empty if there is none. Of an operation that the device's default
   * stream can wait for it makes that wait, and returns.
   */
  std::optional<Outcome> wait(uint32_t id);
  /** JavaScript waits from now on: the deadline runs. */
  void expect(uint32_t id);

 private:
  struct Report {
    Operation late;
    Communicator* communicator;
    Clock::time_point until;
    std::map<int, Reply> replies;
    Query query;
    std::vector<MPI_Request> sent;
  };

  void run();
  void testPending();
  /** Whether it is done now: sets its outcome. A device that fails ends the job. */
  bool isDone(Pending& pending);
  std::optional<Outcome> waitForDevice(uint32_t id);
  /** Waits for the operations of a communicator, or of all, that were handed over. */
  void drain(const Communicator* communicator);
  void answer();
  void reply(const Query& query, int asker);
  void checkDeadlines();
  /** It may have completed while the others were being asked. */
  bool isStillLate(const Report& report) const;
  void beginReport(const Operation& late, Communicator& communicator);
  void finishReport();
  std::string describeRank(int worldRank, const Report& report) const;
  Communicator* byId(uint64_t id);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread thread_;
  MPI_Comm control_ = MPI_COMM_NULL;
  int rank_ = 0;
  bool stopping_ = false;
  bool ended_ = false;
  Clock::duration timeout_{};
  std::function<void(uint32_t)> completed_;
  std::map<uint32_t, std::unique_ptr<Communicator>> communicators_;
  std::map<uint32_t, std::unique_ptr<Pending>> pending_;
  size_t untested_ = 0;
  uint32_t nextPending_ = 1;
  /** What the JavaScript thread waits for inside MPI. */
  bool inside_ = false;
  Operation current_;
  Communicator* currentCommunicator_ = nullptr;
  Clock::time_point currentDeadline_;
  std::optional<Report> report_;
  Clock::time_point silentUntil_{};
  std::vector<std::pair<std::unique_ptr<Reply>, MPI_Request>> repliesSent_;
};

Watch& watch();

/** Ends all ranks: writes the message first. */
[[noreturn]] void abortJob(const std::string& message, int code);

}  // namespace graticule
