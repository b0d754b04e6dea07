#include "sink/control/live_page.h"

#include <string>

#include "mail/dkim/sha256.h"
#include "sasl/gnu_sasl.h"
#include "web/assets.h"
#include "web/page.h"

namespace millrace::sink {
namespace {

struct LivePage {
  std::string html;
  std::string policy;
};

// Its own scripts run and no others, and only this sink is asked. HTML mail is shown in a frame
// that this policy holds for as well: what it brings of style is let in, nothing else.
std::string policy_of(const web::Page& page) {
  std::string policy = "default-src 'none'; script-src";
  mail::Sha256 sha256;
  for (const std::string& script : web::script_elements(page)) {
    sha256.update(script);
    const mail::Sha256::Hash hash = sha256.finish();
    policy.append(" 'sha256-");
    policy.append(sasl::encode_base64({reinterpret_cast<const char*>(hash.data()), hash.size()}))
        .append("'");
  }
  return policy +
         "; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; "
         "form-action 'none'; frame-ancestors 'none'";
}

LivePage make_page() {
  const web::Page page{.title = "smtp-sink",
                       .styles = {web::assets::live_css},
                       .scripts = {web::assets::mail_js, web::assets::sink_js,
                                   web::assets::messages_js, web::assets::live_js}};
  return {.html = web::write_page(page), .policy = policy_of(page)};
}

}  // namespace

http::Response live_page() {
  static const LivePage page = make_page();
  return {.media_type = "text/html; charset=utf-8",
          .body = page.html,
          .header = {{"Content-Security-Policy", page.policy}}};
}

}  // namespace millrace::sink
