// Signs the message on standard input by DKIM and writes it to standard output, for a verifier that
// is not ours: dkim_sign KEY-FILE DOMAIN SELECTOR [SECONDS-SINCE-1970].
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "mail/dkim/signed_kind.h"

namespace {

using millrace::mail::Content;

class Given final : public millrace::mail::Kind {
 public:
  explicit Given(std::string message) : message_(std::move(message)) {}
  void make(const millrace::mail::MessageFacts& /*facts*/, Content& content) const override {
    content.share(message_, {Content::Dots::some});
  }

 private:
  std::string message_;
};

}  // namespace

int main(int count, char** words) {
  millrace::set_program_name(words[0]);
  if (count < 4) return 2;
  try {
    millrace::mail::DkimOptions options{
        .domain = words[2], .selector = words[3], .key_file = words[1]};
    if (count > 4) {
      options.time = std::chrono::sys_seconds(std::chrono::seconds(std::atoll(words[4])));
    }
    const millrace::mail::SignedKind kind(
        std::make_unique<Given>(millrace::read_file("/dev/stdin")),
        millrace::mail::DkimSigner(options));
    Content content;
    kind.make({}, content);
    const std::string message = content.flattened();
    return std::fwrite(message.data(), 1, message.size(), stdout) == message.size() ? 0 : 1;
  } catch (const millrace::Fatal& error) {
    millrace::report_fatal(error.what());
    return 1;
  }
}
