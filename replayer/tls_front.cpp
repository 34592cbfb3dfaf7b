#include "replayer/tls_front.h"

#include "protocols/core/first_bytes.h"

#include <utility>

namespace understudy {

TlsFront::TlsFront(Repertoire& repertoire, const ConversationPlace& place, std::string name)
    : repertoire_(repertoire), place_(place), name_(std::move(name)) {}

void TlsFront::on_bytes(ByteView bytes, Moment, Outbox& out) {
  if (!begins_tls(bytes)) return go_on(bytes, out);
  out.handover = std::make_unique<Handover>();
  if (!name_.empty()) out.handover->names.push_back(name_);
  out.handover->unread = bytes;
}

void TlsFront::on_eof(Moment, Outbox& out) {
  out.end = Outbox::End::Close;
}

void TlsFront::on_secured(Moment, Outbox& out) {
  place_.secured = true;
  go_on({}, out);
}

void TlsFront::go_on(ByteView unread, Outbox& out) {
  out.handover = std::make_unique<Handover>();
  out.handover->next = repertoire_.converse(place_);
  out.handover->unread = unread;
}

}  // namespace understudy
