// Folders of precomputed image vectors, as VSE++ has them (Faghri et al., BMVC 2018;
// github.com/fartashf/vsepp): {train,dev,test}_ims.npy, _caps.txt with a caption a line, and
// perhaps _ids.txt. Some have a row an image, some repeat it for each caption; which, and which
// captions share an image, is read off the rows and the ids, and never assumed to be five.
//
// - A row an image: captions must be a multiple of the rows.
// - A row a caption: where ids repeat, they name images, and captions group by them. Else captions
//   in turn whose rows are equal bit for bit are of one image, as many of each: where all rows
//   differ from the next, every caption has an image of its own, and ids are those of images.
// - Runs of equal rows that are uneven could be images with more captions or images that look the
//   same, so they are refused until the option `captions_per_image` says how many.

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_map>

#include "core/error.h"
#include "core/lines.h"
#include "data/formats/matrix_parts.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kRowsABlock = 256;
constexpr std::size_t kLinesAStep = 1 << 14;

struct Part {
  Split split = Split::kNone;
  fs::path rows_file;
  fs::path captions_file;
  std::optional<fs::path> ids_file;

  std::vector<fs::path> files() const {
    std::vector<fs::path> all{rows_file, captions_file};
    if (ids_file) all.push_back(*ids_file);
    return all;
  }
};

std::vector<Part> find_parts(const fs::path& folder) {
  std::vector<Part> parts;
  for (const Split split : {Split::kTrain, Split::kDev, Split::kTest}) {
    Part part{split, folder / fmt::format("{}_ims.npy", name_of(split)),
              folder / fmt::format("{}_caps.txt", name_of(split)), std::nullopt};
    const bool has_rows = fs::exists(part.rows_file);
    if (has_rows != fs::exists(part.captions_file)) {
      throw DataError(fmt::format("{}: expected it beside {}, found none",
                                  (has_rows ? part.captions_file : part.rows_file).string(),
                                  (has_rows ? part.rows_file : part.captions_file).string()));
    }
    const fs::path ids = folder / fmt::format("{}_ids.txt", name_of(split));
    if (fs::exists(ids)) part.ids_file = ids;
    if (has_rows) parts.push_back(std::move(part));
  }
  if (parts.empty()) {
    throw DataError(fmt::format("{}: expected {{train,dev,test}}_ims.npy and _caps.txt, found none",
                                folder.string()));
  }
  return parts;
}

StringColumn read_lines(const fs::path& path, const Progress& progress) {
  StringColumn all;
  LineReader lines(path);
  while (lines.next()) {
    all.push_back(lines.text());
    if (lines.number() % kLinesAStep == 0) progress.check();
  }
  return all;
}

/// Calls visit(row, values) for each row in turn.
template <typename Visit>
void for_each_row(MatrixFile& matrix, const Progress& progress, const Visit& visit) {
  std::vector<float> block;
  for (std::size_t first = 0; first < matrix.rows(); first += kRowsABlock) {
    progress.check();
    const std::size_t count = std::min(kRowsABlock, matrix.rows() - first);
    block.resize(count * matrix.cols());
    matrix.read_rows(first, block);
    for (std::size_t i = 0; i < count; ++i) {
      visit(first + i, std::span<const float>(block).subspan(i * matrix.cols(), matrix.cols()));
    }
  }
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

/// What a split is read as.
struct Reading {
  std::vector<std::size_t> image_rows;      // of the matrix
  std::vector<std::size_t> caption_images;  // numbers into image_rows
  bool ids_name_images = false;
};

class PartReader {
 public:
  /// `each`: captions an image; 0 where the rows are to say it.
  PartReader(const Part& part, MatrixFile& matrix, std::size_t captions, const StringColumn& ids,
             std::size_t each, Progress& progress)
      : part_(part),
        matrix_(matrix),
        captions_(captions),
        ids_(ids),
        each_(each),
        progress_(progress) {}

  Reading read() {
    if (captions_ == 0 || matrix_.rows() == 0 || matrix_.rows() > captions_) fail_counts();
    const bool an_id_a_caption = part_.ids_file && ids_.size() == captions_;
    const bool an_id_a_row = part_.ids_file && ids_.size() == matrix_.rows();
    if (part_.ids_file && !an_id_a_caption && !an_id_a_row) {
      throw DataError(
          fmt::format("{}: expected an id for each of {} captions of {} or {} rows of "
                      "{}, found {}",
                      part_.ids_file->string(), captions_, part_.captions_file.string(),
                      matrix_.rows(), part_.rows_file.string(), ids_.size()));
    }
    Reading reading;
    if (an_id_a_caption && ids_repeat()) {
      reading = by_id();
      reading.ids_name_images = true;
    } else if (matrix_.rows() == captions_) {
      reading = each_ > 0 ? by_number() : by_equal_rows();
      reading.ids_name_images = part_.ids_file && reading.image_rows.size() == captions_;
    } else {
      reading = by_turns();
      reading.ids_name_images = an_id_a_row;
    }
    return reading;
  }

 private:
  [[noreturn]] void fail_counts() const {
    throw DataError(fmt::format(
        "{}: expected as many captions as rows of {}, or a multiple; found "
        "{} captions and {} rows",
        part_.captions_file.string(), part_.rows_file.string(), captions_, matrix_.rows()));
  }

  bool ids_repeat() const {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      if (!seen.insert(ids_[i]).second) return true;
    }
    return false;
  }

  Reading by_turns() const {
    if (captions_ % matrix_.rows() != 0) fail_counts();
    if (each_ > 0 && captions_ != each_ * matrix_.rows()) {
      throw DataError(
          fmt::format("{}: expected {} captions for each of {} rows of {} "
                      "(--captions-per-image), found {}",
                      part_.captions_file.string(), each_, matrix_.rows(), part_.rows_file.string(),
                      captions_));
    }
    Reading reading;
    for (std::size_t i = 0; i < matrix_.rows(); ++i) reading.image_rows.push_back(i);
    for (std::size_t i = 0; i < captions_; ++i) {
      reading.caption_images.push_back(i / (captions_ / matrix_.rows()));
    }
    return reading;
  }

  Reading by_equal_rows() {
    Reading reading;
    std::vector<float> last;
    for_each_row(matrix_, progress_, [&](std::size_t row, std::span<const float> values) {
      if (!same_bits(last, values)) {
        reading.image_rows.push_back(row);
        last.assign(values.begin(), values.end());
      }
      reading.caption_images.push_back(reading.image_rows.size() - 1);
    });
    check_even(reading);
    return reading;
  }

  /// Two images in turn with the same vector would be taken for one.
  void check_even(const Reading& reading) const {
    std::vector<std::size_t> counts(reading.image_rows.size(), 0);
    for (const std::size_t image : reading.caption_images) ++counts[image];
    const auto [least, most] = std::ranges::minmax(counts);
    if (least == most) return;
    fs::path ids = part_.rows_file;
    ids.replace_filename(fmt::format("{}_ids.txt", name_of(part_.split)));
    throw DataError(fmt::format(
        "{}: images, told apart by their rows, would have {} to {} captions; say how many each has "
        "with --captions-per-image, or name the image of each caption in {}",
        part_.rows_file.string(), least, most, ids.string()));
  }

  Reading by_number() {
    if (captions_ % each_ != 0) {
      throw DataError(
          fmt::format("{}: expected a multiple of {} captions (--captions-per-image), "
                      "found {}",
                      part_.captions_file.string(), each_, captions_));
    }
    Reading reading;
    std::vector<float> first;
    for_each_row(matrix_, progress_, [&](std::size_t row, std::span<const float> values) {
      if (row % each_ == 0) {
        reading.image_rows.push_back(row);
        first.assign(values.begin(), values.end());
      } else if (!same_bits(first, values)) {
        throw DataError(fmt::format(
            "{}: expected {} equal rows in turn (--captions-per-image), found that row {} differs "
            "from row {}",
            part_.rows_file.string(), each_, row, reading.image_rows.back()));
      }
      reading.caption_images.push_back(reading.image_rows.size() - 1);
    });
    return reading;
  }

  Reading by_id() {
    Reading reading;
    std::unordered_map<std::string_view, std::size_t> image_of;
    std::vector<std::size_t> first_lines;
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      const auto [found, is_new] = image_of.try_emplace(ids_[i], image_of.size());
      if (is_new) first_lines.push_back(i);
      reading.caption_images.push_back(found->second);
    }
    if (matrix_.rows() == captions_) {
      reading.image_rows = first_lines;
      check_rows_of_ids(reading);
    } else if (matrix_.rows() == first_lines.size()) {
      for (std::size_t i = 0; i < matrix_.rows(); ++i) reading.image_rows.push_back(i);
    } else {
      throw DataError(fmt::format("{}: expected {} different ids, one a row of {}, found {}",
                                  part_.ids_file->string(), matrix_.rows(),
                                  part_.rows_file.string(), first_lines.size()));
    }
    return reading;
  }

  /// Captions of one id must have the same row.
  void check_rows_of_ids(const Reading& reading) {
    std::vector<float> first(matrix_.cols());
    std::size_t held = reading.image_rows.size();
    std::vector<float> other(matrix_.cols());
    for (std::size_t i = 0; i < captions_; ++i) {
      if (i % kRowsABlock == 0) progress_.check();
      const std::size_t image = reading.caption_images[i];
      if (image != held) matrix_.read_rows(reading.image_rows[image], first);
      held = image;
      if (reading.image_rows[image] == i) continue;
      matrix_.read_rows(i, other);
      if (!same_bits(first, other)) {
        throw DataError(fmt::format("{}:{}: '{}' is also on line {}, but their rows of {} differ",
                                    part_.ids_file->string(), i + 1, excerpt(ids_[i]),
                                    reading.image_rows[image] + 1, part_.rows_file.string()));
      }
    }
  }

  const Part& part_;
  MatrixFile& matrix_;
  std::size_t captions_;
  const StringColumn& ids_;
  std::size_t each_;
  Progress& progress_;
};

class Importer {
 public:
  Importer(const ImportRequest& request, const std::vector<Part>& parts, Progress& progress)
      : progress_(progress),
        captions_per_image_(
            static_cast<std::size_t>(request.options.integer("captions_per_image"))),
        writer_(request.out, {request.out.stem().string(), source(parts), ""},
                writer_options(request)) {}

  ImportSummary run(const std::vector<Part>& parts) {
    progress_.begin("importing", parts.size(), "splits");
    for (const Part& part : parts) {
      add(part);
      progress_.advance(1);
    }
    progress_.end();
    writer_.write_features(rows_.features(Modality::kImage, "precomp"), progress_);
    return finish(writer_, progress_);
  }

 private:
  static std::string source(const std::vector<Part>& parts) {
    std::vector<fs::path> files;
    for (const Part& part : parts) std::ranges::copy(part.files(), std::back_inserter(files));
    return "precomp: " + file_names(files);
  }

  void add(const Part& part) {
    const std::shared_ptr<MatrixFile> matrix = open_matrix(part.rows_file);
    const StringColumn captions = read_lines(part.captions_file, progress_);
    const StringColumn ids = part.ids_file ? read_lines(*part.ids_file, progress_) : StringColumn();
    const Reading reading =
        PartReader(part, *matrix, captions.size(), ids, captions_per_image_, progress_).read();
    check_item_count(part.captions_file, writer_.count(Modality::kText) + captions.size());
    const auto base = static_cast<std::int32_t>(rows_.rows());

    std::vector<std::string> images = image_ids(part, reading, ids);
    for (std::size_t i = 0; i < images.size(); ++i) {
      check_new(images[i], part);
      writer_.add_bare(Modality::kImage,
                       {images[i], base + static_cast<std::int32_t>(i), part.split});
    }
    const bool ids_name_captions = !reading.ids_name_images && ids.size() == captions.size();
    std::vector<std::size_t> counts(images.size(), 0);
    for (std::size_t i = 0; i < captions.size(); ++i) {
      if (i % kLinesAStep == 0) progress_.check();
      const std::size_t image = reading.caption_images[i];
      const std::string id = ids_name_captions
                                 ? std::string(ids[i])
                                 : fmt::format("{}#{}", images[image], counts[image]++);
      if (ids_name_captions) check_new(id, part);
      writer_.add_text({id, base + static_cast<std::int32_t>(image), part.split}, captions[i]);
    }
    rows_.add(matrix, reading.image_rows);
  }

  static std::vector<std::string> image_ids(const Part& part, const Reading& reading,
                                            const StringColumn& ids) {
    std::vector<std::string> names(reading.image_rows.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      names[i] = fmt::format("{}-{}", name_of(part.split), i);
    }
    if (!reading.ids_name_images) return names;
    if (ids.size() == names.size()) {
      for (std::size_t i = 0; i < names.size(); ++i) names[i] = ids[i];
    } else {
      for (std::size_t i = 0; i < ids.size(); ++i) names[reading.caption_images[i]] = ids[i];
    }
    return names;
  }

  void check_new(const std::string& id, const Part& part) {
    const auto [known, is_new] = seen_.try_emplace(id, part.split);
    if (is_new) return;
    throw DataError(fmt::format(
        "{}: '{}' is already in {}; where each split numbers its own, leave the ids files out",
        part.ids_file->string(), excerpt(id),
        known->second == part.split ? "this file"
                                    : fmt::format("{}_ids.txt", name_of(known->second))));
  }

  Progress& progress_;
  std::size_t captions_per_image_;
  DatasetWriter writer_;
  StackedRows rows_;
  std::unordered_map<std::string, Split> seen_;
};

}  // namespace

ImportSummary import_precomp(const ImportRequest& request, Progress& progress) {
  check_takes("precomp", request, {});
  const std::vector<fs::path> sources = plain_sources("precomp", request);
  if (sources.size() != 1) {
    throw UsageError(fmt::format("precomp: expected one folder, found {} sources", sources.size()));
  }
  if (!fs::is_directory(sources[0])) {
    throw DataError(
        fmt::format("{}: expected a folder, found {}", sources[0].string(),
                    fs::exists(sources[0]) ? "something else" : "nothing of that name"));
  }
  const std::vector<Part> parts = find_parts(sources[0]);
  for (const Part& part : parts) check_output(request.out, part.files());
  return Importer(request, parts, progress).run(parts);
}

}  // namespace alignlab
