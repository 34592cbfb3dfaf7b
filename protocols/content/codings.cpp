#include "protocols/content/codings.h"

#include "protocols/content/media_type.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

namespace understudy {
namespace {

/// How much output is asked for at a time.
constexpr std::size_t kOutputStep = std::size_t{64} * 1024;

struct Name {
  ByteView name;
  Coding coding;
};
constexpr std::array<Name, 8> kNames{{{"identity", Coding::Identity},
                                      {"gzip", Coding::Gzip},
                                      {"deflate", Coding::Deflate},
                                      {"br", Coding::Brotli},
                                      {"zstd", Coding::Zstd},
                                      {"x-gzip", Coding::Gzip},
                                      {"x-deflate", Coding::Deflate},
                                      {"", Coding::Identity}}};

/// Window bits of inflateInit2: gzip alone, zlib alone, no wrapper at all.
enum class Wrapper : int { Gzip = 16 + MAX_WBITS, Zlib = MAX_WBITS, None = -MAX_WBITS };

class Inflater {
 public:
  explicit Inflater(Wrapper wrapper) {
    ready_ = inflateInit2(&stream_, static_cast<int>(wrapper)) == Z_OK;
  }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::optional<Bytes> run(ByteView coded, bool members, std::size_t limit) {
    if (!ready_ || coded.size() > std::numeric_limits<uInt>::max()) return std::nullopt;
    // zlib reads through a pointer that older versions declare without const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
    stream_.avail_in = static_cast<uInt>(coded.size());
    Bytes out;
    for (;;) {
      const int status = step(out, limit);
      if (status == Z_STREAM_END) {
        if (stream_.avail_in == 0) return out;
        if (!members || inflateReset(&stream_) != Z_OK) return std::nullopt;
      } else if (status != Z_OK) {
        return std::nullopt;
      }
    }
  }

 private:
  int step(Bytes& out, std::size_t limit) {
    const std::size_t before = out.size();
    const std::size_t room = std::min(kOutputStep, limit + 1 - before);
    out.resize(before + room);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    out.resize(before + room - stream_.avail_out);
    if (out.size() > limit) return Z_MEM_ERROR;
    const bool stuck = status == Z_OK && stream_.avail_in == 0 && stream_.avail_out > 0;
    return stuck ? Z_BUF_ERROR : status;
  }

  z_stream stream_{};
  bool ready_ = false;
};

std::optional<Bytes> decode_deflate(ByteView coded, std::size_t limit) {
  auto decoded = Inflater(Wrapper::Zlib).run(coded, false, limit);
  return decoded ? decoded : Inflater(Wrapper::None).run(coded, false, limit);
}

std::optional<Bytes> decode_brotli(ByteView coded, std::size_t limit) {
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance);
  if (!state) return std::nullopt;
  const auto* next_in = reinterpret_cast<const std::uint8_t*>(coded.data());
  std::size_t left_in = coded.size();
  Bytes out;
  for (;;) {
    const std::size_t before = out.size();
    std::size_t room = std::min(kOutputStep, limit + 1 - before);
    out.resize(before + room);
    auto* next_out = reinterpret_cast<std::uint8_t*>(out.data() + before);
    const auto status =
        BrotliDecoderDecompressStream(state.get(), &left_in, &next_in, &room, &next_out, nullptr);
    out.resize(out.size() - room);
    if (out.size() > limit) return std::nullopt;
    if (status == BROTLI_DECODER_RESULT_SUCCESS) {
      return left_in == 0 ? std::optional(std::move(out)) : std::nullopt;
    }
    if (status != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return std::nullopt;
  }
}

std::optional<Bytes> decode_zstd(ByteView coded, std::size_t limit) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(),
                                                                          &ZSTD_freeDStream);
  if (!stream) return std::nullopt;
  ZSTD_inBuffer in{coded.data(), coded.size(), 0};
  Bytes out;
  for (;;) {
    const std::size_t before = out.size();
    out.resize(before + std::min(kOutputStep, limit + 1 - before));
    ZSTD_outBuffer window{out.data(), out.size(), before};
    const std::size_t hint = ZSTD_decompressStream(stream.get(), &window, &in);
    const bool filled = window.pos == window.size;
    out.resize(window.pos);
    if (ZSTD_isError(hint) != 0 || out.size() > limit) return std::nullopt;
    if (in.pos == in.size && !filled)
      return hint == 0 ? std::optional(std::move(out)) : std::nullopt;
  }
}

}  // namespace

std::optional<Coding> coding_named(ByteView name) {
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const Name& entry) {
    return equal_ignoring_case(entry.name, name);
  });
  if (found == kNames.end()) return std::nullopt;
  return found->coding;
}

ByteView coding_name(Coding coding) {
  return std::find_if(kNames.begin(), kNames.end(),
                      [&](const Name& entry) { return entry.coding == coding; })
      ->name;
}

std::optional<Bytes> decode(Coding coding, ByteView coded, std::size_t limit_bytes) {
  switch (coding) {
    case Coding::Identity:
      return coded.size() <= limit_bytes ? std::optional<Bytes>(coded) : std::nullopt;
    case Coding::Gzip: return Inflater(Wrapper::Gzip).run(coded, true, limit_bytes);
    case Coding::Deflate: return decode_deflate(coded, limit_bytes);
    case Coding::Brotli: return decode_brotli(coded, limit_bytes);
    case Coding::Zstd: return decode_zstd(coded, limit_bytes);
  }
  return std::nullopt;
}

}  // namespace understudy
