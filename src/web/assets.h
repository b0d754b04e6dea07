#pragma once

#include <string_view>

// The files of web/, and of dygraphs, by their names.
namespace millrace::web::assets {

extern const std::string_view dygraph_min_js;
extern const std::string_view dygraph_min_css;
extern const std::string_view copyright;  // of dygraphs, which goes with each copy
extern const std::string_view drawing_js;
extern const std::string_view page_css;

extern const std::string_view page_js;
extern const std::string_view proof_js;

}  // namespace millrace::web::assets
