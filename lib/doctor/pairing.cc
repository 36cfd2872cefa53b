// Whether rows of stored features belong to the items they are stored for. A ridge regression from
// the features of half the groups to what belongs to them says, for each group of the other half,
// what should belong to it; that must be more alike what does belong to it than what belongs to
// other groups. Groups of train only, so that a fault that lies in dev or test alone is not seen.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "core/rng.h"
#include "doctor/examination.h"
#include "doctor/group_vectors.h"
#include "doctor/row_orders.h"
#include "linear/matched_rows.h"
#include "linear/ridge.h"

namespace alignlab::doctor {
namespace {

constexpr std::size_t kLeastGroups = 200;
constexpr std::size_t kMostGroups = 2000;
constexpr double kPenalty = 3.0;
// A random order is beyond it one time in 700.
constexpr double kLeastPlausible = 3.0;
// So far beyond that not one of a dozen orders tried would get there by chance.
constexpr double kClear = 6.0;

constexpr FindingKind kShuffled{
    "features-seem-shuffled", Severity::kError,
    "Rows seem to be other items': store them again with their ids (add-features --ids). Or one "
    "side says nothing of the other."};
constexpr std::string_view kOrderHint =
    "Store the features again with their rows' ids (add-features --ids), or import again if the "
    "order is the captions'.";

struct Score {
  double z = 0;
  std::size_t held_out = 0;
};

GroupSample sample_of(const Dataset& dataset, Modality one, Modality other) {
  const auto in_train = [&](Modality modality) {
    std::vector<std::int32_t> groups = dataset.groups(modality, Split::kTrain);
    std::ranges::sort(groups);
    groups.erase(std::ranges::unique(groups).begin(), groups.end());
    return groups;
  };
  std::vector<std::int32_t> both;
  std::ranges::set_intersection(in_train(one), in_train(other), std::back_inserter(both));
  Rng(0, "doctor: groups to check the pairing on").shuffle(std::span(both));
  if (both.size() > kMostGroups) both.resize(kMostGroups);
  GroupSample sample;
  for (std::size_t i = 0; i < both.size(); ++i) sample[both[i]] = i;
  return sample;
}

Matrix rows_of(const Matrix& from, const std::vector<std::size_t>& rows) {
  Matrix out(rows.size(), from.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(from.row(rows[i]), out.row(i).begin());
  }
  return out;
}

std::vector<double> means_of(const Matrix& rows) {
  std::vector<double> means(rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) {
      means[j] += rows.row(i)[j] / static_cast<double>(rows.rows());
    }
  }
  return means;
}

/// Columns of equal weight: a word that few captions have tells more than one that all have.
std::vector<float> inverse_deviations(const Matrix& rows) {
  constexpr double kLeastRelativeDeviation = 1e-6;
  const std::vector<double> means = means_of(rows);
  std::vector<double> squares(rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) {
      const double deviation = rows.row(i)[j] - means[j];
      squares[j] += deviation * deviation / static_cast<double>(rows.rows());
    }
  }
  std::vector<float> scales(rows.cols());
  for (std::size_t j = 0; j < scales.size(); ++j) {
    const double deviation = std::sqrt(squares[j]);
    const bool varies = deviation > kLeastRelativeDeviation * std::abs(means[j]);
    scales[j] = varies ? static_cast<float>(1.0 / deviation) : 0.0F;
  }
  return scales;
}

void scale_columns(Matrix& rows, const std::vector<float>& scales) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) rows.row(i)[j] *= scales[j];
  }
}

void centre_and_normalise(Matrix& rows) {
  const std::vector<double> means = means_of(rows);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    double squares = 0;
    for (std::size_t j = 0; j < rows.cols(); ++j) {
      float& value = rows.row(i)[j];
      value -= static_cast<float>(means[j]);
      squares += static_cast<double>(value) * static_cast<double>(value);
    }
    if (squares == 0) continue;
    for (float& value : rows.row(i)) value *= static_cast<float>(1.0 / std::sqrt(squares));
  }
}

std::optional<Score> score(const GroupVectors& features, const GroupVectors& against) {
  std::vector<std::size_t> fitted;
  std::vector<std::size_t> held_out;
  const std::size_t count = features.counts.size();
  for (std::size_t group = 0; group < count; ++group) {
    if (features.counts[group] == 0 || against.counts[group] == 0) continue;
    (2 * group < count ? fitted : held_out).push_back(group);
  }
  if (fitted.size() + held_out.size() < kLeastGroups || held_out.empty()) return std::nullopt;
  Matrix wanted = rows_of(against.means, fitted);
  const std::vector<float> scales = inverse_deviations(wanted);
  scale_columns(wanted, scales);
  const Ridge fit = Ridge::fit(rows_of(features.means, fitted), wanted, kPenalty);
  Matrix predicted = fit.predict(rows_of(features.means, held_out));
  Matrix truth = rows_of(against.means, held_out);
  scale_columns(truth, scales);
  centre_and_normalise(predicted);
  centre_and_normalise(truth);
  const auto z = matched_rows_z(predicted, truth);
  // Values near the end of float32 may have no finite mean.
  if (!z || !std::isfinite(*z)) return std::nullopt;
  return Score{*z, held_out.size()};
}

/// One source of rows and what its groups have in the stored order.
struct Side {
  const RowSource& source;
  GroupVectors vectors;
};

class PairingCheck {
 public:
  PairingCheck(Examination& examination, const GroupSample& sample)
      : examination_(examination), sample_(sample) {}

  Side side(const RowSource& source) const {
    const Items& items = examination_.dataset.items(source.modality());
    return {source, std::move(vectors(source, {stored_order(items)})[0])};
  }

  void check(const Side& features, const Side& against) {
    const auto stored = score(features.vectors, against.vectors);
    if (!stored) return;
    examination_.inspection.pairing.push_back(
        {features.source.name(), against.source.name(), stored->held_out, stored->z});
    if (stored->z >= kLeastPlausible) return;
    best_ = {};
    try_orders(features, [&](const GroupVectors& other) { return score(other, against.vectors); });
    // A text's features are as its words are: one order of theirs undoes the same of the other.
    if (against.source.modality() != features.source.modality()) {
      try_orders(against,
                 [&](const GroupVectors& other) { return score(features.vectors, other); });
    }
    tell(fmt::format("{} against {}: z {:.1f}", features.source.name(), against.source.name(),
                     stored->z));
  }

 private:
  struct Best {
    double z = kClear;
    std::string source;
    std::string_view order;
    std::string_view meaning;
  };

  std::vector<GroupVectors> vectors(const RowSource& source,
                                    const std::vector<RowOrder>& orders) const {
    return group_vectors(examination_.dataset, source, sample_, orders, examination_.progress);
  }

  template <typename ScoreOf>
  void try_orders(const Side& side, const ScoreOf& score_of) {
    const auto orders = likely_orders(examination_.dataset.items(side.source.modality()));
    const std::vector<GroupVectors> all = vectors(side.source, orders);
    for (std::size_t i = 0; i < orders.size(); ++i) {
      examination_.progress.check();
      const auto other = score_of(all[i]);
      if (other && other->z > best_.z) {
        best_ = {other->z, side.source.name(), orders[i].name, orders[i].meaning};
      }
    }
  }

  void tell(const std::string& as_stored) const {
    if (best_.order.empty()) {
      examination_.find(kShuffled, as_stored);
      return;
    }
    const std::string code = fmt::format("pairing-looks-{}", best_.order);
    examination_.find({code, Severity::kError, kOrderHint},
                      fmt::format("{}, but {:.1f} with the rows of {} {}", as_stored, best_.z,
                                  best_.source, best_.meaning));
  }

  Examination& examination_;
  const GroupSample& sample_;
  Best best_;
};

using Sources = std::vector<std::unique_ptr<RowSource>>;

Sources features_of(const Dataset& dataset, Modality modality) {
  Sources sources;
  for (const std::string& name : dataset.feature_names(modality)) {
    sources.push_back(feature_source(dataset, modality, name));
  }
  return sources;
}

void check_all(Examination& examination, const Sources& features, const Sources& against,
               std::string_view against_name) {
  if (features.empty() || against.empty()) return;
  const GroupSample sample =
      sample_of(examination.dataset, features.front()->modality(), against.front()->modality());
  if (sample.size() < kLeastGroups) {
    examination.inspection.unchecked.push_back({std::string(name_of(features.front()->modality())),
                                                std::string(against_name), sample.size(),
                                                kLeastGroups});
    return;
  }
  PairingCheck check(examination, sample);
  std::vector<Side> others;
  for (const auto& source : against) others.push_back(check.side(*source));
  for (const auto& source : features) {
    const Side side = check.side(*source);
    for (const Side& other : others) check.check(side, other);
  }
}

}  // namespace

void examine_pairing(Examination& examination) {
  const Dataset& dataset = examination.dataset;
  const std::vector<Modality> modalities = dataset.modalities();
  // Words are the best judge. Where there are none, features are held against each other.
  if (dataset.has(Modality::kText) && dataset.has_content(Modality::kText)) {
    Sources captions;
    captions.push_back(caption_source(dataset));
    for (const Modality modality : modalities) {
      check_all(examination, features_of(dataset, modality), captions, "captions");
    }
    return;
  }
  for (std::size_t i = 0; i < modalities.size(); ++i) {
    for (std::size_t j = i + 1; j < modalities.size(); ++j) {
      check_all(examination, features_of(dataset, modalities[i]),
                features_of(dataset, modalities[j]), name_of(modalities[j]));
    }
  }
}

}  // namespace alignlab::doctor
