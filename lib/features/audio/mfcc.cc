// Mel-frequency cepstral coefficients: the cosine transform of log-mel frames, with their
// derivatives in time beside them where asked for.

#include "features/audio/log_mel.h"
#include "features/audio/sound_kind.h"

namespace alignlab::features {
namespace {

Matrix with_deltas(const Matrix& cepstra, int orders) {
  Matrix out(cepstra.rows(), cepstra.cols() * static_cast<std::size_t>(1 + orders));
  for (int order = 0; order <= orders; ++order) {
    const Matrix part = order == 0 ? cepstra : deltas(cepstra, order);
    for (std::size_t i = 0; i < part.rows(); ++i) {
      const auto at = static_cast<std::size_t>(order) * part.cols();
      std::ranges::copy(part.row(i), out.row(i).subspan(at).begin());
    }
  }
  return out;
}

}  // namespace

FeatureKindPtr make_mfcc(const Section& options) {
  const LogMel log_mel(options);
  const Pooling pools = pooling(options);
  const auto count = static_cast<std::size_t>(options.integer("coefficients"));
  const int orders = static_cast<int>(options.integer("deltas"));
  return make_sound_kind(
      "mfcc", mel_shape(options).high_hz,
      pooled_width(pools, count * static_cast<std::size_t>(1 + orders)),
      [=](const std::string& content, const std::string& id, std::span<float> out) {
        const Matrix cepstra = cosine_transform(log_mel.frames(content, id), count);
        pool(with_deltas(cepstra, orders), pools, out);
      });
}

}  // namespace alignlab::features
