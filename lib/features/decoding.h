#pragma once

// Whether the decoders that feature extraction uses take an encoded image or sound.

#include <optional>
#include <string>

#include "core/modality.h"

namespace alignlab {

/// What is wrong with the bytes, in words; nothing where they are decoded to the end, and for
/// modalities that are not encoded or that no feature kind decodes. `id` is for the message.
std::optional<std::string> decoding_fault(Modality modality, const std::string& bytes,
                                          const std::string& id);

}  // namespace alignlab
