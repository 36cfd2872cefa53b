#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "search/search.h"

namespace alignlab {
namespace {

/// Scales to unit length in double and rounds once. False for a row without direction.
bool scale_to_unit(std::span<const double> centred, std::span<float> out) {
  double lane[8] = {};
  double largest = 0.0;
  for (const double value : centred) largest = std::max(largest, std::abs(value));
  if (largest == 0.0) {
    std::ranges::fill(out, 0.0F);
    return false;
  }
  for (std::size_t e = 0; e < centred.size(); ++e) lane[e % 8] += centred[e] * centred[e];
  const double norm = std::sqrt(((lane[0] + lane[4]) + (lane[2] + lane[6])) +
                                ((lane[1] + lane[5]) + (lane[3] + lane[7])));
  for (std::size_t e = 0; e < centred.size(); ++e) out[e] = static_cast<float>(centred[e] / norm);
  return true;
}

/// In lanes that compilers make vector code of: 0 times what is not finite is NaN, and stays.
bool is_finite(std::span<const float> row) {
  constexpr std::size_t kLanes = 16;
  float lanes[kLanes] = {};
  std::size_t e = 0;
  for (; e + kLanes <= row.size(); e += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) lanes[l] += row[e + l] * 0.0F;
  }
  for (; e < row.size(); ++e) lanes[0] += row[e] * 0.0F;
  float sum = 0.0F;
  for (const float lane : lanes) sum += lane;
  return sum == 0.0F;
}

}  // namespace

const std::vector<CatalogRow>& similarity_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"cosine", "dot product of rows scaled to unit length", {}},
      {"dot", "dot product of the rows as they are", {}},
      {"euclidean", "nearest first by Euclidean distance", {}},
      {"hamming", "of the signs of values: columns that agree less those that differ", {}},
      {"pearson", "cosine of rows after subtracting each row's mean", {}},
  };
  return kRows;
}

Similarity similarity_from(const std::string& name) {
  if (name == "dot") return Similarity::kDot;
  if (name == "pearson") return Similarity::kPearson;
  if (name == "euclidean") return Similarity::kEuclidean;
  if (name == "hamming") return Similarity::kHamming;
  return Similarity::kCosine;
}

double canonical_dot(std::span<const float> a, std::span<const float> b) {
  double lane[8] = {};
  for (std::size_t e = 0; e < a.size(); ++e) {
    lane[e % 8] += static_cast<double>(a[e]) * static_cast<double>(b[e]);
  }
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

void require_finite(MatrixView rows, const std::string& name) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    if (is_finite(row)) continue;
    for (std::size_t e = 0; e < row.size(); ++e) {
      if (!std::isfinite(row[e])) {
        throw DataError(fmt::format("{}: row {}, column {}: expected a finite number, found {}",
                                    name, i, e, row[e]));
      }
    }
  }
}

Gallery prepare(MatrixView rows, Similarity similarity, const std::string& name) {
  require_finite(rows, name);
  Gallery out;
  out.vectors = Matrix(rows.rows(), rows.cols());
  std::vector<double> centred(rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    if (similarity == Similarity::kDot || similarity == Similarity::kEuclidean) {
      std::ranges::copy(row, out.vectors.row(i).begin());
      continue;
    }
    if (similarity == Similarity::kHamming) {
      std::ranges::transform(row, out.vectors.row(i).begin(),
                             [](float value) { return value >= 0.0F ? 1.0F : -1.0F; });
      continue;
    }
    double mean = 0.0;
    bool constant = true;
    for (const float value : row) {
      mean += value;
      constant = constant && value == row[0];
    }
    mean /= static_cast<double>(row.size());
    const bool centre = similarity == Similarity::kPearson;
    for (std::size_t e = 0; e < row.size(); ++e) {
      // A constant row centres to exactly zero, whatever the rounding of its mean.
      centred[e] = !centre ? row[e] : constant ? 0.0 : row[e] - mean;
    }
    if (!scale_to_unit(centred, out.vectors.row(i))) ++out.zero_rows;
  }
  if (similarity == Similarity::kEuclidean) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      out.bias.push_back(-0.5 * canonical_dot(rows.row(i), rows.row(i)));
    }
  }
  return out;
}

}  // namespace alignlab
