#include "data/trec_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <unordered_set>

#include "core/lines.h"

namespace alignlab {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  constexpr std::string_view kBlank = " \t";
  for (std::size_t at = line.find_first_not_of(kBlank); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBlank, at), line.size());
    out.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlank, end);
  }
  return out;
}

/// Documents of each query, to tell which come twice.
class Seen {
 public:
  void add(const LineReader& lines, std::string_view query, std::string_view document) {
    if (documents_[std::string(query)].emplace(document).second) return;
    lines.fail(fmt::format("expected each document once for a query, found '{}' again for '{}'",
                           excerpt(document), excerpt(query)));
  }

 private:
  std::unordered_map<std::string, std::unordered_set<std::string>> documents_;
};

template <typename Number>
bool is_whole_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

RunFile read_run(const std::filesystem::path& path) {
  RunFile out;
  Seen seen;
  LineReader lines(path);
  while (lines.next()) {
    const auto words = words_of(lines.text());
    if (words.empty()) continue;
    double score = 0.0;
    if (words.size() != 6 || !is_whole_number(words[4], score) || !std::isfinite(score)) {
      lines.fail_expected("query Q0 document rank score tag, the score finite");
    }
    seen.add(lines, words[0], words[2]);
    out.lists[std::string(words[0])].push_back({std::string(words[2]), score});
  }
  if (out.lists.empty()) lines.fail("expected lines of a run, found none");
  return out;
}

QrelsFile read_qrels(const std::filesystem::path& path) {
  QrelsFile out;
  Seen seen;
  LineReader lines(path);
  while (lines.next()) {
    const auto words = words_of(lines.text());
    if (words.empty()) continue;
    std::int64_t grade = 0;
    if (words.size() != 4 || !is_whole_number(words[3], grade)) {
      lines.fail_expected("query 0 document grade, the grade a whole number");
    }
    if (grade > 1000) lines.fail_expected("a grade of at most 1000");
    seen.add(lines, words[0], words[2]);
    const std::string query(words[0]);
    if (!out.judgements.contains(query)) out.queries.push_back(query);
    out.judgements[query].push_back({std::string(words[2]), grade});
  }
  if (out.queries.empty()) lines.fail("expected lines of judgements, found none");
  return out;
}

ListedRanks listed_ranks(const RunFile& run, const QrelsFile& qrels) {
  ListedRanks out;
  for (const auto& [query, list] : run.lists) out.unjudged += !qrels.judgements.contains(query);
  for (const std::string& query : qrels.queries) {
    const auto found = run.lists.find(query);
    static const std::vector<RunFile::Entry> kNone;
    const auto& list = found == run.lists.end() ? kNone : found->second;
    out.without_list += found == run.lists.end();
    std::unordered_map<std::string_view, std::size_t> place_of;
    std::vector<double> descending;
    for (std::size_t i = 0; i < list.size(); ++i) {
      place_of[list[i].document] = i;
      descending.push_back(list[i].score);
    }
    std::ranges::sort(descending, std::greater<>());
    const std::int64_t before = std::ssize(out.ranks.above);
    for (const QrelsFile::Entry& judged : qrels.judgements.at(query)) {
      if (judged.grade < 1) continue;
      out.ranks.grades.push_back(static_cast<float>(judged.grade));
      const auto place = place_of.find(judged.document);
      if (place == place_of.end()) {
        out.ranks.above.push_back(Ranks::kUnlisted);
        out.ranks.ties.push_back(0);
        out.ranks.ties_before.push_back(0);
        continue;
      }
      const double score = list[place->second].score;
      const auto [first, last] = std::ranges::equal_range(descending, score, std::greater<>());
      out.ranks.above.push_back(first - descending.begin());
      out.ranks.ties.push_back(last - first - 1);
      out.ranks.ties_before.push_back(
          std::count_if(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(place->second),
                        [&](const RunFile::Entry& entry) { return entry.score == score; }));
    }
    out.without_relevant += std::ssize(out.ranks.above) == before;
    out.ranks.offsets.push_back(std::ssize(out.ranks.above));
    out.queries.push_back(query);
  }
  out.ranks.candidates = Ranks::kUnlisted;
  if (std::ranges::all_of(out.ranks.grades, [](float grade) { return grade == 1.0F; })) {
    out.ranks.grades.clear();
  }
  return out;
}

}  // namespace alignlab
