#include "faulty_vfs.h"

#include <sqlite3.h>

#include <cassert>

namespace understudy {
namespace {

FaultyVfs* current = nullptr;  // the object that lives
sqlite3_vfs* real = nullptr;   // what it wraps
sqlite3_vfs wrapper;           // as registered

/// What SQLite holds for an open file: ours, then, in the same block, the real one's.
struct File {
  sqlite3_file base;
  sqlite3_file* inner() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* inner(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->inner();
}

/// Fails, or passes the call on to the method of the real file.
template <auto Method, int Code, class... Arguments>
int call(sqlite3_file* file, Arguments... arguments) {
  if (const int fault = current->judge(Code)) return fault;
  return (inner(file)->pMethods->*Method)(inner(file), arguments...);
}

/// Passes the call on: it cannot fail in a way that its callers look at.
template <auto Method, class... Arguments>
auto pass(sqlite3_file* file, Arguments... arguments) {
  return (inner(file)->pMethods->*Method)(inner(file), arguments...);
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  current->before_write();
  return call<&sqlite3_io_methods::xWrite, SQLITE_IOERR_WRITE>(file, data, size, offset);
}

/// Whether data is on the platter is not what these tests look at, and syncing is slow.
int sync(sqlite3_file*, int) {
  return current->judge(SQLITE_IOERR_FSYNC);
}

/// Unlocking never fails on a real system.
int lock_shared_memory(sqlite3_file* file, int offset, int count, int flags) {
  const bool unlocks = (flags & SQLITE_SHM_UNLOCK) != 0;
  if (const int fault = unlocks ? SQLITE_OK : current->judge(SQLITE_IOERR_SHMLOCK)) return fault;
  return inner(file)->pMethods->xShmLock(inner(file), offset, count, flags);
}

using Io = sqlite3_io_methods;

const Io kMethods = {
    .iVersion = 2,  // no memory mapping of the file itself
    .xClose = pass<&Io::xClose>,
    .xRead = call<&Io::xRead, SQLITE_IOERR_READ, void*, int, sqlite3_int64>,
    .xWrite = write,
    .xTruncate = call<&Io::xTruncate, SQLITE_IOERR_TRUNCATE, sqlite3_int64>,
    .xSync = sync,
    .xFileSize = call<&Io::xFileSize, SQLITE_IOERR_FSTAT, sqlite3_int64*>,
    .xLock = call<&Io::xLock, SQLITE_IOERR_LOCK, int>,
    .xUnlock = pass<&Io::xUnlock, int>,
    .xCheckReservedLock = call<&Io::xCheckReservedLock, SQLITE_IOERR_CHECKRESERVEDLOCK, int*>,
    .xFileControl = pass<&Io::xFileControl, int, void*>,
    .xSectorSize = pass<&Io::xSectorSize>,
    .xDeviceCharacteristics = pass<&Io::xDeviceCharacteristics>,
    .xShmMap = call<&Io::xShmMap, SQLITE_IOERR_SHMMAP, int, int, int, void volatile**>,
    .xShmLock = lock_shared_memory,
    .xShmBarrier = pass<&Io::xShmBarrier>,
    .xShmUnmap = pass<&Io::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* opened) {
  file->pMethods = nullptr;
  if (const int fault = current->judge(SQLITE_CANTOPEN)) return fault;
  const int code = real->xOpen(real, name, inner(file), flags, opened);
  if (inner(file)->pMethods != nullptr) file->pMethods = &kMethods;
  return code;
}

int remove(sqlite3_vfs*, const char* name, int sync_directory) {
  if (const int fault = current->judge(SQLITE_IOERR_DELETE)) return fault;
  return real->xDelete(real, name, sync_directory);
}

int access(sqlite3_vfs*, const char* name, int flags, int* result) {
  if (const int fault = current->judge(SQLITE_IOERR_ACCESS)) return fault;
  return real->xAccess(real, name, flags, result);
}

}  // namespace

FaultyVfs::FaultyVfs() {
  assert(current == nullptr);
  current = this;
  real = sqlite3_vfs_find(nullptr);
  wrapper = *real;
  wrapper.szOsFile = static_cast<int>(sizeof(File)) + real->szOsFile;
  wrapper.zName = "faulty";
  wrapper.xOpen = open;
  wrapper.xDelete = remove;
  wrapper.xAccess = access;
  sqlite3_vfs_register(&wrapper, 1);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&wrapper);
  sqlite3_vfs_register(real, 1);
  current = nullptr;
}

void FaultyVfs::fail_after(int calls, Kind kind, bool for_ever) {
  const std::lock_guard guard(mutex_);
  calls_left_ = calls;
  kind_ = kind;
  for_ever_ = for_ever;
  failed_ = false;
}

void FaultyVfs::heal() {
  const std::lock_guard guard(mutex_);
  calls_left_ = -1;
}

bool FaultyVfs::has_failed() {
  const std::lock_guard guard(mutex_);
  return failed_;
}

void FaultyVfs::hold_writes() {
  const std::lock_guard guard(mutex_);
  holding_ = true;
}

void FaultyVfs::release() {
  const std::lock_guard guard(mutex_);
  holding_ = false;
  changed_.notify_all();
}

void FaultyVfs::wait_until_held() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return held_ > 0; });
}

int FaultyVfs::judge(int io) {
  const std::lock_guard guard(mutex_);
  if (calls_left_ < 0) return SQLITE_OK;
  if (calls_left_ > 0) {
    --calls_left_;
    return SQLITE_OK;
  }
  if (!for_ever_) calls_left_ = -1;
  failed_ = true;
  switch (kind_) {
    case Kind::Io: return io;
    case Kind::Full: return SQLITE_FULL;
    case Kind::NoMemory: return SQLITE_IOERR_NOMEM;
  }
  return io;
}

void FaultyVfs::before_write() {
  std::unique_lock lock(mutex_);
  if (!holding_) return;
  ++held_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !holding_; });
  --held_;
}

}  // namespace understudy
