#include <limits>

#include "tests/doctor/fixtures.h"

namespace alignlab {
namespace {

class FeatureRows : public tests::DoctorTest {
 protected:
  /// Features of the four images of the healthy data set, as no writer of ours would store them.
  Inspection inspect_rows(const std::vector<float>& values) {
    return inspect_arrays({{"/features/image/net", values}});
  }
  Inspection inspect_arrays(const std::map<std::string, std::vector<float>>& arrays) {
    inspect_with(nullptr);
    const std::filesystem::path with_features = folder_ / "f.h5";
    {
      const Dataset dataset = Dataset::open(path_);
      H5File copy = H5File::create(with_features);
      for (const std::string& name : dataset.file().children("/")) {
        copy.copy_from(dataset.file(), "/" + name);
      }
      copy.copy_attributes_from(dataset.file(), "/");
      for (const auto& [array, values] : arrays) {
        copy.write<float>(array, values, {4, values.size() / 4});
      }
      copy.set_attribute("/", "content_hash", copy.content_hash().hex());
    }
    Silent silent;
    return inspect(Dataset::open(with_features), silent);
  }
};

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST_F(FeatureRows, WithoutAFaultAreNoFinding) {
  const Inspection inspection =
      inspect_arrays({{"/features/image/narrow", {1, 2, 5, 3}},
                      {"/features/image/net", {1, 2, 0, 3, 4, 0, 1, 1.5F}}});
  EXPECT_TRUE(inspection.findings.empty()) << to_text(inspection);
  EXPECT_EQ(inspection.modalities.at("image").features,
            (std::map<std::string, std::size_t>{{"narrow", 1}, {"net", 2}}));
}

TEST_F(FeatureRows, OfNanOrInfinityAreAnError) {
  expect_finding(only(inspect_rows({1, kNan, 0, 3, -kInfinity, 2, 1, 2})), "not-finite-rows",
                 Severity::kError, {"net row 0 ('0.jpg')", "net row 2 ('2.jpg')"});
}

TEST_F(FeatureRows, OfZerosAreFoundAndAreNotRepeatedRows) {
  expect_finding(only(inspect_rows({0, 0, 0, -0.0F, 3, 2, 1, 2})), "zero-rows", Severity::kWarning,
                 {"net row 0 ('0.jpg')", "net row 1 ('1.jpg')"});
}

TEST_F(FeatureRows, OfOneValueAreFoundButForThoseOfOneColumn) {
  expect_finding(only(inspect_rows({1, 5, 0, 3, 2, 2, 1, 2})), "constant-rows", Severity::kWarning,
                 {"net row 2 ('2.jpg')"});
}

TEST_F(FeatureRows, ThatAreTheSameInTwoGroupsAreNotedOnceASet) {
  expect_finding(only(inspect_rows({1, 5, 0, 3, 1, 5, 1, 5})), "repeated-rows", Severity::kNote,
                 {"net rows 0 and 2 ('0.jpg' and '2.jpg')"});
}

TEST_F(FeatureRows, ThatAreTheSameWithinAGroupAreNoFinding) {
  DatasetWriter writer(path_, {"set", "", ""}, WriterOptions{});
  write_healthy(writer, 2);
  Silent silent;
  const auto rows = [](std::size_t, std::span<float> out) {
    std::ranges::copy(std::vector<float>{1, 2, 1, 2, 5, 2, 3, 3.5F}, out.begin());
  };
  writer.write_features({Modality::kText, "words", 2, {}, rows}, silent);
  writer.commit();
  EXPECT_TRUE(inspect_file().findings.empty());
}

TEST_F(FeatureRows, WhoseColumnsDoNotVaryAreNotedWithTheirNumber) {
  const Finding finding = only(inspect_rows({7, 1, 0, 7, 2, 0, 7, 4, 0, 7, 3, 0}));
  EXPECT_EQ(finding.code, "constant-columns");
  EXPECT_EQ(finding.severity, Severity::kNote);
  EXPECT_EQ(finding.count, 2U);
  EXPECT_EQ(finding.examples, Examples{"net: 2 of 3"});
  EXPECT_FALSE(finding.hint.empty());
}

}  // namespace
}  // namespace alignlab
