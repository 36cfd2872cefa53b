// Vectors that someone else computed, of any two modalities: a matrix of each. Row i belongs to
// row i, unless a file of groups says otherwise: one line a row, which names the row of the other
// matrix that it belongs to (its id, where the other has ids). With files of groups for both, rows
// of equal name belong together. Sources without a split are of test.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/lines.h"
#include "data/formats/matrix_parts.h"
#include "data/row_names.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

/// One matrix of a pair, with what the options say of its rows.
struct Side {
  std::shared_ptr<MatrixFile> matrix;
  std::optional<RowNames> ids;
  fs::path ids_file;
  std::optional<fs::path> groups_file;
  std::vector<std::int32_t> groups;  // of each row
};

std::optional<std::int32_t> row_number(std::string_view text, std::size_t rows) {
  std::int32_t row = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), row);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (row < 0 || static_cast<std::size_t>(row) >= rows) return std::nullopt;
  return row;
}

std::optional<std::int32_t> find_row(const Side& side, std::string_view name) {
  if (!side.ids) return row_number(name, side.matrix->rows());
  const auto found = side.ids->row_of.find(std::string(name));
  if (found == side.ids->row_of.end()) return std::nullopt;
  return static_cast<std::int32_t>(found->second);
}

/// Calls group_of(lines) for each line, which must be as many as rows.
template <typename GroupOf>
void read_groups(Side& side, const GroupOf& group_of) {
  LineReader lines(*side.groups_file);
  while (lines.next()) side.groups.push_back(group_of(lines));
  if (side.groups.size() != side.matrix->rows()) {
    throw DataError(fmt::format("{}: expected {} lines, one a row of {}, found {}",
                                side.groups_file->string(), side.matrix->rows(),
                                side.matrix->path().string(), side.groups.size()));
  }
}

[[noreturn]] void fail_counts(const Side& first, const Side& second) {
  const std::size_t one = first.matrix->rows();
  const std::size_t other = second.matrix->rows();
  std::string hint;
  if (one > 0 && other > one && other % one == 0) {
    hint = fmt::format(
        " (where {} rows in turn belong together: seq 0 {} | awk '{{print int($1/{})"
        "}}' > FILE)",
        other / one, other - 1, other / one);
  }
  throw DataError(
      fmt::format("{}: expected {} rows, as many as {}, or --second-groups FILE with a "
                  "line for each row that names the row of the other it belongs to; "
                  "found {}{}",
                  second.matrix->path().string(), one, first.matrix->path().string(), other, hint));
}

class Importer {
 public:
  Importer(const ImportRequest& request, Progress& progress)
      : request_(request),
        progress_(progress),
        modalities_(two_modalities("embeddings", request)),
        pairs_(open_pairs("embeddings", request, request.options.texts("keys"))),
        writer_(request.out, info(request), writer_options(request)) {
    for (const char* option : {"first_ids", "second_ids", "first_groups", "second_groups"}) {
      check_one_a_pair("embeddings", request, option, pairs_.size());
    }
  }

  ImportSummary run() {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      progress_.check();
      Side first = side(pairs_[i].first, "first", i);
      Side second = side(pairs_[i].second, "second", i);
      group(first, second);
      const Split split = pairs_[i].split.value_or(request_.split ? Split::kNone : Split::kTest);
      add(modalities_.first, first, split, first_rows_, first_ids_);
      add(modalities_.second, second, split, second_rows_, second_ids_);
    }
    const std::string& name = request_.options.text("feature");
    writer_.write_features(first_rows_.features(modalities_.first, name), progress_);
    writer_.write_features(second_rows_.features(modalities_.second, name), progress_);
    return finish(writer_, progress_);
  }

 private:
  using KnownIds = std::unordered_map<std::string, fs::path>;

  static DatasetInfo info(const ImportRequest& request) {
    std::vector<fs::path> files;
    for (const ImportSource& source : request.sources) files.push_back(source.path);
    return {request.out.stem().string(), "embeddings: " + file_names(files), ""};
  }

  Side side(std::shared_ptr<MatrixFile> matrix, const std::string& which, std::size_t pair) const {
    Side made;
    made.matrix = std::move(matrix);
    check_item_count(made.matrix->path(), made.matrix->rows());
    if (made.matrix->rows() == 0) {
      throw DataError(fmt::format("{}: expected rows, found none", made.matrix->path().string()));
    }
    const std::vector<std::string>& ids = request_.options.texts(which + "_ids");
    const std::vector<std::string>& groups = request_.options.texts(which + "_groups");
    if (!ids.empty()) {
      made.ids_file = ids[pair];
      made.ids = read_row_names(made.ids_file, *made.matrix);
    }
    if (!groups.empty()) made.groups_file = groups[pair];
    return made;
  }

  void group(Side& first, Side& second) {
    if (first.groups_file && second.groups_file) {
      group_by_name(first, second);
    } else if (second.groups_file) {
      group_by_row(first, second);
    } else if (first.groups_file) {
      group_by_row(second, first);
    } else {
      if (first.matrix->rows() != second.matrix->rows()) fail_counts(first, second);
      number(first);
      second.groups = first.groups;
    }
  }

  /// A group a row.
  void number(Side& side) {
    for (std::size_t i = 0; i < side.matrix->rows(); ++i) side.groups.push_back(groups_++);
  }

  /// The lines of `many` name rows of `one`.
  void group_by_row(Side& one, Side& many) {
    number(one);
    std::vector<bool> named(one.groups.size(), false);
    read_groups(many, [&](const LineReader& lines) {
      const auto row = find_row(one, lines.text());
      if (!row) {
        lines.fail_expected(one.ids
                                ? fmt::format("an id of {}", one.ids_file.string())
                                : fmt::format("a row of {}, 0 to {}", one.matrix->path().string(),
                                              one.matrix->rows() - 1));
      }
      named[static_cast<std::size_t>(*row)] = true;
      return one.groups[static_cast<std::size_t>(*row)];
    });
    const auto alone = static_cast<std::size_t>(std::ranges::count(named, false));
    if (alone > 0) {
      progress_.warn(fmt::format("{}: rows that no line of {} names: {}",
                                 one.matrix->path().filename().string(),
                                 many.groups_file->filename().string(), with_commas(alone)));
    }
  }

  void group_by_name(Side& first, Side& second) {
    std::unordered_map<std::string, std::int32_t> group_of;
    const auto intern = [&](const LineReader& lines) {
      const auto [found, is_new] = group_of.try_emplace(std::string(lines.text()), groups_);
      if (is_new) ++groups_;
      return found->second;
    };
    read_groups(first, intern);
    read_groups(second, intern);
  }

  void add(Modality modality, const Side& side, Split split, StackedRows& rows, KnownIds& known) {
    const std::size_t begin = rows.rows();
    rows.add(side.matrix);
    for (std::size_t i = 0; i < side.groups.size(); ++i) {
      const std::string id = side.ids ? std::string(side.ids->names[i]) : fmt::to_string(begin + i);
      if (pairs_.size() > 1) {
        const auto [other, is_new] = known.try_emplace(id, side.ids_file);
        if (!is_new) {
          throw DataError(fmt::format("{}:{}: '{}' is already in {}", side.ids_file.string(), i + 1,
                                      excerpt(id), other->second.string()));
        }
      }
      writer_.add_bare(modality, {id, side.groups[i], split});
    }
  }

  const ImportRequest& request_;
  Progress& progress_;
  std::pair<Modality, Modality> modalities_;
  std::vector<MatrixPair> pairs_;
  DatasetWriter writer_;
  StackedRows first_rows_;
  StackedRows second_rows_;
  KnownIds first_ids_;
  KnownIds second_ids_;
  std::int32_t groups_ = 0;
};

}  // namespace

ImportSummary import_embeddings(const ImportRequest& request, Progress& progress) {
  check_takes("embeddings", request, {});
  return Importer(request, progress).run();
}

}  // namespace alignlab
