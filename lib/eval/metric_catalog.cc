#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/suggest.h"
#include "eval/metrics.h"

namespace alignlab {

const std::vector<MetricRow>& metric_catalog() {
  constexpr Better kHigher = Better::kHigher;
  constexpr Better kLower = Better::kLower;
  static const std::vector<MetricRow> kRows{
      {"R@k", "share of queries with a relevant candidate among the first k (hit rate)", kHigher,
       "Hodosh, Young & Hockenmaier 2013"},
      {"recall@k", "relevant among the first k / all relevant, mean over queries", kHigher,
       "Manning, Raghavan & Schütze 2008, ch. 8"},
      {"capped_recall@k", "relevant among the first k / min(k, all relevant), mean over queries",
       kHigher, "Thakur et al. 2021 (BEIR)"},
      {"precision@k", "relevant among the first k / k, mean over queries", kHigher,
       "Manning, Raghavan & Schütze 2008, ch. 8"},
      {"F1@k", "harmonic mean of precision@k and recall@k per query, mean over queries", kHigher,
       "van Rijsbergen 1979, ch. 7"},
      {"success@k", "R@k as a share of 1 (trec_eval's name for it)", kHigher, "trec_eval"},
      {"MedR", "floor of the median 0-based rank of the best-ranked relevant candidate, plus 1",
       kLower, "Hodosh, Young & Hockenmaier 2013"},
      {"MeanR", "mean rank of the best-ranked relevant candidate", kLower,
       "Faghri et al. 2018 (VSE++)"},
      {"GeoMeanR", "e to the mean log rank of the best-ranked relevant candidate", kLower,
       "Fuhr 2017, on what ranks may be averaged"},
      {"MRR", "mean reciprocal rank of the best-ranked relevant candidate, 0 to 1", kHigher,
       "Voorhees 1999"},
      {"mAP", "sum of the precisions at relevant candidates / all relevant, mean over queries",
       kHigher, "Buckley & Voorhees 2000"},
      {"mAP@k", "the same among the first k / min(k, all relevant)", kHigher,
       "Manning, Raghavan & Schütze 2008, ch. 8"},
      {"MAP@R", "mAP among the first R / R, R the number of relevant candidates of the query",
       kHigher, "Musgrave, Belongie & Lim 2020"},
      {"R-Prec", "relevant among the first R / R, R the number of relevant candidates", kHigher,
       "Buckley & Voorhees 2000"},
      {"nDCG@k", "sum of grade / log2(rank + 1) among the first k / the best such sum", kHigher,
       "Järvelin & Kekäläinen 2002"},
      {"nDCG_exp@k", "the same with 2^grade - 1 in place of the grade", kHigher,
       "Burges et al. 2005"},
      {"FOSCTTM", "share of wrong candidates closer than a relevant one, mean over queries, 0 to 1",
       kLower, "Liu et al. 2019"},
      {"macro_AUC", "share of wrong candidates behind a relevant one, mean over queries, 0 to 1",
       kHigher, "Fawcett 2006"},
      {"micro_AUC", "over all pairs: share of (relevant, wrong) in the right order, 0 to 1",
       kHigher, "Fawcett 2006"},
      {"micro_AP", "over all pairs: precision at each threshold, weighted by the recall it adds",
       kHigher, "Davis & Goadrich 2006, without interpolation"},
      {"micro_precision@t", "of all pairs scoring at least t, the relevant share", kHigher,
       "Sebastiani 2002"},
      {"micro_recall@t", "of all relevant pairs, the share scoring at least t", kHigher,
       "Sebastiani 2002"},
      {"micro_F1@t", "harmonic mean of micro_precision@t and micro_recall@t", kHigher,
       "Sebastiani 2002"},
      {"accuracy@t", "of all pairs, the share that t decides rightly", kHigher, "Sebastiani 2002"},
      {"macro_precision@t", "precision at t of each query, mean (0 where nothing was predicted)",
       kHigher, "Sebastiani 2002"},
      {"macro_recall@t", "recall at t of each query, mean", kHigher, "Sebastiani 2002"},
      {"macro_F1@t", "F1 at t of each query, mean", kHigher, "Sebastiani 2002"},
  };
  return kRows;
}

namespace {

std::vector<std::string> known_rows() {
  std::vector<std::string> out;
  for (const MetricRow& row : metric_catalog()) out.push_back(row.name);
  return out;
}

/// "R@5" as row "R@k" and 5, where that is what it looks like.
MetricName split_name(const std::string& text) {
  MetricName out{text, 0, text};
  const std::size_t at = text.find('@');
  if (at == std::string::npos) return out;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + at + 1, end, out.k);
  if (error == std::errc() && stop == end && out.k >= 1 && text[at + 1] != '0') {
    out.row = text.substr(0, at) + "@k";
  } else {
    out.k = 0;
  }
  return out;
}

}  // namespace

MetricName parse_metric(const std::string& text, const Place& place) {
  const MetricName metric = split_name(text);
  const std::vector<std::string> known = known_rows();
  if (std::ranges::find(known, metric.row) == known.end()) {
    // What is near the row is the better guess, what was written the better name.
    throw ConfigError(fmt::format("{}: unknown metric '{}'{}", place.text(), text,
                                  suggestion(metric.row, known)));
  }
  // "R@k" itself is a row's name, not a metric.
  if (metric.row.ends_with("@k") && metric.k < 1) {
    throw ConfigError(fmt::format("{}: '{}': expected a number after '@'", place.text(), text));
  }
  return metric;
}

Better better_of(const MetricName& metric) {
  return std::ranges::find(metric_catalog(), metric.row, &MetricRow::name)->better;
}

}  // namespace alignlab
