#include "features/decoding.h"

#include "core/error.h"
#include "features/audio/decode.h"
#include "features/image/decode.h"

namespace alignlab {
namespace {

void decode(Modality modality, const std::string& bytes, const std::string& id) {
  using namespace features;
  if (modality == Modality::kImage) decode_image(bytes, id, {.size = 1});
  if (modality == Modality::kAudio) {
    decode_sound(bytes, id,
                 {.rate_hz = kLowestTargetHz, .max_seconds = 3600, .resampler = Resampler::kFast});
  }
}

}  // namespace

std::optional<std::string> decoding_fault(Modality modality, const std::string& bytes,
                                          const std::string& id) {
  try {
    decode(modality, bytes, id);
    return std::nullopt;
  } catch (const DataError& error) {
    // "image 'id': what": who asks has named the item already.
    const std::string message = error.what();
    const std::string place = " '" + id + "': ";
    const std::size_t at = message.find(place);
    return at == std::string::npos ? message : message.substr(at + place.size());
  }
}

}  // namespace alignlab
