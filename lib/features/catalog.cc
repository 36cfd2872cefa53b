#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "features/feature_kind.h"

namespace alignlab {
namespace {

const std::vector<Modality> kAnyModality(kModalities.begin(), kModalities.end());
const std::vector<Modality> kImages{Modality::kImage};
const std::vector<Modality> kTexts{Modality::kText};
constexpr auto kDense = FeatureForm::kDense;
constexpr auto kSparse = FeatureForm::kSparse;

Option sparse_scale_option() {
  return {.name = "scale",
          .summary = "what is done to finished rows: l2 scales each to unit length",
          .fallback = std::string("l2"),
          .choices = {"none", "l2"}};
}

Option scale_option(const char* fallback) {
  return {.name = "scale",
          .summary =
              "what is done to finished rows: l2 scales each to unit length, standardize "
              "gives each column mean 0 and deviation 1 over train",
          .fallback = std::string(fallback),
          .choices = {"none", "l2", "standardize"}};
}

Option image_size_option() {
  return {.name = "size",
          .summary = "pixels: images are resized to size x size",
          .fallback = std::int64_t{64},
          .least = 16,
          .most = 1024};
}

Options stored_options() {
  return {{.name = "name",
           .summary = "the stored feature to read",
           .fallback = std::string(),
           .required = true},
          scale_option("none")};
}

Options colour_histogram_options() {
  return {image_size_option(),
          {.name = "bins",
           .summary = "bins of each channel",
           .fallback = std::int64_t{8},
           .least = 2,
           .most = 64},
          {.name = "grid",
           .summary = "the image is cut into grid x grid cells",
           .fallback = std::int64_t{2},
           .least = 1,
           .most = 16},
          scale_option("l2")};
}

Options hog_options() {
  return {image_size_option(),
          {.name = "cell",
           .summary = "pixels of a cell's side",
           .fallback = std::int64_t{8},
           .least = 4,
           .most = 64},
          {.name = "orientations",
           .summary = "bins of unsigned gradient direction",
           .fallback = std::int64_t{9},
           .least = 2,
           .most = 36},
          scale_option("l2")};
}

Options bow_options() {
  return {{.name = "min_count",
           .summary = "training texts a word must occur in",
           .fallback = std::int64_t{2},
           .least = 1},
          {.name = "sublinear", .summary = "1 + ln(count) instead of the count", .fallback = false},
          sparse_scale_option()};
}

Options tfidf_options() {
  Options options = bow_options();
  options[1].fallback = true;
  return options;
}

}  // namespace

const std::vector<FeatureRow>& feature_catalog() {
  static const std::vector<FeatureRow> kRows{
#define FEATURE_KIND(name, maker, options, modalities, form, summary) \
  {name, summary, options, modalities, form},
#include "features/features.def"
#undef FEATURE_KIND
  };
  return kRows;
}

std::vector<std::string> parts_of_kind(const std::string& kind) {
  std::vector<std::string> parts(1);
  for (const char c : kind) {
    if (c == '+') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::vector<const FeatureRow*> feature_rows(const std::string& kind, Modality modality,
                                            const Place& place) {
  std::vector<const FeatureRow*> rows;
  for (const std::string& name : parts_of_kind(kind)) {
    const FeatureRow& row = find_row(feature_catalog(), name, "feature kind", place);
    if (std::ranges::find(row.modalities, modality) == row.modalities.end()) {
      throw ConfigError(fmt::format("{}: feature kind '{}' is not for {}", place.text(), row.name,
                                    name_of(modality)));
    }
    rows.push_back(&row);
  }
  if (rows.size() > 1) {
    for (const FeatureRow* row : rows) {
      if (row->form != FeatureForm::kDense) {
        throw ConfigError(fmt::format("{}: '{}' joins dense kinds only; '{}' is {}",
                                      place.text(), kind, row->name, name_of(row->form)));
      }
    }
  }
  return rows;
}

Options feature_options(const std::vector<const FeatureRow*>& rows) {
  Options all;
  for (const FeatureRow* row : rows) {
    for (const Option& option : row->options) {
      if (std::ranges::find(all, option.name, &Option::name) == all.end()) all.push_back(option);
    }
  }
  return all;
}

void check_features(const FeatureSpec& spec, const Place& place) {
  const auto& values = spec.options.values();
  if (values.contains("cell") && spec.options.integer("size") < 2 * spec.options.integer("cell")) {
    throw ConfigError(
        fmt::format("{}: a block of hog is two cells wide: expected size >= {}, found {}",
                    place.text(), 2 * spec.options.integer("cell"), spec.options.integer("size")));
  }
}

bool reads_stored_feature(const FeatureSpec& spec) {
  const std::vector<std::string> parts = parts_of_kind(spec.kind);
  return std::ranges::find(parts, "stored") != parts.end();
}

}  // namespace alignlab
