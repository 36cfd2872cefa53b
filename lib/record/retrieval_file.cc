#include "record/retrieval_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace alignlab {
namespace {

using Json = nlohmann::json;

std::string fold_group(const std::string& direction, std::size_t fold, std::size_t folds) {
  return folds == 1 ? "/" + direction : fmt::format("/{}/fold_{}", direction, fold);
}

void write_retrieval(H5File& file, const std::string& group, const Retrieval& found) {
  file.write<std::int64_t>(group + "/offsets", found.ranks.offsets);
  file.write<std::int64_t>(group + "/above", found.ranks.above);
  file.write<std::int64_t>(group + "/ties", found.ranks.ties);
  file.write<std::int64_t>(group + "/ties_before", found.ranks.ties_before);
  file.write<std::int64_t>(group + "/candidates", std::vector{found.ranks.candidates});
  file.write<std::int32_t>(group + "/groups", found.groups);
  if (!found.ranks.grades.empty()) file.write<float>(group + "/grades", found.ranks.grades);
  if (found.decisions) {
    file.write<double>(group + "/threshold", std::vector{*found.threshold});
    file.write<std::int64_t>(group + "/decisions/predicted", found.decisions->predicted);
    file.write<std::int64_t>(group + "/decisions/correct", found.decisions->correct);
    file.write<std::int64_t>(group + "/decisions/relevant", found.decisions->relevant);
  }
  if (found.curve) {
    file.write<double>(group + "/curve/thresholds", found.curve->thresholds);
    file.write<std::int64_t>(group + "/curve/correct", found.curve->correct);
    file.write<std::int64_t>(group + "/curve/wrong", found.curve->wrong);
    file.write<std::int64_t>(group + "/curve/tied", found.curve->tied);
    file.write<std::int64_t>(group + "/curve/pairs", std::vector{found.curve->pairs});
  }
}

Retrieval read_retrieval(const H5File& file, const std::string& group) {
  Retrieval out;
  out.ranks.offsets = file.read<std::int64_t>(group + "/offsets");
  out.ranks.above = file.read<std::int64_t>(group + "/above");
  out.ranks.ties = file.read<std::int64_t>(group + "/ties");
  out.ranks.ties_before = file.read<std::int64_t>(group + "/ties_before");
  out.ranks.candidates = file.read<std::int64_t>(group + "/candidates").at(0);
  out.groups = file.read<std::int32_t>(group + "/groups");
  if (file.has(group + "/grades")) out.ranks.grades = file.read<float>(group + "/grades");
  if (file.has(group + "/decisions")) {
    out.threshold = file.read<double>(group + "/threshold").at(0);
    out.decisions = Decisions{file.read<std::int64_t>(group + "/decisions/predicted"),
                              file.read<std::int64_t>(group + "/decisions/correct"),
                              file.read<std::int64_t>(group + "/decisions/relevant")};
  }
  if (file.has(group + "/curve")) {
    out.curve = ThresholdCurve{file.read<double>(group + "/curve/thresholds"),
                               file.read<std::int64_t>(group + "/curve/correct"),
                               file.read<std::int64_t>(group + "/curve/wrong"),
                               file.read<std::int64_t>(group + "/curve/tied"),
                               file.read<std::int64_t>(group + "/curve/pairs").at(0)};
  }
  return out;
}

void write_notes(H5File& file, const std::string& direction, const SearchNotes& notes) {
  const std::string group = "/" + direction;
  for (std::size_t fold = 0; fold < notes.bias.size(); ++fold) {
    file.write<double>(fold_group(direction, fold, notes.bias.size()) + "/bias", notes.bias[fold]);
  }
  file.set_attribute(group, "correct_s", Json(notes.correct_s).dump());
  file.set_attribute(group, "costs", Json(notes.costs).dump());
  file.set_attribute(group, "zero_queries", static_cast<std::int64_t>(notes.zero_queries));
  file.set_attribute(group, "zero_candidates", static_cast<std::int64_t>(notes.zero_candidates));
}

SearchNotes read_notes(const H5File& file, const std::string& direction, std::size_t folds) {
  const std::string group = "/" + direction;
  SearchNotes out;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    const std::string bias = fold_group(direction, fold, folds) + "/bias";
    if (file.has(bias)) out.bias.push_back(file.read<double>(bias));
  }
  out.correct_s = Json::parse(file.text_attribute(group, "correct_s")).get<std::vector<double>>();
  out.costs = Json::parse(file.text_attribute(group, "costs")).get<std::map<std::string, double>>();
  out.zero_queries = static_cast<std::size_t>(file.integer_attribute(group, "zero_queries"));
  out.zero_candidates = static_cast<std::size_t>(file.integer_attribute(group, "zero_candidates"));
  return out;
}

}  // namespace

void write_found(H5File& file, const Found& found) {
  for (const auto& [direction, folds] : found.retrievals) {
    for (std::size_t fold = 0; fold < folds.size(); ++fold) {
      write_retrieval(file, fold_group(direction, fold, folds.size()), folds[fold]);
    }
    write_notes(file, direction, found.notes.at(direction));
  }
  file.set_attribute("/", "search_s", Json(found.search_s).dump());
}

Found read_found(const std::filesystem::path& path) {
  const H5File file = H5File::open(path);
  Found out;
  for (const std::string& direction : file.children("/")) {
    std::size_t folds = 1;
    if (!file.has("/" + direction + "/offsets")) {
      folds = file.children("/" + direction).size();
    }
    for (std::size_t fold = 0; fold < folds; ++fold) {
      out.retrievals[direction].push_back(read_retrieval(file, fold_group(direction, fold, folds)));
    }
    out.notes[direction] = read_notes(file, direction, folds);
  }
  out.search_s = Json::parse(file.text_attribute("/", "search_s")).get<std::vector<double>>();
  return out;
}

}  // namespace alignlab
