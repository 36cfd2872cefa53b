#include "data/judgement_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/lines.h"

namespace alignlab {
namespace {

// Shares are written with a few digits.
constexpr double kShareTolerance = 1e-5;

using Fields = std::array<std::string_view, 5>;

std::optional<Fields> fields_of(std::string_view line) {
  Fields fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t tab = line.find('\t');
    const bool is_last = i + 1 == fields.size();
    if ((tab == std::string_view::npos) != is_last) return std::nullopt;
    fields[i] = line.substr(0, tab);
    if (!is_last) line.remove_prefix(tab + 1);
  }
  return fields;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A number without a sign that is all of the text.
template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The image that a caption was written for; nothing where the text is not a caption's id.
std::optional<std::string_view> image_of(std::string_view caption) {
  const std::size_t hash = caption.rfind('#');
  if (hash == std::string_view::npos || hash == 0 || hash + 1 == caption.size() ||
      !std::ranges::all_of(caption.substr(hash + 1), is_digit)) {
    return std::nullopt;
  }
  return caption.substr(0, hash);
}

using Ratings = std::vector<double>;

std::optional<Ratings> expert_ratings(const Fields& fields) {
  Ratings ratings;
  for (std::size_t i = 2; i < fields.size(); ++i) {
    const auto rating = number_in<std::int64_t>(fields[i]);
    if (!rating || *rating < 1 || *rating > 4) return std::nullopt;
    ratings.push_back(static_cast<double>(*rating));
  }
  return ratings;
}

std::optional<Ratings> crowd_share(const Fields& fields) {
  const auto share = number_in<double>(fields[2]);
  const auto yes = number_in<std::int32_t>(fields[3]);
  const auto no = number_in<std::int32_t>(fields[4]);
  if (!share || !yes || !no || *share > 1.0) return std::nullopt;
  const double votes = static_cast<double>(*yes) + static_cast<double>(*no);
  if (votes == 0.0 || std::abs(*share - *yes / votes) > kShareTolerance) return std::nullopt;
  return Ratings{*share};
}

struct Format {
  JudgementFormat format;
  std::optional<Ratings> (*ratings)(const Fields&);
  std::string_view columns;
};

constexpr Format kFormats[] = {
    {JudgementFormat::kExpert, expert_ratings, "three ratings from 1 to 4"},
    {JudgementFormat::kCrowd, crowd_share,
     "the share of yes from 0 to 1 with its numbers of yes and of no"},
};

const Format& format_of(const LineReader& lines, const Fields& fields) {
  for (const Format& format : kFormats) {
    if (format.ratings(fields)) return format;
  }
  lines.fail_expected(fmt::format("{}, or {}", kFormats[0].columns, kFormats[1].columns));
}

class Parser {
 public:
  void parse(const LineReader& lines) {
    const auto fields = fields_of(lines.text());
    if (!fields) lines.fail_expected("five columns between tabs");
    const std::string_view image = (*fields)[0], caption = (*fields)[1];
    if (image.empty()) lines.fail_expected("the name of an image in the first column");
    const auto written_for = image_of(caption);
    if (!written_for) lines.fail_expected("a caption 'image#number' in the second column");
    if (format_ == nullptr) {
      format_ = &format_of(lines, *fields);
      file_.format = format_->format;
    }
    const auto ratings = format_->ratings(*fields);
    if (!ratings) lines.fail_expected(format_->columns);
    for (const double rating : *ratings) {
      file_.judgements.push_back(
          {std::string(image), std::string(caption), rating, *written_for == image});
    }
  }
  JudgementFile file() && { return std::move(file_); }

 private:
  const Format* format_ = nullptr;
  JudgementFile file_;
};

}  // namespace

JudgementFile read_judgement_file(const std::filesystem::path& path) {
  Parser parser;
  LineReader lines(path);
  while (lines.next()) {
    if (!lines.text().empty()) parser.parse(lines);
  }
  JudgementFile file = std::move(parser).file();
  if (file.judgements.empty()) {
    throw DataError(fmt::format("{}: expected judgements, found none", path.string()));
  }
  return file;
}

std::vector<HumanJudgement> commonly_judged(JudgementFile file) {
  if (file.format == JudgementFormat::kExpert) {
    std::erase_if(file.judgements,
                  [](const HumanJudgement& judgement) { return judgement.is_own_caption; });
  }
  return std::move(file.judgements);
}

}  // namespace alignlab
