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
  char* bytes = nullptr;
  std::size_t size = 0;
  const int result = gsasl_step(exchange, input.data(), input.size(), &bytes, &size);
  if (result != GSASL_OK && result != GSASL_NEEDS_MORE) {
    const bool malformed = result == GSASL_MECHANISM_PARSE_ERROR;
    return {.kind = malformed ? Step::Kind::malformed : Step::Kind::failed, .output = {}};
  }
  Step step{.kind = result == GSASL_OK ? Step::Kind::done : Step::Kind::more,
            .output = encode_base64({bytes, size})};
  gsasl_free(bytes);
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
