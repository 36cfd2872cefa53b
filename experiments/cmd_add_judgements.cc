#include <fmt/format.h>

#include <algorithm>

#include "core/lines.h"
#include "data/judgements/add_judgements.h"
#include "experiments/command_line.h"
#include "experiments/console.h"

namespace alignlab::cli {
namespace {

/// The format decides which options there are, so it comes before them, behind the data set.
const JudgementRow* format_of(const Arguments& arguments) {
  if (arguments.size() < 2 || arguments[0].starts_with('-') || arguments[1].starts_with('-')) {
    return nullptr;
  }
  return &find_row(judgement_catalog(), arguments[1], "format",
                   Place{"alignlab add-judgements", 0, 0});
}

std::optional<Modality> modality_of(const CommandLine& line, const std::string& option) {
  const auto text = line.maybe<std::string>(option);
  return text ? std::optional(modality_argument("add-judgements", *text)) : std::nullopt;
}

Section format_options(const CommandLine& line, const JudgementRow& format) {
  std::vector<std::pair<std::string, std::string>> given;
  for (const Option& option : format.options) {
    const auto text = line.maybe<std::string>(option.name);
    if (text) given.emplace_back(option.name, *text);
  }
  return resolve_arguments(given, format.options, "alignlab add-judgements " + format.name);
}

void explain_formats() {
  fmt::print("\nformats:\n");
  for (const JudgementRow& row : judgement_catalog()) {
    fmt::print("  {:<21} {} ({})\n", row.name, row.summary, row.reference);
    for (const Option& option : row.options) {
      fmt::print("    --{}: {}\n", option.name, option.summary);
    }
  }
}

}  // namespace

int add_stored_judgements(const Arguments& arguments) {
  CommandLine line("add-judgements");
  line.add()("queries", po::value<std::string>(),
             "which modality asks: image, audio or text; else what the file says, or text");
  line.add()("candidates", po::value<std::string>(),
             "which modality is judged; else image for text, text for the others");
  line.add()("replace", "replace judgements that the data set has");
  const JudgementRow* format = format_of(arguments);
  if (format != nullptr) {
    for (const Option& option : format->options) {
      line.add()(option.name.c_str(), po::value<std::string>(), option.summary.c_str());
    }
  }
  line.positional("a data set, a format and its file", 3, 3);
  if (!line.parse(arguments)) {
    explain_formats();
    return 0;
  }
  if (format == nullptr) {
    throw UsageError(
        "alignlab add-judgements: expected a data set and a format first, before the options");
  }
  AddJudgementsRequest request;
  request.dataset = line.words()[0];
  request.format = format->name;
  request.source = line.words()[2];
  request.queries = modality_of(line, "queries");
  request.candidates = modality_of(line, "candidates");
  request.options = format_options(line, *format);
  request.replace = line.has("replace");
  catch_interrupts();
  ConsoleProgress progress;
  const AddedJudgements added = add_judgements(request, progress);
  fmt::print("{}: {} judgements of {} queries and {} candidates added\n", request.dataset.string(),
             with_commas(added.count), name_of(added.queries), name_of(added.candidates));
  return 0;
}

}  // namespace alignlab::cli
