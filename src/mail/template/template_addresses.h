#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "mail/template/template_fields.h"

namespace millrace::mail {

// What is ahead of the '<' of a mailbox (RFC 5322, 3.4) in the text of a template: from the last
// mailbox or the name of the group on, blanks and all.
struct TemplateDisplayName {
  std::size_t begin;
  std::size_t end;  // where the '<' is
};

// Those in the list of addresses from `begin` to `end`, in their order and apart from each other.
// `fields`: those from `begin` on; what is in their braces is passed over. Text between a mailbox
// and the next comma is a mistake, as a mailbox, quotes or a comment that does not end is.
std::vector<TemplateDisplayName> find_display_names(std::string_view text, std::size_t begin,
                                                    std::size_t end,
                                                    std::span<const TemplateField> fields,
                                                    std::vector<TemplateMistake>& mistakes);

}  // namespace millrace::mail
