#pragma once

// What trials of a run have found, given by the ranks, from 1, of the one relevant candidate of
// each query.

#include <cstdint>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "core/hdf5.h"
#include "record/manifest.h"
#include "record/retrieval_file.h"

namespace alignlab::tests {

using Numbers = std::vector<std::int64_t>;
using Groups = std::vector<std::int32_t>;

inline constexpr const char* kForward = "image_to_text";
inline constexpr const char* kBackward = "text_to_image";

inline Groups own_groups(std::size_t queries) {
  Groups out(queries);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

inline Retrieval retrieval_of(const Numbers& ranks, const Groups& group_of) {
  Retrieval out;
  for (const std::int64_t rank : ranks) {
    out.ranks.above.push_back(rank - 1);
    out.ranks.offsets.push_back(static_cast<std::int64_t>(out.ranks.above.size()));
  }
  out.ranks.ties.assign(ranks.size(), 0);
  out.ranks.ties_before.assign(ranks.size(), 0);
  out.ranks.candidates = 100;
  out.groups = group_of;
  return out;
}

/// The file of ranks of a trial, in both directions.
inline void write_ranks(const std::filesystem::path& run, const std::string& id,
                        const Retrieval& forward, const Retrieval& backward) {
  Found found;
  found.retrievals[kForward].push_back(forward);
  found.retrievals[kBackward].push_back(backward);
  found.notes = {{kForward, {}}, {kBackward, {}}};
  const auto path = ranks_path(run, id);
  std::filesystem::create_directories(path.parent_path());
  H5File file = H5File::create(path);
  write_found(file, found);
  file.close();
}

}  // namespace alignlab::tests
