#pragma once

// What a run folder is a run of: <out>/run.json, written before the first trial starts. The table
// is made from it and the records beside it, whatever else lies there.
//
//   <out>/run.json, config.toml (as given), trials/<id>.json, ranks/<id>.h5 (per-query ranks),
//   logs/<id>.log

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace alignlab {

inline constexpr int kManifestSchema = 1;

struct PlannedTrial {
  std::string id;
  std::string row;
  std::int64_t seed = 0;
  std::string protocol;
  std::string split;
  // What else it is evaluated on; empty in a run.json from before this was written there.
  std::vector<std::string> modalities = {};  // the first before the second
  std::string dataset = {};                  // the file
  std::string data = {};                     // hash of what the file holds of the modalities
};

/// A figure of somebody else's, to be shown beside those of the run.
struct PublishedRow {
  std::string name;
  std::string source;                    // where it was read
  std::string split;                     // that it is of
  std::map<std::string, double> values;  // by column
};

struct Manifest {
  std::string name;
  std::vector<std::string> columns;
  std::vector<PlannedTrial> trials;  // in table order
  std::vector<PublishedRow> published = {};
};

void write_manifest(const std::filesystem::path& run, const Manifest& manifest);
/// DataError if `run` is not a run folder.
Manifest read_manifest(const std::filesystem::path& run);
std::filesystem::path record_path(const std::filesystem::path& run, const std::string& trial_id);
/// Held by whoever runs the trial or writes its record.
std::filesystem::path trial_lock_path(const std::filesystem::path& run,
                                      const std::string& trial_id);
std::filesystem::path ranks_path(const std::filesystem::path& run, const std::string& trial_id);

}  // namespace alignlab
