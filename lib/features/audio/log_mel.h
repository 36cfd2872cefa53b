#pragma once

// The logarithm of the power in mel bands, frame by frame: what log-mel pools and mfcc transforms.

#include <string>

#include "features/audio/settings.h"

namespace alignlab::features {

class LogMel {
 public:
  explicit LogMel(const Section& options);
  std::size_t bands() const { return bank_.size(); }
  /// frames x bands; at least one frame. DataError as decode_sound(). Called from several threads.
  Matrix frames(const std::string& bytes, const std::string& id) const;

 private:
  SoundShape sound_;
  StftShape stft_;
  FilterBank bank_;
  Logarithm logarithm_;
};

}  // namespace alignlab::features
