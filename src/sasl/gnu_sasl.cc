#include "sasl/gnu_sasl.h"

#include <gsasl.h>

#include <cstdlib>

#include "base/diagnostics.h"

namespace millrace::sasl {

Library open_library() {
  Gsasl* library = nullptr;
  const int result = gsasl_init(&library);
  if (result != GSASL_OK) throw Fatal(std::string("GNU SASL: ") + gsasl_strerror(result));
  return {library, gsasl_done};
}

Step advance(Gsasl_session* exchange, std::string_view input) {
  char* text = nullptr;
  const int result = gsasl_step64(exchange, std::string(input).c_str(), &text);
  Step step{.kind = Step::Kind::failed, .output = text != nullptr ? text : ""};
  gsasl_free(text);
  switch (result) {
    case GSASL_OK:
      step.kind = Step::Kind::done;
      break;
    case GSASL_NEEDS_MORE:
      step.kind = Step::Kind::more;
      break;
    case GSASL_BASE64_ERROR:
    case GSASL_MECHANISM_PARSE_ERROR:
      step.kind = Step::Kind::malformed;
      break;
    default:
      break;
  }
  return step;
}

std::optional<std::string> decode_base64(std::string_view text) {
  char* bytes = nullptr;
  std::size_t size = 0;
  if (gsasl_base64_from(text.data(), text.size(), &bytes, &size) != GSASL_OK) return std::nullopt;
  std::string decoded(bytes, size);
  gsasl_free(bytes);
  return decoded;
}

std::string encode_base64(std::string_view bytes) {
  char* text = nullptr;
  std::size_t size = 0;
  if (gsasl_base64_to(bytes.data(), bytes.size(), &text, &size) != GSASL_OK) throw std::bad_alloc();
  std::string encoded(text, size);
  gsasl_free(text);
  return encoded;
}

}  // namespace millrace::sasl
