#include "core/suggest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace alignlab {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// Of names that differ in letter case alone: 0.
std::size_t distance(std::string_view unknown, std::string_view known) {
  return std::min(edit_distance(unknown, known), edit_distance(lower(unknown), lower(known)));
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, substitute});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

std::string suggestion(std::string_view unknown, std::span<const std::string> known) {
  if (known.empty()) return "";
  const auto nearest = std::ranges::min_element(
      known, {}, [&](const std::string& name) { return distance(unknown, name); });
  const std::size_t tolerated =
      std::max<std::size_t>(1, std::max(unknown.size(), nearest->size()) / 3);
  if (distance(unknown, *nearest) <= tolerated) {
    return fmt::format(" (did you mean '{}'?)", *nearest);
  }
  return fmt::format(" (known: {})", fmt::join(known, ", "));
}

}  // namespace alignlab
