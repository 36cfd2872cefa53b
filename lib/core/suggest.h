#pragma once

// "did you mean": the known name nearest to a mistyped one.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alignlab {

/// Optimal-string-alignment distance (insert, delete, substitute, swap neighbours).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// " (did you mean 'x'?)" for the nearest known name within a third of its length, in whatever
/// letter case; otherwise " (known: a, b, c)". Empty when nothing is known.
std::string suggestion(std::string_view unknown, std::span<const std::string> known);

}  // namespace alignlab
