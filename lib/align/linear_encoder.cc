#include "align/linear_encoder.h"

#include <fmt/format.h>

#include "align/common.h"
#include "core/error.h"

namespace alignlab::align {
namespace {

void save_side(H5File& file, const std::string& group, const CentredDirections& side) {
  file.write_matrix(group + "/directions", side.directions);
  file.write<float>(group + "/offsets", side.offsets);
}

CentredDirections load_side(const H5File& file, const std::string& group) {
  CentredDirections side{file.read_matrix(group + "/directions"),
                         file.read<float>(group + "/offsets")};
  if (side.offsets.size() != side.directions.cols()) {
    throw DataError(fmt::format("{}: {}: expected an offset a direction, {}, found {}",
                                file.path().string(), group, side.directions.cols(),
                                side.offsets.size()));
  }
  return side;
}

}  // namespace

void LinearSides::save(H5File& file, const std::string& group) const {
  save_side(file, group + "/first", first);
  save_side(file, group + "/second", second);
  file.set_attribute(group, "first", name_of(first_modality));
}

LinearSides LinearSides::load(const H5File& file, const std::string& group) {
  return {modality_from(file.text_attribute(group, "first")).value(),
          load_side(file, group + "/first"), load_side(file, group + "/second")};
}

Matrix LinearEncoder::embed(Modality modality, const Features& features) const {
  const CentredDirections& side = sides_.of(modality);
  require_width(modality, features, side.directions.rows());
  return side.apply(features);
}

}  // namespace alignlab::align
