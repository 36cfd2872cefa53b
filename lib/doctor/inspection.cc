// How an inspection reads: as text, and as JSON from one process to another.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <ranges>
#include <string_view>

#include "core/lines.h"
#include "doctor/doctor.h"

namespace alignlab {
namespace {

constexpr std::size_t kExampleColumns = 85;

using Json = nlohmann::json;

constexpr std::array<std::pair<Severity, std::string_view>, 3> kSeverities{
    {{Severity::kNote, "note"}, {Severity::kWarning, "warning"}, {Severity::kError, "error"}}};

std::string_view name_of(Severity severity) {
  return std::ranges::find(kSeverities, severity, &decltype(kSeverities)::value_type::first)
      ->second;
}

Severity severity_from(std::string_view name) {
  return std::ranges::find(kSeverities, name, &decltype(kSeverities)::value_type::second)->first;
}

/// Columns padded to their widest cell: names, first and last, to the left, numbers to the right.
std::string table_text(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool left = i == 0 || i + 1 == widths.size();
      line += left ? fmt::format("{}{:<{}}", i == 0 ? "" : "  ", row[i], widths[i])
                   : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string modalities_text(const Inspection& inspection) {
  std::vector<std::vector<std::string>> rows{{"", "items", "groups"}};
  constexpr std::array kOrder{Split::kTrain, Split::kDev, Split::kTest, Split::kNone};
  for (const Split split : kOrder) {
    rows[0].push_back(split == Split::kNone ? "no split" : std::string(name_of(split)));
  }
  rows[0].push_back("features");
  for (const Modality modality : kModalities) {
    const auto found = inspection.modalities.find(std::string(name_of(modality)));
    if (found == inspection.modalities.end()) continue;
    const ModalityReport& report = found->second;
    std::vector<std::string> row{found->first, with_commas(report.items),
                                 with_commas(report.groups.total)};
    for (const Split split : kOrder) {
      row.push_back(with_commas(report.splits.at(std::string(name_of(split)))));
    }
    std::vector<std::string> features;
    for (const auto& [name, width] : report.features) {
      features.push_back(fmt::format("{} [{}]", name, width));
    }
    row.push_back(features.empty() ? "-" : join(features));
    rows.push_back(std::move(row));
  }
  return table_text(rows);
}

std::string captions_text(std::string_view of, const std::map<std::size_t, std::size_t>& counts) {
  std::vector<std::string> parts;
  for (const auto& [captions, items] : counts) {
    parts.push_back(
        fmt::format("{} ({} {}{})", captions, with_commas(items), of, items == 1 ? "" : "s"));
  }
  return parts.empty() ? "" : fmt::format("\ncaptions per {}: {}\n", of, join(parts));
}

std::string labels_text(const Inspection& inspection) {
  std::vector<std::string> parts;
  for (const Modality modality : kModalities) {
    const auto found = inspection.modalities.find(std::string(name_of(modality)));
    if (found == inspection.modalities.end() || found->second.labels.empty()) continue;
    const auto [least, most] = std::ranges::minmax(found->second.labels | std::views::values);
    parts.push_back(fmt::format("{} of {} items ({} to {} each)",
                                with_commas(found->second.labels.size()), found->first,
                                with_commas(least), with_commas(most)));
  }
  return parts.empty() ? "" : fmt::format("\nlabels: {}\n", join(parts));
}

std::string judgements_text(const Inspection& inspection) {
  if (!inspection.judgements) return "";
  const JudgementCounts& judged = *inspection.judgements;
  return fmt::format("\njudgements: {} {} candidates of {} {} queries\n", with_commas(judged.count),
                     judged.candidate_modality, with_commas(judged.queries), judged.query_modality);
}

std::string pairing_text(const Inspection& inspection) {
  std::string unchecked;
  for (const UncheckedPairing& pair : inspection.unchecked) {
    const std::string line =
        fmt::format("\npairing: not checked, {} train group{}, {} are needed\n",
                    with_commas(pair.groups), pair.groups == 1 ? "" : "s", pair.needed);
    if (unchecked.find(line) == std::string::npos) unchecked += line;
  }
  if (inspection.pairing.empty()) return unchecked;
  std::vector<std::vector<std::string>> rows;
  for (const PairingReport& pair : inspection.pairing) {
    rows.push_back({"  " + pair.features, pair.against, fmt::format("z {:.1f}", pair.z),
                    fmt::format("over {} groups", with_commas(pair.held_out))});
  }
  return "\npairing, in deviations from a random one (below 3 it looks random):\n" +
         table_text(rows) + unchecked;
}

/// As many examples as fit a line, and "..." where there are more cases.
std::string examples_text(const Finding& finding) {
  std::string text;
  std::size_t shown = 0;
  for (const std::string& example : finding.examples) {
    if (shown > 0 && text.size() + example.size() > kExampleColumns) break;
    text += (shown++ == 0 ? "" : ", ") + example;
  }
  return shown < finding.count ? text + ", ..." : text;
}

std::string findings_text(const Inspection& inspection) {
  if (inspection.findings.empty()) return "\nno findings\n";
  std::string text;
  for (const Finding& finding : inspection.findings) {
    text +=
        fmt::format("\n{:<7}  {}: {}\n         {}\n         {}\n", name_of(finding.severity),
                    finding.code, with_commas(finding.count), examples_text(finding), finding.hint);
  }
  return text;
}

Json json_of(const ModalityReport& report) {
  return {{"items", report.items},
          {"splits", report.splits},
          {"features", report.features},
          {"groups", {{"total", report.groups.total}, {"splits", report.groups.splits}}},
          {"labels", report.labels}};
}

ModalityReport modality_report_from(const Json& json) {
  return {json.at("items"),
          json.at("splits"),
          json.at("features"),
          {json.at("groups").at("total"), json.at("groups").at("splits")},
          json.at("labels")};
}

// Keys of an object are texts.
Json json_of(const std::map<std::size_t, std::size_t>& counts) {
  Json json = Json::object();
  for (const auto& [captions, items] : counts) json[std::to_string(captions)] = items;
  return json;
}

std::map<std::size_t, std::size_t> counts_from(const Json& json) {
  std::map<std::size_t, std::size_t> counts;
  for (const auto& [captions, items] : json.items()) counts[std::stoull(captions)] = items;
  return counts;
}

}  // namespace

Json to_json(const Inspection& inspection) {
  Json json{{"name", inspection.name},
            {"content_hash", inspection.content_hash},
            {"modalities", Json::object()},
            {"captions_per_image", json_of(inspection.captions_per_image)},
            {"captions_per_sound", json_of(inspection.captions_per_sound)},
            {"judgements", nullptr},
            {"pairing", Json::array()},
            {"pairing_unchecked", Json::array()},
            {"findings", Json::array()}};
  for (const auto& [name, report] : inspection.modalities) {
    json["modalities"][name] = json_of(report);
  }
  for (const PairingReport& pair : inspection.pairing) {
    json["pairing"].push_back({{"features", pair.features},
                               {"against", pair.against},
                               {"z", pair.z},
                               {"held_out", pair.held_out}});
  }
  for (const UncheckedPairing& pair : inspection.unchecked) {
    json["pairing_unchecked"].push_back({{"features", pair.features},
                                         {"against", pair.against},
                                         {"train_groups", pair.groups},
                                         {"needed", pair.needed}});
  }
  if (inspection.judgements) {
    json["judgements"] = {{"count", inspection.judgements->count},
                          {"queries", inspection.judgements->queries},
                          {"query_modality", inspection.judgements->query_modality},
                          {"candidate_modality", inspection.judgements->candidate_modality}};
  }
  for (const Finding& finding : inspection.findings) {
    json["findings"].push_back({{"code", finding.code},
                                {"severity", name_of(finding.severity)},
                                {"count", finding.count},
                                {"examples", finding.examples},
                                {"hint", finding.hint}});
  }
  return json;
}

Inspection inspection_from(const Json& json) {
  Inspection inspection;
  inspection.name = json.at("name");
  inspection.content_hash = json.at("content_hash");
  for (const auto& [name, report] : json.at("modalities").items()) {
    inspection.modalities[name] = modality_report_from(report);
  }
  inspection.captions_per_image = counts_from(json.at("captions_per_image"));
  inspection.captions_per_sound = counts_from(json.at("captions_per_sound"));
  for (const Json& pair : json.at("pairing")) {
    inspection.pairing.push_back(
        {pair.at("features"), pair.at("against"), pair.at("held_out"), pair.at("z")});
  }
  for (const Json& pair : json.at("pairing_unchecked")) {
    inspection.unchecked.push_back(
        {pair.at("features"), pair.at("against"), pair.at("train_groups"), pair.at("needed")});
  }
  if (const Json& judged = json.at("judgements"); !judged.is_null()) {
    inspection.judgements =
        JudgementCounts{judged.at("count"), judged.at("queries"), judged.at("query_modality"),
                        judged.at("candidate_modality")};
  }
  for (const Json& finding : json.at("findings")) {
    inspection.findings.push_back(
        {finding.at("code"), severity_from(finding.at("severity").get<std::string>()),
         finding.at("count"), finding.at("examples"), finding.at("hint")});
  }
  return inspection;
}

std::string to_text(const Inspection& inspection) {
  return fmt::format(
      "{}  {}\n\n{}{}{}{}{}{}{}", inspection.name, inspection.content_hash,
      modalities_text(inspection), captions_text("image", inspection.captions_per_image),
      captions_text("sound", inspection.captions_per_sound), labels_text(inspection),
      judgements_text(inspection), pairing_text(inspection), findings_text(inspection));
}

}  // namespace alignlab
