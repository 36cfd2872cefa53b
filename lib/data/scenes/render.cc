#include "data/scenes/render.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <span>

#include "data/scenes/backdrop.h"

namespace alignlab::scenes {
namespace {

constexpr int kOversampling = 4;

using Outline = std::vector<cv::Point>;

/// Corner points for a radius of 1000.
struct Corner {
  int x;
  int y;
};
constexpr std::array<Corner, 4> kSquareCorners{
    {{-760, -760}, {760, -760}, {760, 760}, {-760, 760}}};
constexpr std::array<Corner, 3> kTriangleCorners{{{0, -960}, {920, 680}, {-920, 680}}};
constexpr std::array<Corner, 10> kStarCorners{{{0, -1000},
                                               {247, -340},
                                               {951, -309},
                                               {400, 130},
                                               {588, 809},
                                               {0, 421},
                                               {-588, 809},
                                               {-400, 130},
                                               {-951, -309},
                                               {-247, -340}}};
constexpr std::array<Corner, 12> kCrossCorners{{{-310, -950},
                                                {310, -950},
                                                {310, -310},
                                                {950, -310},
                                                {950, 310},
                                                {310, 310},
                                                {310, 950},
                                                {-310, 950},
                                                {-310, 310},
                                                {-950, 310},
                                                {-950, -310},
                                                {-310, -310}}};
constexpr std::array<Corner, 4> kDiamondCorners{{{0, -1000}, {680, 0}, {0, 1000}, {-680, 0}}};
constexpr std::array<Corner, 20> kHeartCorners{
    {{0, 940},     {-330, 640},  {-640, 330}, {-870, 20}, {-950, -270}, {-900, -540}, {-740, -740},
     {-510, -820}, {-270, -760}, {-90, -620}, {0, -440},  {90, -620},   {270, -760},  {510, -820},
     {740, -740},  {900, -540},  {950, -270}, {870, 20},  {640, 330},   {330, 640}}};

/// Red, green, blue.
constexpr std::array<std::array<int, 3>, kColours> kColourValues{{{214, 40, 40},
                                                                  {244, 136, 28},
                                                                  {250, 214, 40},
                                                                  {44, 160, 64},
                                                                  {36, 84, 204},
                                                                  {128, 52, 164},
                                                                  {244, 130, 178},
                                                                  {244, 244, 240}}};

int scaled(int length, int side) { return length * side / kSide; }

/// Turned by the angle of the triangle 7, 24, 25 (some 16 degrees), whose sides are integers.
Outline polygon(std::span<const Corner> corners, const Object& object, int side) {
  const int cosine = object.turn == 0 ? 25 : 24;
  const int sine = 7 * object.turn;
  Outline outline;
  for (const Corner& corner : corners) {
    const int x = (corner.x * cosine - corner.y * sine) / 25;
    const int y = (corner.x * sine + corner.y * cosine) / 25;
    outline.emplace_back(scaled(object.x + x * object.radius / 1000, side),
                         scaled(object.y + y * object.radius / 1000, side));
  }
  return outline;
}

Outline disc(const Object& object, int percent, int side) {
  const int radius = scaled(object.radius * percent / 100, side);
  const cv::Point centre(scaled(object.x, side), scaled(object.y, side));
  Outline outline;
  cv::ellipse2Poly(centre, {radius, radius}, 0, 0, 360, 5, outline);
  return outline;
}

/// Filled by the even-odd rule: a second outline is a hole.
std::vector<Outline> outlines_of(const Object& object, int side) {
  switch (object.shape) {
    case Shape::kCircle:
      return {disc(object, 90, side)};
    case Shape::kSquare:
      return {polygon(kSquareCorners, object, side)};
    case Shape::kTriangle:
      return {polygon(kTriangleCorners, object, side)};
    case Shape::kStar:
      return {polygon(kStarCorners, object, side)};
    case Shape::kRing:
      return {disc(object, 94, side), disc(object, 48, side)};
    case Shape::kCross:
      return {polygon(kCrossCorners, object, side)};
    case Shape::kDiamond:
      return {polygon(kDiamondCorners, object, side)};
    case Shape::kHeart:
      return {polygon(kHeartCorners, object, side)};
  }
  std::abort();
}

/// Whether the second tone shows at a point, measured from the object's centre.
bool second_tone(const Object& object, int x, int y) {
  // Marks of a size that survives averaging, a little larger on larger things.
  const int mark = 40 + object.radius / 8;
  constexpr int kPositive = 1 << 16;
  switch (object.texture) {
    case Texture::kPlain:
      return false;
    case Texture::kStriped:
      return ((x + y) * 7 / 10 + mark / 2 + kPositive * mark) / mark % 2 != 0;
    case Texture::kCheckered:
      return ((x + kPositive * mark) / mark + (y + kPositive * mark) / mark) % 2 != 0;
    case Texture::kDotted: {
      const int pitch = mark * 7 / 4;
      const int dx = (x + pitch / 2 + kPositive * pitch) % pitch - pitch / 2;
      const int dy = (y + pitch / 2 + kPositive * pitch) % pitch - pitch / 2;
      return 9 * (dx * dx + dy * dy) < mark * mark * 3;
    }
  }
  std::abort();
}

struct Tones {
  cv::Vec3b main;
  cv::Vec3b second;
  cv::Scalar edge;
};

Tones tones_of(Colour colour, Rng& rng) {
  std::array<int, 3> rgb = kColourValues[index_of(colour)];
  for (int& channel : rgb) channel = std::clamp(channel + rng.between(-12, 12), 0, 255);
  const auto mixed = [&](int percent, int with) {
    cv::Vec3b bgr;
    for (int i = 0; i < 3; ++i) {
      const int value = rgb[static_cast<std::size_t>(2 - i)];
      bgr[i] = static_cast<std::uint8_t>((value * percent + with * (100 - percent)) / 100);
    }
    return bgr;
  };
  // Light colours carry dark marks, and the others light ones.
  const bool light =
      colour == Colour::kWhite || colour == Colour::kYellow || colour == Colour::kPink;
  const cv::Vec3b edge = mixed(48, 0);
  return {mixed(100, 0), light ? mixed(58, 0) : mixed(30, 255),
          cv::Scalar(edge[0], edge[1], edge[2])};
}

void darken(const cv::Mat& mask, cv::Mat& canvas) {
  for (int y = 0; y < mask.rows; ++y) {
    for (int x = 0; x < mask.cols; ++x) {
      if (mask.at<std::uint8_t>(y, x) == 0) continue;
      for (int i = 0; i < 3; ++i) {
        std::uint8_t& value = canvas.at<cv::Vec3b>(y, x)[i];
        value = static_cast<std::uint8_t>(value * 62 / 100);
      }
    }
  }
}

void draw_object(const Object& object, Rng& rng, cv::Mat& canvas) {
  const int side = canvas.cols;
  const std::vector<Outline> outlines = outlines_of(object, side);
  const Tones tones = tones_of(object.colour, rng);
  const int shadow = scaled(22, side);
  const int reach = scaled(object.radius + 40, side);
  const cv::Point centre(scaled(object.x, side), scaled(object.y, side));
  const cv::Rect box = cv::Rect(centre.x - reach, centre.y - reach, 2 * reach, 2 * reach) &
                       cv::Rect(0, 0, side, side);
  cv::Mat area = canvas(box);
  cv::Mat mask = cv::Mat::zeros(box.size(), CV_8UC1);
  const cv::Point drop(shadow, shadow);
  cv::fillPoly(mask, outlines, 255, cv::LINE_8, 0, drop - box.tl());
  darken(mask, area);
  mask.setTo(0);
  cv::fillPoly(mask, outlines, 255, cv::LINE_8, 0, -box.tl());
  for (int y = 0; y < mask.rows; ++y) {
    for (int x = 0; x < mask.cols; ++x) {
      if (mask.at<std::uint8_t>(y, x) == 0) continue;
      const int right = (box.x + x - centre.x) * kSide / side;
      const int down = (box.y + y - centre.y) * kSide / side;
      area.at<cv::Vec3b>(y, x) = second_tone(object, right, down) ? tones.second : tones.main;
    }
  }
  cv::polylines(canvas, outlines, true, tones.edge, std::max(1, scaled(14, side)));
}

int percent_of(Light light) {
  switch (light) {
    case Light::kDim:
      return 52;
    case Light::kNormal:
      return 100;
    case Light::kBright:
      return 128;
  }
  std::abort();
}

/// Light first, then noise: the noise is the camera's.
void expose(const Scene& scene, Rng& rng, cv::Mat& picture) {
  constexpr int kNoiseSpread = 148;
  const int percent = percent_of(scene.light);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const std::uint32_t bits = rng.next_u32();
      const auto sum = (bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24);
      const int noise = (static_cast<int>(sum) - 510) * scene.grain / kNoiseSpread;
      for (int i = 0; i < 3; ++i) {
        std::uint8_t& value = picture.at<cv::Vec3b>(y, x)[i];
        value = static_cast<std::uint8_t>(std::clamp(value * percent / 100 + noise, 0, 255));
      }
    }
  }
}

}  // namespace

std::vector<std::uint8_t> render_png(const Scene& scene, const SceneKey& key, int size) {
  cv::Mat canvas(size * kOversampling, size * kOversampling, CV_8UC3);
  Rng backdrop = key.stream("backdrop");
  paint_backdrop(scene.background, backdrop, canvas);
  Rng paint = key.stream("paint");
  for (const Object& object : scene.objects) draw_object(object, paint, canvas);
  cv::Mat picture;
  cv::resize(canvas, picture, {size, size}, 0, 0, cv::INTER_AREA);
  Rng grain = key.stream("grain");
  expose(scene, grain, picture);
  std::vector<std::uint8_t> png;
  cv::imencode(
      ".png", picture, png,
      {cv::IMWRITE_PNG_COMPRESSION, 6, cv::IMWRITE_PNG_STRATEGY, cv::IMWRITE_PNG_STRATEGY_DEFAULT});
  return png;
}

}  // namespace alignlab::scenes
