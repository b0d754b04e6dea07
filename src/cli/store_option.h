#pragma once

#include <string>
#include <string_view>

#include "sink/store/store_options.h"

namespace millrace::cli {

struct SinkArguments;

// Reads "maildir:DIR", "mbox:FILE", "eml:DIR", "jsonl:FILE", "jsonl+message:FILE" or "memory:N".
// Throws Fatal.
sink::StoreTarget read_store(const std::string& text, std::string_view names);

// All of them. Throws Fatal where two have one path.
void build_stores(const SinkArguments& given, sink::StoreOptions& stores);

}  // namespace millrace::cli
