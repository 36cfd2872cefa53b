#pragma once

// What every threshold gives over all pairs: precision against recall, and the ROC curve.

#include <optional>
#include <string>
#include <vector>

#include "core/ranks.h"

namespace alignlab {

/// Of the pairs that score at least `threshold`; rates in percent.
struct CurvePoint {
  double threshold;
  double precision;
  double recall;                              // the ROC curve's true positive rate
  std::optional<double> false_positive_rate;  // nothing where every pair is relevant
};

/// At each distinct score of a relevant pair, descending: between two of these precision only falls
/// and recall stays.
std::vector<CurvePoint> curve_points(const ThresholdCurve& curve);

/// Comma-separated with a header, unrounded.
std::string csv_of(const ThresholdCurve& curve);

}  // namespace alignlab
