// Where a redirected client was going, and whether that leads back to us.
#include <algorithm>
#include <memory>
#include <optional>

#include "recorder/relay.h"

namespace understudy {

void Relay::take_original_destination() {
  redirected_ = std::make_unique<ForwardRule>(*rule_.rule);
  const std::optional<Endpoint> original = client_.stream->original_destination();
  came_directly_ = !original;
  redirected_->upstream = original ? *original : rule_.rule->listen;
}

/// Why `made`, the attempt to reach a port's upstream, comes back to us; empty = it does not.
std::string_view Relay::loop_through(Port& port, const ConnectOutcome& made) {
  if (came_directly_) {
    return "the client connected to us and was not redirected by this machine's kernel, so that "
           "nobody knows where it wants to go";
  }
  if (!made.stream) return {};
  if (is_own_port(made.stream->peer_port_here())) {
    return "that is ourselves: the rule forwards in a loop";
  }
  if (!rule_.rule->transparent) return {};
  port.own_end = made.stream->local_address();
  rule_.own_connections->add(port.own_end);
  // Theirs was connected before it reached us, and ours since: it is listed by now.
  if (!rule_.own_connections->has(client_.stream->peer_address())) return {};
  return "our own connections are redirected to us as well: let the firewall pass those of the "
         "user that we run as";
}

bool Relay::is_own_port(std::uint16_t port) const {
  const std::vector<std::uint16_t>& own = home_.options().own_ports;
  return port != 0 && std::ranges::find(own, port) != own.end();
}

void Relay::forget_own_end(Port& port) {
  if (port.own_end.empty()) return;
  rule_.own_connections->remove(port.own_end);
  port.own_end.clear();
}

}  // namespace understudy
