// What journals say, as text for tests of whole programs.
#pragma once

namespace millrace::tests {

// Of a source's: its run, a line a record, and how it ends ("closed" or "broke off"). Throws Fatal.
void print_sent(const char* path);

// Of a sink's: a line a record, and how it ends. Throws Fatal.
void print_taken(const char* path);

}  // namespace millrace::tests
