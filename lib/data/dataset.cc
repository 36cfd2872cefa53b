#include "data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/suggest.h"

namespace alignlab {
namespace {

constexpr std::uint64_t kWindowBytes = 1 << 20;

[[noreturn]] void fail(const H5File& file, std::string_view object, std::string_view what) {
  throw DataError(fmt::format("{}: {}: {}", file.path().string(), object, what));
}

std::string items_path(Modality modality) { return fmt::format("/items/{}", name_of(modality)); }
std::string raw_path(Modality modality) { return fmt::format("/raw/{}", name_of(modality)); }
std::string features_path(Modality modality) {
  return fmt::format("/features/{}", name_of(modality));
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const std::uint64_t extent : shape) {
    text += (text.empty() ? "" : " x ") + std::to_string(extent);
  }
  return text;
}

/// How many rows the array has that says how many there should be.
std::uint64_t length_of(const H5File& file, const std::string& array) {
  if (!file.has(array)) fail(file, array, "missing");
  return file.shape(array)[0];
}

/// Checks shape and type without reading.
void check_array(const H5File& file, const std::string& array, H5Type type,
                 std::uint64_t expected) {
  if (!file.has(array)) fail(file, array, "missing");
  const Shape found = file.shape(array);
  if (found != Shape{expected}) {
    fail(file, array, fmt::format("expected {} values, found {}", expected, shape_text(found)));
  }
  if (file.type(array) != type) {
    fail(file, array,
         fmt::format("expected {}, found {}", name_of(type), name_of(file.type(array))));
  }
}

/// Checks a group of strings without reading it.
void check_strings(const H5File& file, const std::string& group, std::uint64_t expected) {
  check_array(file, group + "/offsets", H5Type::kInt64, expected + 1);
  const std::string data = group + "/data";
  if (!file.has(data)) fail(file, data, "missing");
  if (file.shape(data).size() != 1 || file.type(data) != H5Type::kUint8) {
    fail(file, data, "expected one dimension of uint8");
  }
}

bool keeps_paths(const H5File& file, Modality modality) {
  return file.has(raw_path(modality) + "/path");
}

/// Strings of the file one by one, through a window: reading a text a time would decode a whole
/// chunk for each.
class WindowedStrings {
 public:
  WindowedStrings(const H5File& file, const std::string& group)
      : file_(file),
        data_(group + "/data"),
        offsets_(file.read<std::int64_t>(group + "/offsets")),
        size_(static_cast<std::int64_t>(file.shape(data_)[0])) {
    if (offsets_.empty() || offsets_.front() != 0 || !std::ranges::is_sorted(offsets_) ||
        offsets_.back() != size_) {
      fail(file_, group + "/offsets", "expected ascending offsets that end with the data");
    }
  }

  std::string at(std::size_t item) {
    const std::int64_t begin = offsets_[item];
    const std::int64_t end = offsets_[item + 1];
    if (begin < begin_ || end > begin_ + static_cast<std::int64_t>(window_.size())) {
      const std::int64_t wanted = std::max<std::int64_t>(end - begin, kWindowBytes);
      window_ = file_.read_rows<std::uint8_t>(
          data_, static_cast<std::uint64_t>(begin),
          static_cast<std::uint64_t>(std::min(wanted, size_ - begin)));
      begin_ = begin;
    }
    const auto first = window_.begin() + (begin - begin_);
    return {first, first + (end - begin)};
  }

 private:
  const H5File& file_;
  std::string data_;
  std::vector<std::int64_t> offsets_;
  std::int64_t size_;
  std::vector<std::uint8_t> window_;
  std::int64_t begin_ = 0;
};

class DatasetItems final : public RawItems {
 public:
  DatasetItems(const Dataset& dataset, Modality modality, std::vector<std::size_t> items)
      : dataset_(dataset), modality_(modality), items_(std::move(items)) {}

  std::size_t size() const override { return items_.size(); }

  std::string id(std::size_t item) const override {
    return std::string(dataset_.items(modality_).ids[items_[item]]);
  }

  std::string content(std::size_t item) const override {
    // Read on the first use: who wants only stored features pays for neither offsets nor paths.
    if (!dataset_.has_content(modality_)) {
      fail(dataset_.file(), raw_path(modality_),
           fmt::format("the {} items have stored features only, no content to read",
                       name_of(modality_)));
    }
    if (!files_ && !strings_) {
      files_ = dataset_.stored_files(modality_);
      if (!files_) strings_.emplace(dataset_.file(), raw_path(modality_));
    }
    if (files_) return content_of_file(item);
    std::string bytes = strings_->at(items_[item]);
    if (bytes.empty() && modality_ != Modality::kText) fail_missing(item, "its file");
    return bytes;
  }

  Matrix stored_features(std::string_view name) const override {
    const std::string array = dataset_.feature_array(modality_, std::string(name));
    const H5File& file = dataset_.file();
    const Shape shape = file.shape(array);
    Matrix out(items_.size(), shape[1]);
    const std::uint64_t row_bytes = std::max<std::uint64_t>(1, shape[1] * sizeof(float));
    const std::uint64_t step = std::max<std::uint64_t>(1, (1 << 24) / row_bytes);
    // In slabs, so that a small split does not need the memory of the whole.
    for (std::size_t done = 0; done < items_.size();) {
      const std::uint64_t first = items_[done];
      const std::uint64_t count = std::min(step, shape[0] - first);
      const auto slab = file.read_rows<float>(array, first, count);
      for (; done < items_.size() && items_[done] < first + count; ++done) {
        const auto row =
            slab.begin() + static_cast<std::ptrdiff_t>((items_[done] - first) * shape[1]);
        std::copy_n(row, shape[1], out.row(done).begin());
      }
    }
    return out;
  }

 private:
  [[noreturn]] void fail_item(std::size_t item, std::string_view what) const {
    fail(dataset_.file(), raw_path(modality_), fmt::format("item '{}': {}", id(item), what));
  }

  [[noreturn]] void fail_missing(std::size_t item, const std::string& file) const {
    const bool is_named = dataset_.file().has_attribute(raw_path(modality_), kKnownByName);
    fail_item(item, is_named ? fmt::format("{} is known by its name only: it was imported without "
                                           "--{}; import again with the folder of the files",
                                           file, modality_ == Modality::kImage ? "images" : "audio")
                             : file + " was missing when it was imported");
  }

  std::string content_of_file(std::size_t item) const {
    const std::size_t row = items_[item];
    const std::string path(files_->paths[row]);
    const std::int64_t size = files_->sizes[row];
    if (size < 0) fail_missing(item, fmt::format("its file '{}'", path));
    std::string bytes = read_file(dataset_.folder() / path);
    if (static_cast<std::int64_t>(bytes.size()) != size) {
      fail_item(item,
                fmt::format("'{}' is no longer the file that was imported: expected {} bytes, "
                            "found {}",
                            path, size, bytes.size()));
    }
    if (hash_of(bytes).hex() != files_->hashes[row]) {
      fail_item(item, fmt::format("'{}' is no longer the file that was imported: its content "
                                  "differs",
                                  path));
    }
    return bytes;
  }

  const Dataset& dataset_;
  Modality modality_;
  std::vector<std::size_t> items_;
  mutable std::optional<StoredFiles> files_;
  mutable std::optional<WindowedStrings> strings_;
};

}  // namespace

std::vector<std::size_t> Items::of_split(Split split) const {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (splits[i] == split) numbers.push_back(i);
  }
  return numbers;
}

Dataset Dataset::open(const std::filesystem::path& path) {
  Dataset dataset(H5File::open(path));
  dataset.read_header();
  const H5File& file = dataset.file_;
  for (const std::string& name : file.children("/items")) {
    const auto modality = modality_from(name);
    if (!modality)
      fail(file, "/items", fmt::format("expected image, audio or text, found '{}'", name));
    dataset.read_items(*modality);
    dataset.check_raw(*modality);
    dataset.check_features(*modality);
  }
  if (dataset.items_.empty()) fail(file, "/items", "expected at least one modality, found none");
  dataset.check_judgements();
  dataset.check_content_hash();
  return dataset;
}

void Dataset::read_header() {
  if (!file_.has_attribute("/", "format") ||
      file_.text_attribute("/", "format") != kDatasetFormat) {
    throw DataError(fmt::format(
        "{}: expected an alignlab data set, found another kind of HDF5 file", path().string()));
  }
  const std::int64_t version = file_.integer_attribute("/", "version");
  if (version != kDatasetVersion) {
    throw DataError(fmt::format("{}: expected data set version {}, found {}", path().string(),
                                kDatasetVersion, version));
  }
  name_ = file_.text_attribute("/", "name");
  content_hash_ = file_.text_attribute("/", "content_hash");
  if (file_.has("/labels")) label_names_ = file_.read_strings("/labels");
}

void Dataset::read_items(Modality modality) {
  const std::string group = items_path(modality);
  check_array(file_, group + "/group", H5Type::kInt32, length_of(file_, group + "/group"));
  Items items;
  items.groups = file_.read<std::int32_t>(group + "/group");
  const std::size_t count = items.groups.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (items.groups[i] < 0) {
      fail(file_, group + "/group",
           fmt::format("item {}: expected 0 or more, found {}", i, items.groups[i]));
    }
  }
  check_strings(file_, group + "/id", count);
  items.ids = file_.read_strings(group + "/id");
  check_array(file_, group + "/split", H5Type::kUint8, count);
  items.splits.reserve(count);
  for (const std::uint8_t split : file_.read<std::uint8_t>(group + "/split")) {
    if (split > static_cast<std::uint8_t>(Split::kTest)) {
      fail(file_, group + "/split",
           fmt::format("item {}: expected 0 to 3, found {}", items.splits.size(), split));
    }
    items.splits.push_back(static_cast<Split>(split));
  }
  if (file_.has(group + "/label")) {
    check_array(file_, group + "/label", H5Type::kInt32, count);
    items.labels = file_.read<std::int32_t>(group + "/label");
    const auto known = static_cast<std::int64_t>(label_names_.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (items.labels[i] < -1 || items.labels[i] >= known) {
        fail(file_, group + "/label",
             fmt::format("item {}: expected -1 to {}, as /labels has names, found {}", i, known - 1,
                         items.labels[i]));
      }
    }
  }
  items_.emplace(modality, std::move(items));
}

void Dataset::check_raw(Modality modality) const {
  if (!has_content(modality)) return;
  const std::string group = raw_path(modality);
  const std::size_t count = items(modality).size();
  if (modality != Modality::kText && keeps_paths(file_, modality)) {
    check_strings(file_, group + "/path", count);
    check_array(file_, group + "/size", H5Type::kInt64, count);
    check_strings(file_, group + "/hash", count);
  } else {
    check_strings(file_, group, count);
  }
}

void Dataset::check_features(Modality modality) const {
  for (const std::string& name : feature_names(modality)) {
    const std::string array = features_path(modality) + "/" + name;
    const Shape found = file_.shape(array);
    if (found.size() != 2 || found[0] != items(modality).size()) {
      fail(file_, array,
           fmt::format("expected {} rows, one an item, found shape {}", items(modality).size(),
                       shape_text(found)));
    }
    if (file_.type(array) != H5Type::kFloat32) {
      fail(file_, array, fmt::format("expected float32, found {}", name_of(file_.type(array))));
    }
  }
}

void Dataset::check_judgements() const {
  if (!file_.has("/judgements")) return;
  const std::string queries = "/judgements/query";
  const std::uint64_t count = length_of(file_, queries);
  check_array(file_, queries, H5Type::kInt64, count);
  check_array(file_, "/judgements/candidate", H5Type::kInt64, count);
  check_array(file_, "/judgements/grade", H5Type::kFloat32, count);
  for (const char* attribute : {"query_modality", "candidate_modality"}) {
    const std::string name = file_.text_attribute("/judgements", attribute);
    const auto modality = modality_from(name);
    if (!modality || !has(*modality)) {
      fail(file_, "/judgements",
           fmt::format("{}: expected a modality of the file, found '{}'", attribute, name));
    }
  }
}

void Dataset::check_content_hash() const {
  if (content_hash_ != file_.content_hash().hex()) {
    throw DataError(
        fmt::format("{}: its arrays are not those it was written with (content_hash differs)",
                    path().string()));
  }
}

std::vector<Modality> Dataset::modalities() const {
  std::vector<Modality> present;
  for (const Modality modality : kModalities) {
    if (has(modality)) present.push_back(modality);
  }
  return present;
}

const Items& Dataset::items(Modality modality) const {
  const auto found = items_.find(modality);
  if (found == items_.end()) {
    throw DataError(fmt::format("{}: has no {} items", path().string(), name_of(modality)));
  }
  return found->second;
}

std::vector<std::string> Dataset::feature_names(Modality modality) const {
  return file_.children(features_path(modality));
}

std::string Dataset::feature_array(Modality modality, const std::string& name) const {
  const std::vector<std::string> known = feature_names(modality);
  if (std::ranges::find(known, name) == known.end()) {
    throw DataError(fmt::format("{}: no {} features '{}'{}", path().string(), name_of(modality),
                                name, suggestion(name, known)));
  }
  return features_path(modality) + "/" + name;
}

Matrix Dataset::features(Modality modality, const std::string& name) const {
  return file_.read_matrix(feature_array(modality, name));
}

std::optional<Judgements> Dataset::judgements() const {
  if (!file_.has("/judgements")) return std::nullopt;
  Judgements all;
  all.query_modality = *modality_from(file_.text_attribute("/judgements", "query_modality"));
  all.candidate_modality =
      *modality_from(file_.text_attribute("/judgements", "candidate_modality"));
  all.queries = file_.read<std::int64_t>("/judgements/query");
  all.candidates = file_.read<std::int64_t>("/judgements/candidate");
  all.grades = file_.read<float>("/judgements/grade");
  const auto check = [&](const std::vector<std::int64_t>& rows, Modality modality,
                         const char* array) {
    const auto count = static_cast<std::int64_t>(items(modality).size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] < 0 || rows[i] >= count) {
        fail(file_, array,
             fmt::format("entry {}: expected 0 to {}, found {}", i, count - 1, rows[i]));
      }
    }
  };
  check(all.queries, all.query_modality, "/judgements/query");
  check(all.candidates, all.candidate_modality, "/judgements/candidate");
  return all;
}

std::optional<StoredFiles> Dataset::stored_files(Modality modality) const {
  if (modality == Modality::kText || !keeps_paths(file_, modality)) return std::nullopt;
  const std::string group = raw_path(modality);
  return StoredFiles{file_.read_strings(group + "/path"), file_.read<std::int64_t>(group + "/size"),
                     file_.read_strings(group + "/hash")};
}

bool Dataset::has_content(Modality modality) const { return file_.has(raw_path(modality)); }

std::filesystem::path Dataset::folder() const {
  // Behind a link, paths are relative to the folder that the file is really in.
  return std::filesystem::weakly_canonical(path()).parent_path();
}

std::unique_ptr<RawItems> Dataset::raw(Modality modality, Split split) const {
  return std::make_unique<DatasetItems>(*this, modality, items(modality).of_split(split));
}

std::unique_ptr<RawItems> Dataset::raw(Modality modality) const {
  std::vector<std::size_t> all(items(modality).size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return std::make_unique<DatasetItems>(*this, modality, std::move(all));
}

std::vector<std::int32_t> Dataset::groups(Modality modality, Split split) const {
  const Items& all = items(modality);
  std::vector<std::int32_t> chosen;
  for (const std::size_t item : all.of_split(split)) chosen.push_back(all.groups[item]);
  return chosen;
}

void Dataset::verify_raw(Modality modality) const {
  if (has_content(modality)) {
    file_.verify({items_path(modality), raw_path(modality)});
  } else {
    file_.verify({items_path(modality)});
  }
}

void Dataset::verify_feature(Modality modality, const std::string& name) const {
  file_.verify({feature_array(modality, name)});
}

std::string Dataset::hash_of_raw(Modality modality) const {
  items(modality);
  return file_.content_hash({items_path(modality), raw_path(modality)}).hex();
}

std::string Dataset::hash_of_feature(Modality modality, const std::string& name) const {
  return file_.content_hash({feature_array(modality, name)}).hex();
}

std::string Dataset::hash_of_judgements() const {
  return file_.has("/judgements") ? file_.content_hash({"/judgements"}).hex() : "";
}

}  // namespace alignlab
