#include "replayer/matcher/field_distance.h"

#include "replayer/matcher/text_similarity.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

namespace understudy {

namespace {

/// A value that is there but different is nearer than one that is not there at all.
constexpr double kLeastDifference = 0.3;

struct Score {
  double sum = 0;
  std::size_t fields = 0;
};

ByteView kind_of(ByteView name) {
  return name.substr(0, name.find_first_of(".:"));
}

/// By name, then value: a repeated name is a multiset, in whatever order its values came.
void prepare(std::vector<Field>& fields) {
  std::erase_if(fields, [](const Field& field) { return !field.in_key; });
  std::ranges::sort(fields, {},
                    [](const Field& field) { return std::tie(field.name, field.value); });
}

class Comparison {
 public:
  void both(const Field& expected, const Field& got) {
    if (expected.value == got.value) return count(expected.name, 0);
    const double alike = similarity(expected.value, got.value);
    count(expected.name, kLeastDifference + (1 - kLeastDifference) * (1 - alike));
    result_.differences.push_back({expected.name, shown(expected.value), shown(got.value)});
  }
  void missing(const Field& expected) {
    count(expected.name, 1);
    result_.differences.push_back({expected.name, shown(expected.value), ""});
  }
  void extra(const Field& got) {
    count(got.name, 1);
    result_.differences.push_back({got.name, "", shown(got.value)});
  }
  FieldDistance take() {
    for (const auto& [kind, score] : kinds_) {
      result_.distance += score.sum / static_cast<double>(score.fields);
    }
    if (!kinds_.empty()) result_.distance /= static_cast<double>(kinds_.size());
    return std::move(result_);
  }

 private:
  void count(ByteView name, double difference) {
    Score& score = kinds_[kind_of(name)];
    score.sum += difference;
    ++score.fields;
  }
  std::map<ByteView, Score> kinds_;  ///< views into names of the compared fields
  FieldDistance result_;
};

}  // namespace

std::string shown(ByteView value) {
  if (value.size() <= kMaxShownValue) return std::string(value);
  std::size_t end = kMaxShownValue;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(value[at]) & 0xC0u) == 0x80u;
  };
  while (end > 0 && continues(end))
    --end;  // never half a UTF-8 character
  return std::string(value.substr(0, end)) + "…";
}

FieldDistance field_distance(std::vector<Field> expected, std::vector<Field> got) {
  prepare(expected);
  prepare(got);
  Comparison comparison;
  auto left = expected.begin();
  auto right = got.begin();
  while (left != expected.end() && right != got.end()) {
    if (left->name == right->name) {
      comparison.both(*left++, *right++);
    } else if (left->name < right->name) {
      comparison.missing(*left++);
    } else {
      comparison.extra(*right++);
    }
  }
  for (; left != expected.end(); ++left)
    comparison.missing(*left);
  for (; right != got.end(); ++right)
    comparison.extra(*right);
  return comparison.take();
}

}  // namespace understudy
