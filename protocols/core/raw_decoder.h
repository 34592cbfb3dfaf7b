// Turns of a byte stream that nobody decodes: the codec of raw TCP, and of every stream after its
// own codec gave up or handed over. One per connection, one thread at a time.
//
//   stream   = [banner] *( turn )
//   turn     = client bytes, then server bytes   ; one exchange
//   banner   = server bytes before any client byte, an exchange that the server opens
//
// There are no messages in a raw stream, so a turn is the best that can be said: an exchange ends
// when the client speaks after the server spoke, or when both sides have finished. Its end is a
// Body step of size 0, since it is only known once the bytes of the next turn are there.
#pragma once

#include "protocols/core/decoder.h"

#include <array>

namespace understudy {

class RawDecoder final : public Decoder {
 public:
  [[nodiscard]] Step step(Side from, ByteView unread, bool fin) override;
  /// Every byte is understood at once: nothing is ever held.
  [[nodiscard]] std::size_t max_held() const override { return 0; }

 private:
  [[nodiscard]] Step end_exchange();

  ExchangeNo last_ = 0;  ///< number of the latest exchange, 0 = none began
  bool open_ = false;    ///< it has not ended
  Side last_speaker_ = Side::Client;
  std::array<bool, 2> finished_{};
};

}  // namespace understudy
