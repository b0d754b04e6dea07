#include "http/exchange.h"

#include <nlohmann/json.hpp>

namespace millrace::http {

Response refusal(int status, std::string_view sentence) {
  return {.status = status,
          .media_type = "application/json",
          .body = nlohmann::json{{"error", sentence}}.dump() + "\n"};
}

}  // namespace millrace::http
