#pragma once

// The instruction sets that kernels are written for, best first, and which one a search takes.
// Private to this module.

#include <string>
#include <vector>

#include "search/kernels/canonical.h"
#include "search/kernels/dots.h"
#include "search/kernels/hamming.h"
#include "search/kernels/rounding.h"
#include "search/kernels/scan.h"
#include "search/search.h"

namespace alignlab {

struct Isa {
  const char* name;
  bool (*is_available)();  // on the running machine
  kernels::ScoreTile score_tile;
  kernels::ScoreRows score_rows;
  kernels::ScorePairs score_pairs;
  kernels::Hamming hamming;
  const kernels::ScanKernels* scan;
  const kernels::RoundingKernels* rounding;
  std::vector<kernels::DotsKernel> dots;  // by falling speed
};

/// All that kernels are written for, best first.
const std::vector<Isa>& all_isas();

/// What the kernel forces, or ALIGNLAB_ISA names, or the best one of the machine, with the products
/// that the kernel filters by, none for "scalar". UsageError if it is not available.
Isa isa_for(const Kernel& kernel);

}  // namespace alignlab
