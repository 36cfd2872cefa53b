#include "eval/curves.h"

#include <fmt/format.h>

namespace alignlab {
namespace {

double percent(std::int64_t part, std::int64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::vector<CurvePoint> curve_points(const ThresholdCurve& curve) {
  std::vector<CurvePoint> out;
  const std::int64_t relevant = curve.correct.empty() ? 0 : curve.correct.back();
  for (std::size_t i = 0; i < curve.thresholds.size(); ++i) {
    const std::int64_t correct = curve.correct[i], wrong = curve.wrong[i];
    CurvePoint point{curve.thresholds[i], percent(correct, correct + wrong),
                     percent(correct, relevant), std::nullopt};
    if (curve.pairs > relevant) {
      point.false_positive_rate = percent(wrong, curve.pairs - relevant);
    }
    out.push_back(point);
  }
  return out;
}

std::string csv_of(const ThresholdCurve& curve) {
  std::string out = "threshold,precision,recall,false_positive_rate\n";
  for (const CurvePoint& point : curve_points(curve)) {
    out += fmt::format("{},{},{},", point.threshold, point.precision, point.recall);
    if (point.false_positive_rate) out += fmt::format("{}", *point.false_positive_rate);
    out += '\n';
  }
  return out;
}

}  // namespace alignlab
