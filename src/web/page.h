// web/ is pages that need nothing else: style, scripts and dygraphs are in them, built in from web/
// of the tree by embed.cmake. It knows nothing of what they show.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::web {

// A page: what web/drawing.js draws with these scripts, in the style of page.css and this one.
struct Page {
  std::string title;
  std::vector<std::string_view> styles;
  std::vector<std::string_view> scripts;
  std::string data;    // JSON that the scripts find in #run; empty: none
  std::string policy;  // a Content-Security-Policy of its own; empty: it is served with one
};

// What its script elements have, byte for byte, so that a policy can allow these and no other.
std::array<std::string, 2> script_elements(const Page& page);

// The whole page. `title` must be no text of others.
std::string write_page(const Page& page);

}  // namespace millrace::web
