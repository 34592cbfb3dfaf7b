// Why nothing answered: the recorded requests that a missed one is nearest to, and what differs.
// Immutable after construction, safe on all threads.
#pragma once

#include "protocols/core/protocol.h"
#include "replayer/exchange_index.h"
#include "replayer/report.h"

#include <cstdint>
#include <string>
#include <vector>

namespace understudy {

struct MissExplanation {
  std::vector<Field> request;  ///< the fields of the missed request that count
  std::vector<NearStub> nearest;
};

/// Finds stubs near to a request. Two passes, so that a miss costs a few milliseconds whatever the
/// number of stubs: all labels by a cheap similarity, then the fields of the best few.
class NearestStubs {
 public:
  /// Both outlive it.
  NearestStubs(const Protocol& protocol, const ExchangeIndex& index);

  /// `place`: where it leads, empty = where its rule says. `label` as request_label() gives it.
  [[nodiscard]] MissExplanation explain(ByteView label, ByteView request, ByteView place) const;
  /// For a request whose stub was found but has no answer left (AfterLast::Miss).
  [[nodiscard]] MissExplanation used_up(ByteView request, ByteView place, std::int64_t track) const;

 private:
  [[nodiscard]] std::vector<std::uint32_t> preselect(ByteView label, std::size_t size) const;
  [[nodiscard]] std::vector<Field> fields(ByteView request, ByteView place) const;

  const Protocol& protocol_;
  const ExchangeIndex& index_;
  Bytes labels_;  ///< one after another: the first pass reads memory in order
  std::vector<std::uint32_t> label_ends_;  ///< per entry of index_.firsts()
};

/// "GET /orders/1", with a place "GET https://api.example.com/orders/1": what a request is called
/// in reports and logs.
[[nodiscard]] std::string request_label(const Protocol& protocol, ByteView request,
                                        ByteView place = {});

/// The body of a protocol-shaped miss, by contract: {"request":{…},"nearest":[…]}.
[[nodiscard]] Bytes miss_json(const MissExplanation& miss);

/// Stubs whose fields are compared in the second pass; some 10 µs each.
inline constexpr std::size_t kMaxNearCandidates = 64;
/// Stubs that a miss names.
inline constexpr std::size_t kMaxNearest = 3;

}  // namespace understudy
