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
          {"intervals", record.intervals},
          {"measures", record.measures},
          {"tie_rate", record.tie_rate},
          {"counts", record.counts},
          {"timing", record.timing},
          {"search", record.search},
          {"peak_memory_bytes", record.peak_memory_bytes}};
}

void write_record(const std::filesystem::path& path, const TrialRecord& record) {
  // An error may name a file in another encoding; such a byte must not lose the record.
  write_file_atomically(path,
                        to_json(record).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

TrialRecord read_record(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  std::string where;  // the key being read, which the parser does not name for a wrong type
  try {
    const Json json = Json::parse(text);
    const auto at = [&](const char* key) -> const Json& {
      where = fmt::format("'{}': ", key);
      return json.at(key);
    };
    if (at("schema") != kRecordSchema) {
      throw DataError(fmt::format("{}: expected a record of schema {}, found {}", path.string(),
                                  kRecordSchema, json.at("schema").dump()));
    }
    TrialRecord record;
    at("id").get_to(record.id);
    at("case").get_to(record.case_name);
    at("seed").get_to(record.seed);
    at("status").get_to(record.status);
    at("error").get_to(record.error);
    record.spec = at("spec");
    at("spec_hash").get_to(record.spec_hash);
    record.dataset = at("dataset");
    for (const Json& stage : at("stages")) {
      record.stages.push_back(
          {stage.at("name"), stage.at("key"), stage.at("checksum"), stage.at("cached"), {}});
    }
    record.provenance = provenance_from_json(at("provenance"));
    at("metrics").get_to(record.metrics);
    at("intervals").get_to(record.intervals);
    at("measures").get_to(record.measures);
    at("tie_rate").get_to(record.tie_rate);
    at("counts").get_to(record.counts);
    at("timing").get_to(record.timing);
    at("search").get_to(record.search);
    at("peak_memory_bytes").get_to(record.peak_memory_bytes);
    return record;
  } catch (const Json::exception& error) {
    throw DataError(
        fmt::format("{}: not a trial record: {}{}", path.string(), where, error.what()));
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

namespace {

std::optional<double> find(const std::map<std::string, std::map<std::string, double>>& numbers,
                           const std::string& place, const std::string& name) {
  const auto group = numbers.find(place);
  if (group == numbers.end()) return std::nullopt;
  const auto number = group->second.find(name);
  if (number == group->second.end()) return std::nullopt;
  return number->second;
}

}  // namespace

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
  if (record.measures.contains(place)) return find(record.measures, place, name);
  if (place != "search") return find(record.metrics, place, name);
  const std::size_t second = name.find('.');
  if (second == std::string::npos) return std::nullopt;
  return find(record.search, name.substr(0, second), name.substr(second + 1));
}

}  // namespace alignlab
