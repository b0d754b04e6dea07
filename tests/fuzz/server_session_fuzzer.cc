// A whole server session under a policy that the input chooses.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pieces.h"
#include "smtp/server_session.h"

using namespace millrace;

namespace {

// What is decided, by the first two bytes of the input: of which verb, and what, beside waiting.
class Dice final : public smtp::ServerPolicy {
 public:
  Dice(std::uint8_t verb, std::uint8_t action)
      : verb_(static_cast<smtp::Verb>(verb % smtp::kVerbCount)), bits_(action) {}

  smtp::Decision decide(smtp::Verb verb, std::string_view) override {
    if (verb != verb_) return {.wait = wait()};
    using Action = smtp::Decision::Action;
    smtp::Decision decision{.action = static_cast<Action>(bits_ % 8 % 5),
                            .reset = (bits_ & 0x20) != 0,
                            .wait = wait(),
                            .repeat = (bits_ & 0x40) != 0 ? 3U : 1U,
                            .step = std::chrono::seconds((bits_ & 0x80) != 0 ? 1 : 0)};
    static const smtp::GivenReply kTaken = smtp::given_reply("250 taken\r\n");
    static const smtp::GivenReply kRefused = smtp::given_reply("450 refused\r\n");
    decision.reply = decision.action == Action::proceed ? kTaken : kRefused;
    if ((bits_ & 0x08) != 0) {
      decision.each = std::make_shared<const std::vector<smtp::RecipientReply>>(
          std::vector<smtp::RecipientReply>{{.text = kRefused, .repeat = decision.repeat}, {}});
    }
    return decision;
  }
  smtp::Decision decide_content(smtp::Form /*form*/) override {
    const bool limited = (bits_ & 0x20) != 0;
    return {.wait = wait(), .content_limit = limited ? 5 : smtp::Decision::kNoLimit};
  }
  smtp::Decision decide_end() override { return decide(smtp::Verb::end_of_data, {}); }
  bool admit_message() override { return ++admitted_ % 16 != 0; }
  smtp::AuthenticationStep start_authentication(std::string_view mechanism,
                                                std::optional<std::string_view> initial) override {
    fuzz::require(!mechanism.empty());
    return continue_authentication(initial.value_or(""));
  }
  // The first letter of a response says how it goes on.
  smtp::AuthenticationStep continue_authentication(std::string_view response) override {
    using Kind = smtp::AuthenticationStep::Kind;
    const unsigned char first = response.empty() ? 0 : static_cast<unsigned char>(response[0]);
    return {.kind = static_cast<Kind>(first % 5), .challenge = "Zm9v"};
  }

 private:
  [[nodiscard]] Duration wait() const { return std::chrono::seconds((bits_ & 0x10) != 0 ? 1 : 0); }

  smtp::Verb verb_;
  std::uint8_t bits_;
  unsigned admitted_ = 0;
};

// Requires that what it is told makes sense.
class Witness final : public smtp::ServerObserver {
 public:
  explicit Witness(bool full) : full_(full) {}

  void heard(smtp::Line, std::string_view text, std::string_view) override {
    fuzz::require(text.size() < 12'288);
  }
  void mail(std::string_view) override {
    fuzz::require(!open_);
    open_ = true;
  }
  void recipient(std::string_view) override { fuzz::require(open_); }
  void transaction_aborted() override { end_transaction(); }
  [[nodiscard]] bool wants_content() const override { return true; }
  void content(std::string_view bytes, smtp::Form) override {
    fuzz::require(open_ && !bytes.empty());
  }
  void message_answered(std::size_t) override {
    fuzz::require(unanswered_);
    unanswered_ = false;
  }
  void client_attribute(std::string_view name, std::string_view) override {
    fuzz::require(!name.empty());
  }
  smtp::Storage message_complete() override {
    end_transaction();
    unanswered_ = true;
    return full_ ? smtp::Storage::failed : smtp::Storage::kept;
  }

 private:
  void end_transaction() {
    fuzz::require(open_);
    open_ = false;
  }

  bool full_;
  bool unanswered_ = false;  // a message that is complete
  bool open_ = false;
};

// Everything on, and limits that a small input can pass.
void be_modern(smtp::ServerProfile& profile, std::uint8_t bits) {
  for (std::size_t place = 0; place < smtp::kExtensionCount; ++place) {
    profile.offered.add(static_cast<smtp::Extension>(place));
  }
  profile.authenticates = profile.xclient_takes_effect = true;
  if ((bits & 0x40) != 0) {
    profile.limits = {.message_size = 40,
                      .text_line = 10,
                      .recipients = 2,
                      .transactions = 3,
                      .commands = 20,
                      .errors = 5};
  }
}

std::string play(const std::uint8_t* data, std::size_t size, bool whole) {
  smtp::ServerProfile profile;
  profile.protocol = static_cast<smtp::ServerProfile::Protocol>(data[2] % 3);
  if ((data[2] & 0x80) != 0) be_modern(profile, data[2]);
  const smtp::ServerReplies replies(profile);
  Dice policy(data[0], data[1]);
  Witness witness((data[1] & 0x10) != 0);
  smtp::ServerSession session(profile, replies, policy, witness);
  using SessionPhase = smtp::ServerSession::SessionPhase;
  Output out;
  std::string spoken;
  const auto take_replies = [&] {
    spoken += out.text();
    out.clear();
  };
  const auto go_on = [&] {
    take_replies();
    while (session.phase() == SessionPhase::paused || session.phase() == SessionPhase::replying) {
      session.resume(out);
      take_replies();
    }
    if (session.phase() == SessionPhase::securing) session.secured();
  };
  session.start({.trusted = (data[2] & 0x20) != 0}, out);
  go_on();
  const auto take = [&](std::string_view piece) {
    while (!piece.empty() && session.phase() != SessionPhase::closed) {
      const std::size_t taken = session.feed(piece, out);
      fuzz::require(taken <= piece.size());
      fuzz::require(taken == piece.size() || session.phase() == SessionPhase::paused ||
                    session.phase() == SessionPhase::replying ||
                    session.phase() == SessionPhase::securing ||
                    session.phase() == SessionPhase::closed);
      piece.remove_prefix(taken);
      go_on();
    }
  };
  if (whole) {
    take({reinterpret_cast<const char*>(data) + 4, size - 4});
  } else {
    fuzz::in_pieces(data + 3, size - 3, take);
  }
  return spoken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  fuzz::require(play(data, size, true) == play(data, size, false));
  return 0;
}
