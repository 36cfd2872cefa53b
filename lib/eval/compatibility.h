#pragma once

// What other programs would print for the same ranks, and why it differs: their names, their scale,
// their order of ties. "vsepp" is evaluation.py of VSE++ (Faghri et al. 2018), "clip_benchmark" the
// retrieval task of LAION's CLIP_benchmark, "trec" NIST's trec_eval.

#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "eval/metrics.h"

namespace alignlab {

const std::vector<CatalogRow>& compatibility_catalog();

struct CompatibleValue {
  std::string name;  // as the other program has it
  double value;
};
/// Nothing where it has no such metric, or the metric is undefined. The mean over folds.
std::optional<CompatibleValue> compatible_value(const std::string& program,
                                                const MetricName& metric,
                                                const std::vector<Retrieval>& folds);

}  // namespace alignlab
