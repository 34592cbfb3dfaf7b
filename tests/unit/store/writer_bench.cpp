// Measures what a row costs: CPU microseconds per exchange of 1 KiB, written by RecordingWriter,
// and the time to read them back. Not a test; run it by hand: store_bench [ROWS] [WORKERS] [BODY
// BYTES].
#include "store/recording_reader.h"
#include "store/recording_writer.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace understudy {
namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void add_exchange(Batch& batch, std::int64_t id, ByteView request, ByteView reply) {
  ExchangeRow row;
  row.id = id;
  row.session = 1;
  row.number = static_cast<ExchangeNo>(id);
  row.upstream = 1;
  row.open = false;
  row.status = 200;
  row.started_at = Timestamp(Duration(1'790'000'000'000'000 + id * 100));
  row.duration = Duration(850);
  row.protocol = "http";
  row.method = batch.add("GET");
  row.resource = batch.add("/api/v1/items?page=7");
  row.request = batch.add(request);
  row.reply = batch.add(reply);
  row.chunks = batch.add(ByteView("\x90\x03\x00\x91\x13\xd2\x06", 7));
  row.edits = batch.add("\x40\x0e\x0eHost: upstream");
  batch.exchanges.push_back(row);
}

/// One worker: a batch per beat, `per_beat` rows each, ids shared with the other workers.
void work(RecordingWriter& writer, std::int64_t rows, std::int64_t per_beat, ByteView request,
          ByteView reply) {
  for (std::int64_t done = 0; done < rows;) {
    auto batch = writer.new_batch();
    for (std::int64_t i = 0; i < per_beat && done < rows; ++i, ++done) {
      add_exchange(*batch, writer.next_exchange_id(), request, reply);
      if (i % 64 == 63) std::this_thread::yield();  // so that the workers' ids interleave
    }
    writer.submit(std::move(batch));
    while (writer.full())
      std::this_thread::yield();
  }
}

int run(std::int64_t rows, int workers, std::size_t body_bytes) {
  const std::string path =
      std::filesystem::temp_directory_path() / fmt::format("store_bench_{}.db", getpid());
  const Bytes request =
      "GET /api/v1/items?page=7 HTTP/1.1\r\nHost: localhost:8080\r\nAccept: */*\r\n"
      "User-Agent: bench/1.0\r\n\r\n";
  const Bytes reply =
      "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 21 Nov 2026 09:13:14 GMT\r\n"
      "Content-Type: application/json\r\nConnection: keep-alive\r\n\r\n" +
      Bytes(body_bytes, 'x');

  RecordingStart start;
  start.rules.resize(1);
  start.rules[0].upstream_scheme = "http";
  auto writer = RecordingWriter::open(path, start);
  if (!writer) return fmt::print("{}\n", describe(writer.error())), 1;
  auto opened = (*writer)->new_batch();
  opened->sessions_opened.push_back({1, 0, wall_clock_now(), "127.0.0.1:5", "127.0.0.1:8080"});
  (*writer)->submit(std::move(opened));

  const double cpu_before = cpu_seconds();
  const auto before = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < workers; ++i) {
    threads.emplace_back([&] { work(**writer, rows / workers, 500, request, reply); });
  }
  for (auto& thread : threads)
    thread.join();
  const auto summary = (*writer)->finish();
  if (!summary) return fmt::print("{}\n", describe(summary.error())), 1;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  const auto count = static_cast<double>(summary->exchanges);
  fmt::print("write: {} rows, {:.2f} us CPU per row, {:.2f} s, {:.0f} bytes per row on disk\n",
             summary->exchanges, (cpu_seconds() - cpu_before) * 1e6 / count, took.count(),
             static_cast<double>(std::filesystem::file_size(path)) / count);
  const auto load = std::chrono::steady_clock::now();
  auto reader = RecordingReader::open(path);
  if (!reader) return fmt::print("{}\n", describe(reader.error())), 1;
  std::size_t bytes = 0;
  const auto recording = (*reader)->recording("");
  const auto done = (*reader)->each_exchange(recording->id, SIZE_MAX, [&](RecordedExchange&& one) {
    bytes += one.reply.size();
    return true;
  });
  if (!done) return fmt::print("{}\n", describe(done.error())), 1;
  const std::chrono::duration<double> loaded = std::chrono::steady_clock::now() - load;
  fmt::print("load: {:.3f} s, {} bytes of replies\n", loaded.count(), bytes);
  std::filesystem::remove(path);
  return 0;
}

}  // namespace
}  // namespace understudy

int main(int argc, char** argv) {
  const long rows = argc > 1 ? std::atol(argv[1]) : 100'000;
  const int workers = argc > 2 ? std::atoi(argv[2]) : 2;
  const long body = argc > 3 ? std::atol(argv[3]) : 1024;
  return understudy::run(rows, workers, static_cast<std::size_t>(body));
}
