// A whole server session under a policy that the input chooses.
#include <array>
#include <string>

#include "pieces.h"
#include "sink/rules.h"
#include "smtp/server_session.h"

using namespace millrace;

namespace {

// Rules by the input's second and third byte: which verb gets which action, and whether it waits.
class Dice final : public smtp::ServerPolicy {
 public:
  Dice(std::uint8_t verb, std::uint8_t action) : waits_((action & 0x10) != 0) {
    rules_.of_verb[verb % smtp::kVerbCount].action = static_cast<sink::Rule::Action>(action % 5);
  }

  void heard(std::string_view line) override {
    fuzz::require(line.size() < smtp::ServerSession::kCommandLimit);
  }
  smtp::Ruling rule(smtp::Verb verb, std::string_view) override {
    smtp::Ruling ruling = rules_.ruling(verb);
    ruling.wait = waits_;
    return ruling;
  }
  smtp::Ruling rule_content() override { return {.wait = waits_}; }
  void greeted(smtp::Verb, std::string_view) override {}
  void mail(std::string_view) override {
    fuzz::require(!open_);
    open_ = true;
  }
  void recipient(std::string_view) override { fuzz::require(open_); }
  void transaction_aborted() override { end_transaction(); }
  void content(std::string_view bytes) override { fuzz::require(open_ && !bytes.empty()); }
  smtp::Storage message_complete() override {
    end_transaction();
    return waits_ ? smtp::Storage::failed : smtp::Storage::kept;
  }

 private:
  void end_transaction() {
    fuzz::require(open_);
    open_ = false;
  }

  sink::Rules rules_;
  bool waits_;
  bool open_ = false;
};

std::string play(const std::uint8_t* data, std::size_t size, bool whole) {
  smtp::ServerProfile profile;
  profile.protocol = static_cast<smtp::ServerProfile::Protocol>(data[2] % 3);
  const smtp::ServerReplies replies(profile);
  Dice policy(data[0], data[1]);
  smtp::ServerSession session(profile, replies, policy);
  Output out;
  const auto go_on = [&] {
    while (session.phase() == smtp::ServerSession::Phase::paused) session.resume(out);
  };
  session.start(out);
  go_on();
  const auto take = [&](std::string_view piece) {
    while (!piece.empty() && session.phase() != smtp::ServerSession::Phase::closed) {
      const std::size_t taken = session.feed(piece, out);
      fuzz::require(taken <= piece.size());
      fuzz::require(taken == piece.size() ||
                    session.phase() == smtp::ServerSession::Phase::paused ||
                    session.phase() == smtp::ServerSession::Phase::closed);
      piece.remove_prefix(taken);
      go_on();
    }
  };
  if (whole) {
    take({reinterpret_cast<const char*>(data) + 4, size - 4});
  } else {
    fuzz::in_pieces(data + 3, size - 3, take);
  }
  return out.text();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  fuzz::require(play(data, size, true) == play(data, size, false));
  return 0;
}
