#include "data/dataset_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/hash.h"
#include "core/lines.h"
#include "core/rng.h"
#include "data/dataset.h"

namespace alignlab {
namespace fs = std::filesystem;

struct DatasetWriter::Column {
  StringColumn ids;
  std::vector<std::int32_t> groups;
  std::vector<std::uint8_t> splits;
  std::unique_ptr<H5StringAppender> contents;  // texts or encoded bytes
  StringColumn texts;                          // held back until it is known which are kept
  StoredFiles files;
  std::vector<bool> is_there;  // of files
  bool has_folder = false;
  bool bare = false;

  /// Leaves the items for which `keeps` holds, whose contents are written already or held back.
  void keep(const std::vector<bool>& keeps) {
    const auto keep_of = [&](auto& values) {
      std::size_t at = 0;
      std::erase_if(values, [&](const auto&) { return !keeps[at++]; });
    };
    const auto keep_strings = [&](StringColumn& strings) {
      StringColumn kept;
      for (std::size_t i = 0; i < strings.size(); ++i) {
        if (keeps[i]) kept.push_back(strings[i]);
      }
      strings = std::move(kept);
    };
    keep_of(groups);
    keep_of(splits);
    keep_of(files.sizes);
    for (StringColumn* strings : {&ids, &texts, &files.paths, &files.hashes}) {
      keep_strings(*strings);
    }
  }
};

namespace {

fs::path resolved(const fs::path& path) {
  // Links on the way would make ".." mean another folder when the path is opened.
  return fs::weakly_canonical(path.empty() ? fs::path(".") : path);
}

/// "image feature 'net' (extract)" of every feature that no import has made, and judgements.
std::vector<std::string> added_since(const H5File& dataset) {
  std::vector<std::string> added;
  for (const std::string& modality : dataset.children("/features")) {
    for (const std::string& name : dataset.children("/features/" + modality)) {
      const std::string array = fmt::format("/features/{}/{}", modality, name);
      if (!dataset.has_attribute(array, "producer")) continue;
      const std::string producer = dataset.text_attribute(array, "producer");
      if (producer == "import") continue;
      added.push_back(fmt::format("{} feature '{}' ({})", modality, excerpt(name), producer));
    }
  }
  if (dataset.has("/judgements") && dataset.has_attribute("/judgements", "producer")) {
    added.emplace_back("judgements (add-judgements)");
  }
  return added;
}

bool is_dataset(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  try {
    const H5File file = H5File::open(path);
    return file.has_attribute("/", "format") &&
           file.text_attribute("/", "format") == kDatasetFormat;
  } catch (const DataError&) {
    return false;
  }
}

/// What `out` names in the end. DataError where that is a folder.
fs::path target_of(const fs::path& out) {
  fs::path target = behind_links(out);
  std::error_code error;
  if (!target.has_filename() || fs::is_directory(target, error)) {
    throw DataError(
        fmt::format("{}: expected the name of a file, found that of a folder", out.string()));
  }
  return target;
}

/// DataError where something is in place that must not be replaced.
void check_replaceable(const fs::path& out, bool replace) {
  std::error_code error;
  if (!fs::exists(out, error)) return;
  if (!is_dataset(out)) {
    throw DataError(fmt::format("{}: is there already and is no data set; choose another output",
                                out.string()));
  }
  if (replace) return;
  const std::vector<std::string> added = added_since(H5File::open(out));
  if (added.empty()) return;
  throw DataError(fmt::format(
      "{}: is there already, and {} would be lost; choose another output, or say --replace",
      out.string(), fmt::join(added, ", ")));
}

/// `out`, of which this process holds the lock, fit to be written.
fs::path made_ready(const fs::path& out, bool replace) {
  check_replaceable(out, replace);
  remove_leftovers(out);
  return out;
}

}  // namespace

bool lies_inside(std::string_view name) {
  const fs::path path(name);
  // The file system would read a name only up to a byte of zero.
  return !path.is_absolute() && std::ranges::find(path, fs::path("..")) == path.end() &&
         name.find('\0') == std::string_view::npos;
}

DatasetWriter::DatasetWriter(const fs::path& out, const DatasetInfo& info,
                             const WriterOptions& options)
    : options_(options),
      path_(target_of(out)),
      lock_(lock_path(path_)),
      target_(made_ready(path_, options.replace)) {
  folder_ = resolved(path_.parent_path());
  file_.emplace(H5File::create(target_.temporary(), path_));
  file_->set_attribute("/", "format", kDatasetFormat);
  file_->set_attribute("/", "version", kDatasetVersion);
  file_->set_attribute("/", "name", info.name);
  file_->set_attribute("/", "source", info.source);
  file_->set_attribute("/", "license", info.license);
}

DatasetWriter::~DatasetWriter() = default;

DatasetWriter::Column& DatasetWriter::column(Modality modality, bool bare) {
  std::unique_ptr<Column>& found = columns_[modality];
  assert(!found || found->bare == bare);
  if (!found) {
    found = std::make_unique<Column>();
    found->bare = bare;
    if (bare) return *found;
    const bool is_text = modality == Modality::kText;
    if (is_text ? !options_.drop_missing : options_.contents == ContentKind::kBytes) {
      found->contents =
          std::make_unique<H5StringAppender>(*file_, fmt::format("/raw/{}", name_of(modality)));
    }
  }
  return *found;
}

void DatasetWriter::add_item(Column& to, const ItemKey& key) {
  to.ids.push_back(key.id);
  to.groups.push_back(key.group);
  to.splits.push_back(static_cast<std::uint8_t>(key.split));
}

void DatasetWriter::add_text(const ItemKey& key, std::string_view text) {
  Column& to = column(Modality::kText, false);
  add_item(to, key);
  if (to.contents) {
    to.contents->push_back(text);
  } else {
    to.texts.push_back(text);
  }
}

void DatasetWriter::add_bare(Modality modality, const ItemKey& key) {
  add_item(column(modality, true), key);
}

bool DatasetWriter::add_file(Modality modality, const ItemKey& key,
                             const std::optional<fs::path>& folder, std::string_view name) {
  if (!lies_inside(name)) {
    throw DataError(fmt::format("{} '{}': expected a file name inside the folder, found '{}'",
                                name_of(modality), excerpt(key.id), excerpt(name)));
  }
  Column& to = column(modality, false);
  add_item(to, key);
  const fs::path file = folder ? *folder / name : fs::path();
  std::error_code error;
  const bool there = folder && fs::is_regular_file(file, error);
  to.has_folder = to.has_folder || folder;
  to.is_there.push_back(there);
  if (options_.contents == ContentKind::kBytes) {
    if (there || !options_.drop_missing) to.contents->push_back(there ? read_file(file) : "");
    return there;
  }
  to.files.paths.push_back(stored_path(folder, name).generic_string());
  to.files.sizes.push_back(there ? static_cast<std::int64_t>(fs::file_size(file)) : -1);
  to.files.hashes.push_back(there ? hash_of_file(file).hex() : "");
  return there;
}

fs::path DatasetWriter::stored_path(const std::optional<fs::path>& folder, std::string_view name) {
  if (!folder) return name;
  if (last_folder_ != folder) {
    last_folder_ = folder;
    last_folder_stored_ = resolved(*folder).lexically_relative(folder_);
  }
  return (last_folder_stored_ / name).lexically_normal();
}

void DatasetWriter::set_label(std::int32_t group, std::string_view label) {
  const auto [found, is_new] = label_numbers_.try_emplace(
      std::string(label), static_cast<std::int32_t>(label_names_.size()));
  if (is_new) label_names_.push_back(label);
  const auto at = static_cast<std::size_t>(group);
  if (at >= group_labels_.size()) group_labels_.resize(at + 1, -1);
  group_labels_[at] = found->second;
}

void DatasetWriter::write_judgements(Modality queries, Modality candidates,
                                     std::vector<Judgement> judgements) {
  queries_ = queries;
  candidates_ = candidates;
  judgements_ = std::move(judgements);
}

void DatasetWriter::write_judgements() {
  if (judgements_.empty()) return;
  {
    H5Appender query(*file_, "/judgements/query", H5Type::kInt64);
    H5Appender candidate(*file_, "/judgements/candidate", H5Type::kInt64);
    H5Appender grade(*file_, "/judgements/grade", H5Type::kFloat32);
    for (const Judgement& judgement : judgements_) {
      const std::int64_t query_row = judgement.query;
      const std::int64_t candidate_row = judgement.candidate;
      query.append(std::span(&query_row, 1));
      candidate.append(std::span(&candidate_row, 1));
      grade.append(std::span(&judgement.grade, 1));
    }
    query.finish();
    candidate.finish();
    grade.finish();
  }
  file_->set_attribute("/judgements", "query_modality", name_of(queries_));
  file_->set_attribute("/judgements", "candidate_modality", name_of(candidates_));
}

std::size_t DatasetWriter::count(Modality modality) const {
  const auto found = columns_.find(modality);
  return found == columns_.end() ? 0 : found->second->ids.size();
}

void DatasetWriter::write_items(Modality modality, const Column& from) {
  const std::string items = fmt::format("/items/{}", name_of(modality));
  const std::string raw = fmt::format("/raw/{}", name_of(modality));
  file_->write_strings(items + "/id", from.ids);
  file_->write<std::int32_t>(items + "/group", from.groups);
  file_->write<std::uint8_t>(items + "/split", from.splits);
  if (label_names_.size() > 0) {
    std::vector<std::int32_t> labels;
    labels.reserve(from.groups.size());
    for (const std::int32_t group : from.groups) {
      const auto at = static_cast<std::size_t>(group);
      labels.push_back(at < group_labels_.size() ? group_labels_[at] : -1);
    }
    file_->write<std::int32_t>(items + "/label", labels);
  }
  if (from.bare) return;
  if (from.contents) {
    from.contents->finish();
  } else if (modality == Modality::kText) {
    file_->write_strings(raw, from.texts);
  } else {
    file_->write_strings(raw + "/path", from.files.paths);
    file_->mark_as_location(raw + "/path/data");
    file_->mark_as_location(raw + "/path/offsets");
    file_->write<std::int64_t>(raw + "/size", from.files.sizes);
    file_->write_strings(raw + "/hash", from.files.hashes);
  }
  if (modality != Modality::kText && !from.has_folder) {
    file_->set_attribute(raw, kKnownByName, std::int64_t{1});
  }
}

void DatasetWriter::write_features(const FeatureMatrix& matrix, Progress& progress) {
  const auto found = columns_.find(matrix.modality);
  assert(found != columns_.end());
  append_features(*file_, found->second->ids, matrix, progress);
}

void DatasetWriter::draw_splits() {
  std::set<std::int32_t> known;
  for (const auto& [modality, from] : columns_)
    known.insert(from->groups.begin(), from->groups.end());
  std::vector<std::int32_t> groups(known.begin(), known.end());
  Rng random(options_.split->seed, "splits of groups");
  random.shuffle(std::span<std::int32_t>(groups));
  std::unordered_map<std::int32_t, Split> split_of;
  const auto count = static_cast<double>(groups.size());
  double share = 0.0;
  std::size_t done = 0;
  for (const auto& [split, part] : {std::pair(Split::kTrain, options_.split->train),
                                    std::pair(Split::kDev, options_.split->dev),
                                    std::pair(Split::kTest, options_.split->test)}) {
    share += part;
    const auto end = std::min(groups.size(), static_cast<std::size_t>(std::llround(share * count)));
    for (; done < end; ++done) split_of[groups[done]] = split;
  }
  for (const auto& [modality, from] : columns_) {
    for (std::size_t i = 0; i < from->groups.size(); ++i) {
      const auto found = split_of.find(from->groups[i]);
      from->splits[i] =
          static_cast<std::uint8_t>(found == split_of.end() ? Split::kNone : found->second);
    }
  }
}

bool DatasetWriter::draws_over_splits() const {
  return options_.split && std::ranges::any_of(columns_, [](const auto& column) {
           return std::ranges::any_of(column.second->splits,
                                      [](std::uint8_t split) { return split != 0; });
         });
}

void DatasetWriter::drop_missing() {
  std::unordered_map<std::int32_t, bool> has_file;  // of groups with items that are files
  std::size_t files = 0;
  for (const auto& [modality, from] : columns_) {
    for (std::size_t i = 0; i < from->is_there.size(); ++i) {
      bool& known = has_file.try_emplace(from->groups[i], false).first->second;
      known = known || from->is_there[i];
      files += from->is_there[i];
    }
  }
  if (files == 0 && !has_file.empty()) {
    throw DataError(fmt::format(
        "{}: not one file of the sources is there, so nothing would be left (--missing drop)",
        path_.string()));
  }
  std::map<Modality, std::vector<std::int32_t>> row_of;
  for (const auto& [modality, from] : columns_) {
    std::vector<bool> keeps(from->groups.size(), true);
    std::vector<std::int32_t>& rows = row_of[modality];
    std::int32_t row = 0;
    for (std::size_t i = 0; i < keeps.size(); ++i) {
      const auto group = has_file.find(from->groups[i]);
      keeps[i] =
          from->is_there.empty() ? group == has_file.end() || group->second : from->is_there[i];
      rows.push_back(keeps[i] ? row++ : -1);
    }
    const auto lost = static_cast<std::size_t>(std::ranges::count(keeps, false));
    if (lost == 0) continue;
    dropped_[modality] = lost;
    from->keep(keeps);
  }
  for (Judgement& judgement : judgements_) {
    judgement.query = row_of[queries_][static_cast<std::size_t>(judgement.query)];
    judgement.candidate = row_of[candidates_][static_cast<std::size_t>(judgement.candidate)];
  }
  std::erase_if(judgements_, [](const Judgement& judgement) {
    return judgement.query < 0 || judgement.candidate < 0;
  });
  drop_labels();
}

/// Names of labels that no item has any more.
void DatasetWriter::drop_labels() {
  std::vector<std::int32_t> number_of(label_names_.size(), -1);
  std::set<std::int32_t> groups;
  for (const auto& [modality, from] : columns_) {
    groups.insert(from->groups.begin(), from->groups.end());
  }
  StringColumn names;
  for (std::size_t group = 0; group < group_labels_.size(); ++group) {
    std::int32_t& label = group_labels_[group];
    if (label < 0 || !groups.contains(static_cast<std::int32_t>(group))) continue;
    std::int32_t& number = number_of[static_cast<std::size_t>(label)];
    if (number < 0) {
      number = static_cast<std::int32_t>(names.size());
      names.push_back(label_names_[static_cast<std::size_t>(label)]);
    }
    label = number;
  }
  label_names_ = std::move(names);
}

std::string DatasetWriter::commit() {
  if (options_.drop_missing) drop_missing();
  if (options_.split) draw_splits();
  write_judgements();
  for (const auto& [modality, from] : columns_) write_items(modality, *from);
  if (label_names_.size() > 0) file_->write_strings("/labels", label_names_);
  const std::string hash = file_->content_hash().hex();
  file_->set_attribute("/", "content_hash", hash);
  for (const auto& [modality, from] : columns_) from->contents.reset();
  file_->close();
  target_.commit();
  lock_.reset();
  return hash;
}

}  // namespace alignlab
