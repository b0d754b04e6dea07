#pragma once

#include "http/exchange.h"

namespace millrace::sink {

// The page at "/" (web/live.js), which has no data of its own: it reads events and asks the other
// routes, as any client does.
http::Response live_page();

}  // namespace millrace::sink
