#include "ui/cli/proxy_options.h"

#include "store/rule_proxy.h"
#include "ui/cli/proxy_values.h"

#include <utility>

namespace understudy {

namespace {

/// What was read, or the end of the parse.
template <class Value>
Value or_refuse(Result<Value> parsed, const char* option) {
  if (parsed) return std::move(*parsed);
  Error error = parsed.error();
  error.where = option;
  throw CLI::ValidationError(describe(error));
}

}  // namespace

void add_proxy_options(CLI::App& app, ProxyArguments& proxy) {
  app.add_option_function<std::string>(
         "--proxy",
         [&proxy](const std::string& text) {
           proxy.listen = or_refuse(parse_proxy_listen(text), "--proxy");
           proxy.written_at = "--proxy " + text;
         },
         "Forward proxy with CONNECT and SOCKS5, for this machine only unless\n"
         "a host is given")
      ->type_name("[HOST:]PORT");
  app.add_option_function<std::string>(
         "--proxy-auth",
         [&proxy](const std::string& text) {
           ProxyLogin login = or_refuse(parse_proxy_login(text), "--proxy-auth");
           proxy.user = std::move(login.user);
           proxy.password_file = std::move(login.password_file);
         },
         "Clients of the proxy must give this user and the password in FILE")
      ->type_name("USER:FILE");
  app.add_option_function<std::string>(
         "--no-proxy", [&proxy](const std::string& list) { proxy.no_proxy = list; },
         "Hosts that the COMMAND reaches without the proxy (default: none)")
      ->type_name("LIST");
}

void add_tunnel_options(CLI::App& app, RecordArguments& record) {
  ProxyArguments& proxy = record.run.proxy;
  app.add_option_function<std::string>(
         "--connect-ports",
         [&proxy](const std::string& text) {
           proxy.connect_ports = or_refuse(parse_port_list(text), "--connect-ports");
         },
         "Where CONNECT may lead, such as 443,9000-9010 (default: any port;\n"
         "443 and 8443 when other machines can reach the proxy)")
      ->type_name("LIST");
  app.add_option_function<std::string>(
         "--passthrough",
         [&proxy](const std::string& text) {
           proxy.passthrough = or_refuse(parse_host_list(text), "--passthrough");
         },
         "Hosts whose tunnels are passed on unopened: host, *.domain, *")
      ->type_name("LIST");
  app.add_flag("--passthrough-on-reject", proxy.passthrough_on_reject,
               "Also those whose clients reject our certificate, from then on");
  app.add_option_function<std::string>(
         "--upstream-proxy",
         [&record](const std::string& text) {
           record.upstream_proxy = or_refuse(parse_upstream_proxy(text), "--upstream-proxy");
         },
         "Reach upstreams through this proxy, but those that NO_PROXY names:\n"
         "http://[USER:PASSWORD@]HOST:PORT or socks5://...")
      ->type_name("URL");
}

Result<void> check_proxy_options(const RunArguments& run) {
  if (!run.proxy.no_proxy) return {};
  if (run.command.empty()) {
    return std::unexpected(
        Error(ErrorSource::Config, "--no-proxy", "is for a COMMAND, and there is none"));
  }
  if (run.set_environment) return {};
  return std::unexpected(
      Error(ErrorSource::Config, "--no-proxy", "sets what --no-env leaves alone: leave out one"));
}

}  // namespace understudy
