#pragma once

// A scene as facts: what lies where, on what, in which light. Pictures, captions, sounds and
// relevance are all made from it. Lengths are integers in 1/1024 of the picture's side, x to the
// right and y down, so that no floating point decides what is drawn or what is true.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/rng.h"

namespace alignlab::scenes {

inline constexpr int kSide = 1024;

enum class Shape : std::uint8_t {
  kCircle,
  kSquare,
  kTriangle,
  kStar,
  kRing,
  kCross,
  kDiamond,
  kHeart
};
enum class Colour : std::uint8_t { kRed, kOrange, kYellow, kGreen, kBlue, kPurple, kPink, kWhite };
enum class Size : std::uint8_t { kSmall, kMedium, kLarge };
enum class Texture : std::uint8_t { kPlain, kStriped, kDotted, kCheckered };
enum class Background : std::uint8_t {
  kSky,
  kSand,
  kGrass,
  kNight,
  kSea,
  kBrick,
  kSnow,
  kSunset,
  kWood,
  kPaper
};
enum class Light : std::uint8_t { kDim, kNormal, kBright };
/// Thirds of the picture, row by row.
enum class Place : std::uint8_t {
  kTopLeft,
  kTop,
  kTopRight,
  kLeft,
  kMiddle,
  kRight,
  kBottomLeft,
  kBottom,
  kBottomRight
};
enum class Relation : std::uint8_t { kLeftOf, kRightOf, kAbove, kBelow, kInFrontOf, kBehind };

inline constexpr int kShapes = 8;
inline constexpr int kColours = 8;
inline constexpr int kTextures = 4;
inline constexpr int kBackgrounds = 10;
inline constexpr std::array kRelations{Relation::kLeftOf, Relation::kRightOf,   Relation::kAbove,
                                       Relation::kBelow,  Relation::kInFrontOf, Relation::kBehind};

template <typename Enum>
constexpr std::size_t index_of(Enum value) {
  return static_cast<std::size_t>(value);
}

/// The class label of a scene.
std::string_view name_of(Background background);
/// The relation of b to a, where a has `relation` to b.
Relation inverse_of(Relation relation);

struct Object {
  Shape shape;
  Colour colour;
  Size size;
  Texture texture;
  int x;
  int y;
  int radius;
  int turn;  // -1, 0 or 1: turned a little to the left, upright, or to the right
};

struct Scene {
  Background background;
  Light light;
  int grain;                    // spread of the noise in grey levels of 255
  std::vector<Object> objects;  // 1 to 4, the rearmost first
};

/// Noise that a person would remark on.
inline constexpr int kRemarkableGrain = 16;

Place place_of(const Object& object);
/// Whether object `a` of the scene has the relation to object `b`.
bool related(const Scene& scene, std::size_t a, Relation relation, std::size_t b);

/// Names one scene of one data set: the root of its random streams.
struct SceneKey {
  std::uint64_t seed;
  int id;
  Rng stream(std::string_view purpose) const;
};

Scene draw_scene(const SceneKey& key);

}  // namespace alignlab::scenes
