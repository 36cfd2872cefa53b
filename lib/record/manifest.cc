#include "record/manifest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"

namespace alignlab {

using Json = nlohmann::json;

void write_manifest(const std::filesystem::path& run, const Manifest& manifest) {
  Json trials = Json::array();
  for (const PlannedTrial& trial : manifest.trials) {
    trials.push_back({{"id", trial.id},
                      {"row", trial.row},
                      {"seed", trial.seed},
                      {"protocol", trial.protocol},
                      {"split", trial.split},
                      {"modalities", trial.modalities},
                      {"dataset", trial.dataset},
                      {"data", trial.data}});
  }
  Json published = Json::array();
  for (const PublishedRow& row : manifest.published) {
    published.push_back(
        {{"name", row.name}, {"source", row.source}, {"split", row.split}, {"values", row.values}});
  }
  Json json{{"schema", kManifestSchema},
            {"name", manifest.name},
            {"columns", manifest.columns},
            {"trials", trials}};
  if (!published.empty()) json["published"] = published;
  write_file_atomically(run / "run.json", json.dump(1) + "\n");
}

Manifest read_manifest(const std::filesystem::path& run) {
  const std::filesystem::path path = run / "run.json";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    throw DataError(fmt::format("{}: not a run (it has no run.json)", run.string()));
  }
  const std::string text = read_file(path);
  try {
    const Json json = Json::parse(text);
    if (json.at("schema") != kManifestSchema) {
      throw DataError(fmt::format("{}: expected a run of schema {}, found {}", path.string(),
                                  kManifestSchema, json.at("schema").dump()));
    }
    Manifest manifest{json.at("name"), json.at("columns"), {}};
    for (const Json& trial : json.at("trials")) {
      manifest.trials.push_back({trial.at("id"), trial.at("row"), trial.at("seed"),
                                 trial.at("protocol"), trial.at("split"),
                                 trial.value("modalities", std::vector<std::string>{}),
                                 trial.value("dataset", ""), trial.value("data", "")});
    }
    for (const Json& row : json.value("published", Json::array())) {
      manifest.published.push_back(
          {row.at("name"), row.at("source"), row.at("split"), row.at("values")});
    }
    return manifest;
  } catch (const Json::exception& problem) {
    throw DataError(fmt::format("{}: not a run manifest: {}", path.string(), problem.what()));
  }
}

std::filesystem::path record_path(const std::filesystem::path& run, const std::string& trial_id) {
  return run / "trials" / (trial_id + ".json");
}

std::filesystem::path trial_lock_path(const std::filesystem::path& run,
                                      const std::string& trial_id) {
  return run / "trials" / ("." + trial_id + ".lock");
}

std::filesystem::path ranks_path(const std::filesystem::path& run, const std::string& trial_id) {
  return run / "ranks" / (trial_id + ".h5");
}

}  // namespace alignlab
