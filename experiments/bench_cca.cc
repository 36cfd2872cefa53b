// How long canonical correlations of two wide dense sides take, by default 30,000 pairs of 1,280
// and 3,000 columns on 2 threads, beside the same steps in SciPy. Where python3 has it, as Debian's
// python3-scipy gives it, experiments/bench_cca.py runs next to it and the ratio is shown.
//
//   bench_cca [--pairs N] [--first COLUMNS] [--second COLUMNS] [--width K] [--threads T]
//             [--repetitions R] [--summary FILE.json]

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/rng.h"
#include "experiments/bench.h"
#include "linear/canonical_correlations.h"

namespace alignlab {
namespace {

// So many directions the two sides share; the rest of both is noise.
constexpr std::size_t kShared = 32;

struct Pairs {
  Matrix first, second;
};

Matrix seen_through(const Matrix& latent, std::size_t columns, const char* purpose) {
  Rng random(1, purpose);
  Matrix map(kShared, columns), out(latent.rows(), columns);
  for (float& value : map.values()) value = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < out.rows(); ++i) {
    const auto row = out.row(i);
    for (float& value : row) value = static_cast<float>(8.0 * random.uniform() - 4.0);
    for (std::size_t e = 0; e < kShared; ++e) {
      const auto direction = map.row(e);
      for (std::size_t j = 0; j < columns; ++j) row[j] += latent.row(i)[e] * direction[j];
    }
  }
  return out;
}

Pairs pairs_of(std::size_t count, std::size_t first, std::size_t second) {
  Rng random(1, "latent");
  Matrix latent(count, kShared);
  for (float& value : latent.values()) value = static_cast<float>(random.normal());
  return {seen_through(latent, first, "first"), seen_through(latent, second, "second")};
}

/// That the shared directions were found, and that items on different directions do not go
/// together: over the pairs, A' C_xy B is diagonal.
void require_canonical(const CanonicalCorrelations& found, const Features& first,
                       const Features& second) {
  const Matrix a = found.first.apply(first), b = found.second.apply(second);
  const auto n = static_cast<double>(a.rows());
  for (std::size_t p = 0; p < kShared; ++p) {
    for (std::size_t q = 0; q < kShared; ++q) {
      double together = 0.0;
      for (std::size_t i = 0; i < a.rows(); ++i) together += double{a.row(i)[p]} * b.row(i)[q];
      const double expected = p == q ? found.correlations[p] : 0.0;
      if (std::abs(together / n - expected) > 1e-3) {
        throw Error(ExitCode::kInternal,
                    fmt::format("directions {} and {} covary by {:.4f}: expected {:.4f}", p, q,
                                together / n, expected));
      }
    }
  }
  if (found.correlations[kShared - 1] < 1.5 * found.correlations[kShared]) {
    throw Error(
        ExitCode::kInternal,
        fmt::format("correlations {} and {} are {:.3f} and {:.3f}: expected a gap between", kShared,
                    kShared + 1, found.correlations[kShared - 1], found.correlations[kShared]));
  }
}

void bench_cca(const bench::Arguments& arguments) {
  const auto number = [&](const char* name) {
    return static_cast<std::size_t>(arguments.numbers.at(name));
  };
  for (const char* side : {"first", "second"}) {
    if (number(side) > kShared) continue;
    throw UsageError(
        fmt::format("--{}: expected more than the {} directions that the sides share, "
                    "found {}",
                    side, kShared, number(side)));
  }
  Pairs pairs = pairs_of(number("pairs"), number("first"), number("second"));
  const Features first(std::move(pairs.first)), second(std::move(pairs.second));
  std::vector<std::int32_t> groups(number("pairs"));
  std::iota(groups.begin(), groups.end(), 0);
  CcaOptions options;
  options.width = std::max(number("width"), kShared + 1);
  options.threads = static_cast<int>(number("threads"));
  Silent silent;
  const auto fit = [&] {
    return canonical_correlations(first, groups, second, groups, options, silent);
  };
  require_canonical(fit(), first, second);
  const double ours = bench::median(bench::time_runs(static_cast<int>(number("repetitions")), fit));
  nlohmann::json seconds{{"alignlab", ours}};
  fmt::print("{:<10} {:>8.2f} s\n", "alignlab", ours);
  if (const auto theirs = bench::python_peer("bench_cca.py", "scipy", arguments.numbers)) {
    seconds["scipy"] = theirs->at("seconds");
    fmt::print("{:<10} {:>8.2f} s\n", "SciPy", seconds["scipy"].get<double>());
    fmt::print("SciPy's time to ours: {:.2f}\n", seconds["scipy"].get<double>() / ours);
  } else {
    fmt::print("SciPy      not timed: python3 has no scipy (Debian: python3-scipy)\n");
  }
  bench::write_summary(arguments, {{"numbers", arguments.numbers}, {"seconds", seconds}});
}

}  // namespace
}  // namespace alignlab

int main(int count, char** values) {
  using namespace alignlab;
  return bench::run([&] {
    bench_cca(bench::parse(count, values,
                           {{"pairs", 30000},
                            {"first", 1280},
                            {"second", 3000},
                            {"width", 128},
                            {"threads", 2},
                            {"repetitions", 3}}));
  });
}
