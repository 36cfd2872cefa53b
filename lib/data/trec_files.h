#pragma once

// Rankings and judgements as trec_eval reads them (its manual): a run has lines
// "query Q0 document rank score tag", qrels "query 0 document grade". The order of a run is that of
// its scores; what stands under rank is not read. Words are separated by spaces or tabs.
//
// DataError "file:line: expected ..., found ..." for lines that are not so, for a document that
// comes twice for a query, and for scores that are not finite.

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ranks.h"

namespace alignlab {

struct RunFile {
  struct Entry {
    std::string document;
    double score;
  };
  std::unordered_map<std::string, std::vector<Entry>> lists;  // by query, in file order
};

struct QrelsFile {
  struct Entry {
    std::string document;
    std::int64_t grade;
  };
  std::vector<std::string> queries;  // in the order in which they first come
  std::unordered_map<std::string, std::vector<Entry>> judgements;
};

RunFile read_run(const std::filesystem::path& path);
QrelsFile read_qrels(const std::filesystem::path& path);

/// What a run's lists tell of the queries that are judged, in the order of the qrels. A relevant
/// document (of grade 1 or more) that a list does not hold is behind all that could be: it has
/// Ranks::kUnlisted above it.
struct ListedRanks {
  Ranks ranks;
  std::vector<std::string> queries;
  std::size_t without_list = 0;  // judged queries that the run does not have
  std::size_t unjudged = 0;      // queries of the run that the qrels do not have
  std::size_t without_relevant = 0;
};
ListedRanks listed_ranks(const RunFile& run, const QrelsFile& qrels);

}  // namespace alignlab
