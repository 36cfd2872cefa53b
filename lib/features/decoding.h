#pragma once

// Whether the decoders that feature extraction uses take an encoded image or sound.

#include <optional>
#include <string>

#include "core/modality.h"

namespace alignlab {

/// What is wrong with the bytes, in words; nothing where an image is decoded whole and the first
/// hour of a sound, and for a text. `id` is for the message. Called from several threads.
std::optional<std::string> decoding_fault(Modality modality, const std::string& bytes,
                                          const std::string& id);

}  // namespace alignlab
