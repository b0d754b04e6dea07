#pragma once

#include <bitset>
#include <string>
#include <string_view>

#include "sink/session_observer.h"
#include "sink/shown_lines.h"
#include "smtp/verb.h"

namespace millrace::sink {

// What stands for a password where the dialogue is shown or logged, as in the source.
inline constexpr std::string_view kAuthentication = "(authentication)";

// The arguments of a command as they may be shown: those of AUTH end after the mechanism.
std::string shown_arguments(smtp::Verb verb, std::string_view arguments);

// The same for a command line, known or not, as ShownLines has it beside others.
std::string shown_command(std::string_view line);

// Shows a session on standard error: -v.
class Display final : public SessionObserver {
 public:
  // `listener`: where it came in; empty where there is but one. Must outlive this.
  explicit Display(std::string_view listener) : listener_(listener) {}

  void opened(const net::SocketAddress& peer, TimePoint now) override;
  void speaks_for(const net::SocketAddress& source) override;
  void secured(const Handshake& handshake) override;
  void dismissed(std::string_view reply) override { replied(std::nullopt, reply, 1); }
  void ended(Ending ending, int error, TimePoint now) override;

  void heard(smtp::Line line, std::string_view text, std::string_view behind) override;
  void replied(std::optional<smtp::Verb> verb, std::string_view reply, std::size_t copies) override;
  [[nodiscard]] bool wants_content() const override { return true; }
  void content(std::string_view bytes, smtp::Form form) override;

 private:
  std::string_view listener_;
  ShownLines lines_;
};

// Writes commands to syslog: -s.
class CommandLog final : public SessionObserver {
 public:
  using Commands = std::bitset<smtp::kVerbCount>;

  explicit CommandLog(Commands logged) : logged_(logged) {}

  void commanded(smtp::Verb verb, std::string_view arguments) override;

 private:
  const Commands logged_;
};

}  // namespace millrace::sink
