#include "linear/paired_moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/error.h"

namespace alignlab {
namespace {

using blas::Doubles;
using Eigen::Index;
using Eigen::VectorXd;

constexpr std::size_t kBlock = 1024;
// A covariance of doubles that wide takes 3.2 GB, and its factorisation minutes.
constexpr std::size_t kMostColumns = 20000;

/// Groups that both sides have, numbered, and how many items each side has of them.
struct SharedGroups {
  std::vector<std::int32_t> first, second;  // of each item; -1 where the other side has none
  std::vector<double> firsts, seconds;      // items of each shared group
};

SharedGroups shared_groups(const std::vector<std::int32_t>& first,
                           const std::vector<std::int32_t>& second) {
  std::unordered_map<std::int32_t, std::int32_t> there;  // of the second side, then shared number
  for (const std::int32_t group : second) there.emplace(group, -1);
  SharedGroups out;
  for (const std::int32_t group : first) {
    const auto found = there.find(group);
    if (found == there.end()) {
      out.first.push_back(-1);
      continue;
    }
    if (found->second < 0) {
      found->second = static_cast<std::int32_t>(out.firsts.size());
      out.firsts.push_back(0);
    }
    out.firsts[static_cast<std::size_t>(found->second)] += 1;
    out.first.push_back(found->second);
  }
  out.seconds.assign(out.firsts.size(), 0);
  for (const std::int32_t group : second) {
    out.second.push_back(there.at(group));
    if (out.second.back() >= 0) out.seconds[static_cast<std::size_t>(out.second.back())] += 1;
  }
  return out;
}

/// One side: how often each item counts.
struct Side {
  const Features& features;
  std::vector<double> weights;
  const std::vector<std::int32_t>& groups;  // as SharedGroups numbers them
};

Side side_of(const Features& features, const std::vector<std::int32_t>& groups,
             const std::vector<double>& partners) {
  Side side{features, {}, groups};
  for (const std::int32_t group : groups) {
    side.weights.push_back(group < 0 ? 0.0 : partners[static_cast<std::size_t>(group)]);
  }
  return side;
}

bool is_sparse(const Features& features) { return features.form() == FeatureForm::kSparse; }

/// Calls `visit(column, value)` for every entry of a row.
template <typename Visit>
void each_entry(const Features& features, std::size_t row, const Visit& visit) {
  if (is_sparse(features)) {
    const auto columns = features.sparse().row_columns(row);
    const auto values = features.sparse().row_values(row);
    for (std::size_t k = 0; k < columns.size(); ++k) visit(columns[k], double{values[k]});
    return;
  }
  const auto values = features.dense().row(row);
  for (std::size_t j = 0; j < values.size(); ++j) visit(static_cast<Index>(j), double{values[j]});
}

VectorXd mean_of(const Side& side, double pairs) {
  VectorXd mean = VectorXd::Zero(static_cast<Index>(side.features.cols()));
  for (std::size_t i = 0; i < side.weights.size(); ++i) {
    if (side.weights[i] == 0.0) continue;
    each_entry(side.features, i,
               [&](Index column, double value) { mean[column] += side.weights[i] * value; });
  }
  return mean / pairs;
}

/// Of dense rows, centred before they are multiplied: what is large in all of them must not cancel.
Doubles dense_covariance(const Side& side, const VectorXd& mean, double pairs, Progress& progress) {
  const Matrix& rows = side.features.dense();
  Doubles gram = Doubles::Zero(mean.size(), mean.size());
  Doubles block(mean.size(), static_cast<Index>(std::min(kBlock, rows.rows())));
  for (std::size_t begin = 0; begin < rows.rows(); begin += kBlock) {
    progress.check();
    block.setZero();
    for (std::size_t i = begin; i < std::min(begin + kBlock, rows.rows()); ++i) {
      if (side.weights[i] == 0.0) continue;
      const Eigen::Map<const Eigen::VectorXf> row(rows.row(i).data(), mean.size());
      block.col(static_cast<Index>(i - begin)) =
          std::sqrt(side.weights[i]) * (row.cast<double>() - mean);
    }
    blas::add_gram(gram, block);
  }
  return gram / pairs;
}

Doubles sparse_covariance(const Side& side, const VectorXd& mean, double pairs,
                          Progress& progress) {
  const SparseRows& rows = side.features.sparse();
  Doubles gram = Doubles::Zero(mean.size(), mean.size());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (i % kBlock == 0) progress.check();
    const auto columns = rows.row_columns(i);
    const auto values = rows.row_values(i);
    for (std::size_t a = 0; a < columns.size(); ++a) {
      const double weighted = side.weights[i] * values[a];
      // Columns ascend, so the later one is the row of the lower triangle.
      for (std::size_t b = a; b < columns.size(); ++b) {
        gram(columns[b], columns[a]) += weighted * values[b];
      }
    }
  }
  gram /= pairs;
  gram.selfadjointView<Eigen::Lower>().rankUpdate(mean, -1.0);
  return gram;
}

void require_narrow(const Features& features, const char* modality) {
  if (features.cols() <= kMostColumns) return;
  throw DataError(
      fmt::format("the {} modality has {} columns, and a covariance is as wide: expected at most "
                  "{} (max_features, min_count or lsa make them fewer)",
                  modality, features.cols(), kMostColumns));
}

Doubles covariance(const Side& side, const VectorXd& mean, double pairs, Progress& progress) {
  return is_sparse(side.features) ? sparse_covariance(side, mean, pairs, progress)
                                  : dense_covariance(side, mean, pairs, progress);
}

/// Sums of a side's centred rows over the groups [begin, end), a column each.
Doubles group_sums(const Side& side, const std::vector<std::vector<std::int32_t>>& members,
                   const VectorXd& mean, std::size_t begin, std::size_t end) {
  Doubles sums = Doubles::Zero(mean.size(), static_cast<Index>(end - begin));
  for (std::size_t g = begin; g < end; ++g) {
    auto sum = sums.col(static_cast<Index>(g - begin));
    for (const std::int32_t item : members[g]) {
      each_entry(side.features, static_cast<std::size_t>(item),
                 [&](Index column, double value) { sum[column] += value; });
      sum -= mean;
    }
  }
  return sums;
}

std::vector<std::vector<std::int32_t>> members_of(const Side& side, std::size_t groups) {
  std::vector<std::vector<std::int32_t>> members(groups);
  for (std::size_t i = 0; i < side.groups.size(); ++i) {
    if (side.groups[i] < 0) continue;
    members[static_cast<std::size_t>(side.groups[i])].push_back(static_cast<std::int32_t>(i));
  }
  return members;
}

/// The covariance of two sides is that of their groups' sums.
Doubles cross_covariance(const Side& first, const VectorXd& first_mean, const Side& second,
                         const VectorXd& second_mean, std::size_t groups, double pairs,
                         Progress& progress) {
  Doubles cross = Doubles::Zero(first_mean.size(), second_mean.size());
  const auto firsts = members_of(first, groups);
  const auto seconds = members_of(second, groups);
  // Centring one side is enough, and leaves the other as sparse as it is.
  const bool sparse = is_sparse(second.features);
  const VectorXd& centre = sparse ? VectorXd::Zero(second_mean.size()).eval() : second_mean;
  for (std::size_t begin = 0; begin < groups; begin += kBlock) {
    progress.check();
    const std::size_t end = std::min(begin + kBlock, groups);
    const Doubles sums = group_sums(first, firsts, first_mean, begin, end);
    if (!sparse) {
      blas::add_product(cross, sums, group_sums(second, seconds, centre, begin, end));
      continue;
    }
    for (std::size_t g = begin; g < end; ++g) {
      for (const std::int32_t item : seconds[g]) {
        each_entry(second.features, static_cast<std::size_t>(item),
                   [&](Index column, double value) {
                     cross.col(column) += value * sums.col(static_cast<Index>(g - begin));
                   });
      }
    }
  }
  return cross / pairs;
}

}  // namespace

PairedMoments paired_moments(const GroupedFeatures& first, const GroupedFeatures& second,
                             PairedMoments::Wanted wanted, Progress& progress) {
  using Wanted = PairedMoments::Wanted;
  const SharedGroups shared = shared_groups(first.groups, second.groups);
  const Side x = side_of(first.features, shared.first, shared.seconds);
  const Side y = side_of(second.features, shared.second, shared.firsts);
  PairedMoments out;
  for (std::size_t g = 0; g < shared.firsts.size(); ++g) {
    out.pairs += shared.firsts[g] * shared.seconds[g];
  }
  if (out.pairs == 0) throw DataError("no pairs: the two modalities share no groups");
  const bool wants_first = wanted == Wanted::kAll || wanted == Wanted::kFirstAndCross;
  const bool wants_second = wanted == Wanted::kAll || wanted == Wanted::kSecondAndCross;
  if (wants_first) require_narrow(first.features, "first");
  if (wants_second) require_narrow(second.features, "second");
  out.first_mean = mean_of(x, out.pairs);
  out.second_mean = mean_of(y, out.pairs);
  if (wants_first) {
    out.first = covariance(x, out.first_mean, out.pairs, progress);
  }
  if (wants_second) {
    out.second = covariance(y, out.second_mean, out.pairs, progress);
  }
  out.cross = cross_covariance(x, out.first_mean, y, out.second_mean, shared.firsts.size(),
                               out.pairs, progress);
  return out;
}

Doubles regularised_root(Doubles covariance, double ridge, const char* option) {
  const double mean = covariance.diagonal().mean();
  // Columns that are all constant have no scale of their own: any will do.
  covariance.diagonal().array() += mean > 0 ? ridge * mean : 1.0;
  if (!blas::factorise(covariance)) {
    throw DataError(
        fmt::format("{} = {}: columns of the features depend on each other: expected a larger {}",
                    option, ridge, option));
  }
  return covariance;
}

CentredDirections centred_directions(const Doubles& directions, const VectorXd& mean) {
  CentredDirections out{Matrix(static_cast<std::size_t>(directions.rows()),
                               static_cast<std::size_t>(directions.cols())),
                        {}};
  for (Index j = 0; j < directions.cols(); ++j) {
    out.offsets.push_back(static_cast<float>(directions.col(j).dot(mean)));
    for (Index i = 0; i < directions.rows(); ++i) {
      out.directions.row(static_cast<std::size_t>(i))[static_cast<std::size_t>(j)] =
          static_cast<float>(directions(i, j));
    }
  }
  return out;
}

}  // namespace alignlab
