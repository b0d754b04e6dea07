#include "report/html_page.h"

#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "web/page.h"

namespace millrace::report {
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

}  // namespace

Json page_data(Json json) {
  drop_encoded(json);
  make_printable(json);
  return json;
}

std::string write_page(const Page& page, const Json& data) {
  // Whatever the data is, the browser is told to fetch nothing.
  return web::write_page({.title = page.title,
                          .scripts = {page.script},
                          .data = data.dump(),
                          .policy = "default-src 'none'; img-src data:; "
                                    "script-src 'unsafe-inline'; style-src 'unsafe-inline'"});
}

}  // namespace millrace::report
