#include "run/embedding_stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "record/provenance.h"
#include "run/label_budget.h"
#include "run/stage_versions.h"
#include "search/search.h"

namespace alignlab {
namespace {

using Json = nlohmann::json;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

EmbeddingStages::EmbeddingStages(const TrialSpec& spec, const Dataset& dataset, Stages& stages)
    : spec_(spec),
      dataset_(dataset),
      stages_(stages),
      device_(stages.makers().device(spec.train.text("device"))),
      threads_(static_cast<int>(spec.train.integer("threads"))),
      features_(dataset, stages.store(), stages.makers(), threads_, stages.progress(),
                [&stages](const Artifact& artifact) { stages.remember(artifact); }) {}

Artifact EmbeddingStages::embeddings(Split split) {
  const Artifact fitted = model();
  const Artifact first_features = features_.features(*first_, split);
  const Artifact second_features = features_.features(*second_, split);
  return stages_.obtain("embeddings",
                        {{"version", kEmbeddingsVersion},
                         {"model", fitted.key},
                         {"split", name_of(split)},
                         {"numerics", numerics()}},
                        [&](H5File& file) {
                          const auto encoder = aligner()->load(H5File::open(fitted.path), "/model");
                          const ModalityItems a = load(*first_, split, first_features);
                          const ModalityItems b = load(*second_, split, second_features);
                          const auto start = std::chrono::steady_clock::now();
                          const Matrix rows_a = encoder->embed(a.modality, a.features);
                          const Matrix rows_b = encoder->embed(b.modality, b.features);
                          const double elapsed = seconds_since(start);
                          file.write_matrix(array_of(a.modality), rows_a);
                          file.write_matrix(array_of(b.modality), rows_b);
                          file.set_attribute("/", "embed_s", Json(std::vector{elapsed}).dump());
                        });
}

const Artifact& EmbeddingStages::model() {
  if (!model_) {
    first_ = features_.side(spec_.first, spec_.first_features);
    second_ = features_.side(spec_.second, spec_.second_features);
    model_ = fit();
  }
  return *model_;
}

/// What trained models depend on besides their recipe.
Json EmbeddingStages::numerics() const {
  const Provenance machine = provenance_of_this_process();
  return {{"isa", selected_isa()}, {"libraries", stages_.makers().libraries},
          {"blas", machine.blas},  {"cpu", machine.cpu},
          {"device", device_},     {"threads", threads_}};
}

ModalityItems EmbeddingStages::load(const FeatureSide& from, Split split,
                                    const Artifact& artifact) const {
  ModalityItems items{from.modality, H5File::open(artifact.path).read_features("/features"),
                      dataset_.groups(from.modality, split)};
  require_rows(artifact, items.features.rows(), items.groups.size());
  return items;
}

TrainSplit EmbeddingStages::train_split(const Artifact& first, const Artifact& second) const {
  SplitItems all{load(*first_, Split::kTrain, first), load(*second_, Split::kTrain, second)};
  const auto budget = static_cast<std::size_t>(spec_.train.integer("label_budget"));
  if (budget == 0) return TrainSplit(std::move(all));
  return TrainSplit(within_budget(all, budget, static_cast<std::uint64_t>(spec_.seed)));
}

Artifact EmbeddingStages::fit() {
  Json options = to_json(spec_.aligner_options);
  options["kind"] = spec_.aligner;
  // Obtained even when the model is there, so that a record names the same stages either way.
  const Artifact first_train = features_.features(*first_, Split::kTrain);
  const Artifact second_train = features_.features(*second_, Split::kTrain);
  const Artifact first_dev = features_.features(*first_, Split::kDev);
  const Artifact second_dev = features_.features(*second_, Split::kDev);
  return stages_.obtain(
      "model",
      {{"version", kModelVersion},
       {"first", first_->extractor.key},
       {"second", second_->extractor.key},
       {"aligner", options},
       {"label_budget", spec_.train.integer("label_budget")},
       {"precision", spec_.train.text("precision")},
       {"seed", spec_.seed},
       {"numerics", numerics()}},
      [&](H5File& file) {
        const TrainSplit train = train_split(first_train, second_train);
        const DevSplit dev(
            {load(*first_, Split::kDev, first_dev), load(*second_, Split::kDev, second_dev)});
        const auto start = std::chrono::steady_clock::now();
        aligner()
            ->fit(train, dev, static_cast<std::uint64_t>(spec_.seed), stages_.progress())
            ->save(file, "/model");
        file.set_attribute("/", "fit_s", Json(std::vector{seconds_since(start)}).dump());
      });
}

std::unique_ptr<Aligner> EmbeddingStages::aligner() const {
  return stages_.makers().aligner(spec_.aligner, spec_.aligner_options,
                                  {device_, threads_, spec_.train.text("precision") == "bf16"});
}

std::string array_of(Modality modality) { return "/" + std::string(name_of(modality)); }

void require_rows(const Artifact& artifact, std::size_t rows, std::size_t items) {
  if (rows == items) return;
  throw Error(ExitCode::kInternal, fmt::format("{}: expected a row for each of {} items, found {}",
                                               artifact.path.string(), items, rows));
}

}  // namespace alignlab
