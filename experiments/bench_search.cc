// How fast the nearest of many candidates are found, beside FAISS in the same process: by default
// the top 10 of 51,200 candidates of 512 columns for 2,048 queries, on one and on two threads.
// With --grid 1, every kernel over columns 128 to 2,048, up to --most_items candidates and k of 1,
// 10 and 100. Both sides search an index that stands; what making it costs is shown too.
//
// Answers are compared with the reference before anything is timed. Where ALIGNLAB_ISA names an
// instruction set below the machine's, OpenBLAS, and so FAISS, is held to it too.
//
//   bench_search [--items N] [--columns D] [--queries Q] [--k K] [--repetitions R] [--checked C]
//                [--grid 1|2] [--most_items N] [--summary FILE.json]

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "core/error.h"
#include "experiments/bench.h"
#include "experiments/bench_rows.h"
#include "search/approximate.h"
#include "search/search.h"

namespace alignlab {
namespace {

struct Shape {
  std::size_t items, columns, queries, k;
};

struct Sides {
  Gallery queries, gallery;
};

Sides sides_of(const Shape& shape) {
  return {bench::unit_rows(shape.queries, shape.columns, "queries"),
          bench::unit_rows(shape.items, shape.columns, "items")};
}

Section defaults_of(const std::string& peer) {
  for (const CatalogRow& row : approximate_kernel_catalog()) {
    if (row.name == peer) return resolve(nullptr, row.options, peer);
  }
  return {};
}

/// Of `checked` queries, evenly spread: how many places differ from the reference's.
std::size_t differing(const TopK& found, const Sides& sides, std::size_t k, std::size_t checked) {
  const std::size_t queries = sides.queries.vectors.rows();
  checked = std::min(checked, queries);
  Matrix some(checked, sides.queries.vectors.cols());
  for (std::size_t i = 0; i < checked; ++i) {
    std::ranges::copy(std::as_const(sides.queries.vectors).row(i * queries / checked),
                      some.row(i).begin());
  }
  const TopK expected = top_k(some, sides.gallery, k, {.name = "scalar", .threads = 2});
  std::size_t count = 0;
  for (std::size_t i = 0; i < checked; ++i) {
    const std::size_t query = i * queries / checked;
    for (std::size_t r = 0; r < expected.k; ++r) {
      count += found.ids[query * found.k + r] != expected.ids[i * expected.k + r];
    }
  }
  return count;
}

struct Measured {
  double seconds;
  double build_seconds;
  TopK found;
};

using MakeIndex = std::function<std::unique_ptr<SearchIndex>()>;

/// Medians of both, turn by turn, so that what else the machine does falls on both.
std::pair<Measured, Measured> measure(const Shape& shape, const Sides& sides, const MakeIndex& ours,
                                      const MakeIndex& theirs, int repetitions) {
  std::array<const MakeIndex*, 2> makers{&ours, &theirs};
  std::array<std::unique_ptr<SearchIndex>, 2> indexes;
  std::array<Measured, 2> out;
  std::array<std::vector<double>, 2> samples;
  for (std::size_t side = 0; side < 2; ++side) {
    const double first = bench::seconds_of([&] {
      indexes[side] = (*makers[side])();
      out[side].found = indexes[side]->top_k(sides.queries.vectors, shape.k);
    });
    out[side].build_seconds = first;
  }
  for (int r = 0; r < repetitions; ++r) {
    for (std::size_t side = 0; side < 2; ++side) {
      samples[side].push_back(bench::seconds_of(
          [&] { out[side].found = indexes[side]->top_k(sides.queries.vectors, shape.k); }));
    }
  }
  for (std::size_t side = 0; side < 2; ++side) {
    out[side].seconds = bench::median(samples[side]);
    out[side].build_seconds = std::max(0.0, out[side].build_seconds - out[side].seconds);
  }
  return {out[0], out[1]};
}

double gflops(const Shape& shape, double seconds) {
  return 2.0 * static_cast<double>(shape.items) * static_cast<double>(shape.columns) *
         static_cast<double>(shape.queries) / seconds / 1e9;
}

void print_head() {
  fmt::print("{:<11}{:>9}{:>6}{:>6}{:>5}{:>3}  {:<16}{:>9}{:>9}{:>8}{:>8}{:>9}{:>8}\n", "kernel",
             "items", "d", "q", "k", "t", "path", "seconds", "GFLOP/s", "of BLAS", "FAISS", "ratio",
             "build");
}

struct Bench {
  bench::Arguments arguments;
  nlohmann::json ratios = nlohmann::json::object();
  std::map<int, double> blas = {};  // GFLOP/s of BLAS by threads

  /// One line. Exact kernels must agree with the reference everywhere.
  double compare(const std::string& kernel, const Shape& shape, const Sides& sides, int threads) {
    SearchWork work;
    const Kernel ours{.name = kernel, .threads = threads, .work = &work};
    const bool peer = kernel.starts_with("faiss") || kernel.starts_with("hnsw");
    const Section options = defaults_of(kernel);
    const auto [own, flat] = measure(
        shape, sides,
        [&] {
          return peer ? peer_index(kernel, options, sides.gallery, threads)
                      : exact_index(sides.gallery, ours);
        },
        [&] { return peer_index("faiss-flat", {}, sides.gallery, threads); },
        static_cast<int>(arguments.numbers.at("repetitions")));
    const auto checked = static_cast<std::size_t>(arguments.numbers.at("checked"));
    const std::size_t wrong = differing(own.found, sides, shape.k, checked);
    if (!peer && wrong > 0) {
      throw Error(ExitCode::kInternal,
                  fmt::format("{}: {} ids differ from the reference", kernel, wrong));
    }
    const double ratio = flat.seconds / own.seconds;
    fmt::print(
        "{:<11}{:>9}{:>6}{:>6}{:>5}{:>3}  {:<16}{:>9.3f}{:>9.1f}{:>7.0f}%{:>8.3f}{:>8.2f}x{:>8.2f}",
        kernel, shape.items, shape.columns, shape.queries, shape.k, threads,
        work.isa.empty() ? "" : work.isa + " " + work.codes, own.seconds,
        gflops(shape, own.seconds), 100.0 * gflops(shape, own.seconds) / blas.at(threads),
        flat.seconds, ratio, own.build_seconds);
    if (wrong > 0) {
      fmt::print("  {} of {} places differ", wrong, std::min(checked, shape.queries) * own.found.k);
    }
    fmt::print("\n");
    return ratio;
  }

  void agreed() {
    const auto number = [&](const char* name) {
      return static_cast<std::size_t>(arguments.numbers.at(name));
    };
    const Shape shape{number("items"), number("columns"), number("queries"), number("k")};
    const Sides sides = sides_of(shape);
    for (const int threads : {1, 2}) {
      const std::string key = fmt::format("top{}_n{}_d{}_q{}_t{}", shape.k, shape.items,
                                          shape.columns, shape.queries, threads);
      ratios[key] = compare("certified", shape, sides, threads);
    }
  }

  void grid() {
    for (const std::size_t columns : {128, 512, 2048}) {
      for (std::size_t items = 1000;
           items <= static_cast<std::size_t>(arguments.numbers.at("most_items")); items *= 10) {
        const Sides sides = sides_of({items, columns, 512, 1});
        for (const std::size_t k : {1, 10, 100}) {
          for (const int threads : {1, 2}) {
            const Shape shape{items, columns, 512, k};
            for (const char* kernel : {"certified", "blas", "faiss-ivf", "faiss-hnsw", "hnswlib"}) {
              const double ratio = compare(kernel, shape, sides, threads);
              ratios[fmt::format("{}_top{}_n{}_d{}_q512_t{}", kernel, k, items, columns, threads)] =
                  ratio;
            }
          }
        }
      }
    }
  }
};

}  // namespace
}  // namespace alignlab

int main(int argc, char** argv) {
  return alignlab::bench::run([&] {
    using namespace alignlab;
    bench::hold_blas_to_isa(argv);
    Bench all{bench::parse(argc, argv,
                           {{"items", 51200},
                            {"columns", 512},
                            {"queries", 2048},
                            {"k", 10},
                            {"repetitions", 7},
                            {"checked", 128},
                            {"grid", 2},
                            {"most_items", 100000}})};
    for (const int threads : {1, 2}) all.blas[threads] = bench::blas_gflops(threads);
    fmt::print("{}; BLAS (sgemm) reaches {:.0f} GFLOP/s on one thread, {:.0f} on two\n",
               selected_isa(), all.blas.at(1), all.blas.at(2));
    print_head();
    if (all.arguments.numbers.at("grid") == 1) {
      all.grid();
    } else {
      all.agreed();
    }
    bench::write_summary(all.arguments, {{"ratios", all.ratios}, {"blas_gflops", all.blas.at(1)}});
  });
}
