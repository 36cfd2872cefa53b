#pragma once

// What `alignlab score` prints.

#include <vector>

#include "experiments/command_line.h"
#include "run/score.h"

namespace alignlab::cli {

/// A table, or JSON where --json was given; with what the program of --metric-compat would print.
void print_score(const CommandLine& line, const Score& score, const EvaluationRequest& evaluation);

void print_geometry(const CommandLine& line, const std::vector<GeometryRow>& rows);

}  // namespace alignlab::cli
