#pragma once

// Options of a subcommand: declared once, parsed with one kind of error, shown by --help.

#include <boost/program_options.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/modality.h"
#include "experiments/commands.h"

namespace alignlab::cli {

namespace po = boost::program_options;

inline constexpr int kMostJobs = 1024;

class CommandLine {
 public:
  explicit CommandLine(std::string command) : command_(std::move(command)) {}

  po::options_description_easy_init add() { return options_.add_options(); }
  /// Words that are not options go to `name`; at least `least`, at most `most` of them.
  void positional(const std::string& name, std::size_t least, std::size_t most);

  /// False when --help was asked for and has been printed. UsageError otherwise: also for texts
  /// that are no UTF-8, which no job and no record could hold.
  bool parse(const Arguments& arguments);

  bool has(const std::string& name) const { return values_.count(name) > 0; }
  template <typename T>
  T get(const std::string& name) const {
    return values_[name].as<T>();
  }
  /// Of the option --jobs, 1 to kMostJobs. UsageError otherwise.
  std::optional<int> jobs() const;
  template <typename T>
  std::optional<T> maybe(const std::string& name) const {
    if (!has(name)) return std::nullopt;
    return values_[name].as<T>();
  }
  std::optional<std::filesystem::path> path(const std::string& name) const {
    const auto text = maybe<std::string>(name);
    return text ? std::optional<std::filesystem::path>(*text) : std::nullopt;
  }
  const std::vector<std::string>& words() const { return words_; }

 private:
  void store(const Arguments& arguments, const po::options_description& all);
  void check_text(const std::string& where, const std::string& text) const;

  std::string command_;
  po::options_description options_{"options"};
  std::string positional_name_;
  std::size_t least_ = 0;
  std::size_t most_ = 0;
  po::variables_map values_;
  std::vector<std::string> words_;
};

/// Names with commas between, without the spaces around them.
std::vector<std::string> split_names(const std::string& text);
/// Those of an option that may be given several times.
std::vector<std::string> split_names(const CommandLine& line, const std::string& option);

/// UsageError for a word that is not key=value, and for a key that comes twice.
std::vector<std::pair<std::string, std::string>> key_value_words(
    const std::string& command, const std::vector<std::string>& words);
/// UsageError with a suggestion for what is no modality.
Modality modality_argument(const std::string& command, const std::string& text);

}  // namespace alignlab::cli
