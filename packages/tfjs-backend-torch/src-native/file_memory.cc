#include "file_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace graticule {
namespace {

[[noreturn]] void fail(const std::string& folder, size_t bytes, int error) {
  throw std::runtime_error("expected to reserve " + std::to_string(bytes) + " bytes in " + folder + ", got " +
                           std::strerror(error));
}

/** A file that nobody else sees. */
int openUnnamed(const std::string& folder) {
#ifdef O_TMPFILE
  const int file = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return file;
#endif
  std::string path = folder + "/.graticule-XXXXXX";
  const int named = mkstemp(path.data());
  if (named >= 0) unlink(path.c_str());
  return named;
}

/** All of it, so that a full disk is an error here and not a signal at some later write. */
int reserve(int file, size_t bytes) {
#ifdef __linux__
  return posix_fallocate(file, 0, static_cast<off_t>(bytes));
#else
  return ftruncate(file, static_cast<off_t>(bytes)) == 0 ? 0 : errno;
#endif
}

struct Pages {
  size_t first, bytes;
};

/** The pages that a range touches. */
Pages pagesOf(size_t offset, size_t bytes, size_t total) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t first = offset / page * page;
  const size_t end = std::min((offset + bytes + page - 1) / page * page, (total + page - 1) / page * page);
  return {first, end - first};
}

/** A thread that does one thing after the other. Never destroyed: the process may end while it works. */
class Worker {
 public:
  void add(std::function<void()> job) {
    std::unique_lock lock(mutex_);
    if (!started_) std::thread([this] { work(); }).detach();
    started_ = true;
    jobs_.push_back(std::move(job));
    pending_++;
    changed_.notify_all();
  }

  void await(size_t pending) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return pending_ <= pending; });
  }

 private:
  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !jobs_.empty(); });
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
      pending_--;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  size_t pending_ = 0;
  bool started_ = false;
};

struct Shared {
  std::mutex mutex;
  std::map<const char*, std::weak_ptr<FileMemory>> open;  // by first address
  int error = 0;                                          // of an eviction
  Worker reader, writer;
};

Shared& shared() {
  static auto* all = new Shared;
  return *all;
}

struct Place {
  std::shared_ptr<FileMemory> memory;
  size_t offset;
};

Place find(const void* address) {
  const auto* first = static_cast<const char*>(address);
  std::lock_guard lock(shared().mutex);
  auto after = shared().open.upper_bound(first);
  if (after == shared().open.begin()) return {};
  auto memory = std::prev(after)->second.lock();
  if (!memory || first >= memory->data() + memory->bytes()) return {};
  return {memory, static_cast<size_t>(first - memory->data())};
}

}  // namespace

FileMemory::FileMemory(const std::string& folder, size_t bytes) : bytes_(bytes) {
  file_ = openUnnamed(folder);
  if (file_ < 0) fail(folder, bytes, errno);
  int error = reserve(file_, bytes);
  if (error == 0) {
    void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    error = mapped == MAP_FAILED ? errno : 0;
    data_ = static_cast<char*>(mapped);
  }
  if (error == 0) return;
  close(file_);
  fail(folder, bytes, error);
}

FileMemory::~FileMemory() {
  munmap(data_, bytes_);
  close(file_);
}

void FileMemory::readAhead(size_t offset, size_t bytes) const {
  const Pages pages = pagesOf(offset, bytes, bytes_);
  madvise(data_ + pages.first, pages.bytes, MADV_WILLNEED);
#ifdef MADV_POPULATE_READ
  madvise(data_ + pages.first, pages.bytes, MADV_POPULATE_READ);
#endif
}

int FileMemory::writeBack(size_t offset, size_t bytes) const {
  const Pages pages = pagesOf(offset, bytes, bytes_);
#ifdef __linux__
  const auto first = static_cast<off_t>(pages.first);
  const auto count = static_cast<off_t>(pages.bytes);
  madvise(data_ + pages.first, pages.bytes, MADV_DONTNEED);  // the file has what was in them
  const unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  if (sync_file_range(file_, first, count, all) != 0) return errno;
  posix_fadvise(file_, first, count, POSIX_FADV_DONTNEED);
  return 0;
#else
  return msync(data_ + pages.first, pages.bytes, MS_SYNC) == 0 ? 0 : errno;
#endif
}

std::shared_ptr<FileMemory> openFileMemory(const std::string& folder, size_t bytes) {
  std::shared_ptr<FileMemory> memory(new FileMemory(folder, bytes), [](FileMemory* gone) {
    {
      std::lock_guard lock(shared().mutex);
      shared().open.erase(gone->data());
    }
    delete gone;
  });
  std::lock_guard lock(shared().mutex);
  shared().open[memory->data()] = memory;
  return memory;
}

void fetchFileMemory(const void* address, size_t bytes) {
  const Place place = find(address);
  if (!place.memory || bytes == 0) return;
  shared().reader.add([place, bytes] { place.memory->readAhead(place.offset, bytes); });
}

void evictFileMemory(const void* address, size_t bytes) {
  const Place place = find(address);
  if (!place.memory || bytes == 0) return;
  shared().writer.add([place, bytes] {
    const int error = place.memory->writeBack(place.offset, bytes);
    if (error == 0) return;
    std::lock_guard lock(shared().mutex);
    shared().error = error;
  });
}

void awaitEvictions(size_t pending) {
  shared().writer.await(pending);
  std::lock_guard lock(shared().mutex);
  const int error = shared().error;
  shared().error = 0;
  if (error != 0) throw std::runtime_error("expected to write offloaded values, got " + std::string(std::strerror(error)));
}

}  // namespace graticule
