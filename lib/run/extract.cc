#include "run/extract.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "data/store_features.h"
#include "run/feature_stages.h"

namespace alignlab {
namespace {

/// Before hours of work, not after them.
void require_new_name(const Dataset& dataset, const ExtractRequest& request) {
  const std::vector<std::string> known = dataset.feature_names(request.modality);
  if (std::ranges::find(known, request.name) == known.end()) return;
  throw DataError(fmt::format("{}: {} features '{}' are already there; choose another name",
                              request.dataset.string(), name_of(request.modality), request.name));
}

}  // namespace

ExtractSummary extract_features(const ExtractRequest& request, const Store& store,
                                const Makers& makers, Progress& progress) {
  check_feature_name(request.name);
  Artifact made;
  ExtractSummary summary;
  std::string content;
  {
    const Dataset dataset = Dataset::open(request.dataset);
    content = dataset.hash_of_raw(request.modality);
    require_new_name(dataset, request);
    // Before hours of work, as well: storing reads all of it.
    dataset.file().verify();
    summary.threads = static_cast<int>(
        std::clamp<std::size_t>(dataset.items(request.modality).ids.size(), 1,
                                static_cast<std::size_t>(std::max(request.threads, 1))));
    const FeatureStages stages(dataset, store, makers, summary.threads, progress, {});
    const FeatureSide side = stages.side(request.modality, request.features);
    const auto start = std::chrono::steady_clock::now();
    made = stages.features(side, std::nullopt);
    summary.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    summary.made = stages.items_made();
  }
  const H5File file = H5File::open(made.path);
  const Shape shape = file.shape("/features/dense");
  summary.items = shape[0];
  summary.width = shape[1];
  FeatureMatrix matrix;
  matrix.modality = request.modality;
  matrix.name = request.name;
  matrix.width = shape[1];
  matrix.attributes = {{"producer", "extract"},
                       {"kind", request.features.kind},
                       {"options", to_json(request.features.options).dump()},
                       {"key", made.key}};
  matrix.read_rows = [&](std::size_t first, std::span<float> out) {
    const auto rows = file.read_rows<float>("/features/dense", first, out.size() / shape[1]);
    std::ranges::copy(rows, out.begin());
  };
  const auto still_of = [&](const Dataset& dataset) {
    if (dataset.hash_of_raw(request.modality) != content) {
      throw DataError(fmt::format("{}: has changed since its features were made; extract again",
                                  request.dataset.string()));
    }
    return matrix;
  };
  store_features(request.dataset, still_of, progress);
  return summary;
}

}  // namespace alignlab
