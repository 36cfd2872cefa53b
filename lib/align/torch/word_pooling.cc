#include "align/torch/word_pooling.h"

namespace alignlab::align {
namespace {

constexpr std::int64_t kPlaceWidth = 32;
constexpr double kSharpness = 10.0;
// In place of -infinity, whose gradients are not numbers.
constexpr double kExcluded = -1e9;

}  // namespace

WordPooling::WordPooling(std::string kind, bool both_ways, const at::Generator& source,
                         torch::Device device)
    : kind_(std::move(kind)), both_ways_(both_ways) {
  if (kind_ != "generalised") return;
  places_ = make_sequence_encoder(kPlaceWidth, {"bigru", 2 * kPlaceWidth, 1}, source, device);
  weigh_ = random_tensor({kPlaceWidth, 1}, kPlaceWidth + 1, source, device);
}

WordPooling::~WordPooling() = default;

torch::Tensor WordPooling::operator()(const WordRows& rows) const {
  if (kind_ == "last") return last(rows);
  if (kind_ == "generalised") return generalised(rows);
  const torch::Tensor mask = rows.mask().unsqueeze(2);
  if (kind_ == "max") {
    return std::get<0>(rows.values.masked_fill(mask == 0, kExcluded).max(1));
  }
  return (rows.values * mask).sum(1) / mask.sum(1);
}

torch::Tensor WordPooling::last(const WordRows& rows) const {
  const torch::Tensor at = (rows.lengths - 1)
                               .to(rows.values.device())
                               .view({-1, 1, 1})
                               .expand({-1, 1, rows.values.size(2)});
  const torch::Tensor ends = rows.values.gather(1, at).squeeze(1);
  if (!both_ways_) return ends;
  const std::int64_t half = rows.values.size(2) / 2;
  return torch::cat({ends.slice(1, 0, half), rows.values.select(1, 0).slice(1, half)}, 1);
}

torch::Tensor WordPooling::generalised(const WordRows& rows) const {
  // Weights depend on the number of words alone, so each number goes through the GRU once.
  const auto [lengths, which] = torch::_unique(rows.lengths, /*sorted=*/true,
                                               /*return_inverse=*/true);
  const std::int64_t longest = rows.values.size(1);
  const torch::Tensor place = sinusoids(longest, kPlaceWidth, rows.values)
                                  .unsqueeze(0)
                                  .expand({lengths.size(0), longest, kPlaceWidth});
  WordRows places{place, lengths};
  const torch::Tensor mask = places.mask();
  places.values = place * mask.unsqueeze(2);
  const torch::Tensor states = places_->forward(places, nullptr);
  const torch::Tensor both = 0.5 * (states.slice(2, 0, kPlaceWidth) + states.slice(2, kPlaceWidth));
  const torch::Tensor weights =
      (both.matmul(weigh_).squeeze(2) * kSharpness).masked_fill(mask == 0, kExcluded).softmax(1);
  const torch::Tensor own = weights.index_select(0, which.to(rows.values.device()));
  const torch::Tensor present = rows.mask().unsqueeze(2);
  const torch::Tensor falling = std::get<0>(
      rows.values.masked_fill(present == 0, kExcluded).sort(/*dim=*/1, /*descending=*/true));
  return (falling.masked_fill(present == 0, 0.0) * own.unsqueeze(2)).sum(1);
}

std::vector<NamedTensor> WordPooling::parameters() const {
  if (!places_) return {};
  std::vector<NamedTensor> out{{"weigh", weigh_, true}};
  for (NamedTensor& each : places_->parameters()) {
    each.name = "places/" + each.name;
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace alignlab::align
