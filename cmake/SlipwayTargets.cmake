# Functions that every layer's CMakeLists.txt uses, so that all targets get the same rules.
#
#   slipway_library(NAME SOURCES ... DEPENDS ... [PRIVATE_DEPENDS ...])
#     A static library slipway_NAME. DEPENDS are CMake targets that its public headers need.
#   slipway_test(LAYER SOURCES ... [DEPENDS ...])
#     One GoogleTest executable LAYER_test, registered with ctest.
#   slipway_fuzz(NAME SOURCES ... DEPENDS ...)
#     One libFuzzer executable NAME_fuzz; its seeds live in fuzz_seeds/NAME beside the source.

set(SLIPWAY_WARNINGS
  -Wall -Wextra -Werror -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  -Wformat=2 -Wimplicit-fallthrough -Wno-missing-field-initializers)

add_library(slipway_options INTERFACE)
target_compile_options(slipway_options INTERFACE ${SLIPWAY_WARNINGS} -ffp-contract=off)
target_include_directories(slipway_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/src)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(slipway_options INTERFACE -Wthread-safety -Wshadow)
else()
  target_compile_options(slipway_options INTERFACE -Wshadow=local
    # False positives of GCC 12: std::string (GCC bug 105651), tests that replace operator new.
    -Wno-restrict -Wno-mismatched-new-delete)
endif()
if(SLIPWAY_SANITIZE)
  target_compile_options(slipway_options INTERFACE
    -fsanitize=${SLIPWAY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(slipway_options INTERFACE -fsanitize=${SLIPWAY_SANITIZE})
  # The standard library's own checks: indices of vectors, empty optionals, null smart pointers.
  target_compile_definitions(slipway_options INTERFACE _GLIBCXX_ASSERTIONS)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 warns of Boost's fences under TSan and of coroutine frames under ASan.
    target_compile_options(slipway_options INTERFACE -Wno-tsan -Wno-mismatched-new-delete)
  endif()
endif()
if(SLIPWAY_BUILD_FUZZ)
  target_compile_options(slipway_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(slipway_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(slipway_${NAME} STATIC ${ARG_SOURCES})
  target_link_libraries(slipway_${NAME} PUBLIC slipway_options ${ARG_DEPENDS}
    PRIVATE ${ARG_PRIVATE_DEPENDS})
endfunction()

function(slipway_test NAME)
  if(NOT SLIPWAY_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${NAME}_test ${ARG_SOURCES})
  target_link_libraries(${NAME}_test PRIVATE slipway_options ${ARG_DEPENDS} GTest::gtest_main)
  target_compile_definitions(${NAME}_test PRIVATE
    SLIPWAY_TEST_DATA_DIR="${CMAKE_SOURCE_DIR}/tests/data")
  add_test(NAME ${NAME}_test COMMAND ${NAME}_test)
endfunction()

function(slipway_fuzz NAME)
  if(NOT SLIPWAY_BUILD_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${NAME}_fuzz ${ARG_SOURCES})
  target_link_libraries(${NAME}_fuzz PRIVATE slipway_options ${ARG_DEPENDS})
  target_link_options(${NAME}_fuzz PRIVATE -fsanitize=fuzzer)
  set_target_properties(${NAME}_fuzz PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
endfunction()
