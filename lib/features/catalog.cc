#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/hash.h"
#include "features/audio/settings.h"
#include "features/feature_kind.h"
#include "features/kind_options.h"

namespace alignlab {
namespace {

const std::vector<Modality> kAnyModality(kModalities.begin(), kModalities.end());
const std::vector<Modality> kImages{Modality::kImage};
const std::vector<Modality> kTexts{Modality::kText};
const std::vector<Modality> kSounds{Modality::kAudio};
constexpr auto kDense = FeatureForm::kDense;
constexpr auto kSparse = FeatureForm::kSparse;
constexpr auto kTokens = FeatureForm::kTokens;
constexpr auto kPixels = FeatureForm::kPixels;

bool has_choices_of(const Option& a, const Option& b) {
  return std::ranges::all_of(b.choices, [&](const std::string& choice) {
    return std::ranges::find(a.choices, choice) != a.choices.end();
  });
}

/// Whether the two mean the same by their name, so that joined kinds can share them: one may have
/// choices that the other has not. A file never does: each kind reads its own.
bool are_one(const Option& a, const Option& b) {
  return a.fallback.index() == b.fallback.index() && a.choices.empty() == b.choices.empty() &&
         (has_choices_of(a, b) || has_choices_of(b, a)) && !a.required && !b.required;
}

void check_shared_options(const std::string& kind, const std::vector<const FeatureRow*>& rows,
                          const Place& place) {
  for (const FeatureRow* row : rows) {
    for (const Option& option : row->options) {
      for (const FeatureRow* other : rows) {
        const auto shared = std::ranges::find(other->options, option.name, &Option::name);
        if (row == other || shared == other->options.end() || are_one(option, *shared)) continue;
        throw ConfigError(fmt::format(
            "{}: '{}' joins kinds that share their options; '{}' and '{}' mean different things by "
            "'{}'",
            place.text(), kind, row->name, other->name, option.name));
      }
    }
  }
}

}  // namespace

const std::vector<FeatureRow>& feature_catalog() {
  using namespace features;
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
  const auto is_for = [&](const FeatureRow& row) {
    return std::ranges::find(row.modalities, modality) != row.modalities.end();
  };
  for (const std::string& name : parts_of_kind(kind)) {
    const auto row = std::ranges::find(feature_catalog(), name, &FeatureRow::name);
    if (row == feature_catalog().end()) {
      std::vector<std::string> known;
      for (const FeatureRow& other : feature_catalog()) {
        if (is_for(other)) known.push_back(other.name);
      }
      fail_unknown("feature kind", name, known, place);
    }
    if (!is_for(*row)) {
      throw ConfigError(fmt::format("{}: feature kind '{}' is not for {}", place.text(), row->name,
                                    name_of(modality)));
    }
    rows.push_back(&*row);
  }
  if (rows.size() > 1) {
    for (const FeatureRow* row : rows) {
      if (row->form != FeatureForm::kDense) {
        throw ConfigError(fmt::format("{}: '{}' joins dense kinds only; '{}' is {}", place.text(),
                                      kind, row->name, name_of(row->form)));
      }
    }
    check_shared_options(kind, rows, place);
  }
  return rows;
}

Options feature_options(const std::vector<const FeatureRow*>& rows) {
  Options all;
  for (const FeatureRow* row : rows) {
    for (const Option& option : row->options) {
      const auto shared = std::ranges::find(all, option.name, &Option::name);
      if (shared == all.end()) {
        all.push_back(option);
      } else if (option.choices.size() < shared->choices.size()) {
        *shared = option;
      }
    }
  }
  return all;
}

void check_features(const FeatureSpec& spec, const Place& place) {
  features::check_image_options(spec, place);
  features::check_text_options(spec, place);
  features::check_sound_options(spec, place);
}

std::map<std::string, std::string> files_of(const FeatureSpec& spec) {
  std::map<std::string, std::string> hashes;
  for (const std::string& name : parts_of_kind(spec.kind)) {
    const auto row = std::ranges::find(feature_catalog(), name, &FeatureRow::name);
    for (const Option& option : row->options) {
      if (!option.names_file || spec.options.text(option.name).empty()) continue;
      std::string& hash = hashes[option.name];
      try {
        hash = hash_of_file(spec.options.text(option.name)).hex();
      } catch (const DataError&) {
        hash.clear();
      }
    }
  }
  return hashes;
}

bool reads_stored_feature(const FeatureSpec& spec) {
  const std::vector<std::string> parts = parts_of_kind(spec.kind);
  return std::ranges::find(parts, "stored") != parts.end();
}

}  // namespace alignlab
