#pragma once

// The encoder of closed forms: each modality less its mean, on directions of its own.

#include "align/aligner.h"
#include "linear/centred_directions.h"

namespace alignlab::align {

struct LinearSides {
  Modality first_modality = Modality::kImage;
  CentredDirections first;
  CentredDirections second;

  const CentredDirections& of(Modality modality) const {
    return modality == first_modality ? first : second;
  }
  void save(H5File& file, const std::string& group) const;
  /// DataError for what save() has not written.
  static LinearSides load(const H5File& file, const std::string& group);
};

/// A row is its coordinates on its side's directions.
class LinearEncoder : public Encoder {
 public:
  explicit LinearEncoder(LinearSides sides) : sides_(std::move(sides)) {}
  Matrix embed(Modality modality, const Features& features) const override;
  void save(H5File& file, const std::string& group) const override { sides_.save(file, group); }

 private:
  LinearSides sides_;
};

}  // namespace alignlab::align
