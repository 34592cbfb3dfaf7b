#include "ui/web/utc_text.h"

#include <fmt/format.h>

namespace understudy {

namespace {

std::string to_second(Timestamp at) {
  using namespace std::chrono;
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss<seconds> time{floor<seconds>(at - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace

std::string utc_text(Timestamp at) {
  if (at == Timestamp{}) return "";
  const auto since_second = at - std::chrono::floor<std::chrono::seconds>(at);
  return fmt::format("{}.{:03}Z", to_second(at), since_second.count() / 1000);
}

std::string utc_text_seconds(Timestamp at) {
  return at == Timestamp{} ? "" : to_second(at) + "Z";
}

}  // namespace understudy
