#include "run/feature_stages.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "run/stage_versions.h"
#include "run/trial_data.h"
#include "search/search.h"

namespace alignlab {
namespace {

using Json = nlohmann::json;

constexpr const char* kPartStage = "features-part";

/// A minute's work or so: what a kill may cost.
std::size_t items_of_a_part(Modality modality) { return modality == Modality::kText ? 16384 : 512; }

Json part_recipe(const Json& whole, std::size_t first, std::size_t count) {
  Json recipe = whole;
  recipe["stage"] = kPartStage;
  recipe["first"] = first;
  recipe["count"] = count;
  return recipe;
}

/// Parts one below the other.
class Stack {
 public:
  explicit Stack(std::size_t rows) : rows_(rows) {}

  void add(const Features& part) {
    if (part.form() == FeatureForm::kPixels) {
      const PixelRows& more = part.pixels();
      if (done_ == 0) {
        pixels_ = {more.height, more.width, more.channels, {}};
        pixels_.values.reserve(rows_ * more.bytes_each());
      }
      pixels_.values.insert(pixels_.values.end(), more.values.begin(), more.values.end());
    } else {
      if (done_ == 0) dense_ = Matrix(rows_, part.cols());
      std::ranges::copy(part.dense().values(), dense_.row(done_).data());
    }
    done_ += part.rows();
  }

  Features take() {
    if (!pixels_.values.empty()) return std::move(pixels_);
    return std::move(dense_);
  }

 private:
  std::size_t rows_;
  std::size_t done_ = 0;
  Matrix dense_;
  PixelRows pixels_;
};

bool comes_in_parts(const FeatureSide& side, std::size_t items) {
  if (reads_stored_feature(side.features) || items <= items_of_a_part(side.modality)) return false;
  const auto rows = feature_rows(side.features.kind, side.modality, Place{});
  return std::ranges::all_of(rows, [](const FeatureRow* row) {
    return row->form == FeatureForm::kDense || row->form == FeatureForm::kPixels;
  });
}

/// Kinds know items, and the files that their options name, but not the data set. A message that
/// begins with none of these files gets its name.
template <typename Work>
void naming_data_set(const Dataset& dataset, const FeatureSpec& features, const Work& work) {
  try {
    work();
  } catch (const DataError& error) {
    const std::string_view said = error.what();
    const auto begins_with = [&](const std::string& file) {
      return !file.empty() && said.starts_with(file + ":");
    };
    bool names_file = begins_with(dataset.path().string());
    for (const auto& [name, value] : features.options.values()) {
      const auto* text = std::get_if<std::string>(&value);
      names_file = names_file || (text != nullptr && begins_with(*text));
    }
    if (names_file) throw;
    throw DataError(fmt::format("{}: {}", dataset.path().string(), said));
  }
}

}  // namespace

FeatureStages::FeatureStages(const Dataset& dataset, const Store& store, const Makers& makers,
                             int threads, Progress& progress, Listener listener)
    : dataset_(dataset),
      store_(store),
      makers_(makers),
      threads_(threads),
      progress_(progress),
      listener_(std::move(listener)) {}

Artifact FeatureStages::obtain(const std::string& stage, Json recipe,
                               const std::function<void(H5File&)>& make) const {
  progress_.check();
  recipe["stage"] = stage;
  Artifact artifact = store_.obtain(stage, recipe, make, progress_);
  if (listener_) listener_(artifact);
  return artifact;
}

FeatureSide FeatureStages::side(Modality modality, const FeatureSpec& features) const {
  FeatureSide out{modality, features, content_read(dataset_, modality, features), {}};
  Json options = to_json(features.options);
  options["kind"] = features.kind;
  const Json recipe{{"version", kExtractorVersion},
                    {"modality", name_of(modality)},
                    {"raw", out.raw_hash},
                    {"features", options},
                    {"files", files_of(features)},
                    {"numerics", {{"isa", selected_isa()}, {"libraries", makers_.libraries}}}};
  out.extractor = obtain("extractor", recipe, [&](H5File& file) {
    dataset_.verify_raw(modality);
    if (reads_stored_feature(features)) {
      dataset_.verify_feature(modality, features.options.text("name"));
    }
    const auto train = dataset_.raw(modality, Split::kTrain);
    progress_.begin(fmt::format("fit {}", features.kind), 0, "items");
    naming_data_set(dataset_, features, [&] {
      const auto kind = makers_.feature_kind(features);
      if (kind->learns() && train->size() == 0) {
        throw DataError(fmt::format(
            "'{}' learns from training items, and no {} item is in train: import with --split",
            features.kind, name_of(modality)));
      }
      kind->fit(*train, threads_, progress_)->save(file, "/extractor");
    });
    progress_.end();
  });
  return out;
}

Artifact FeatureStages::features(const FeatureSide& from, std::optional<Split> split) const {
  const std::string part = split ? std::string(name_of(*split)) : "all";
  const Json recipe{{"version", kFeaturesVersion},
                    {"extractor", from.extractor.key},
                    {"raw", from.raw_hash},
                    {"split", part}};
  const auto items = split ? dataset_.raw(from.modality, *split) : dataset_.raw(from.modality);
  Artifact whole = obtain("features", recipe, [&](H5File& file) {
    progress_.begin(fmt::format("{} of {}", from.features.kind, part), items->size(), "items");
    naming_data_set(dataset_, from.features,
                    [&] { file.write_features("/features", extract(from, *items, recipe)); });
    progress_.end();
  });
  remove_parts(from, items->size(), recipe);
  return whole;
}

Features FeatureStages::extract(const FeatureSide& from, const RawItems& items,
                                const Json& recipe) const {
  const H5File fitted = H5File::open(from.extractor.path);
  const auto extractor = makers_.feature_kind(from.features)->load(fitted, "/extractor");
  if (!comes_in_parts(from, items.size())) return made(*extractor, items);
  const std::size_t step = items_of_a_part(from.modality);
  Stack whole(items.size());
  for (std::size_t first = 0; first < items.size(); first += step) {
    const std::size_t count = std::min(step, items.size() - first);
    const Artifact part = store_.obtain(
        kPartStage, part_recipe(recipe, first, count),
        [&](H5File& file) {
          file.write_features("/features", made(*extractor, ItemSlice(items, first, count)));
        },
        progress_);
    if (part.cached) progress_.advance(count);
    whole.add(H5File::open(part.path).read_features("/features"));
  }
  return whole.take();
}

Features FeatureStages::made(const Extractor& extractor, const RawItems& items) const {
  Features out = extractor.extract(items, threads_, progress_);
  items_made_ += items.size();
  return out;
}

void FeatureStages::remove_parts(const FeatureSide& from, std::size_t items,
                                 const Json& recipe) const {
  if (!comes_in_parts(from, items)) return;
  const std::size_t step = items_of_a_part(from.modality);
  for (std::size_t first = 0; first < items; first += step) {
    store_.remove(kPartStage, part_recipe(recipe, first, std::min(step, items - first)));
  }
}

}  // namespace alignlab
