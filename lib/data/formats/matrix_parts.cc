#include "data/formats/matrix_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/suggest.h"

namespace alignlab {

void StackedRows::add(std::shared_ptr<MatrixFile> file) {
  const std::size_t count = file->rows();
  append({std::move(file), std::nullopt, 0, count});
}

void StackedRows::add(std::shared_ptr<MatrixFile> file, std::vector<std::size_t> rows) {
  const std::size_t count = rows.size();
  append({std::move(file), std::move(rows), 0, count});
}

void StackedRows::append(Part part) {
  if (!parts_.empty() && parts_.front().file->cols() != part.file->cols()) {
    throw DataError(fmt::format("{}: expected {} columns, as {} has, found {}",
                                part.file->path().string(), parts_.front().file->cols(),
                                parts_.front().file->path().string(), part.file->cols()));
  }
  part.begin = rows_;
  rows_ += part.count;
  check_item_count(part.file->path(), rows_);
  parts_.push_back(std::move(part));
}

FeatureMatrix StackedRows::features(Modality modality, const std::string& name) {
  FeatureMatrix matrix;
  matrix.modality = modality;
  matrix.name = name;
  matrix.width = parts_.front().file->cols();
  std::string files;
  for (const Part& part : parts_) {
    files += (files.empty() ? "" : ", ") + part.file->path().filename().string();
  }
  matrix.attributes = {{"producer", "import"}, {"source", files}};
  matrix.read_rows = [this](std::size_t first, std::span<float> out) { read(first, out); };
  return matrix;
}

void StackedRows::read(std::size_t first, std::span<float> out) {
  const std::size_t width = parts_.front().file->cols();
  for (const Part& part : parts_) {
    if (out.empty()) return;
    if (first >= part.begin + part.count) continue;
    const std::size_t count = std::min(out.size() / width, part.begin + part.count - first);
    read_part(part, first - part.begin, out.first(count * width));
    out = out.subspan(count * width);
    first += count;
  }
}

void StackedRows::read_part(const Part& part, std::size_t first, std::span<float> out) {
  if (!part.rows) {
    part.file->read_rows(first, out);
    return;
  }
  const std::size_t width = part.file->cols();
  for (std::size_t i = 0; i * width < out.size(); ++i) {
    part.file->read_rows((*part.rows)[first + i], out.subspan(i * width, width));
  }
}

std::vector<MatrixPair> open_pairs(const std::string& format, const ImportRequest& request,
                                   const std::vector<std::string>& keys) {
  if (request.sources.size() % 2 != 0) {
    throw UsageError(fmt::format("{}: expected sources in pairs of two matrices, found {}", format,
                                 request.sources.size()));
  }
  if (keys.size() > 2) {
    throw UsageError(
        fmt::format("{}: --keys: expected one or two, of the first and the second of each pair, "
                    "found {}",
                    format, keys.size()));
  }
  const std::string first_key = keys.empty() ? "" : keys.front();
  const std::string second_key = keys.empty() ? "" : keys.back();
  std::vector<MatrixPair> pairs;
  for (std::size_t i = 0; i < request.sources.size(); i += 2) {
    const ImportSource& first = request.sources[i];
    const ImportSource& second = request.sources[i + 1];
    if (first.split != second.split) {
      throw UsageError(fmt::format("{}: expected '{}' and '{}' to be of one split", format,
                                   first.path.string(), second.path.string()));
    }
    pairs.push_back(
        {first.split, open_matrix(first.path, first_key), open_matrix(second.path, second_key)});
  }
  return pairs;
}

void check_one_a_pair(const std::string& format, const ImportRequest& request,
                      const std::string& option, std::size_t pairs) {
  const std::vector<std::string>& names = request.options.texts(option);
  if (!names.empty() && names.size() != pairs) {
    std::string flag = option;
    std::ranges::replace(flag, '_', '-');
    throw UsageError(fmt::format("{}: --{}: expected a file for each of {} pairs, found {}", format,
                                 flag, pairs, names.size()));
  }
  check_output(request.out, std::vector<std::filesystem::path>(names.begin(), names.end()));
}

std::pair<Modality, Modality> two_modalities(const std::string& format,
                                             const ImportRequest& request) {
  const std::vector<std::string>& names = request.options.texts("modalities");
  std::vector<std::string> known;
  for (const Modality modality : kModalities) known.emplace_back(name_of(modality));
  std::vector<Modality> found;
  for (const std::string& name : names) {
    const auto modality = modality_from(name);
    if (!modality) {
      throw UsageError(fmt::format("{}: --modalities: unknown modality '{}'{}", format, name,
                                   suggestion(name, known)));
    }
    found.push_back(*modality);
  }
  if (found.size() != 2 || found[0] == found[1]) {
    throw UsageError(
        fmt::format("{}: --modalities: expected two different ones such as image,text", format));
  }
  return {found[0], found[1]};
}

void check_item_count(const std::filesystem::path& path, std::size_t items) {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
  if (items > kMost) {
    throw DataError(
        fmt::format("{}: expected at most {} items, found {}", path.string(), kMost, items));
  }
}

}  // namespace alignlab
