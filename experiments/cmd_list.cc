#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "align/aligner.h"
#include "data/export.h"
#include "data/import.h"
#include "data/judgements/add_judgements.h"
#include "data/protocol.h"
#include "eval/columns.h"
#include "eval/metrics.h"
#include "experiments/command_line.h"
#include "experiments/console.h"
#include "features/feature_kind.h"
#include "run/experiment.h"
#include "run/export_run.h"
#include "run/kernels.h"
#include "run/measures.h"
#include "search/hubness.h"
#include "search/search.h"

namespace alignlab::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kNameWidth = 18;  // of catalogs whose names are short

struct Catalog {
  std::string name;
  std::vector<CatalogRow> rows;
};

template <typename Row>
std::vector<CatalogRow> plain(const std::vector<Row>& rows) {
  std::vector<CatalogRow> out;
  for (const Row& row : rows) out.push_back({row.name, row.summary, row.options});
  return out;
}

std::vector<CatalogRow> feature_rows_by_modality() {
  std::vector<CatalogRow> out;
  for (const FeatureRow& row : feature_catalog()) {
    std::string modalities;
    for (const Modality modality : row.modalities) {
      modalities += (modalities.empty() ? "" : ", ") + std::string(name_of(modality));
    }
    out.push_back({row.name, fmt::format("{} ({}; {})", row.summary, modalities, name_of(row.form)),
                   row.options});
  }
  return out;
}

std::vector<CatalogRow> metric_rows() {
  std::vector<CatalogRow> out;
  for (const MetricRow& row : metric_catalog()) {
    out.push_back(
        {row.name,
         fmt::format("{} ({}{})", row.summary,
                     row.better == Better::kLower ? "lower is better; " : "", row.reference),
         row.options});
  }
  return out;
}

std::vector<CatalogRow> judgement_rows() {
  std::vector<CatalogRow> out;
  for (const JudgementRow& row : judgement_catalog()) {
    out.push_back({row.name, fmt::format("{} ({})", row.summary, row.reference), row.options});
  }
  return out;
}

std::vector<Catalog> catalogs() {
  return {{"aligners", plain(aligner_catalog())},
          {"features", feature_rows_by_modality()},
          {"metrics", metric_rows()},
          {"kernels", all_kernels()},
          {"similarities", similarity_catalog()},
          {"corrections", correction_catalog()},
          {"measures", measure_catalog()},
          {"formats", format_catalog()},
          {"judgement-formats", judgement_rows()},
          {"exports", export_catalog()},
          {"run-exports", run_export_catalog()},
          {"protocols", protocol_catalog()},
          {"columns", column_catalog()},
          {"sections", section_catalog()}};
}

Json to_json(const Catalog& catalog) {
  Json rows = Json::array();
  for (const CatalogRow& row : catalog.rows) {
    Json options = Json::array();
    for (const Option& option : row.options) {
      options.push_back({{"name", option.name},
                         {"summary", option.summary},
                         {"type", type_name(option)},
                         {"default", option.required ? Json() : alignlab::to_json(option.fallback)},
                         {"range", range_text(option)}});
    }
    rows.push_back({{"name", row.name}, {"summary", row.summary}, {"options", options}});
  }
  return rows;
}

void print(const Catalog& catalog, bool with_options) {
  fmt::print("{}\n", catalog.name);
  std::size_t width = kNameWidth;
  for (const CatalogRow& row : catalog.rows) width = std::max(width, row.name.size());
  for (const CatalogRow& row : catalog.rows) {
    fmt::print("  {:<{}} {}\n", row.name, width, row.summary);
    if (!with_options) continue;
    for (const Option& option : row.options) {
      const std::string range = range_text(option);
      fmt::print("    {:<16} {} = {}{}: {}\n", option.name, type_name(option),
                 option.required ? "(required)" : alignlab::to_json(option.fallback).dump(),
                 range.empty() ? "" : fmt::format(" [{}]", range), option.summary);
    }
  }
}

}  // namespace

int list(const Arguments& arguments) {
  CommandLine line("list");
  line.add()("json", "as JSON, for scripts");
  line.positional("at most a catalog and a row of it", 0, 2);
  if (!line.parse(arguments)) return 0;
  std::vector<Catalog> shown = catalogs();
  if (!line.words().empty()) {
    std::vector<CatalogRow> names;
    for (const Catalog& catalog : shown) names.push_back({catalog.name, "", {}});
    const std::string& wanted = line.words().front();
    find_row(names, wanted, "catalog", Place{"alignlab list", 0, 0});
    std::erase_if(shown, [&](const Catalog& catalog) { return catalog.name != wanted; });
    if (line.words().size() > 1) {
      std::vector<CatalogRow>& rows = shown.front().rows;
      rows = {find_row(rows, line.words()[1], "row of " + wanted, Place{"alignlab list", 0, 0})};
    }
  }
  if (line.has("json")) {
    Json json = Json::object();
    for (const Catalog& catalog : shown) json[catalog.name] = to_json(catalog);
    fmt::print("{}\n", json.dump(1));
    return 0;
  }
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (i > 0) fmt::print("\n");
    print(shown[i], !line.words().empty());
  }
  if (line.words().empty()) {
    print_notice("'alignlab list CATALOG' and 'alignlab list CATALOG ROW' show options as well");
  }
  return 0;
}

}  // namespace alignlab::cli
