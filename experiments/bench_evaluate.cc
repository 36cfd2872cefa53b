// What a whole evaluation costs beside the ranks that it needs: 5,000 images and 25,000 captions of
// 1,024 columns by default, every retrieval metric, both directions, 95 % intervals of 10,000
// resamples. Rates are compared with a count of the ranks before anything is timed.
//
//   bench_evaluate [--images N] [--captions N] [--columns D] [--threads T] [--repetitions R]
//                  [--resamples B] [--summary FILE.json]

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "eval/evaluation.h"
#include "experiments/bench.h"
#include "experiments/bench_rows.h"
#include "run/retrieve.h"

namespace alignlab {
namespace {

constexpr const char* kImageToText = "image_to_text";
constexpr const char* kTextToImage = "text_to_image";

/// All that need no threshold and no curve, those of the first k for three of them.
std::vector<MetricName> retrieval_metrics() {
  std::vector<MetricName> out;
  for (const MetricRow& row : metric_catalog()) {
    const MetricName plain{row.name, 0, row.name};
    if (plain.uses_threshold() || plain.uses_curve()) continue;
    if (!plain.is_of_first_k()) {
      out.push_back(parse_metric(row.name, {}));
      continue;
    }
    for (const char* k : {"1", "5", "10"}) {
      out.push_back(parse_metric(row.name.substr(0, row.name.size() - 1) + k, {}));
    }
  }
  return out;
}

SearchSide side_of(const Gallery& rows, const std::vector<std::int32_t>& groups) {
  return {rows, groups, groups};
}

void require_right(const ByMetric<double>& metrics, const TwoWayRanks& ranks) {
  for (const auto& [direction, own] :
       {std::pair(kImageToText, &ranks.of_first), std::pair(kTextToImage, &ranks.of_second)}) {
    double hits = 0.0;
    for (std::size_t i = 0; i < own->queries(); ++i) {
      const auto first = own->above.begin() + own->offsets[i];
      const auto last = own->above.begin() + own->offsets[i + 1];
      hits += std::any_of(first, last, [](std::int64_t above) { return above < 5; });
    }
    const double expected = 100.0 * hits / static_cast<double>(own->queries());
    const double found = metrics.at(direction).at("R@5");
    if (std::abs(found - expected) > 1e-9) {
      throw Error(ExitCode::kInternal,
                  fmt::format("{} R@5: expected {}, found {}", direction, expected, found));
    }
  }
}

void bench_evaluate(const bench::Arguments& arguments) {
  const auto number = [&](const char* name) {
    return static_cast<std::size_t>(arguments.numbers.at(name));
  };
  const auto repetitions = static_cast<int>(number("repetitions"));
  const std::size_t images = number("images");
  std::vector<std::int32_t> image_groups, caption_groups;
  for (std::size_t i = 0; i < images; ++i) image_groups.push_back(static_cast<std::int32_t>(i));
  for (std::size_t j = 0; j < number("captions"); ++j) {
    caption_groups.push_back(static_cast<std::int32_t>(j * images / number("captions")));
  }
  RetrievalRequest search;
  search.kernel.threads = static_cast<int>(number("threads"));
  SearchSides sides;
  Relevance of_images, of_captions;
  {
    bench::CaptionedRows data =
        bench::captioned_rows({images, images, number("captions"), number("columns")});
    of_images = std::move(data.of_images);
    of_captions = std::move(data.of_captions);
    sides = {side_of(data.images, image_groups), side_of(data.captions, caption_groups),
             kImageToText, kTextToImage};
  }
  const auto folds = protocol_folds("all-pairs", image_groups, caption_groups, "bench");
  EvaluationRequest request{retrieval_metrics()};
  request.threads = search.kernel.threads;
  const IntervalRequest how{{}, number("resamples"), 0, search.kernel.threads};

  TwoWayRanks ranks;
  const auto rank_once = [&] {
    ranks = rank_both(sides.first.rows, sides.second.rows, of_images, of_captions, search.kernel);
  };
  Silent progress;
  ByMetric<double> metrics;
  ByMetric<Interval> intervals;
  SearchSides taken;
  std::vector<double> metrics_s, intervals_s;
  const auto evaluate_once = [&] {
    const Found found = retrieve(std::move(taken), folds, search, progress);
    metrics_s.push_back(bench::seconds_of([&] { metrics = evaluate(found.retrievals, request); }));
    intervals_s.push_back(
        bench::seconds_of([&] { intervals = intervals_of(found.retrievals, request, how); }));
  };
  rank_once();
  taken = sides;
  evaluate_once();
  require_right(metrics, ranks);
  std::vector<double> ratios, bare, whole;
  for (int i = 0; i < repetitions; ++i) {
    taken = sides;
    bare.push_back(bench::seconds_of(rank_once));
    whole.push_back(bench::seconds_of(evaluate_once));
    ratios.push_back(whole.back() / bare.back());
  }
  const double ratio = bench::median(ratios);
  fmt::print(
      "{} x {} x {} on {} thread{}: ranks {:.2f} s, evaluation {:.2f} s (metrics {:.2f} s, "
      "intervals {:.2f} s), ratio {:.2f}, peak {:.0f} MB; {} metrics a direction; rsum {:.1f} "
      "[{:.1f}, {:.1f}]\n",
      images, number("captions"), number("columns"), number("threads"),
      number("threads") == 1 ? "" : "s", bench::median(bare), bench::median(whole),
      bench::median(metrics_s), bench::median(intervals_s), ratio, bench::peak_megabytes(),
      request.metrics.size(), metrics.at("both").at("rsum"), intervals.at("both").at("rsum").low,
      intervals.at("both").at("rsum").high);
  bench::write_summary(arguments,
                       {{"ratios",
                         {{fmt::format("evaluate_n{}_m{}_d{}_t{}", images, number("captions"),
                                       number("columns"), number("threads")),
                           ratio}}},
                        {"seconds", bench::median(whole)},
                        {"peak_megabytes", bench::peak_megabytes()}});
}

}  // namespace
}  // namespace alignlab

int main(int argc, char** argv) {
  return alignlab::bench::run([&] {
    alignlab::bench_evaluate(alignlab::bench::parse(argc, argv,
                                                    {{"images", 5000},
                                                     {"captions", 25000},
                                                     {"columns", 1024},
                                                     {"threads", 2},
                                                     {"repetitions", 5},
                                                     {"resamples", 10000}}));
  });
}
