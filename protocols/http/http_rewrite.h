// The only changes that are made in HTTP heads on a reverse rule: Host and target on the way up,
// Location, Content-Location and cookie domains on the way back. Used live and in replay. Immutable
// after construction, safe on any thread.
//
// A change is a range of the head and a view of what goes there instead, so that a head leaves as
// pieces: bytes as received, a replacement, bytes as received.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/rule.h"
#include "protocols/http/http_head.h"

#include <cstdint>
#include <string>
#include <vector>

namespace understudy {

struct HeadChange {
  std::uint32_t offset = 0;
  std::uint32_t old_size = 0;
  ByteView with;  ///< in the rewrite object, the head, or the origin that was handed in
};

/// Appends `head` with `changes` (in order of offset) applied, as pieces.
void append_pieces(ByteView head, const std::vector<HeadChange>& changes,
                   std::vector<ByteView>& pieces);

class RequestRewrite {
 public:
  /// Keeps what it needs of the rule.
  explicit RequestRewrite(const ForwardRule& rule);

  /// Appends the changes that a request head needs, in order of offset.
  void changes(ByteView head, const HttpHead& info, std::vector<HeadChange>& out) const;

 private:
  std::string host_;         ///< value of Host; empty = as the client sent it
  std::string prefix_;       ///< before every path
  std::string prefix_root_;  ///< the path of a target that has none: prefix and "/"
};

class ReplyMapping {
 public:
  explicit ReplyMapping(const ForwardRule& rule);

  /// Appends the changes that a reply head needs, in order of offset. `client_origin`: how the
  /// client reaches us, "http://host:port"; empty = not known, links stay.
  void changes(ByteView head, const HttpHead& info, ByteView client_origin,
               std::vector<HeadChange>& out) const;

  /// A head that might need changes: cheap, to be asked first.
  [[nodiscard]] static bool concerns(const HttpHead& info) {
    return info.set_cookie || !info.location.empty() || !info.content_location.empty();
  }

 private:
  void link(ByteView head, HeadRange value, ByteView client_origin,
            std::vector<HeadChange>& out) const;
  void cookie(ByteView head, HeadRange value, std::vector<HeadChange>& out) const;
  [[nodiscard]] std::uint32_t prefix_length(ByteView path) const;

  Endpoint upstream_;
  std::string scheme_;
  std::string prefix_;
};

/// The authority that a request is addressed to: of an absolute target, else its Host; may be
/// empty.
[[nodiscard]] ByteView request_authority(ByteView head, const HttpHead& info);

}  // namespace understudy
