// Labelled pairs of an image and a text that are known by their vectors, as in the Wikipedia
// articles of Rasiwasia et al., "A New Approach to Cross-Modal Multimedia Retrieval" (ACM MM 2010):
// 2,173 pairs of train and 693 of test in ten categories, a 128-dimensional bag of SIFT words and a
// 10-dimensional topic model. Either their folder (raw_features.mat with I_tr, T_tr, I_te, T_te;
// trainset_txt_img_cat.list and testset_txt_img_cat.list; perhaps categories.list), or matrices of
// one's own, images and texts in turn, with a vector of labels for each pair.

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <unordered_map>

#include "core/error.h"
#include "core/lines.h"
#include "data/formats/matrix_parts.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

/// Pairs of one split: row i of either matrix, with its names and label.
struct Part {
  std::optional<Split> split;
  std::shared_ptr<MatrixFile> images;
  std::shared_ptr<MatrixFile> texts;
  fs::path labels_file;
  StringColumn labels;
  StringColumn image_ids;  // empty: rows are numbered
  StringColumn text_ids;
};

void check_rows(const Part& part) {
  if (part.images->rows() != part.texts->rows()) {
    throw DataError(fmt::format("{}: expected {} rows, as many as {}, found {}",
                                part.texts->path().string(), part.images->rows(),
                                part.images->path().string(), part.texts->rows()));
  }
  if (part.labels.size() != part.images->rows()) {
    throw DataError(fmt::format("{}: expected {} labels, one a row of {}, found {}",
                                part.labels_file.string(), part.images->rows(),
                                part.images->path().string(), part.labels.size()));
  }
}

/// The names of the categories, of which the first is 1; none: they are known by number.
std::vector<std::string> read_categories(const fs::path& path) {
  std::vector<std::string> names;
  if (!fs::exists(path)) return names;
  LineReader lines(path);
  while (lines.next()) {
    if (!lines.text().empty()) names.emplace_back(lines.text());
  }
  return names;
}

/// Lines `text id<TAB>image id<TAB>category`.
void read_list(const std::vector<std::string>& categories, Part& part) {
  constexpr std::string_view kExpected = "'text id<TAB>image id<TAB>category'";
  std::unordered_map<std::string, std::uint64_t> line_of;
  const auto check_new = [&](const LineReader& lines, std::string_view what, std::string_view id) {
    const auto [known, is_new] =
        line_of.try_emplace(fmt::format("{}\t{}", what, id), lines.number());
    if (!is_new) {
      lines.fail(fmt::format("{} '{}' is already on line {}", what, excerpt(id), known->second));
    }
  };
  LineReader lines(part.labels_file);
  while (lines.next()) {
    const std::string_view line = lines.text();
    const std::size_t first = line.find('\t');
    const std::size_t second = first == std::string_view::npos ? first : line.find('\t', first + 1);
    if (second == std::string_view::npos) lines.fail_expected(kExpected);
    const std::string_view number = line.substr(second + 1);
    std::size_t category = 0;
    const char* end = number.data() + number.size();
    const auto [parsed, error] = std::from_chars(number.data(), end, category);
    if (error != std::errc() || parsed != end || first == 0 || second == first + 1) {
      lines.fail_expected(kExpected);
    }
    if (!categories.empty() && (category == 0 || category > categories.size())) {
      lines.fail_expected(fmt::format("a category from 1 to {}", categories.size()));
    }
    const std::string_view text = line.substr(0, first);
    const std::string_view image = line.substr(first + 1, second - first - 1);
    check_new(lines, "text", text);
    check_new(lines, "image", image);
    part.text_ids.push_back(text);
    part.image_ids.push_back(image);
    part.labels.push_back(categories.empty() ? fmt::to_string(category) : categories[category - 1]);
  }
}

std::vector<Part> parts_of_folder(const fs::path& folder) {
  struct Names {
    Split split;
    const char* list;
    const char* images;
    const char* texts;
  };
  constexpr std::array<Names, 2> kNames{
      {{Split::kTrain, "trainset_txt_img_cat.list", "I_tr", "T_tr"},
       {Split::kTest, "testset_txt_img_cat.list", "I_te", "T_te"}}};
  if (!fs::exists(folder / "raw_features.mat")) {
    throw DataError(fmt::format(
        "{}: expected raw_features.mat in it, as Rasiwasia et al. have it, found none; other "
        "vectors are given as IMAGES.npy TEXTS.npy --labels LABELS.npy",
        folder.string()));
  }
  const std::vector<std::string> categories = read_categories(folder / "categories.list");
  std::vector<Part> parts;
  for (const Names& names : kNames) {
    Part part;
    part.split = names.split;
    part.labels_file = folder / names.list;
    part.images = open_matrix(folder / "raw_features.mat", names.images);
    part.texts = open_matrix(folder / "raw_features.mat", names.texts);
    read_list(categories, part);
    check_rows(part);
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<Part> parts_of_matrices(const ImportRequest& request) {
  const std::vector<std::string>& labels = request.options.texts("labels");
  const std::vector<MatrixPair> pairs =
      open_pairs("wikipedia", request, request.options.texts("keys"));
  check_one_a_pair("wikipedia", request, "labels", pairs.size());
  if (labels.empty()) throw UsageError("wikipedia: expected --labels, a file for each pair");
  std::vector<Part> parts;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    Part part;
    part.split = pairs[i].split;
    part.images = pairs[i].first;
    part.texts = pairs[i].second;
    part.labels_file = labels[i];
    if (!part.split && !request.split) {
      throw UsageError(fmt::format(
          "wikipedia: expected train=FILE or test=FILE, or shares of --split, found '{}'",
          part.images->path().string()));
    }
    for (const std::int64_t label :
         read_integers(part.labels_file, request.options.text("label_key"))) {
      part.labels.push_back(fmt::to_string(label));
    }
    check_rows(part);
    parts.push_back(std::move(part));
  }
  return parts;
}

class Importer {
 public:
  Importer(const ImportRequest& request, std::vector<Part> parts, Progress& progress)
      : request_(request),
        parts_(std::move(parts)),
        progress_(progress),
        writer_(request.out, {request.out.stem().string(), source(parts_), ""},
                writer_options(request)) {}

  ImportSummary run() {
    StackedRows images;
    StackedRows texts;
    for (const Part& part : parts_) {
      progress_.check();
      for (std::size_t i = 0; i < part.images->rows(); ++i) {
        add(part, i, static_cast<std::int32_t>(images.rows() + i));
      }
      images.add(part.images);
      texts.add(part.texts);
    }
    const std::vector<std::string>& names = request_.options.texts("features");
    writer_.write_features(images.features(Modality::kImage, names[0]), progress_);
    writer_.write_features(texts.features(Modality::kText, names[1]), progress_);
    return finish(writer_, progress_);
  }

 private:
  static std::string source(const std::vector<Part>& parts) {
    std::vector<fs::path> files;
    for (const Part& part : parts) {
      for (const fs::path& file : {part.images->path(), part.texts->path(), part.labels_file}) {
        if (files.empty() || files.back() != file) files.push_back(file);
      }
    }
    return "wikipedia: " + file_names(files);
  }

  void add(const Part& part, std::size_t row, std::int32_t group) {
    const bool has_names = part.image_ids.size() > 0;
    const std::string number = fmt::to_string(group);
    const Split split = part.split.value_or(Split::kNone);
    const std::string image = has_names ? std::string(part.image_ids[row]) : number;
    const std::string text = has_names ? std::string(part.text_ids[row]) : number;
    check_new(image_parts_, image, part);
    check_new(text_parts_, text, part);
    writer_.add_bare(Modality::kImage, {image, group, split});
    writer_.add_bare(Modality::kText, {text, group, split});
    writer_.set_label(group, part.labels[row]);
  }

  using KnownIds = std::unordered_map<std::string, const Part*>;

  static void check_new(KnownIds& known, const std::string& id, const Part& part) {
    const auto [other, is_new] = known.try_emplace(id, &part);
    if (is_new) return;
    throw DataError(fmt::format("{}: '{}' is already in {}", part.labels_file.string(), excerpt(id),
                                other->second->labels_file.string()));
  }

  const ImportRequest& request_;
  std::vector<Part> parts_;
  Progress& progress_;
  DatasetWriter writer_;
  KnownIds image_parts_;
  KnownIds text_parts_;
};

}  // namespace

ImportSummary import_wikipedia(const ImportRequest& request, Progress& progress) {
  check_takes("wikipedia", request, {});
  if (request.options.texts("features").size() != 2) {
    throw UsageError("wikipedia: --features: expected two names, of images and of texts");
  }
  if (request.sources.size() != 1) {
    return Importer(request, parts_of_matrices(request), progress).run();
  }
  const fs::path folder = plain_sources("wikipedia", request).front();
  if (!fs::is_directory(folder)) {
    throw UsageError("wikipedia: expected a folder, or matrices of images and texts in turn");
  }
  check_output(request.out, std::array{folder / "raw_features.mat"});
  return Importer(request, parts_of_folder(folder), progress).run();
}

}  // namespace alignlab
