#include "run/searched_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/hdf5.h"
#include "core/rng.h"
#include "run/embedding_stages.h"

namespace alignlab {
namespace {

// Of length 1 exactly, so that all that belongs together has the very same score.
constexpr std::size_t kCodeWidth = 64;
constexpr float kCodeEntry = 0.125F;

Gallery prepared(const TrialSpec& of, Similarity similarity, const std::filesystem::path& path,
                 Modality modality) {
  const std::string who = of.case_name.empty() ? of.aligner : of.case_name;
  return prepare(H5File::open(path).read_matrix(array_of(modality)), similarity,
                 fmt::format("embeddings of {} by '{}'", name_of(modality), who));
}

}  // namespace

std::vector<double> read_deviations(const std::filesystem::path& fusion) {
  return H5File::open(fusion).read<double>("/deviations");
}

Gallery searched_rows(const TrialSpec& spec, const std::vector<std::filesystem::path>& embeddings,
                      const std::vector<double>& deviations, Modality modality) {
  const Similarity similarity = similarity_from(spec.eval.text("similarity"));
  if (!spec.is_ensemble()) return prepared(spec, similarity, embeddings.at(0), modality);
  std::vector<Gallery> parts;
  std::size_t width = 0;
  for (std::size_t m = 0; m < embeddings.size(); ++m) {
    parts.push_back(prepared(spec.members[m], similarity, embeddings[m], modality));
    width += parts.back().vectors.cols();
  }
  const std::size_t rows = parts.front().vectors.rows();
  Gallery out{Matrix(rows, width), {}, 0};
  std::size_t at = 0;
  for (std::size_t m = 0; m < parts.size(); ++m) {
    const Matrix& part = parts[m].vectors;
    const auto factor = static_cast<float>(std::sqrt(spec.weights[m] / deviations.at(m)));
    for (std::size_t i = 0; i < rows; ++i) {
      std::ranges::transform(part.row(i), out.vectors.row(i).subspan(at).begin(),
                             [&](float value) { return factor * value; });
    }
    at += part.cols();
    out.zero_rows += parts[m].zero_rows;
  }
  return out;
}

Gallery oracle_rows(const std::vector<std::int32_t>& keys) {
  Matrix codes(keys.size(), kCodeWidth);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Rng code(static_cast<std::uint64_t>(keys[i]), "code of a group");
    for (float& value : codes.row(i)) value = code.below(2) == 0 ? -kCodeEntry : kCodeEntry;
  }
  return {std::move(codes), {}, 0};
}

}  // namespace alignlab
