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
extern const std::string_view mail_js;
extern const std::string_view sink_js;
extern const std::string_view messages_js;
extern const std::string_view live_js;
extern const std::string_view live_css;

}  // namespace millrace::web::assets
