// A SQLite VFS that counts its calls and fails the n-th, or lets writes wait: the disk as the tests
// want it. While an object lives, every connection that is opened goes through it.
//
// It wraps the default VFS. Its controls are safe from any thread; one object at a time.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>

namespace understudy {

class FaultyVfs {
 public:
  /// What a failing call returns.
  enum class Kind { Io, Full, NoMemory };

  FaultyVfs();
  /// No connection may be open any more.
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  /// The call after `calls` others from now fails, and with `for_ever` all after it.
  void fail_after(int calls, Kind kind, bool for_ever);
  /// Nothing fails from now on.
  void heal();
  /// A call has failed since fail_after().
  [[nodiscard]] bool has_failed();

  /// Writes wait from now on, until release().
  void hold_writes();
  void release();
  /// Returns once a write waits.
  void wait_until_held();

  // For the wrapped calls: 0, or the code to return instead of making the call. `io` is the call's
  // own SQLITE_IOERR code.
  int judge(int io);
  void before_write();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  int calls_left_ = -1;  ///< until one fails; negative: none will
  Kind kind_ = Kind::Io;
  bool for_ever_ = false, failed_ = false, holding_ = false;
  int held_ = 0;  ///< writes that wait
};

}  // namespace understudy
