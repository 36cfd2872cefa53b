// ann: queries and candidates of ann-benchmarks, with their nearest neighbours.

#include "tests/data/vector_import_fixture.h"

namespace alignlab {
namespace {

using tests::contains;
using tests::ForeignHdf5;
using tests::values_of;
using tests::VectorImport;
using Texts = std::vector<std::string>;

class Ann : public VectorImport {
 protected:
  Ann() : VectorImport("ann") {
    request_.sources = {folder_ / "x.hdf5"};
    request_.options.set("neighbours", std::int64_t{2});
  }
  struct Content {
    std::vector<hsize_t> train{4, 2};
    std::vector<hsize_t> test{3, 2};
    std::vector<std::int64_t> neighbours{3, 1, 0, 0, 2, 1, 3, 2, 0};
    std::vector<hsize_t> neighbour_extents{3, 3};
    bool variable_text = true;
  };
  void write(const Content& content) {
    std::vector<float> values(16);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    const ForeignHdf5 file(folder_ / "x.hdf5");
    file.add("train", content.train, values);
    file.add("test", content.test, values);
    file.add("neighbors", content.neighbour_extents, H5T_NATIVE_INT64, content.neighbours.data(),
             {H5T_STD_I32LE, {}});
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, content.variable_text ? H5T_VARIABLE : 9);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute =
        H5Acreate2(file.id(), "distance", type, space, H5P_DEFAULT, H5P_DEFAULT);
    const char* text = "euclidean";
    H5Awrite(attribute, type, content.variable_text ? static_cast<const void*>(&text) : text);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
  }
};

TEST_F(Ann, MakesQueriesAndCandidatesTwoModalities) {
  write({});
  const Dataset dataset = imported();
  const Items& queries = dataset.items(Modality::kText);
  const Items& candidates = dataset.items(Modality::kImage);
  EXPECT_EQ(candidates.groups, (std::vector<std::int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(queries.groups, (std::vector<std::int32_t>{3, 0, 3}));
  EXPECT_EQ(candidates.splits, std::vector(4, Split::kTest));
  EXPECT_EQ(values_of(dataset.features(Modality::kImage, "vectors")),
            (std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(values_of(dataset.features(Modality::kText, "vectors")),
            (std::vector<float>{0, 1, 2, 3, 4, 5}));
  const auto judgements = dataset.judgements();
  ASSERT_TRUE(judgements.has_value());
  EXPECT_EQ(judgements->query_modality, Modality::kText);
  EXPECT_EQ(judgements->candidate_modality, Modality::kImage);
  EXPECT_EQ(judgements->queries, (std::vector<std::int64_t>{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(judgements->candidates, (std::vector<std::int64_t>{3, 1, 0, 2, 3, 2}));
  EXPECT_EQ(judgements->grades, std::vector<float>(6, 1.0F));
  EXPECT_EQ(dataset.file().text_attribute("/", "source"), "ann: x.hdf5, distance euclidean");
  EXPECT_EQ(dataset.file().text_attribute("/features/text/vectors", "distance"), "euclidean");
}

TEST_F(Ann, ReadsADistanceOfFixedLengthAndOtherModalities) {
  Content content;
  content.variable_text = false;
  write(content);
  request_.options.set("modalities", Texts{"image", "audio"});
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kImage).size(), 3U);
  EXPECT_EQ(dataset.items(Modality::kAudio).size(), 4U);
  EXPECT_EQ(dataset.file().text_attribute("/", "source"), "ann: x.hdf5, distance euclidean");
}

TEST_F(Ann, NamesShapesThatDoNotFit) {
  Content content;
  content.test = {3, 3};
  write(content);
  EXPECT_EQ(refusal(), path("x.hdf5") + ": expected 'test' as wide as 'train', 2 columns, found 3");
  content = {};
  content.test = {4, 2};
  write(content);
  EXPECT_EQ(refusal(),
            path("x.hdf5") + ": expected a row of 'neighbors' for each of 4 of 'test', found 3");
  write({});
  request_.options.set("neighbours", std::int64_t{4});
  EXPECT_EQ(refusal(), path("x.hdf5") +
                           ": expected at least 4 columns of 'neighbors' (--neighbours), found 3");
}

TEST_F(Ann, NamesTheNeighbourThatIsNone) {
  Content content;
  for (const std::int64_t wrong : {4, -1}) {
    content.neighbours[4] = wrong;
    write(content);
    EXPECT_EQ(refusal(), path("x.hdf5") +
                             ": 'neighbors': row 1, column 1: expected a row of 'train', 0 to 3, "
                             "found " +
                             std::to_string(wrong));
  }
  content.neighbours[4] = 0;
  write(content);
  EXPECT_EQ(refusal(), path("x.hdf5") + ": 'neighbors': row 1, column 1: 0 comes twice");
}

TEST_F(Ann, SaysWhichArrayIsMissing) {
  {
    const ForeignHdf5 file(folder_ / "x.hdf5");
    file.add("train", {1, 2}, {1, 2});
  }
  EXPECT_TRUE(contains(refusal(), "x.hdf5: no array 'test' in it"));
}

TEST_F(Ann, SurvivesDamage) {
  write({});
  const std::string bytes = read_file(folder_ / "x.hdf5");
  EXPECT_GT(tests::refused_copies(bytes, folder_ / "x.hdf5", 60, [&] { import(); }), 5);
}

}  // namespace
}  // namespace alignlab
