#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/roll.h"
#include "mail/addresses/address_part.h"
#include "mail/addresses/weights.h"
#include "mail/csv.h"

namespace millrace::mail {

// Addresses, or domains or local parts, that a file names: an address takes its length, 4 bytes
// and, with weights, 8 more. What makes one throws Fatal "NAME:LINE: what is wrong" at the first of
// these: what is no address (address_part.h), what is no weight, nothing in it, too much of it.
class AddressList {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of the file

  // One a line, and no more of a line; blank ones and those that begin with '#' are passed over.
  static AddressList of_lines(std::string_view text, const std::string& name, AddressPart part);

  // The column "address", and "weight" where there is one; what else there is is passed over.
  static AddressList of_csv(const Csv& csv, AddressPart part);

  // Of a file: CSV where its name ends in ".csv", else lines. Throws Fatal also when it cannot be
  // read.
  static AddressList read(const std::string& path, AddressPart part);

  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  // How many differ and have a weight above 0; of a large list, at most so many.
  [[nodiscard]] std::size_t different() const { return different_; }
  // Number `place`, from 0, in the order of the file; lasts as long as the list.
  [[nodiscard]] std::string_view operator[](std::size_t place) const;
  // The first that is more than ASCII, with its place: "NAME:LINE: 'text'"; empty: none is.
  [[nodiscard]] const std::string& beyond_ascii() const { return beyond_ascii_; }
  // One by the weights, or each alike often where there are none.
  [[nodiscard]] std::string_view draw(Roll& roll) const;

 private:
  void add(std::string_view text, AddressPart part, const std::string& name, std::size_t line);
  void close(const std::string& name, AddressPart part);
  void count_different(std::span<const double> weights);

  std::string text_;  // all of them, one behind the other
  std::vector<std::uint32_t> ends_;
  std::optional<Weights> weights_;
  std::size_t different_ = 0;
  std::string beyond_ascii_;
};

}  // namespace millrace::mail
