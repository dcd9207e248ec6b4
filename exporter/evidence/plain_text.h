#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text that strangers chose (names of routers, subjects of certificates, labels) made fit to be
// read in a terminal, and laid out in columns.
namespace pathwitness {

/// `text` without anything that moves a cursor, changes colours or turns the direction of writing:
/// control characters, format characters and what is no UTF-8 become '?'.
std::string PlainText(std::string_view text);

/// The same of each line; lines end in a line feed, wherever they were written.
std::string PlainLines(std::string_view text);

/// How many columns plain text takes: its code points.
std::size_t ColumnsOf(std::string_view plain);

/// Plain text filled with spaces up to `columns`; longer text stays whole.
std::string PadRight(std::string_view plain, std::size_t columns);
std::string PadLeft(std::string_view plain, std::size_t columns);

}  // namespace pathwitness
