#include "features/decoding.h"

#include <fmt/format.h>

#include "core/error.h"
#include "features/audio/decode.h"
#include "features/image/decode.h"

namespace alignlab {

std::optional<std::string> decoding_fault(Modality modality, const std::string& bytes,
                                          const std::string& id) {
  try {
    if (modality == Modality::kImage) features::decode_image(bytes, id, {1, features::Resize::kSquash});
    if (modality == Modality::kAudio) features::decode_sound(bytes, id, {});
    return std::nullopt;
  } catch (const DataError& error) {
    // Who asks has named the item already.
    const std::string place = fmt::format("{} '{}': ", name_of(modality), id);
    const std::string message = error.what();
    return message.starts_with(place) ? message.substr(place.size()) : message;
  }
}

}  // namespace alignlab
