// A whole client session against replies that the input chooses.
#include <array>
#include <string>

#include "mail/message.h"
#include "pieces.h"
#include "smtp/client_session.h"

using namespace millrace;

namespace {

using Phase = smtp::ClientSession::DialoguePhase;

constexpr std::uint64_t kMessages = 6;

struct Observer final : smtp::ClientObserver {
  void replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
               smtp::Outcome) override {
    fuzz::require(command.message < kMessages);
    text_size += reply.text.size();
  }
  void message_sent(std::uint64_t message) override { fuzz::require(message < kMessages); }
  void message_over(std::uint64_t message, std::size_t /*recipients*/) override {
    fuzz::require(message < kMessages && !over[message]);
    over[message] = true;
  }

  std::size_t text_size = 0;
  std::array<bool, kMessages> over{};
};

bool ended(Phase phase) {
  return phase == Phase::finished || phase == Phase::closed || phase == Phase::broken;
}

}  // namespace

// The first two bytes choose how the client speaks, the rest is what the server says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using smtp::Extension;
  if (size < 3) return 0;
  const bool lmtp = (data[0] & 1) != 0;
  smtp::ClientPlan plan;
  plan.hello_verb = lmtp                 ? smtp::Verb::lhlo
                    : (data[0] & 4) != 0 ? smtp::Verb::ehlo
                                         : smtp::Verb::helo;
  plan.hello_name = (data[0] & 2) != 0 ? "" : "x";
  if ((data[0] & 8) != 0) plan.optional = smtp::all_extensions();
  plan.window = data[1] % 8U + 1U;
  plan.chunk_size = (data[1] & 16) != 0 ? 3 : 0;
  if ((data[0] & 16) != 0) plan.wanted.add(Extension::pipelining);
  if ((data[0] & 32) != 0) plan.wanted.add(Extension::chunking);
  if ((data[0] & 64) != 0) plan.wanted.add(Extension::starttls);
  if ((data[0] & 128) != 0) plan.wanted.add(Extension::xforward);
  const mail::MessageTemplate shared({.reverse_path = "a@b",
                                      .forward_path = "c@d",
                                      .recipients = std::size_t{1} + (data[1] >> 5),
                                      .body = "body\r\n"});
  const mail::SessionMessages messages(shared);
  Observer observer;
  smtp::ClientSession session(plan, {}, messages, observer);
  std::uint64_t next = 0;
  fuzz::in_pieces(data + 2, size - 2, [&](std::string_view piece) {
    Output out;
    const Phase before = session.phase();
    while (!piece.empty()) {
      const std::size_t taken = session.feed(piece, out);
      piece.remove_prefix(taken);
      fuzz::require(piece.empty() || session.phase() == Phase::securing);
      if (session.phase() == Phase::securing) session.secured(out);
      while (session.may_send() && next < kMessages) {
        const std::size_t unsent = out.size();
        session.send(next++, out);
        fuzz::require(out.size() > unsent);
      }
    }
    if (ended(before)) fuzz::require(session.phase() == before && out.empty());
    if (session.phase() == Phase::broken) fuzz::require(!session.fault().empty());
    if (session.idle() || session.phase() == Phase::opening_failed) session.quit(out);
  });
  return 0;
}
