#pragma once

// What a caption says, before anyone words it, and whether that is true of a scene. A meaning is
// a set of facts; each stated attribute, relation, number and circumstance is one of them.

#include <optional>
#include <vector>

#include "data/scenes/scene.h"

namespace alignlab::scenes {

/// "two big red stars at the top": `count` or more objects with all the attributes given.
struct Mention {
  int count = 1;
  std::optional<Shape> shape;
  std::optional<Colour> colour;
  std::optional<Size> size;
  std::optional<Texture> texture;
  std::optional<Place> place;

  bool operator==(const Mention&) const = default;
  bool matches(const Object& object) const;
};

/// Different mentions speak of different objects.
struct Meaning {
  std::vector<Mention> mentions;
  std::optional<Relation> relation;  // of the first mention to the second
  std::optional<Background> background;
  std::optional<Light> light;
  bool grainy = false;
  std::optional<int> total;  // exactly so many objects
};

int fact_count(const Meaning& meaning);
/// Every fact, jointly: one choice of objects makes the whole of it true.
bool holds(const Meaning& meaning, const Scene& scene);
/// How relevant the picture of a scene is to a caption that was written about another one: 2 where
/// everything holds, 1 where at least three quarters of the facts do, otherwise 0.
int grade_of(const Meaning& meaning, const Scene& scene);

}  // namespace alignlab::scenes
