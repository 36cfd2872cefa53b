#pragma once

// Items whose content is the same, found by their hashes.

#include <algorithm>
#include <tuple>
#include <vector>

#include "core/hash.h"

namespace alignlab::doctor {

struct Fingerprint {
  Hash128 hash;
  std::size_t item = 0;
};

/// The items of each content that occurs more than once, both ascending: by first item and not by
/// hash, so that the examples of a finding are the first ones of the file.
inline std::vector<std::vector<std::size_t>> repeated(std::vector<Fingerprint> all) {
  std::ranges::sort(all, {}, [](const Fingerprint& one) {
    return std::tuple(one.hash.high, one.hash.low, one.item);
  });
  std::vector<std::vector<std::size_t>> classes;
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    while (end < all.size() && all[end].hash == all[begin].hash) ++end;
    if (end - begin < 2) continue;
    classes.emplace_back();
    for (std::size_t i = begin; i < end; ++i) classes.back().push_back(all[i].item);
  }
  std::ranges::sort(classes);
  return classes;
}

}  // namespace alignlab::doctor
