#pragma once

// What the search of a trial leaves, as the artifact of its stage "ranks" and beside its record:
// for each direction ("/image_to_text" ...) the ranks of every query with the group that it belongs
// to, decisions and curves where they were asked for, and what the search noted. Of a protocol with
// folds each has a group of its own, "/image_to_text/fold_0" ... All metrics derive from it.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/hdf5.h"
#include "core/ranks.h"

namespace alignlab {

/// Of one direction, over all folds.
struct SearchNotes {
  std::vector<std::vector<double>> bias;  // of a fold's candidates, where scores are corrected
  std::vector<double> correct_s;          // seconds of finding it
  std::map<std::string, double> costs;    // of the search, where they are measured
  std::size_t zero_queries = 0;           // rows that a similarity cannot scale
  std::size_t zero_candidates = 0;
};

struct Found {
  Retrievals retrievals;
  std::map<std::string, SearchNotes> notes;  // by direction
  std::vector<double> search_s;              // of all directions together, a sample a repetition
};

void write_found(H5File& file, const Found& found);
Found read_found(const std::filesystem::path& path);

}  // namespace alignlab
