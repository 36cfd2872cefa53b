// How an inspection reads: as text and as JSON.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/lines.h"
#include "doctor/doctor.h"

namespace alignlab {
namespace {

constexpr std::size_t kExampleColumns = 85;

constexpr std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "";
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
  std::vector<std::vector<std::string>> rows{{"", "items"}};
  constexpr std::array kOrder{Split::kTrain, Split::kDev, Split::kTest, Split::kNone};
  for (const Split split : kOrder) {
    rows[0].push_back(split == Split::kNone ? "no split" : std::string(name_of(split)));
  }
  rows[0].push_back("features");
  for (const Modality modality : kModalities) {
    const auto found = inspection.modalities.find(std::string(name_of(modality)));
    if (found == inspection.modalities.end()) continue;
    const ModalityReport& report = found->second;
    std::vector<std::string> row{found->first, with_commas(report.items)};
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

std::string captions_text(const Inspection& inspection) {
  std::vector<std::string> parts;
  for (const auto& [captions, images] : inspection.captions_per_image) {
    parts.push_back(fmt::format("{} ({} images)", captions, with_commas(images)));
  }
  return parts.empty() ? "" : fmt::format("\ncaptions per image: {}\n", join(parts));
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

}  // namespace

nlohmann::json to_json(const Inspection& inspection) {
  nlohmann::json json;
  json["name"] = inspection.name;
  json["content_hash"] = inspection.content_hash;
  json["modalities"] = nlohmann::json::object();
  for (const auto& [name, report] : inspection.modalities) {
    json["modalities"][name] = {
        {"items", report.items}, {"splits", report.splits}, {"features", report.features}};
  }
  json["captions_per_image"] = nlohmann::json::object();
  for (const auto& [captions, images] : inspection.captions_per_image) {
    json["captions_per_image"][std::to_string(captions)] = images;
  }
  json["findings"] = nlohmann::json::array();
  for (const Finding& finding : inspection.findings) {
    json["findings"].push_back({{"code", finding.code},
                                {"severity", name_of(finding.severity)},
                                {"count", finding.count},
                                {"examples", finding.examples},
                                {"hint", finding.hint}});
  }
  return json;
}

std::string to_text(const Inspection& inspection) {
  return fmt::format("{}  {}\n\n{}{}{}", inspection.name, inspection.content_hash,
                     modalities_text(inspection), captions_text(inspection),
                     findings_text(inspection));
}

}  // namespace alignlab
