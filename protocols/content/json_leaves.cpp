#include "protocols/content/json_leaves.h"

#include <algorithm>
#include <utility>

namespace understudy {
namespace {

/// Follows the path while a document is scanned. `Leaf` is told of every scalar.
class PathVisitor : public JsonVisitor {
 public:
  explicit PathVisitor(ByteView text) : text_(text) {}

  void begin_object() override { path_.emplace_back(); }
  void member(ByteRange inside) override {
    path_.back().name = json_unescaped(text_.substr(inside.begin, inside.size()));
  }
  void end_object() override { path_.pop_back(); }
  void begin_array() override { path_.emplace_back(); }
  void element() override { path_.back().name = std::to_string(path_.back().next++); }
  void end_array() override { path_.pop_back(); }

 protected:
  struct Level {
    Bytes name;            ///< of the member or element being read
    std::size_t next = 0;  ///< index of the next element
  };

  ByteView text_;
  std::vector<Level> path_;
};

class LeafCollector final : public PathVisitor {
 public:
  LeafCollector(ByteView text, std::size_t limit) : PathVisitor(text), limit_(limit) {}

  void scalar(JsonKind kind, ByteRange range) override {
    if (leaves.size() >= limit_) return;
    JsonLeaf& leaf = leaves.emplace_back();
    for (const Level& level : path_)
      append_part(level.name, leaf.pointer);
    leaf.kind = kind;
    leaf.range = range;
    const ByteView written = text_.substr(range.begin, range.size());
    leaf.value = kind == JsonKind::String ? json_unescaped(written) : Bytes(written);
  }

  std::vector<JsonLeaf> leaves;

 private:
  static void append_part(ByteView name, std::string& pointer) {
    pointer += '/';
    for (const char c : name) {
      if (c == '~') {
        pointer += "~0";
      } else if (c == '/') {
        pointer += "~1";
      } else {
        pointer += c;
      }
    }
  }

  std::size_t limit_;
};

class PlaceCollector final : public PathVisitor {
 public:
  PlaceCollector(ByteView text, const std::vector<JsonPattern>& patterns)
      : PathVisitor(text), patterns_(patterns) {}

  void scalar(JsonKind kind, ByteRange range) override {
    if (std::any_of(patterns_.begin(), patterns_.end(),
                    [&](const JsonPattern& pattern) { return names_this(pattern); })) {
      places.push_back({kind, range});
    }
  }

  std::vector<JsonPlace> places;

 private:
  [[nodiscard]] bool names_this(const JsonPattern& pattern) const {
    return pattern.parts.size() <= path_.size() &&
           std::equal(pattern.parts.begin(), pattern.parts.end(), path_.begin(),
                      [](const std::string& part, const Level& level) {
                        return part == "*" || part == level.name;
                      });
  }

  const std::vector<JsonPattern>& patterns_;
};

}  // namespace

std::optional<JsonPattern> parse_json_pointer(ByteView pointer) {
  JsonPattern pattern;
  if (pointer.empty()) return pattern;
  if (pointer.front() != '/') return std::nullopt;
  for (std::size_t at = 0; at < pointer.size(); ++at) {
    const char c = pointer[at];
    if (c == '/') {
      pattern.parts.emplace_back();
    } else if (c != '~') {
      pattern.parts.back() += c;
    } else {
      ++at;
      if (at == pointer.size() || (pointer[at] != '0' && pointer[at] != '1')) return std::nullopt;
      pattern.parts.back() += pointer[at] == '0' ? '~' : '/';
    }
  }
  return pattern;
}

std::optional<std::vector<JsonLeaf>> json_leaves(ByteView text, std::size_t limit) {
  LeafCollector collector(text, limit);
  if (!scan_json(text, collector)) return std::nullopt;
  return std::move(collector.leaves);
}

std::optional<std::vector<JsonPlace>> json_places(ByteView text,
                                                  const std::vector<JsonPattern>& patterns) {
  PlaceCollector collector(text, patterns);
  if (!scan_json(text, collector)) return std::nullopt;
  return std::move(collector.places);
}

}  // namespace understudy
