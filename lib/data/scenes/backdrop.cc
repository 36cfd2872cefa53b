#include "data/scenes/backdrop.h"

#include <algorithm>
#include <cstdlib>
#include <opencv2/imgproc.hpp>

namespace alignlab::scenes {
namespace {

/// Red, green, blue.
struct Paint {
  int r;
  int g;
  int b;
};

class Painter {
 public:
  Painter(cv::Mat& canvas, Rng& rng) : canvas_(canvas), rng_(rng) {
    // Two pictures of one kind of place are not of the same day.
    const int lightness = rng.between(-14, 14);
    for (int& channel : tint_) channel = lightness + rng.between(-8, 8);
  }

  void sky() {
    gradient({86, 152, 222}, {182, 216, 244});
    const int clouds = rng_.between(2, 4);
    for (int i = 0; i < clouds; ++i) cloud(anywhere());
  }

  void sand() {
    gradient({232, 208, 156}, {210, 178, 118});
    for (int i = 0; i < 260; ++i) {
      const int shade = rng_.between(-34, 24);
      cv::circle(canvas_, anywhere(), px(rng_.between(5, 11)),
                 ink({220 + shade, 190 + shade, 134 + shade}), cv::FILLED);
    }
  }

  void grass() {
    gradient({112, 168, 72}, {62, 122, 46});
    for (int i = 0; i < 240; ++i) {
      const cv::Point foot = anywhere();
      const cv::Point tip(foot.x + px(rng_.between(-26, 26)), foot.y - px(rng_.between(36, 84)));
      const int shade = rng_.between(-30, 34);
      cv::line(canvas_, foot, tip, ink({82 + shade, 142 + shade, 54 + shade / 2}), px(9));
    }
  }

  void night() {
    gradient({10, 12, 38}, {34, 34, 82});
    for (int i = 0; i < 46; ++i) {
      const int shade = rng_.between(120, 240);
      cv::circle(canvas_, anywhere(), px(rng_.between(4, 8)), ink({shade, shade, shade}),
                 cv::FILLED);
    }
  }

  void sea() {
    gradient({92, 176, 190}, {20, 84, 122});
    for (int i = 0; i < 34; ++i) {
      const cv::Point centre = anywhere();
      const cv::Scalar foam = ink({150, 208, 216});
      const int width = px(rng_.between(36, 64));
      for (const int side : {-1, 1}) {
        cv::ellipse(canvas_, {centre.x + side * width, centre.y}, {width, width / 3}, 0, 20, 160,
                    foam, px(9));
      }
    }
  }

  void brick() {
    fill({196, 188, 176});
    constexpr int kRow = 114;
    constexpr int kLength = 248;
    constexpr int kMortar = 16;
    const int shift = rng_.between(0, kLength);
    for (int row = 0; row * kRow < kSide; ++row) {
      const int from = -shift - (row % 2) * kLength / 2 - kLength;
      for (int x = from; x < kSide; x += kLength) {
        const int shade = rng_.between(-20, 20);
        const cv::Point corner(px(x), px(row * kRow));
        const cv::Point opposite(px(x + kLength - kMortar), px((row + 1) * kRow - kMortar));
        cv::rectangle(canvas_, corner, opposite, ink({158 + shade, 88 + shade, 68 + shade}),
                      cv::FILLED);
      }
    }
  }

  void snow() {
    gradient({214, 226, 240}, {240, 244, 250});
    for (int i = 0; i < 70; ++i) {
      cv::circle(canvas_, anywhere(), px(rng_.between(8, 18)), ink({255, 255, 255}), cv::FILLED);
    }
    for (int i = 0; i < 5; ++i) {
      const cv::Point centre = anywhere();
      cv::ellipse(canvas_, centre, {px(rng_.between(120, 240)), px(30)}, 0, 190, 350,
                  ink({176, 194, 220}), px(12));
    }
  }

  void sunset() {
    const int horizon = kSide * rng_.between(50, 72) / 100;
    gradient({74, 44, 108}, {242, 138, 84}, 0, horizon);
    gradient({242, 138, 84}, {252, 206, 120}, horizon, kSide);
    for (int i = 0; i < 4; ++i) {
      cv::ellipse(canvas_, anywhere(), {px(rng_.between(120, 260)), px(rng_.between(10, 18))}, 0, 0,
                  360, ink({204, 104, 112}), cv::FILLED);
    }
  }

  void wood() {
    constexpr int kPlank = 205;
    for (int y = 0; y < kSide; y += kPlank) {
      const int shade = rng_.between(-18, 18);
      cv::rectangle(canvas_, {0, px(y)}, {canvas_.cols, px(y + kPlank)},
                    ink({164 + shade, 116 + shade, 70 + shade}), cv::FILLED);
      for (int i = 0; i < 5; ++i) {
        const int grain = px(y + rng_.between(18, kPlank - 18));
        const int from = px(rng_.between(-200, 700));
        cv::line(canvas_, {from, grain}, {from + px(rng_.between(200, 700)), grain},
                 ink({136 + shade, 92 + shade, 52 + shade}), px(8));
      }
      cv::line(canvas_, {0, px(y)}, {canvas_.cols, px(y)}, ink({88, 56, 30}), px(14));
    }
  }

  void paper() {
    fill({246, 242, 228});
    constexpr int kSquare = 128;
    const int offset = rng_.between(0, kSquare - 1);
    for (int at = offset; at < kSide; at += kSquare) {
      cv::line(canvas_, {0, px(at)}, {canvas_.cols, px(at)}, ink({170, 196, 222}), px(14));
      cv::line(canvas_, {px(at), 0}, {px(at), canvas_.rows}, ink({170, 196, 222}), px(14));
    }
  }

 private:
  int px(int length) const {
    const int pixels = length * canvas_.cols / kSide;
    return length > 0 ? std::max(pixels, 1) : pixels;
  }

  cv::Scalar ink(Paint paint) const {
    return cv::Scalar(paint.b + tint_[0], paint.g + tint_[1], paint.r + tint_[2]);
  }

  /// Named, because the order of evaluation of arguments is not the same everywhere.
  cv::Point anywhere() {
    const int x = rng_.between(0, kSide);
    const int y = rng_.between(0, kSide);
    return {px(x), px(y)};
  }

  void fill(Paint paint) { canvas_.setTo(ink(paint)); }

  void gradient(Paint top, Paint bottom, int from = 0, int to = kSide) {
    const int first = px(from);
    const int last = px(to);
    const auto blend = [&](int a, int b, int y) {
      return a + (b - a) * (y - first) / (last - first);
    };
    for (int y = first; y < last; ++y) {
      canvas_.row(y).setTo(
          ink({blend(top.r, bottom.r, y), blend(top.g, bottom.g, y), blend(top.b, bottom.b, y)}));
    }
  }

  void cloud(cv::Point centre) {
    const int puffs = rng_.between(3, 5);
    for (int i = 0; i < puffs; ++i) {
      const int x = centre.x + px((i - puffs / 2) * 78);
      const int y = centre.y - px(rng_.between(0, 34));
      const int width = px(rng_.between(60, 96));
      cv::ellipse(canvas_, {x, y}, {width, width * 6 / 10}, 0, 0, 360, ink({236, 242, 250}),
                  cv::FILLED);
    }
  }

  cv::Mat& canvas_;
  Rng& rng_;
  std::array<int, 3> tint_{};  // of blue, green and red
};

}  // namespace

void paint_backdrop(Background background, Rng& rng, cv::Mat& canvas) {
  Painter painter(canvas, rng);
  switch (background) {
    case Background::kSky:
      return painter.sky();
    case Background::kSand:
      return painter.sand();
    case Background::kGrass:
      return painter.grass();
    case Background::kNight:
      return painter.night();
    case Background::kSea:
      return painter.sea();
    case Background::kBrick:
      return painter.brick();
    case Background::kSnow:
      return painter.snow();
    case Background::kSunset:
      return painter.sunset();
    case Background::kWood:
      return painter.wood();
    case Background::kPaper:
      return painter.paper();
  }
  std::abort();
}

}  // namespace alignlab::scenes
