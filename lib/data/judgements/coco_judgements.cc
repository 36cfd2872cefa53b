#include "data/judgements/coco_judgements.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "core/error.h"
#include "core/files.h"
#include "core/lines.h"
#include "data/csv.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr double kHighestScore = 5.0;
constexpr std::string_view kCaptionMark = ":sentid:";
constexpr std::string_view kImagePrefix = "COCO_";
constexpr std::string_view kImageSuffix = ".jpg";

const std::vector<std::string>& columns_of_pairs() {
  static const std::vector<std::string> kColumns{"caption", "image", "agg_score",
                                                 "sampling_method"};
  return kColumns;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The number in "COCO_val2014:sentid:12", if it is so.
std::optional<std::string_view> number_of_caption(std::string_view id) {
  const std::size_t mark = id.find(kCaptionMark);
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view number = id.substr(mark + kCaptionMark.size());
  return is_number(number) ? std::optional(number) : std::nullopt;
}

/// The number in "COCO_val2014_000000000012.jpg", if it is so, without its zeros.
std::optional<std::string_view> number_of_image(std::string_view id) {
  if (!id.starts_with(kImagePrefix) || !id.ends_with(kImageSuffix)) return std::nullopt;
  id.remove_suffix(kImageSuffix.size());
  std::string_view number = id.substr(id.rfind('_') + 1);
  if (!is_number(number)) return std::nullopt;
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size() - 1));
  return number;
}

double score_of(const CsvReader& csv) {
  const std::string& text = csv.fields()[2];
  const char* end = text.data() + text.size();
  double score = 0.0;
  const auto [stop, error] = std::from_chars(text.data(), end, score);
  if (error != std::errc() || stop != end || !(score >= 0.0 && score <= kHighestScore)) {
    csv.fail(
        fmt::format("expected a score from 0 to {}, found '{}'", kHighestScore, excerpt(text)));
  }
  return score;
}

void check_columns(const fs::path& path, CsvReader& csv) {
  const std::string expected = fmt::format("{}", fmt::join(columns_of_pairs(), ","));
  if (!csv.next()) {
    throw DataError(
        fmt::format("{}: expected columns {}, found an empty file", path.string(), expected));
  }
  if (csv.fields() == columns_of_pairs()) return;
  csv.fail(fmt::format("expected columns {}, found '{}'", expected,
                       excerpt(fmt::format("{}", fmt::join(csv.fields(), ",")))));
}

/// Hears of one object from ids to lists of ids.
class PositivesHandler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  PositivesHandler(const fs::path& path, const std::string& text) : path_(path), text_(text) {}

  bool null() override { return refuse("null"); }
  bool boolean(bool value) override { return refuse(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) override { return refuse(fmt::format("{}", value)); }
  bool number_unsigned(std::uint64_t value) override { return add(fmt::format("{}", value)); }
  bool number_float(double, const std::string& text) override { return refuse(excerpt(text)); }
  bool string(std::string& value) override {
    if (!is_number(value)) return refuse(fmt::format("'{}'", excerpt(value)));
    return add(std::move(value));
  }
  bool binary(nlohmann::json::binary_t&) override { return refuse("binary data"); }

  bool key(std::string& name) override {
    if (!is_number(name)) {
      fail(fmt::format("expected the number of an image or a caption, found '{}'", excerpt(name)));
    }
    if (!queries_.insert(name).second) fail(fmt::format("'{}': is there twice", name));
    query_ = std::move(name);
    return true;
  }
  bool start_object(std::size_t) override {
    if (is_open_) return refuse("an object");
    is_open_ = true;
    return true;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override {
    if (!is_open_ || in_list_) return refuse("a list");
    in_list_ = true;
    return true;
  }
  bool end_array() override {
    in_list_ = false;
    candidates_.clear();
    return true;
  }

  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception&) override {
    // The position counts the end of the file as a byte.
    const bool is_end = position > text_.size();
    const auto before = std::string_view(text_).substr(0, position > 0 ? position - 1 : 0);
    const auto line = 1 + std::ranges::count(before, '\n');
    const std::size_t line_begin = before.rfind('\n') + 1;
    fail_at(fmt::format(":{}:{}", line, before.size() - line_begin + 1),
            fmt::format("expected JSON, found {}",
                        is_end ? "the end of the file" : fmt::format("'{}'", excerpt(token))));
  }

  [[noreturn]] void fail(std::string_view what) const { fail_at("", what); }
  std::vector<NamedJudgement> judgements() && { return std::move(judgements_); }

 private:
  [[noreturn]] void fail_at(std::string_view place, std::string_view what) const {
    throw DataError(fmt::format("{}{}: {}", path_.string(), place, what));
  }

  /// Always throws; for a value of the kind that `found` names.
  bool refuse(std::string_view found) const {
    if (!is_open_) {
      fail(fmt::format("expected an object from ids to lists of ids, found {}", found));
    }
    fail(fmt::format("'{}': expected {}, found {}", query_, in_list_ ? "an id" : "a list of ids",
                     found));
  }

  bool add(std::string candidate) {
    if (!in_list_) return refuse(candidate);
    if (!candidates_.insert(candidate).second) {
      fail(fmt::format("'{}': {} is there twice", query_, excerpt(candidate)));
    }
    judgements_.push_back({query_, std::move(candidate), 1.0F});
    return true;
  }

  const fs::path& path_;
  const std::string& text_;
  bool is_open_ = false;
  bool in_list_ = false;
  std::string query_;
  std::unordered_set<std::string> queries_;
  std::unordered_set<std::string> candidates_;  // of the open list
  std::vector<NamedJudgement> judgements_;
};

}  // namespace

NamedJudgements read_crisscrossed_captions(const fs::path& path, double least) {
  CsvReader csv(path, CsvDialect{});
  check_columns(path, csv);
  NamedJudgements out;
  std::size_t below = 0;
  while (csv.next()) {
    const std::string& caption = csv.fields()[0];
    const std::string& image = csv.fields()[1];
    if (!number_of_caption(caption)) {
      csv.fail(fmt::format("expected a caption such as 'COCO_val2014:sentid:12', found '{}'",
                           excerpt(caption)));
    }
    if (!number_of_image(image)) {
      csv.fail(fmt::format("expected an image such as 'COCO_val2014_000000000012.jpg', found '{}'",
                           excerpt(image)));
    }
    const double score = score_of(csv);
    if (score < least) {
      ++below;
    } else {
      out.all.push_back({caption, image, static_cast<float>(score)});
    }
  }
  if (out.all.empty()) {
    throw DataError(fmt::format("{}: expected pairs with a score of {} or more, found none",
                                path.string(), least));
  }
  if (below > 0) {
    out.left_out =
        fmt::format("pairs with a score below {}, left out: {}", least, with_commas(below));
  }
  return out;
}

NamedJudgements read_eccv_caption(const fs::path& path) {
  const std::string text = read_file(path);
  PositivesHandler handler(path, text);
  nlohmann::json::sax_parse(text, &handler);
  // The parser takes a byte of zero for the end of its input.
  if (text.find('\0') != std::string::npos) {
    handler.fail("expected nothing after the JSON, found a byte of zero");
  }
  NamedJudgements out{std::move(handler).judgements(), ""};
  if (out.all.empty()) {
    throw DataError(fmt::format("{}: expected positives, found none", path.string()));
  }
  return out;
}

std::vector<std::string> coco_spellings(const std::string& id) {
  const auto of_image = number_of_image(id);
  const std::string number(of_image.value_or(number_of_caption(id).value_or(id)));
  return {id, number, fmt::format("COCO_val2014_{:0>12}.jpg", number)};
}

}  // namespace alignlab
