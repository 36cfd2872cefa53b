#pragma once

// The formats of export.h: each returns the files it wrote.

#include "data/export.h"

namespace alignlab::exports {

using Paths = std::vector<std::filesystem::path>;

struct Job {
  const Dataset& dataset;
  const std::filesystem::path& out;
  const Section& options;
  Progress& progress;
};

Paths write_coco(const Job& job);
Paths write_npy(const Job& job);
Paths write_precomp(const Job& job);
Paths write_qrels(const Job& job);

/// Item numbers of a split, or of all where `split` is "all".
std::vector<std::size_t> items_of(const Items& items, const std::string& split);
std::vector<std::string> ids_of(const Items& items, const std::vector<std::size_t>& chosen);
Matrix rows_of(const Matrix& all, const std::vector<std::size_t>& chosen);

}  // namespace alignlab::exports
