// How long ranks of both directions take where nothing but counting is needed: by default a slice
// of 4,096 rows of a set the size of COCO, 123,287 images and 616,767 captions of 512 columns; with
// --rows 123287 all of it. One pass over the pairs serves both directions. FAISS finds the top 10
// of one direction for a slice of the same rows, scaled to all of them.
//
// Ranks of some rows and columns are compared with the reference before anything is reported.
//
//   bench_ranks [--rows N] [--images N] [--captions N] [--columns D] [--threads T]
//               [--faiss_rows N] [--checked C] [--summary FILE.json]

#include <faiss/utils/distances.h>
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "experiments/bench.h"
#include "experiments/bench_rows.h"
#include "search/search.h"

namespace alignlab {
namespace {

/// Ranks of a few evenly spread queries by the reference.
void require_right(const Gallery& queries, const Gallery& gallery, const Relevance& relevant,
                   const Ranks& found, std::size_t checked, const char* side) {
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    if (!relevant.of(i).empty()) which.push_back(i);
  }
  checked = std::min(checked, which.size());
  Matrix some(checked, queries.vectors.cols());
  std::vector<std::vector<std::int32_t>> rows(checked);
  for (std::size_t i = 0; i < checked; ++i) {
    const std::size_t query = which[i * which.size() / checked];
    std::ranges::copy(std::as_const(queries.vectors).row(query), some.row(i).begin());
    rows[i].assign(relevant.of(query).begin(), relevant.of(query).end());
  }
  const Ranks expected =
      rank(some, gallery, Relevance(std::move(rows)), {.name = "scalar", .threads = 2});
  for (std::size_t i = 0; i < checked; ++i) {
    const std::size_t query = which[i * which.size() / checked];
    for (auto r = expected.offsets[i]; r < expected.offsets[i + 1]; ++r) {
      const auto at = static_cast<std::size_t>(found.offsets[query] + r - expected.offsets[i]);
      const auto own = static_cast<std::size_t>(r);
      if (found.above[at] != expected.above[own] || found.ties[at] != expected.ties[own] ||
          found.ties_before[at] != expected.ties_before[own]) {
        throw Error(
            ExitCode::kInternal,
            fmt::format("{} {}: {} above, {} tied; the reference says {} and {}", side, query,
                        found.above[at], found.ties[at], expected.above[own], expected.ties[own]));
      }
    }
  }
}

double recall_at_1(const Ranks& ranks) {
  std::int64_t hits = 0, counted = 0;
  for (std::size_t i = 0; i < ranks.queries(); ++i) {
    bool hit = false;
    for (auto r = ranks.offsets[i]; r < ranks.offsets[i + 1]; ++r) {
      hit = hit || ranks.above[static_cast<std::size_t>(r)] == 0;
    }
    counted += ranks.offsets[i + 1] > ranks.offsets[i];
    hits += hit;
  }
  return 100.0 * static_cast<double>(hits) /
         static_cast<double>(std::max<std::int64_t>(1, counted));
}

void bench_ranks(const bench::Arguments& arguments) {
  const auto number = [&](const char* name) {
    return static_cast<std::size_t>(arguments.numbers.at(name));
  };
  const auto threads = static_cast<int>(number("threads"));
  const std::size_t rows = std::min(number("rows"), number("images"));
  const bench::CaptionedRows data =
      bench::captioned_rows({rows, number("images"), number("captions"), number("columns")});
  const double columns = static_cast<double>(number("columns"));
  const double pairs = static_cast<double>(rows) * static_cast<double>(number("captions"));

  SearchWork work;
  TwoWayRanks found;
  const double seconds = bench::seconds_of([&] {
    found = rank_both(data.images, data.captions, data.of_images, data.of_captions,
                      {.threads = threads, .work = &work});
  });
  const double peak = bench::peak_megabytes();
  require_right(data.images, data.captions, data.of_images, found.of_first, number("checked"),
                "image");
  require_right(data.captions, data.images, data.of_captions, found.of_second, number("checked"),
                "caption");

  // FAISS's own search function: an index would be a copy of the captions.
  omp_set_num_threads(threads);
  const std::size_t slice = std::min(number("faiss_rows"), rows);
  std::vector<float> scores(slice * 10);
  std::vector<std::int64_t> ids(slice * 10);
  faiss::float_minheap_array_t heap{slice, 10, ids.data(), scores.data()};
  const double sliced = bench::seconds_of([&] {
    faiss::knn_inner_product(data.images.vectors.data(), data.captions.vectors.data(),
                             number("columns"), slice, number("captions"), &heap);
  });
  const double faiss = sliced * static_cast<double>(rows) / static_cast<double>(slice);
  const double ratio = faiss / seconds;
  fmt::print(
      "{} x {} x {} both ways on {} thread{} ({} {}): {:.2f} s, {:.0f} GFLOP/s, {:.2f} scores a "
      "thousand pairs left in doubt, peak {:.0f} MB; R@1 {:.1f} and {:.1f}\n",
      rows, number("captions"), number("columns"), threads, threads == 1 ? "" : "s", work.isa,
      work.codes, seconds, 2.0 * pairs * columns / seconds / 1e9,
      1000.0 * static_cast<double>(work.scored) / pairs, peak, recall_at_1(found.of_first),
      recall_at_1(found.of_second));
  fmt::print(
      "FAISS, top 10 of one direction: {:.2f} s for {} rows, so {:.1f} s for all; ratio {:.2f}\n",
      sliced, slice, faiss, ratio);
  bench::write_summary(arguments, {{"ratios",
                                    {{fmt::format("ranks_n{}_m{}_d{}_t{}", rows, number("captions"),
                                                  number("columns"), threads),
                                      ratio}}},
                                   {"seconds", seconds},
                                   {"peak_megabytes", peak}});
}

}  // namespace
}  // namespace alignlab

int main(int argc, char** argv) {
  return alignlab::bench::run([&] {
    alignlab::bench::hold_blas_to_isa(argv);
    alignlab::bench_ranks(alignlab::bench::parse(argc, argv,
                                                 {{"rows", 4096},
                                                  {"images", 123287},
                                                  {"captions", 616767},
                                                  {"columns", 512},
                                                  {"threads", 2},
                                                  {"faiss_rows", 512},
                                                  {"checked", 20}}));
  });
}
