#include "geometry/rsa.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>

#include "core/error.h"
#include "search/search.h"

namespace alignlab {
namespace {

constexpr std::size_t kBlockRows = 512;

/// The place of i < j among all pairs of n rows, row by row.
std::size_t place_of(std::size_t i, std::size_t j, std::size_t n) {
  return i * n - i * (i + 1) / 2 + (j - i - 1);
}

struct Cosine {
  double value;
  std::size_t place;
};

/// Of all pairs, in no order.
std::vector<Cosine> cosines(const NamedRows& side, int threads) {
  const Gallery gallery = prepare(side.rows, Similarity::kCosine, side.name);
  const std::size_t n = side.rows.rows(), width = side.rows.cols();
  std::vector<Cosine> out;
  out.reserve(n * (n - 1) / 2);
  for (std::size_t first = 0; first < n; first += kBlockRows) {
    // With all candidates asked for, a search's lists are all scores.
    Gallery rest{Matrix(n - first, width), {}, 0};
    std::ranges::copy(gallery.vectors.values().subspan(first * width), rest.vectors.data());
    const std::size_t count = std::min(kBlockRows, n - first);
    const TopK found = top_k(MatrixView(rest.vectors.data(), count, width), rest, n - first,
                             Kernel{.threads = threads});
    for (std::size_t entry = 0; entry < found.ids.size(); ++entry) {
      const std::size_t i = first + entry / found.k;
      const std::size_t j = first + static_cast<std::size_t>(found.ids[entry]);
      if (j > i) out.push_back({found.scores[entry], place_of(i, j, n)});
    }
  }
  return out;
}

const PairedRows& checked(const PairedRows& pairs) {
  require_paired(pairs);
  if (pairs.first.rows.rows() > kMostRsaRows) {
    throw DataError(
        fmt::format("{} and {}: expected at most {} rows for rsa, found {}: sample them",
                    pairs.first.name, pairs.second.name, kMostRsaRows, pairs.first.rows.rows()));
  }
  return pairs;
}

}  // namespace

RsaPairings::Ranks::Ranks(const NamedRows& side, int threads) {
  if (side.rows.rows() < 2) return;
  std::vector<Cosine> sorted = cosines(side, threads);
  // The highest cosine is the least distance.
  std::ranges::sort(sorted, std::greater<>(), &Cosine::value);
  values.resize(sorted.size());
  const double middle = 0.5 * static_cast<double>(sorted.size() - 1);
  for (std::size_t first = 0; first < sorted.size();) {
    std::size_t end = first + 1;
    while (end < sorted.size() && sorted[end].value == sorted[first].value) ++end;
    const double rank = 0.5 * static_cast<double>(first + end - 1) - middle;
    for (std::size_t p = first; p < end; ++p) values[sorted[p].place] = rank;
    square += rank * rank * static_cast<double>(end - first);
    first = end;
  }
}

RsaPairings::RsaPairings(const PairedRows& pairs, int threads)
    : rows_(checked(pairs).first.rows.rows()),
      first_(pairs.first, threads),
      second_(pairs.second, threads) {}

std::optional<double> RsaPairings::operator()(Pairing pairing) const {
  assert(pairing.size() == rows_);
  if (first_.square == 0.0 || second_.square == 0.0) return std::nullopt;
  double product = 0.0;
  for (std::size_t i = 0; i + 1 < rows_; ++i) {
    const auto own = static_cast<std::size_t>(pairing[i]);
    double sum = 0.0;
    for (std::size_t j = i + 1; j < rows_; ++j) {
      const auto other = static_cast<std::size_t>(pairing[j]);
      const std::size_t at = place_of(std::min(own, other), std::max(own, other), rows_);
      sum += first_.values[place_of(i, j, rows_)] * second_.values[at];
    }
    product += sum;
  }
  return std::clamp(product / std::sqrt(first_.square) / std::sqrt(second_.square), -1.0, 1.0);
}

std::optional<double> rsa(const PairedRows& pairs, int threads) {
  return RsaPairings(pairs, threads)(identity_pairing(pairs.first.rows.rows()));
}

}  // namespace alignlab
