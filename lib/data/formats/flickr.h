#pragma once

// What Flickr8k and Flickr30k have in common: a text file with a caption a line, which names its
// image, and lists of the images of each split. A list that names no image of the captions is a
// DataError, because its split would be empty without a word.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/lines.h"
#include "data/formats/formats.h"

namespace alignlab {

struct FlickrSources {
  std::filesystem::path captions;
  std::map<Split, std::filesystem::path> lists;  // names of images, with or without ".jpg"

  std::vector<std::filesystem::path> all() const;
  /// Takes `file` as the list of a split, or as the captions. UsageError if there is one already.
  void add(const std::string& format, const std::filesystem::path& file,
           std::optional<Split> split);
};

struct FlickrCaption {
  std::string image;
  std::string id;  // "image#number"
  std::string text;
};

/// One form of the file of captions.
class FlickrParser {
 public:
  virtual ~FlickrParser() = default;
  /// What a line is expected to be, for messages: "'image#number<TAB>caption'".
  virtual std::string_view expected() const = 0;
  /// The caption of a line that is not blank; nothing where the line is a header. DataError where
  /// it is malformed.
  virtual std::optional<FlickrCaption> parse(const LineReader& lines) = 0;
  virtual void warn(Progress&) const {}
};

/// Lines `image#number<TAB>caption`.
class FlickrTokens final : public FlickrParser {
 public:
  std::string_view expected() const override { return "'image#number<TAB>caption'"; }
  std::optional<FlickrCaption> parse(const LineReader& lines) override;
};

/// "captions.token.txt", "results_20130124.token"; not the lemmas, which the original distribution
/// of Flickr8k has beside the captions.
bool is_flickr_token_file(const std::string& file_name);

ImportSummary import_flickr(const std::string& format, const FlickrSources& sources,
                            FlickrParser& parser, const ImportRequest& request, Progress& progress);

}  // namespace alignlab
