#include "geometry/sphere.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "linear/blas.h"
#include "search/search.h"

namespace alignlab {
namespace {

constexpr std::size_t kBlockRows = 512;

/// Nothing for a row of zeros.
std::optional<Eigen::VectorXd> direction(std::span<const float> row) {
  Eigen::VectorXd out =
      Eigen::Map<const Eigen::VectorXf>(row.data(), static_cast<Eigen::Index>(row.size()))
          .cast<double>();
  const double length = out.norm();
  if (length == 0.0) return std::nullopt;
  return out / length;
}

std::optional<Eigen::VectorXd> mean_direction(MatrixView rows) {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(rows.cols()));
  std::size_t count = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto unit = direction(rows.row(i));
    if (!unit) continue;
    sum += *unit;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

/// The directions of a block of rows that have one, a row each.
blas::Doubles directions(MatrixView rows, std::span<const std::int32_t> which) {
  blas::Doubles out(std::ssize(which), static_cast<Eigen::Index>(rows.cols()));
  for (std::size_t i = 0; i < which.size(); ++i) {
    out.row(static_cast<Eigen::Index>(i)) =
        direction(rows.row(static_cast<std::size_t>(which[i])))->transpose();
  }
  return out;
}

std::vector<std::int32_t> rows_with_direction(MatrixView rows) {
  std::vector<std::int32_t> out;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    if (std::ranges::any_of(row, [](float value) { return value != 0.0F; })) {
      out.push_back(static_cast<std::int32_t>(i));
    }
  }
  return out;
}

/// exp(-2 ||u-v||^2), summed; of a block with itself below the diagonal alone.
double sum_of_potentials(const blas::Doubles& first, const blas::Doubles& second, bool same) {
  blas::Doubles cosines = blas::Doubles::Zero(first.rows(), second.rows());
  blas::add_product(cosines, first, second);
  double sum = 0.0;
  for (Eigen::Index j = 0; j < cosines.cols(); ++j) {
    const Eigen::Index from = same ? j + 1 : 0;
    const auto column = cosines.col(j).tail(cosines.rows() - from).array();
    sum += (4.0 * column.min(1.0) - 4.0).exp().sum();
  }
  return sum;
}

}  // namespace

std::optional<double> modality_gap(const NamedRows& first, const NamedRows& second) {
  require_finite(first.rows, first.name);
  require_finite(second.rows, second.name);
  if (first.rows.cols() != second.rows.cols()) return std::nullopt;
  const auto of_first = mean_direction(first.rows);
  const auto of_second = mean_direction(second.rows);
  if (!of_first || !of_second) return std::nullopt;
  return (*of_first - *of_second).norm();
}

std::optional<double> alignment(const PairedRows& pairs) {
  require_paired(pairs);
  if (pairs.first.rows.cols() != pairs.second.rows.cols()) return std::nullopt;
  double sum = 0.0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < pairs.first.rows.rows(); ++i) {
    const auto u = direction(pairs.first.rows.row(i));
    const auto v = direction(pairs.second.rows.row(i));
    if (!u || !v) continue;
    sum += (*u - *v).squaredNorm();
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

std::optional<double> uniformity(const NamedRows& side, int threads) {
  require_finite(side.rows, side.name);
  const blas::Threads of_blas(threads);
  const std::vector<std::int32_t> rows = rows_with_direction(side.rows);
  if (rows.size() < 2) return std::nullopt;
  const auto block = [&](std::size_t begin) {
    return directions(side.rows,
                      std::span(rows).subspan(begin, std::min(kBlockRows, rows.size() - begin)));
  };
  double sum = 0.0;
  for (std::size_t i = 0; i < rows.size(); i += kBlockRows) {
    const blas::Doubles first = block(i);
    sum += sum_of_potentials(first, first, true);
    for (std::size_t j = i + kBlockRows; j < rows.size(); j += kBlockRows) {
      sum += sum_of_potentials(first, block(j), false);
    }
  }
  const auto count = static_cast<double>(rows.size());
  return std::min(0.0, std::log(sum / (0.5 * count * (count - 1))));
}

}  // namespace alignlab
