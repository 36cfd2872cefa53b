#pragma once

// A data set without a fault but the ones a test puts in, and what the doctor finds in it.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset_writer.h"
#include "doctor/doctor.h"
#include "tests/data/fixtures.h"

namespace alignlab::tests {

/// As much of a JPEG as the container shows; different for each text.
inline std::string jpeg(const std::string& text) {
  return "\xFF\xD8\xFF\xE0" + text + "\xFF\xDA" + text + "\xFF\xD9";
}

class DoctorTest : public ::testing::Test {
 protected:
  using Examples = std::vector<std::string>;
  using Add = std::function<void(DatasetWriter&)>;

  /// n images, two captions each; the first half is train, the second dev.
  void write_healthy(DatasetWriter& writer, int images) {
    for (int i = 0; i < images; ++i) {
      const std::string name = std::to_string(i) + ".jpg";
      const Split split = 2 * i < images ? Split::kTrain : Split::kDev;
      add_image(writer, {name, i, split}, jpeg("image " + name));
      for (const char* number : {"#0", "#1"}) {
        writer.add_text({name + number, i, split}, "Caption " + name + number);
      }
    }
  }
  /// The file is named as the item.
  void add_image(DatasetWriter& writer, const ItemKey& key, const std::string& bytes) {
    write_text(folder_ / std::string(key.id), bytes);
    writer.add_file(Modality::kImage, key, folder_.path(), key.id);
  }
  Inspection inspect_with(const Add& add, ContentKind kind = ContentKind::kPaths, int healthy = 4) {
    DatasetWriter writer(path_, {"set", "", ""}, {.contents = kind});
    write_healthy(writer, healthy);
    if (add) add(writer);
    writer.commit();
    return inspect_file();
  }
  Inspection inspect_file(const Decoder& decoder = nullptr) {
    Silent silent;
    return inspect(Dataset::open(path_), silent, decoder);
  }
  /// The only finding there is.
  static Finding only(const Inspection& inspection) {
    EXPECT_EQ(inspection.findings.size(), 1U) << to_text(inspection);
    return inspection.findings.empty() ? Finding{} : inspection.findings[0];
  }
  static bool has(const Inspection& inspection, const std::string& code) {
    return std::ranges::count(inspection.findings, code, &Finding::code) > 0;
  }
  static Finding find(const Inspection& inspection, const std::string& code) {
    const auto found = std::ranges::find(inspection.findings, code, &Finding::code);
    EXPECT_NE(found, inspection.findings.end()) << "no " << code << " in\n" << to_text(inspection);
    return found == inspection.findings.end() ? Finding{} : *found;
  }
  /// Everything that a finding says but its hint, which must be there.
  static void expect_finding(const Finding& finding, const std::string& code, Severity severity,
                             const Examples& examples) {
    EXPECT_EQ(finding.code, code);
    EXPECT_EQ(finding.severity, severity);
    EXPECT_EQ(finding.count, examples.size());
    EXPECT_EQ(finding.examples, examples);
    EXPECT_FALSE(finding.hint.empty());
  }

  ScratchFolder folder_;
  std::filesystem::path path_ = folder_ / "d.h5";
};

}  // namespace alignlab::tests
