#include "data/scenes/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace alignlab::scenes {
namespace {

constexpr std::array<std::string_view, kBackgrounds> kBackgroundNames{
    "sky", "sand", "grass", "night", "sea", "brick", "snow", "sunset", "wood", "paper"};

// Below this a viewer would not say that one object is beside the other.
constexpr int kClearOffset = 120;

struct Range {
  int low;
  int high;
};
constexpr std::array<Range, 3> kRadii{{{88, 108}, {145, 180}, {230, 285}}};

std::int64_t squared_distance(const Object& a, const Object& b) {
  const std::int64_t dx = a.x - b.x;
  const std::int64_t dy = a.y - b.y;
  return dx * dx + dy * dy;
}

bool overlap(const Object& a, const Object& b) {
  const std::int64_t touching = (a.radius + b.radius) * 8 / 10;
  return squared_distance(a, b) < touching * touching;
}

bool hard_to_see(Colour colour, Background background) {
  return colour == Colour::kWhite &&
         (background == Background::kSnow || background == Background::kPaper);
}

Size draw_size(Rng& rng) {
  const double u = rng.uniform();
  return u < 0.3 ? Size::kSmall : u < 0.68 ? Size::kMedium : Size::kLarge;
}

Texture draw_texture(Rng& rng) {
  if (rng.chance(0.5)) return Texture::kPlain;
  return static_cast<Texture>(rng.between(1, kTextures - 1));
}

Object draw_kind(const Scene& scene, Rng& rng) {
  Object object{};
  object.shape = static_cast<Shape>(rng.below(kShapes));
  do {
    object.colour = static_cast<Colour>(rng.below(kColours));
  } while (hard_to_see(object.colour, scene.background));
  object.size = draw_size(rng);
  object.texture = draw_texture(rng);
  // Likeness within a scene is what makes counting, and telling apart, worth while.
  if (!scene.objects.empty()) {
    const Object& earlier = rng.pick(scene.objects);
    if (rng.chance(0.25)) object.shape = earlier.shape;
    if (rng.chance(0.25)) object.colour = earlier.colour;
  }
  object.turn = rng.between(-1, 1);
  return object;
}

/// How near the object behind lets the one in front come: enough of both stays visible.
int least_distance(const Object& a, const Object& b, bool crowded) {
  const int sum = a.radius + b.radius;
  if (!crowded) return sum + 10;
  return std::max(sum * 6 / 10, std::max(a.radius, b.radius) * 9 / 10);
}

bool fits(const Scene& scene, const Object& object, bool crowded) {
  return std::ranges::all_of(scene.objects, [&](const Object& other) {
    const std::int64_t least = least_distance(other, object, crowded);
    return squared_distance(other, object) >= least * least;
  });
}

/// Nothing where the scene is too full.
std::optional<Object> find_room(const Scene& scene, Object object, bool crowded, Rng& rng) {
  constexpr int kTries = 60;
  for (int i = 0; i < kTries; ++i) {
    const Range radius = kRadii[index_of(object.size)];
    object.radius = rng.between(radius.low, radius.high);
    object.x = rng.between(object.radius + 20, kSide - object.radius - 20);
    object.y = rng.between(object.radius + 20, kSide - object.radius - 20);
    if (fits(scene, object, crowded)) return object;
  }
  return std::nullopt;
}

int draw_count(Rng& rng) {
  const double u = rng.uniform();
  return u < 0.15 ? 1 : u < 0.5 ? 2 : u < 0.8 ? 3 : 4;
}

}  // namespace

std::string_view name_of(Background background) { return kBackgroundNames[index_of(background)]; }

Relation inverse_of(Relation relation) {
  switch (relation) {
    case Relation::kLeftOf:
      return Relation::kRightOf;
    case Relation::kRightOf:
      return Relation::kLeftOf;
    case Relation::kAbove:
      return Relation::kBelow;
    case Relation::kBelow:
      return Relation::kAbove;
    case Relation::kInFrontOf:
      return Relation::kBehind;
    case Relation::kBehind:
      return Relation::kInFrontOf;
  }
  std::abort();
}

Place place_of(const Object& object) {
  return static_cast<Place>(3 * (object.y * 3 / kSide) + object.x * 3 / kSide);
}

bool related(const Scene& scene, std::size_t a, Relation relation, std::size_t b) {
  const Object& first = scene.objects[a];
  const Object& second = scene.objects[b];
  const int right = second.x - first.x;
  const int down = second.y - first.y;
  switch (relation) {
    case Relation::kLeftOf:
      return right >= kClearOffset && right > std::abs(down);
    case Relation::kAbove:
      return down >= kClearOffset && down > std::abs(right);
    case Relation::kInFrontOf:
      return a > b && overlap(first, second);
    case Relation::kRightOf:
    case Relation::kBelow:
    case Relation::kBehind:
      return related(scene, b, inverse_of(relation), a);
  }
  std::abort();
}

Rng SceneKey::stream(std::string_view purpose) const {
  return Rng(seed, fmt::format("scenes/{}/{}", id, purpose));
}

Scene draw_scene(const SceneKey& key) {
  Rng rng = key.stream("layout");
  Scene scene{};
  scene.background = static_cast<Background>(rng.below(kBackgrounds));
  const double light = rng.uniform();
  scene.light = light < 0.18 ? Light::kDim : light < 0.82 ? Light::kNormal : Light::kBright;
  scene.grain = rng.chance(0.15) ? rng.between(kRemarkableGrain, 24) : rng.between(1, 7);
  const bool crowded = rng.chance(0.45);
  const int count = draw_count(rng);
  for (int i = 0; i < count; ++i) {
    const auto object = find_room(scene, draw_kind(scene, rng), crowded, rng);
    if (object) scene.objects.push_back(*object);
  }
  return scene;
}

}  // namespace alignlab::scenes
