#include "experiments/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "core/lines.h"
#include "core/suggest.h"

namespace alignlab::cli {
namespace {

bool is_whole_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void CommandLine::positional(const std::string& name, std::size_t least, std::size_t most) {
  positional_name_ = name;
  least_ = least;
  most_ = most;
}

void CommandLine::store(const Arguments& arguments, const po::options_description& all) {
  po::positional_options_description words;
  words.add("(words)", -1);
  const po::parsed_options parsed =
      po::command_line_parser(arguments)
          .options(all)
          .positional(words)
          .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
          .run();
  for (const po::option& option : parsed.options) {
    const bool is_word = option.string_key == "(words)";
    for (const std::string& text : option.value) {
      check_text(is_word ? "" : "--" + option.string_key + ": ", text);
    }
  }
  try {
    po::store(parsed, values_);
  } catch (const po::invalid_option_value& error) {
    const std::string name = error.get_option_name();
    const auto given = std::ranges::find_if(
        parsed.options, [&](const auto& option) { return "--" + option.string_key == name; });
    if (given == parsed.options.end() || given->value.empty()) throw;
    const std::string& text = given->value.back();
    const bool is_real = dynamic_cast<const po::typed_value<double>*>(
                             options_.find(given->string_key, false).semantic().get()) != nullptr;
    throw UsageError(fmt::format("alignlab {}: {}: expected {}, found '{}'", command_, name,
                                 is_real                 ? "a number"
                                 : is_whole_number(text) ? "a smaller number"
                                                         : "a whole number",
                                 excerpt(text)));
  }
}

void CommandLine::check_text(const std::string& where, const std::string& text) const {
  const std::size_t valid = utf8_prefix(text);
  if (valid == text.size()) return;
  throw UsageError(fmt::format("alignlab {}: {}expected UTF-8, found byte 0x{:02x} in '{}'",
                               command_, where, static_cast<unsigned char>(text[valid]),
                               excerpt(text)));
}

bool CommandLine::parse(const Arguments& arguments) {
  const auto command = std::ranges::find(commands(), command_, &Command::name);
  options_.add_options()("help,h", "this text");
  po::options_description all = options_;
  all.add_options()("(words)", po::value<std::vector<std::string>>());
  try {
    store(arguments, all);
    if (has("help")) {
      std::cout << "usage: alignlab " << command->name << " " << command->usage << "\n\n"
                << command->summary << "\n\n"
                << options_;
      return false;
    }
    po::notify(values_);
  } catch (const po::unknown_option& error) {
    std::vector<std::string> known;
    for (const auto& option : options_.options()) known.push_back("--" + option->long_name());
    throw UsageError(fmt::format("alignlab {}: unknown option '{}'{}", command_,
                                 error.get_option_name(),
                                 suggestion(error.get_option_name(), known)));
  } catch (const po::error& error) {
    throw UsageError(fmt::format("alignlab {}: {}", command_, error.what()));
  }
  for (const auto& [name, value] : values_) {
    const auto* text = boost::any_cast<std::string>(&value.value());
    const bool is_flag =
        name != "(words)" && options_.find(name, false).semantic()->max_tokens() == 0;
    if (text != nullptr && text->empty() && !is_flag) {
      throw UsageError(
          fmt::format("alignlab {}: --{}: expected a value, found an empty one", command_, name));
    }
  }
  if (has("(words)")) words_ = get<std::vector<std::string>>("(words)");
  if (std::ranges::find(words_, "") != words_.end()) {
    throw UsageError(fmt::format("alignlab {}: an argument is empty", command_));
  }
  if (words_.size() < least_) {
    throw UsageError(fmt::format("alignlab {}: expected {} (usage: alignlab {} {})", command_,
                                 positional_name_, command_, command->usage));
  }
  if (words_.size() > most_) {
    throw UsageError(fmt::format("alignlab {}: unexpected argument '{}' (usage: alignlab {} {})",
                                 command_, words_[most_], command_, command->usage));
  }
  return true;
}

std::optional<int> CommandLine::jobs() const {
  const std::optional<int> jobs = maybe<int>("jobs");
  if (jobs && (*jobs < 1 || *jobs > kMostJobs)) {
    throw UsageError(
        fmt::format("alignlab {}: -j: expected 1 to {}, found {}", command_, kMostJobs, *jobs));
  }
  return jobs;
}

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream names(text);
  for (std::string name; std::getline(names, name, ',');) {
    const std::size_t first = name.find_first_not_of(' ');
    out.push_back(first == std::string::npos
                      ? ""
                      : name.substr(first, name.find_last_not_of(' ') - first + 1));
  }
  return out;
}

std::vector<std::string> split_names(const CommandLine& line, const std::string& option) {
  std::vector<std::string> out;
  for (const std::string& given :
       line.maybe<std::vector<std::string>>(option).value_or(std::vector<std::string>{})) {
    const std::vector<std::string> names = split_names(given);
    out.insert(out.end(), names.begin(), names.end());
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> key_value_words(
    const std::string& command, const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw UsageError(
          fmt::format("alignlab {}: expected an option as key=value, found '{}'", command, word));
    }
    const std::string key = word.substr(0, equals);
    if (std::ranges::find(out, key, &std::pair<std::string, std::string>::first) != out.end()) {
      throw UsageError(fmt::format("alignlab {}: '{}' is given twice", command, key));
    }
    out.emplace_back(key, word.substr(equals + 1));
  }
  return out;
}

Modality modality_argument(const std::string& command, const std::string& text) {
  if (const auto modality = modality_from(text)) return *modality;
  std::vector<std::string> known;
  for (const Modality modality : kModalities) known.emplace_back(name_of(modality));
  throw UsageError(
      fmt::format("alignlab {}: unknown modality '{}'{}", command, text, suggestion(text, known)));
}

}  // namespace alignlab::cli
