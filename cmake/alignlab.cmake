# How alignlab's own targets are made: one static library a module, warnings as errors, explicit
# sources. A dependency that a module's headers show is PUBLIC, every other one PRIVATE.

add_library(alignlab_settings INTERFACE)
target_compile_features(alignlab_settings INTERFACE cxx_std_20)
# -ffp-contract=off: fused multiply-adds would make float32 results depend on the compiler's mood.
# -Wno-restrict: GCC 12 raises it falsely on std::string concatenation (GCC bug 105651).
target_compile_options(alignlab_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Werror
                                                   -Wno-restrict -ffp-contract=off)
target_include_directories(alignlab_settings INTERFACE ${PROJECT_SOURCE_DIR}/lib)
if(ALIGNLAB_SANITIZE)
  target_compile_options(alignlab_settings INTERFACE -fsanitize=${ALIGNLAB_SANITIZE}
                                                     -fno-sanitize-recover=all
                                                     -fno-omit-frame-pointer)
  target_link_options(alignlab_settings INTERFACE -fsanitize=${ALIGNLAB_SANITIZE})
endif()

# alignlab_module(NAME SOURCES a.cc b.cc [PUBLIC libs...] [PRIVATE libs...] [HEADERS set]) makes
# alignlab_NAME. With HEADERS its files read a set of compiled headers (alignlab_headers), and are
# compiled as that is.
function(alignlab_module name)
  cmake_parse_arguments(arg "" "HEADERS" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(alignlab_${name} STATIC ${arg_SOURCES})
  target_link_libraries(alignlab_${name} PUBLIC ${arg_PUBLIC} PRIVATE alignlab_settings
                                                                      ${arg_PRIVATE})
  target_include_directories(alignlab_${name} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
  target_compile_features(alignlab_${name} PUBLIC cxx_std_20)
  if(arg_HEADERS)
    alignlab_use_headers(alignlab_${name} ${arg_HEADERS})
  endif()
endfunction()

# alignlab_precompile(TARGET header...): headers that most of its files include and that take longer
# to read than the files themselves. Files still include what they use.
function(alignlab_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # what ccache asks for
  endif()
endfunction()

# alignlab_headers(SET [OPTIONS flags...] [LIBS libs...] HEADERS header...): the same for several
# targets, all compiled with the same flags.
# -Wno-array-bounds, -Wno-stringop-overflow: GCC 12 raises them falsely on copies of std::string.
function(alignlab_headers set)
  cmake_parse_arguments(arg "" "" "OPTIONS;LIBS;HEADERS" ${ARGN})
  add_library(${set} OBJECT ${PROJECT_SOURCE_DIR}/cmake/headers.cc)
  target_link_libraries(${set} PRIVATE alignlab_settings ${arg_LIBS})
  list(APPEND arg_OPTIONS -Wno-array-bounds -Wno-stringop-overflow)
  target_compile_options(${set} PRIVATE ${arg_OPTIONS})
  set_target_properties(${set} PROPERTIES ALIGNLAB_OPTIONS "${arg_OPTIONS}")
  alignlab_precompile(${set} ${arg_HEADERS})
endfunction()

function(alignlab_use_headers target set)
  get_target_property(options ${set} ALIGNLAB_OPTIONS)
  target_compile_options(${target} PRIVATE ${options})
  target_precompile_headers(${target} REUSE_FROM ${set})
endfunction()
