#include "web/page.h"

#include <utility>

#include "web/assets.h"

namespace millrace::web {
namespace {

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

std::array<std::string, 2> script_elements(const Page& page) {
  std::string own("\n");
  own.append(assets::drawing_js);
  for (const std::string_view script : page.scripts) own.append(script);
  return {std::string(assets::dygraph_min_js), std::move(own)};
}

std::string write_page(const Page& page) {
  std::string text = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  text.append("<!-- Contains dygraphs:\n\n").append(assets::copyright).append("-->\n");
  if (!page.policy.empty()) {
    text.append("<meta http-equiv=\"Content-Security-Policy\" content=\"");
    text.append(page.policy).append("\">\n");
  }
  text += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  text.append(page.title).append("</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n");
  text.append(assets::dygraph_min_css).append("\n").append(assets::page_css);
  for (const std::string_view style : page.styles) text.append(style);
  text += "</style>\n</head>\n<body>\n<main id=\"page\"></main>\n";
  if (!page.data.empty()) {
    text.append("<script id=\"run\" type=\"application/json\">");
    text.append(harmless(page.data)).append("</script>\n");
  }
  const auto [dygraphs, own] = script_elements(page);
  text.append("<script>").append(dygraphs).append("</script>\n");
  text.append("<script>").append(own).append("</script>\n</body>\n</html>\n");
  return text;
}

}  // namespace millrace::web
