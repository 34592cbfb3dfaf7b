#include "protocols/content/stand_in.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <vector>

namespace understudy {
namespace {

/// Bytes that look random and hang on the secret alone.
class SecretStream {
 public:
  SecretStream(const StandIn& hash, ByteView secret) : hash_(hash), first_(hash(secret)) {
    assert(!first_.empty());
    block_ = first_;
  }

  unsigned next() {
    if (at_ == block_.size()) {
      block_ = hash_(first_ + std::to_string(++blocks_));
      at_ = 0;
    }
    return static_cast<unsigned char>(block_[at_++]);
  }

 private:
  const StandIn& hash_;
  Bytes first_, block_;
  std::size_t at_ = 0;
  std::uint64_t blocks_ = 0;
};

struct Class {
  char first = 0;
  unsigned size = 0;  ///< 0 = a character that stays
};

Class class_of(char c) {
  if (c >= '0' && c <= '9') return {'0', 10};
  if (c >= 'a' && c <= 'z') return {'a', 26};
  if (c >= 'A' && c <= 'Z') return {'A', 26};
  return {};
}

char within(Class cls, unsigned value) {
  return static_cast<char>(cls.first + static_cast<char>(value % cls.size));
}

char following(char c) {
  const Class cls = class_of(c);
  return within(cls, static_cast<unsigned>(c - cls.first) + 1);
}

/// A continuation byte that may take any value; after some lead bytes the first one may not.
bool is_free_continuation(unsigned char before, unsigned char c) {
  const bool bound = before == 0xE0 || before == 0xED || before == 0xF0 || before == 0xF4;
  return (c & 0xC0) == 0x80 && before >= 0x80 && !bound;
}

void replace_places(const StandIn& hash, const std::vector<char*>& places) {
  Bytes secret;
  secret.reserve(places.size());
  for (const char* place : places)
    secret += *place;
  SecretStream stream(hash, secret);
  bool changed = false;
  char* first = nullptr;  // the first letter or digit
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto before = static_cast<unsigned char>(i == 0 ? '\0' : secret[i - 1]);
    const Class cls = class_of(secret[i]);
    if (cls.size > 0) {
      *places[i] = within(cls, stream.next());
      if (first == nullptr) first = places[i];
    } else if (is_free_continuation(before, static_cast<unsigned char>(secret[i]))) {
      *places[i] = static_cast<char>(0x80 | (stream.next() & 0x3F));
    }
    changed = changed || *places[i] != secret[i];
  }
  if (!changed && first != nullptr) *first = following(*first);
}

}  // namespace

void replace_secret(const StandIn& hash, char* begin, std::size_t size) {
  std::vector<char*> places(size);
  for (std::size_t i = 0; i < size; ++i)
    places[i] = begin + i;
  replace_places(hash, places);
}

void replace_secret_in_json_string(const StandIn& hash, char* begin, std::size_t size) {
  std::vector<char*> places;
  places.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    if (begin[i] != '\\' || i + 1 == size) {
      places.push_back(begin + i);
      continue;
    }
    ++i;
    if (begin[i] != 'u') continue;
    // Of \uXXXX the last two digits may take any value without becoming a surrogate or ceasing to
    // be one; letters among them must stay hexadecimal, so only digits are replaced.
    for (std::size_t k = i + 3; k <= i + 4 && k < size; ++k) {
      if (begin[k] >= '0' && begin[k] <= '9') places.push_back(begin + k);
    }
    i += 4;
  }
  replace_places(hash, places);
}

void replace_secret_in_json_number(const StandIn& hash, char* begin, std::size_t size) {
  std::vector<char*> places;
  for (std::size_t i = 0; i < size && begin[i] != 'e' && begin[i] != 'E'; ++i) {
    if (begin[i] >= '0' && begin[i] <= '9') places.push_back(begin + i);
  }
  if (places.empty()) return;
  const Bytes before(begin, size);
  replace_places(hash, places);
  // A number of several digits must not begin with 0: a reader would refuse the document.
  char& first = *places.front();
  const char* after = places.front() + 1;
  const bool several = after < begin + size && *after >= '0' && *after <= '9';
  if (several && first == '0') first = '1';
  if (before == ByteView(begin, size)) first = first == '9' ? '1' : static_cast<char>(first + 1);
}

}  // namespace understudy
