#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "net/address_pool.h"
#include "sink/rules.h"
#include "smtp/verb.h"

namespace millrace::cli {

// Option values with a form of their own. Each function throws Fatal naming the value.

// The items of a list with commas (base/list.h); `names`: of the option that has it, which is named
// where one is empty.
std::vector<std::string_view> list_items(std::string_view list, std::string_view names);

// The same where white space separates as well.
std::vector<std::string_view> list_words(std::string_view list, std::string_view names);

// Command names separated by commas or white space, in any case.
std::vector<smtp::Verb> verbs(std::string_view list, std::string_view names);

// "CMD:TIME[:ODDS]".
std::pair<smtp::Verb, sink::Delay> command_delay(const std::string& text);

// A reply whose code starts with `first_digit`; returned with its CR LF.
std::string reply_line(std::string_view what, const std::string& text, char first_digit,
                       std::string_view names);

// A value that goes onto the wire as part of a line: no CR, no LF, no NUL.
std::string single_line(std::string_view what, const std::string& text, std::string_view names);

// A host name (RFC 5321, 4.1.2) or an address literal in brackets.
std::string host_name(const std::string& text, std::string_view names);

// A number of bytes, from 1 to `most`: whole, and K, M or G (of 1024) may follow.
std::uint64_t byte_count(std::string_view what, const std::string& text, std::string_view names,
                         std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

// A time (base/quantity.h) of at least `least`: a bare number counts seconds.
Duration time_value(std::string_view what, const std::string& text, std::string_view names,
                    Duration least);

// Adds "10.0.0.0/8,::1,unix": networks (net/address_pool.h), separated by commas.
void add_networks(std::string_view list, std::string_view names,
                  std::vector<net::Network>& networks);

// Replaces the C escapes \a \b \f \n \r \t \v \ddd and \\; of any other the backslash goes.
std::string unescape(std::string_view text);

}  // namespace millrace::cli
