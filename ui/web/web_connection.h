// One browser's connection: requests read, answers written, each with a deadline and size limits.
// Lives on the web server's thread.
#pragma once

#include "protocols/transport/asio.h"
#include "ui/web/web_routes.h"

#include <boost/beast/core/basic_stream.hpp>
#include <cstddef>
#include <set>

namespace understudy {

using WebStream = boost::beast::basic_stream<Tcp, Executor>;

/// The open connections of one server. Used by the server's thread only.
class WebConnections {
 public:
  [[nodiscard]] std::size_t size() const { return streams_.size(); }
  /// A stream's place in the list, for as long as it is served.
  class Entry {
   public:
    Entry(WebConnections& list, WebStream& stream) : list_(list), stream_(stream) {
      list_.streams_.insert(&stream_);
    }
    ~Entry() { list_.streams_.erase(&stream_); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    WebConnections& list_;
    WebStream& stream_;
  };
  /// Their pending reads and writes end with operation_aborted.
  void close_all();

 private:
  std::set<WebStream*> streams_;
};

/// Serves until the peer goes, a limit is hit or close_all(). `routes` and `connections` outlive
/// it.
[[nodiscard]] Task<void> serve_web_connection(Socket socket, const WebRoutes& routes,
                                              WebConnections& connections);

}  // namespace understudy
