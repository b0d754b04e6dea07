#include "report/html_page.h"

#include <nlohmann/json.hpp>

#include "base/printable.h"

namespace millrace::report {

// Built in from web/ by embed.cmake.
namespace assets {
extern const std::string_view dygraph_min_js;
extern const std::string_view dygraph_min_css;
extern const std::string_view copyright;  // of dygraphs, which goes with each copy
extern const std::string_view drawing_js;
extern const std::string_view page_css;
}  // namespace assets

namespace {

using Json = nlohmann::ordered_json;

void drop_encoded(Json& json) {
  if (json.is_object()) json.erase("hdr");
  if (!json.is_structured()) return;
  for (Json& part : json) drop_encoded(part);
}

void make_printable(Json& json) {
  if (json.is_string()) json = printable(json.get_ref<const std::string&>(), Charset::utf8);
  if (!json.is_structured()) return;
  for (Json& part : json) make_printable(part);
}

// JSON within a script element: nothing in it may end that.
std::string harmless(const std::string& json) {
  std::string text;
  for (const char byte : json) {
    if (byte == '<') {
      text += "\\u003c";
    } else {
      text += byte;
    }
  }
  return text;
}

}  // namespace

Json page_data(Json json) {
  drop_encoded(json);
  make_printable(json);
  return json;
}

std::string write_page(const Page& page, const Json& data) {
  std::string text = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  text.append("<!-- Contains dygraphs:\n\n").append(assets::copyright).append("-->\n");
  // Whatever the data is, the browser is told to fetch nothing.
  text +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "script-src 'unsafe-inline'; style-src 'unsafe-inline'\">\n";
  text += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  text.append(page.title).append("</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n");
  text.append(assets::dygraph_min_css).append("\n").append(assets::page_css);
  text += "</style>\n</head>\n<body>\n<main id=\"page\"></main>\n";
  text += "<script id=\"run\" type=\"application/json\">";
  text.append(harmless(data.dump())).append("</script>\n<script>");
  text.append(assets::dygraph_min_js).append("</script>\n<script>\n");
  text.append(assets::drawing_js).append(page.script).append("</script>\n</body>\n</html>\n");
  return text;
}

}  // namespace millrace::report
