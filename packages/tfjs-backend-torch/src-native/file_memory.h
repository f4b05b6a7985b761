// Memory that lies in a file: the disk holds what the pages in use do not, and threads move pages ahead of their use.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace graticule {

/** A mapped file without a name: it is gone with the process, however that ends. */
class FileMemory {
 public:
  /** Reserves the bytes on the disk, all zero. Throws with the system's reason, the folder and the bytes. */
  FileMemory(const std::string& folder, size_t bytes);
  ~FileMemory();
  FileMemory(const FileMemory&) = delete;
  FileMemory& operator=(const FileMemory&) = delete;

  char* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  /** Reads pages from the disk. */
  void readAhead(size_t offset, size_t bytes) const;
  /** Writes changed pages to the disk and gives the memory of all of them back; 0 or the error's number. */
  int writeBack(size_t offset, size_t bytes) const;

 private:
  int file_ = -1;
  char* data_ = nullptr;
  size_t bytes_ = 0;
};

/** Makes a file's memory known to `fetch` and `evict`, for as long as somebody holds it. */
std::shared_ptr<FileMemory> openFileMemory(const std::string& folder, size_t bytes);

/** Reads the pages of an address range in a thread; does nothing where the range is not a file's. */
void fetchFileMemory(const void* address, size_t bytes);
/** Writes the pages of a range in another thread and gives their memory back. The values stay usable throughout. */
void evictFileMemory(const void* address, size_t bytes);
/** Waits until at most `pending` evictions are under way. Throws if one could not be written. */
void awaitEvictions(size_t pending);

}  // namespace graticule
