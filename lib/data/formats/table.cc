// Tables of any columns, separated by commas or tabs: options say which columns are what.
//
// A row has files (an image, a sound), texts, or both. Rows that name the same group are together,
// and where no column holds groups, rows that name the same file: one item with more texts. Files
// are known by what the column says; texts by their id, or as "group#0", "group#1" ... Empty cells
// are things that the row does not have. Files lie in the folder that is given, or in subfolders of
// it that are called like their splits.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/lines.h"
#include "core/suggest.h"
#include "data/csv.h"
#include "data/dataset_writer.h"
#include "data/formats/formats.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

CsvDialect dialect_of(const std::string& format, const Section& options) {
  const std::string& word = options.text("delimiter");
  const char delimiter = word == "tab" ? '\t' : word.empty() ? '\0' : word[0];
  const bool is_character = word == "tab" || word.size() == 1;
  const bool is_possible = delimiter == '\t' || (delimiter >= ' ' && delimiter <= '~');
  if (!is_character || !is_possible || delimiter == '"') {
    throw UsageError(fmt::format("{}: delimiter: expected one ASCII character or 'tab', found '{}'",
                                 format, excerpt(word)));
  }
  return {delimiter, options.flag("quoting")};
}

/// A column for files, and what becomes of their names.
struct FileColumn {
  Modality modality;
  std::string column;  // name of the option
  std::string suffix;
};

const std::array<FileColumn, 2>& file_columns() {
  static const std::array<FileColumn, 2> all{{{Modality::kImage, "image_column", "image_suffix"},
                                              {Modality::kAudio, "audio_column", "audio_suffix"}}};
  return all;
}

/// A folder of files, and its subfolders that are called like splits.
class FileFolder {
 public:
  explicit FileFolder(const std::optional<fs::path>& folder) : folder_(folder) {
    if (!folder) return;
    for (const fs::directory_entry& entry : fs::directory_iterator(*folder)) {
      const std::string name = entry.path().filename().string();
      const auto split = split_named(name);
      if (split && entry.is_directory()) subfolders_[*split].push_back(name);
    }
    for (auto& [split, names] : subfolders_) std::ranges::sort(names);
  }

  const std::optional<fs::path>& path() const { return folder_; }

  /// Where in the folder a file of a split is; the name as it stands if it is nowhere.
  std::string find(const std::string& name, Split split) const {
    const auto subfolders = subfolders_.find(split);
    if (subfolders == subfolders_.end()) return name;
    std::error_code error;
    for (const std::string& subfolder : subfolders->second) {
      const std::string inside = subfolder + "/" + name;
      if (fs::is_regular_file(*folder_ / inside, error)) return inside;
    }
    return name;
  }

 private:
  std::optional<fs::path> folder_;
  std::map<Split, std::vector<std::string>> subfolders_;
};

/// Where in a record the wanted columns are.
struct Columns {
  std::optional<std::size_t> id;
  std::vector<std::size_t> texts;
  std::array<std::optional<std::size_t>, 2> files;  // by file_columns()
  std::optional<std::size_t> split;
  std::optional<std::size_t> group;
  std::optional<std::size_t> label;
};

/// Finds columns by the first record of a file, whether that is a header or not.
class ColumnFinder {
 public:
  ColumnFinder(const std::string& format, const fs::path& file, const CsvReader& first,
               bool has_header)
      : format_(format), file_(file), first_(first), has_header_(has_header) {}

  Columns find(const Section& options) const {
    Columns columns;
    columns.id = find(options, "id_column");
    for (const std::string& name : options.texts("text_columns")) {
      const std::size_t column = find("text_columns", name);
      if (std::ranges::find(columns.texts, column) != columns.texts.end()) {
        throw UsageError(
            fmt::format("{}: text_columns: '{}' is there twice", format_, excerpt(name)));
      }
      columns.texts.push_back(column);
    }
    for (std::size_t i = 0; i < columns.files.size(); ++i) {
      columns.files[i] = find(options, file_columns()[i].column);
    }
    columns.split = find(options, "split_column");
    columns.group = find(options, "group_column");
    columns.label = find(options, "label_column");
    return columns;
  }

 private:
  std::optional<std::size_t> find(const Section& options, const std::string& option) const {
    const std::string& name = options.text(option);
    if (name.empty()) return std::nullopt;
    return find(option, name);
  }

  std::size_t find(const std::string& option, const std::string& name) const {
    const std::vector<std::string>& fields = first_.fields();
    if (!has_header_) return find_number(option, name);
    const auto found = std::ranges::find(fields, name);
    if (found == fields.end()) {
      throw UsageError(fmt::format("{}: {}: {} has no column '{}'{}", format_, option,
                                   file_.string(), name, suggestion(name, shown())));
    }
    if (std::ranges::count(fields, name) > 1) {
      first_.fail(fmt::format("expected one column '{}', found several", excerpt(name)));
    }
    return static_cast<std::size_t>(found - fields.begin());
  }

  std::size_t find_number(const std::string& option, const std::string& text) const {
    std::size_t number = 0;
    const char* end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || parsed != end || number < 1 || number > first_.fields().size()) {
      throw UsageError(
          fmt::format("{}: {}: expected the number of a column of {}, 1 to {}, found "
                      "'{}'",
                      format_, option, file_.string(), first_.fields().size(), excerpt(text)));
    }
    return number - 1;
  }

  /// The names of the columns, fit for a message.
  std::vector<std::string> shown() const {
    constexpr std::size_t kMost = 50;
    std::vector<std::string> names;
    for (const std::string& field : first_.fields()) {
      if (names.size() < kMost) names.push_back(excerpt(field));
    }
    return names;
  }

  const std::string& format_;
  const fs::path& file_;
  const CsvReader& first_;
  bool has_header_;
};

class Importer {
 public:
  Importer(const std::string& format, const ImportRequest& request, Progress& progress)
      : format_(format),
        request_(request),
        options_(request.options),
        progress_(progress),
        dialect_(dialect_of(format, request.options)),
        has_header_(options_.flag("header")),
        across_splits_(options_.text("across_splits")),
        images_(request.images),
        audio_(request.audio),
        writer_(request.out,
                {request.out.stem().string(), format + ": " + sources_text(request), ""},
                writer_options(request)) {
    check_options();
  }

  ImportSummary run() {
    for (source_ = 0; source_ < request_.sources.size(); ++source_) import_source();
    if (rows_ == 0) {
      throw DataError(
          fmt::format("{}: expected rows, found none", request_.sources[0].path.string()));
    }
    warn();
    return finish(writer_, progress_);
  }

 private:
  struct Place {
    std::uint32_t source = 0;
    std::uint64_t line = 0;
  };
  struct Group {
    std::string_view key;  // of the map: what its texts are called after
    std::int32_t number = 0;
    Split split = Split::kNone;
    Place place;
    std::uint32_t texts = 0;
    std::int32_t label = -1;  // of labels_
    bool straddles = false;
  };
  using Groups = std::unordered_map<std::string, Group>;
  struct File {
    std::int32_t group = 0;
    Place place;
  };

  static std::string sources_text(const ImportRequest& request) {
    std::vector<fs::path> files;
    for (const ImportSource& source : request.sources) files.push_back(source.path);
    return file_names(files);
  }

  void check_options() const {
    bool is_something = !options_.texts("text_columns").empty();
    for (const FileColumn& file : file_columns()) {
      is_something = is_something || !options_.text(file.column).empty();
    }
    if (!is_something) {
      throw UsageError(fmt::format(
          "{}: expected text_columns, image_column or audio_column, found none of them", format_));
    }
    if (request_.images && options_.text("image_column").empty()) {
      throw UsageError(fmt::format("{}: --images is of no use without image_column", format_));
    }
    if (request_.audio && options_.text("audio_column").empty()) {
      throw UsageError(fmt::format("{}: --audio is of no use without audio_column", format_));
    }
    for (const FileColumn& file : file_columns()) {
      const bool is_image = file.modality == Modality::kImage;
      const bool is_told = (is_image ? request_.images : request_.audio).has_value();
      if ((request_.embed || request_.drop_missing) && !options_.text(file.column).empty() &&
          !is_told) {
        throw UsageError(fmt::format("{}: {} with {} needs the folder of its files (--{})", format_,
                                     request_.embed ? "--embed" : "--missing drop", file.column,
                                     is_image ? "images" : "audio"));
      }
    }
    for (const ImportSource& source : request_.sources) {
      if (source.split && !options_.text("split_column").empty()) {
        throw UsageError(fmt::format("{}: {} is given a split, and split_column too", format_,
                                     source.path.string()));
      }
    }
  }

  void import_source() {
    const ImportSource& source = request_.sources[source_];
    CsvReader table(source.path, dialect_);
    ReadingProgress reading(progress_, source.path, table.size());
    if (!table.next()) {
      throw DataError(fmt::format("{}: expected {}, found an empty file", source.path.string(),
                                  has_header_ ? "a header" : "rows"));
    }
    const Columns columns = ColumnFinder(format_, source.path, table, has_header_).find(options_);
    if (!has_header_) add_row(table, columns);
    while (table.next()) {
      add_row(table, columns);
      if (reading.due()) reading.at(table.position());
    }
    reading.finish();
  }

  std::string text_of(const Place& place) const {
    const fs::path& file = request_.sources[place.source].path;
    return place.source == source_ ? fmt::format("line {}", place.line)
                                   : fmt::format("line {} of {}", place.line, file.string());
  }

  static const std::string* cell(const CsvReader& row, std::optional<std::size_t> column) {
    if (!column || row.fields()[*column].empty()) return nullptr;
    return &row.fields()[*column];
  }

  Split split_of(const CsvReader& row, const Columns& columns) const {
    if (!columns.split) return request_.sources[source_].split.value_or(Split::kNone);
    const std::string* word = cell(row, columns.split);
    if (word == nullptr) return Split::kNone;
    const auto split = split_named(*word);
    if (!split) {
      const std::vector<std::string> known{"train", "dev", "val", "test", "none"};
      row.fail(fmt::format("'{}' is no split{}", excerpt(*word), suggestion(*word, known)));
    }
    return *split;
  }

  /// What rows have in common that belong together.
  std::string key_of(const CsvReader& row, const Columns& columns) const {
    if (columns.group) {
      if (const std::string* group = cell(row, columns.group)) return *group;
      row.fail("expected a group, found an empty field");
    }
    bool has_files = false;
    for (const std::optional<std::size_t>& file : columns.files) {
      if (const std::string* name = cell(row, file)) return *name;
      has_files = has_files || file;
    }
    if (has_files) row.fail("expected a file name, found an empty field");
    if (const std::string* id = cell(row, columns.id)) return *id;
    return fmt::format("{}:{}", request_.sources[source_].path.filename().string(), row.line());
  }

  std::pair<Groups::iterator, bool> try_group(const std::string& key, Split split,
                                              const CsvReader& row) {
    const auto next = static_cast<std::int32_t>(groups_.size());
    const auto known = groups_.try_emplace(key, Group{{}, next, split, {source_, row.line()}});
    if (known.second) known.first->second.key = known.first->first;
    return known;
  }

  Group& group_of(const CsvReader& row, const std::string& key, Split split) {
    const auto [known, is_new] = try_group(key, split, row);
    Group& group = known->second;
    if (is_new || group.split == split || request_.split) return group;
    if (across_splits_ == "apart") return group_apart(row, key, split);
    if (across_splits_ == "error") {
      row.fail(fmt::format("'{}' is of {}, and of {} on {}", excerpt(key), name_of(split),
                           name_of(group.split), text_of(group.place)));
    }
    if (!std::exchange(group.straddles, true)) straddling_.add(key);
    return group;
  }

  Group& group_apart(const CsvReader& row, const std::string& key, Split split) {
    const std::string apart = fmt::format("{}/{}", name_of(split), key);
    const auto [known, is_new] = try_group(apart, split, row);
    if (is_new) straddling_.add(key);
    if (known->second.split != split) {
      row.fail(fmt::format("'{}' is the name of another group, on {}", excerpt(apart),
                           text_of(known->second.place)));
    }
    return known->second;
  }

  void add_row(const CsvReader& row, const Columns& columns) {
    ++rows_;
    const Split split = split_of(row, columns);
    const std::string key = key_of(row, columns);
    Group& group = group_of(row, key, split);
    if (group.split == Split::kNone) ++rows_without_split_;
    const std::string prefix = group.key == key ? "" : fmt::format("{}/", name_of(split));
    for (std::size_t i = 0; i < columns.files.size(); ++i) {
      if (const std::string* name = cell(row, columns.files[i])) {
        add_file(row, file_columns()[i], prefix + *name, *name, group);
      }
    }
    if (const std::string* label = cell(row, columns.label)) add_label(row, *label, group);
    add_texts(row, columns, group);
  }

  void add_file(const CsvReader& row, const FileColumn& column, const std::string& id,
                const std::string& name, const Group& group) {
    auto& files = files_[static_cast<std::size_t>(column.modality)];
    const Place place{source_, row.line()};
    const auto [known, is_new] = files.try_emplace(id, File{group.number, place});
    if (!is_new) {
      if (known->second.group == group.number) return;
      row.fail(fmt::format("{} '{}' is of another group on {}", name_of(column.modality),
                           excerpt(id), text_of(known->second.place)));
    }
    const std::string file = name + options_.text(column.suffix);
    if (!lies_inside(file)) {
      row.fail(fmt::format("expected a file name inside the folder, found '{}'", excerpt(file)));
    }
    const FileFolder& folder = column.modality == Modality::kImage ? images_ : audio_;
    missing_[static_cast<std::size_t>(column.modality)].add(
        file, writer_.add_file(column.modality, {id, group.number, group.split}, folder.path(),
                               folder.find(file, group.split)));
  }

  void add_label(const CsvReader& row, const std::string& label, Group& group) {
    const auto next = static_cast<std::int32_t>(labels_.size());
    const std::int32_t number = labels_.try_emplace(label, next).first->second;
    if (group.label >= 0 && group.label != number) {
      row.fail(fmt::format("expected one label of '{}', found '{}' after another one",
                           excerpt(group.key), excerpt(label)));
    }
    group.label = number;
    writer_.set_label(group.number, label);
  }

  void add_texts(const CsvReader& row, const Columns& columns, Group& group) {
    const std::string* id = cell(row, columns.id);
    if (columns.id && id == nullptr) row.fail("expected an id, found an empty field");
    if (id != nullptr) check_id(row, *id);
    std::size_t here = 0;
    for (const std::size_t column : columns.texts) {
      const std::string& text = row.fields()[column];
      if (text.empty()) {
        empty_texts_.add(fmt::format("line {}", row.line()));
        continue;
      }
      std::string name = fmt::format("{}#{}", group.key, group.texts++);
      if (id != nullptr) name = columns.texts.size() == 1 ? *id : fmt::format("{}#{}", *id, here++);
      writer_.add_text({name, group.number, group.split}, text);
    }
  }

  void check_id(const CsvReader& row, const std::string& id) {
    const auto [known, is_new] = ids_.try_emplace(id, Place{source_, row.line()});
    if (!is_new) {
      row.fail(fmt::format("id '{}' is already on {}", excerpt(id), text_of(known->second)));
    }
  }

  void warn() {
    for (const FileColumn& column : file_columns()) {
      const FileFolder& folder = column.modality == Modality::kImage ? images_ : audio_;
      missing_[static_cast<std::size_t>(column.modality)].warn(progress_, column.modality,
                                                               folder.path());
    }
    empty_texts_.warn(progress_, "empty texts, left out");
    straddling_.warn(progress_, across_splits_ == "apart"
                                    ? "names of two splits, taken for different items"
                                    : "items of two splits, kept in the first");
    if (rows_without_split_ > 0 && !request_.split) {
      progress_.warn("rows of no split: " + with_commas(rows_without_split_));
    }
  }

  const std::string& format_;
  const ImportRequest& request_;
  const Section& options_;
  Progress& progress_;
  CsvDialect dialect_;
  bool has_header_;
  std::string across_splits_;
  FileFolder images_;
  FileFolder audio_;
  DatasetWriter writer_;
  Groups groups_;
  std::array<std::unordered_map<std::string, File>, kModalities.size()> files_;
  std::unordered_map<std::string, Place> ids_;
  std::unordered_map<std::string, std::int32_t> labels_;
  std::array<MissingFiles, kModalities.size()> missing_;
  Tally empty_texts_;
  Tally straddling_;
  std::size_t rows_ = 0;
  std::size_t rows_without_split_ = 0;
  std::uint32_t source_ = 0;
};

ImportSummary import_table(const std::string& format, const ImportRequest& request,
                           Progress& progress) {
  check_takes(format, request, {.images = true, .audio = true});
  return Importer(format, request, progress).run();
}

}  // namespace

Options table_options(const std::string& delimiter) {
  const std::string none;
  return {
      {"text_columns", "columns of texts, each a text of the row", std::vector<std::string>{}},
      {"image_column", "names of image files", none},
      {"audio_column", "names of sound files", none},
      {"image_suffix", "what the names lack, such as .jpg", none},
      {"audio_suffix", "what the names lack, such as .wav", none},
      {"id_column", "ids of the texts; without it, texts are numbered", none},
      {"group_column", "rows of equal value belong together; without it, those of a file", none},
      {"split_column", "train, dev (or val), test, or none", none},
      {"label_column", "class labels", none},
      {.name = "across_splits",
       .summary = "what has rows of two splits stays in the first, is two items, or is refused",
       .fallback = std::string("first"),
       .choices = {"first", "apart", "error"}},
      {"delimiter", "one character, or tab", delimiter},
      {"quoting", "whether fields may be in quotes (RFC 4180)", true},
      {"header", "whether the first record names the columns; if not, they are 1, 2, ...", true}};
}

ImportSummary import_csv(const ImportRequest& request, Progress& progress) {
  return import_table("csv", request, progress);
}

ImportSummary import_tsv(const ImportRequest& request, Progress& progress) {
  return import_table("tsv", request, progress);
}

}  // namespace alignlab
