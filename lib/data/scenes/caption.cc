#include "data/scenes/caption.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/scenes/wording.h"

namespace alignlab::scenes {
namespace {

constexpr int kFewestFacts = 3;

/// Indices of the objects, those that catch the eye first.
std::vector<std::size_t> by_salience(const Scene& scene, Rng& rng) {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < scene.objects.size(); ++i) {
    order.emplace_back(-scene.objects[i].radius * rng.uniform(0.4, 1.0), i);
  }
  std::ranges::sort(order);
  std::vector<std::size_t> indices;
  for (const auto& [salience, index] : order) indices.push_back(index);
  return indices;
}

Mention describe(const Object& object, Rng& rng) {
  Mention mention;
  const double kind = rng.uniform();
  if (kind >= 0.1) mention.shape = object.shape;
  if (kind < 0.86) mention.colour = object.colour;
  const bool striking_size = object.size != Size::kMedium;
  if (rng.chance(striking_size ? 0.45 : 0.08)) mention.size = object.size;
  const bool striking_texture = object.texture != Texture::kPlain;
  if (rng.chance(striking_texture ? 0.5 : 0.05)) mention.texture = object.texture;
  return mention;
}

/// The two most striking objects and their like, as one mention; `members` is cleared of all
/// others. The count stays 1 where they have too little in common.
Mention describe_group(const Scene& scene, std::vector<std::size_t>& members, Rng& rng) {
  const Object& first = scene.objects[members[0]];
  const Object& second = scene.objects[members[1]];
  Mention mention;
  if (first.shape == second.shape) mention.shape = first.shape;
  if (first.colour == second.colour) mention.colour = first.colour;
  if (!mention.shape && !mention.colour) return mention;
  // A likeness in one respect only is often passed over for what tells the two apart.
  if (!(mention.shape && mention.colour) && rng.chance(0.5)) return mention;
  if (first.size == second.size && rng.chance(0.3)) mention.size = first.size;
  if (first.texture == second.texture && first.texture != Texture::kPlain && rng.chance(0.5)) {
    mention.texture = first.texture;
  }
  std::erase_if(members, [&](std::size_t i) { return !mention.matches(scene.objects[i]); });
  mention.count = static_cast<int>(members.size());
  return mention;
}

std::size_t draw_mention_count(std::size_t available, Rng& rng) {
  const double u = rng.uniform();
  return std::min<std::size_t>(available, u < 0.2 ? 1 : u < 0.72 ? 2 : 3);
}

std::optional<Relation> draw_relation(const Scene& scene, std::size_t a, std::size_t b, Rng& rng) {
  std::vector<Relation> holding;
  for (const Relation relation : kRelations) {
    if (related(scene, a, relation, b)) holding.push_back(relation);
  }
  if (holding.empty()) return std::nullopt;
  // Depth comes last in the list and is what one would say of things that overlap.
  return rng.chance(0.7) ? holding.back() : rng.pick(holding);
}

void mention_objects(const Scene& scene, Meaning& meaning, Rng& rng) {
  std::vector<std::size_t> order = by_salience(scene, rng);
  const std::size_t wanted = draw_mention_count(order.size(), rng);
  if (order.size() > 1 && rng.chance(0.65)) {
    std::vector<std::size_t> members = order;
    const Mention group = describe_group(scene, members, rng);
    if (group.count > 1) {
      meaning.mentions.push_back(group);
      std::erase_if(order, [&](std::size_t i) { return std::ranges::count(members, i) > 0; });
    }
  }
  const bool singles = meaning.mentions.empty();
  for (std::size_t i = 0; i < order.size() && meaning.mentions.size() < wanted; ++i) {
    meaning.mentions.push_back(describe(scene.objects[order[i]], rng));
  }
  if (singles && wanted == 1) {
    // Whoever speaks of one thing alone says what it is.
    meaning.mentions[0].shape = scene.objects[order[0]].shape;
    meaning.mentions[0].colour = scene.objects[order[0]].colour;
  }
  if (singles && wanted > 1 && rng.chance(0.5)) {
    meaning.relation = draw_relation(scene, order[0], order[1], rng);
  }
  if (singles && !meaning.relation) {
    for (std::size_t i = 0; i < wanted; ++i) {
      if (rng.chance(wanted == 1 ? 0.35 : 0.12)) {
        meaning.mentions[i].place = place_of(scene.objects[order[i]]);
      }
    }
  }
}

Meaning draw_meaning(const Scene& scene, Rng& rng) {
  Meaning meaning;
  mention_objects(scene, meaning, rng);
  if (rng.chance(0.45)) meaning.background = scene.background;
  if (scene.light != Light::kNormal && rng.chance(0.25)) meaning.light = scene.light;
  if (scene.grain >= kRemarkableGrain && rng.chance(0.3)) meaning.grainy = true;
  const int total = static_cast<int>(scene.objects.size());
  if (!meaning.relation && meaning.mentions[0].count < total && rng.chance(0.2)) {
    if (total > 1) meaning.total = total;
  }
  if (fact_count(meaning) < kFewestFacts) meaning.background = scene.background;
  return meaning;
}

template <typename Enum>
Enum another(Enum truth, int values, Rng& rng) {
  const auto step = 1 + rng.below(static_cast<std::uint64_t>(values) - 1);
  return static_cast<Enum>((index_of(truth) + step) % static_cast<std::uint64_t>(values));
}

/// Mistakes of the eye or the memory.
void slip(Meaning& meaning, Rng& rng) {
  Mention& mention = meaning.mentions[rng.below(meaning.mentions.size())];
  if (mention.colour && rng.chance(0.06)) mention.colour = another(*mention.colour, kColours, rng);
  if (mention.size && rng.chance(0.06)) mention.size = another(*mention.size, 3, rng);
  if (mention.shape && rng.chance(0.03)) mention.shape = another(*mention.shape, kShapes, rng);
  if (meaning.background && rng.chance(0.02)) {
    meaning.background = another(*meaning.background, kBackgrounds, rng);
  }
  if (meaning.relation && rng.chance(0.04)) meaning.relation = inverse_of(*meaning.relation);
}

/// Mistakes of the fingers, inside one word of five letters or more.
void mistype(std::string& text, Rng& rng) {
  constexpr std::size_t kShortest = 5;
  std::vector<std::pair<std::size_t, std::size_t>> words;  // where it begins, its length
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" ,.:-", begin), text.size());
    if (end - begin >= kShortest) words.emplace_back(begin, end - begin);
    begin = end + 1;
  }
  if (words.empty()) return;
  const auto [begin, length] = rng.pick(words);
  const std::size_t at = begin + 1 + rng.below(length - 2);
  const double kind = rng.uniform();
  if (kind < 0.4) {
    std::swap(text[at], text[at + 1]);
  } else if (kind < 0.75) {
    text.erase(at, 1);
  } else {
    text.insert(at, 1, text[at]);
  }
}

Caption write_caption(const Scene& scene, Rng& rng) {
  Caption caption;
  caption.meaning = draw_meaning(scene, rng);
  Meaning said = caption.meaning;
  slip(said, rng);
  caption.text = word(said, rng);
  if (rng.chance(0.05)) mistype(caption.text, rng);
  return caption;
}

}  // namespace

std::vector<Caption> write_captions(const Scene& scene, const SceneKey& key) {
  std::vector<Caption> captions;
  for (int i = 0; i < kCaptionsPerScene; ++i) {
    Rng rng = key.stream(fmt::format("caption/{}", i));
    Caption caption = write_caption(scene, rng);
    // Two people seldom choose the same words; of a single object there is little else to say.
    const auto repeats = [&](const Caption& other) { return other.text == caption.text; };
    while (std::ranges::any_of(captions, repeats)) caption = write_caption(scene, rng);
    captions.push_back(std::move(caption));
  }
  return captions;
}

}  // namespace alignlab::scenes
