#include "record/trial_record.h"

#include <fmt/format.h>

#include <numeric>

#include "core/error.h"
#include "core/files.h"

namespace alignlab {
namespace {

using Json = nlohmann::json;

Json stages_to_json(const std::vector<Artifact>& stages) {
  Json out = Json::array();
  for (const Artifact& stage : stages) {
    out.push_back({{"name", stage.stage},
                   {"key", stage.key},
                   {"checksum", stage.checksum},
                   {"cached", stage.cached}});
  }
  return out;
}

}  // namespace

Json to_json(const TrialRecord& record) {
  return {{"schema", kRecordSchema},
          {"id", record.id},
          {"case", record.case_name},
          {"seed", record.seed},
          {"status", record.status},
          {"error", record.error},
          {"spec", record.spec},
          {"spec_hash", record.spec_hash},
          {"dataset", record.dataset},
          {"stages", stages_to_json(record.stages)},
          {"provenance", to_json(record.provenance)},
          {"metrics", record.metrics},
          {"tie_rate", record.tie_rate},
          {"counts", record.counts},
          {"timing", record.timing},
          {"peak_memory_bytes", record.peak_memory_bytes}};
}

void write_record(const std::filesystem::path& path, const TrialRecord& record) {
  write_file_atomically(path, to_json(record).dump(1) + "\n");
}

TrialRecord read_record(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  try {
    const Json json = Json::parse(text);
    if (json.at("schema") != kRecordSchema) {
      throw DataError(fmt::format("{}: expected a record of schema {}, found {}", path.string(),
                                  kRecordSchema, json.at("schema").dump()));
    }
    TrialRecord record;
    json.at("id").get_to(record.id);
    json.at("case").get_to(record.case_name);
    json.at("seed").get_to(record.seed);
    json.at("status").get_to(record.status);
    json.at("error").get_to(record.error);
    record.spec = json.at("spec");
    json.at("spec_hash").get_to(record.spec_hash);
    record.dataset = json.at("dataset");
    for (const Json& stage : json.at("stages")) {
      record.stages.push_back({stage.at("name"), stage.at("key"), stage.at("checksum"),
                               stage.at("cached"), {}});
    }
    record.provenance = provenance_from_json(json.at("provenance"));
    json.at("metrics").get_to(record.metrics);
    json.at("tie_rate").get_to(record.tie_rate);
    json.at("counts").get_to(record.counts);
    json.at("timing").get_to(record.timing);
    json.at("peak_memory_bytes").get_to(record.peak_memory_bytes);
    return record;
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{}: not a trial record: {}", path.string(), error.what()));
  }
}

std::optional<TrialRecord> find_record(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  try {
    return read_record(path);
  } catch (const DataError&) {
    return std::nullopt;
  }
}

std::optional<double> value_of(const TrialRecord& record, const std::string& column) {
  const std::size_t dot = column.find('.');
  const std::string place = dot == std::string::npos ? "both" : column.substr(0, dot);
  const std::string name = dot == std::string::npos ? column : column.substr(dot + 1);
  if (place == "timing") {
    const auto samples = record.timing.find(name);
    if (samples == record.timing.end() || samples->second.empty()) return std::nullopt;
    return std::accumulate(samples->second.begin(), samples->second.end(), 0.0) /
           static_cast<double>(samples->second.size());
  }
  const auto direction = record.metrics.find(place);
  if (direction == record.metrics.end()) return std::nullopt;
  const auto metric = direction->second.find(name);
  if (metric == direction->second.end()) return std::nullopt;
  return metric->second;
}

}  // namespace alignlab
