#include "experiments/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "core/suggest.h"

namespace alignlab::cli {

void CommandLine::positional(const std::string& name, std::size_t least, std::size_t most) {
  positional_name_ = name;
  least_ = least;
  most_ = most;
}

bool CommandLine::parse(const Arguments& arguments) {
  const auto command = std::ranges::find(commands(), command_, &Command::name);
  options_.add_options()("help,h", "this text");
  po::options_description all = options_;
  all.add_options()("(words)", po::value<std::vector<std::string>>());
  po::positional_options_description positional_words;
  positional_words.add("(words)", -1);
  try {
    po::store(
        po::command_line_parser(arguments)
            .options(all)
            .positional(positional_words)
            .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
            .run(),
        values_);
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

std::vector<std::pair<std::string, std::string>> key_value_words(
    const std::string& command, const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw UsageError(
          fmt::format("alignlab {}: expected an option as key=value, found '{}'", command, word));
    }
    out.emplace_back(word.substr(0, equals), word.substr(equals + 1));
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
