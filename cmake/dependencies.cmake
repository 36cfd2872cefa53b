# Everything comes from Debian 12 packages (scripts/setup); elsewhere, point CMAKE_PREFIX_PATH at
# the same libraries. README lists them.

find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(fmt REQUIRED)
# FindHDF5 tries a C program, hence C among the project languages.
find_package(HDF5 REQUIRED COMPONENTS C)
# Whatever stands behind the system's names, as for LibTorch; scripts/setup selects OpenBLAS.
find_package(LAPACK REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenCV 4 REQUIRED COMPONENTS core imgproc imgcodecs features2d)
find_package(OpenMP REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(ZLIB REQUIRED)
find_package(GTest REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(sndfile REQUIRED IMPORTED_TARGET sndfile)
pkg_check_modules(samplerate REQUIRED IMPORTED_TARGET samplerate)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(matio REQUIRED IMPORTED_TARGET matio)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
# Debian's libstemmer brings no description of itself.
find_path(LIBSTEMMER_INCLUDE_DIR libstemmer.h REQUIRED)
find_library(LIBSTEMMER_LIBRARY stemmer REQUIRED)
find_package(Torch REQUIRED)
if(ALIGNLAB_PEERS)
  find_package(faiss REQUIRED)
  find_path(HNSWLIB_INCLUDE_DIR hnswlib/hnswlib.h REQUIRED)
  # Their own headers do not survive our warnings.
  add_library(alignlab_faiss INTERFACE)
  target_link_libraries(alignlab_faiss INTERFACE faiss)
  set_target_properties(faiss PROPERTIES SYSTEM ON)
  add_library(alignlab_hnswlib INTERFACE)
  target_include_directories(alignlab_hnswlib SYSTEM INTERFACE ${HNSWLIB_INCLUDE_DIR})
endif()

add_library(alignlab_hdf5 INTERFACE)
target_include_directories(alignlab_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(alignlab_hdf5 INTERFACE ${HDF5_C_LIBRARIES})

add_library(alignlab_opencv INTERFACE)
target_include_directories(alignlab_opencv SYSTEM INTERFACE ${OpenCV_INCLUDE_DIRS})
target_link_libraries(alignlab_opencv INTERFACE opencv_core opencv_imgproc opencv_imgcodecs)

# Torch's own headers do not survive our warnings.
add_library(alignlab_libtorch INTERFACE)
target_include_directories(alignlab_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(alignlab_libtorch INTERFACE ${TORCH_LIBRARIES})

add_library(alignlab_libstemmer INTERFACE)
target_include_directories(alignlab_libstemmer SYSTEM INTERFACE ${LIBSTEMMER_INCLUDE_DIR})
target_link_libraries(alignlab_libstemmer INTERFACE ${LIBSTEMMER_LIBRARY})
