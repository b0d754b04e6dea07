// A whole client session against replies that the input chooses.
#include <string>

#include "mail/message.h"
#include "pieces.h"
#include "smtp/client_session.h"

using namespace millrace;

namespace {

struct Observer final : smtp::ClientObserver {
  void replied(smtp::Verb, const smtp::Reply& reply, bool) override {
    text_size += reply.text.size();
  }
  std::size_t text_size = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool lmtp = (data[0] & 1) != 0;
  const std::string hello = (data[0] & 2) != 0 ? "" : lmtp ? "LHLO x\r\n" : "HELO x\r\n";
  const mail::MessageTemplate shared({.reverse_path = "a@b",
                                      .forward_path = "c@d",
                                      .recipients = std::size_t{1} + data[0] % 5,
                                      .body = "body\r\n"});
  mail::Message message(shared, 0);
  Observer observer;
  smtp::ClientSession session(lmtp ? smtp::Verb::lhlo : smtp::Verb::helo, hello, observer);
  int messages = 3;
  fuzz::in_pieces(data + 1, size - 1, [&](std::string_view piece) {
    Output out;
    const auto before = session.phase();
    session.feed(piece, out);
    if (before == smtp::ClientSession::Phase::finished ||
        before == smtp::ClientSession::Phase::closed ||
        before == smtp::ClientSession::Phase::broken) {
      fuzz::require(session.phase() == before && out.empty());
    }
    if (session.phase() == smtp::ClientSession::Phase::broken)
      fuzz::require(!session.fault().empty());
    if (session.phase() != smtp::ClientSession::Phase::ready) return;
    fuzz::require(out.empty());
    if (messages-- > 0) {
      session.send(message, out);
    } else {
      session.quit(out);
    }
    fuzz::require(!out.empty());
  });
  return 0;
}
