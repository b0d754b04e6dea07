#pragma once

#include <string>

#include "report/proof/proof_report.h"

namespace millrace::report {

// What became of every message as JSON (RFC 8259), in ASCII whatever servers said, with a line feed
// at its end. Its schema is doc/millrace-proof.schema.json.
std::string to_json(const ProofReport& report);

}  // namespace millrace::report
