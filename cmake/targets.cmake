# pathwitness_library(NAME SOURCES a.cc ... LINKS target ...)
#
# A static library pathwitness_NAME; without sources (headers only) an interface library.
function(pathwitness_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  if(ARG_SOURCES)
    add_library(pathwitness_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(pathwitness_${name} PUBLIC ${ARG_LINKS} PRIVATE pathwitness_flags)
    target_include_directories(pathwitness_${name} PUBLIC ${PROJECT_SOURCE_DIR})
    if(TARGET precompiled_for_libraries)
      target_precompile_headers(pathwitness_${name} REUSE_FROM precompiled_for_libraries)
    endif()
  else()
    add_library(pathwitness_${name} INTERFACE)
    target_link_libraries(pathwitness_${name} INTERFACE ${ARG_LINKS})
    target_include_directories(pathwitness_${name} INTERFACE ${PROJECT_SOURCE_DIR})
  endif()
endfunction()

# g++ follows strings into precompiled headers and warns there of what cannot be. So libraries have
# none in the build whose warnings count, which is the one without a sanitizer.
if(PATHWITNESS_PRECOMPILE AND PATHWITNESS_SANITIZE)
  pathwitness_precompiled(precompiled_for_libraries HEADERS ${common_headers})
  target_compile_options(pathwitness_flags INTERFACE
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-error>)
endif()

add_custom_target(unit_tests)
add_custom_target(threaded_tests)
add_custom_target(live_tests)
if(BUILD_TESTING)
  add_library(no_threads OBJECT ${PROJECT_SOURCE_DIR}/tests/support/no_threads.cc)
  target_link_libraries(no_threads PRIVATE pathwitness_flags)
endif()
if(PATHWITNESS_PRECOMPILE AND BUILD_TESTING)
  pathwitness_precompiled(precompiled_for_tests LINKS GTest::gmock HEADERS ${common_headers}
                                                                           <gmock/gmock.h> <gtest/gtest.h>)
  target_compile_options(precompiled_for_tests PRIVATE -O0)
endif()

# pathwitness_test(NAME LABEL unit|simulation|netns|service|e2e|lint [THREADS] [WAITS [BUT filter]]
#                  SOURCES a_test.cc ... LINKS target ...)
#
# A GoogleTest program, one ctest entry. `unit` runs under the address sanitizer too (target
# unit_tests) and, with THREADS, under that of threads (threaded_tests); without it a test cannot
# start one. `simulation` is much virtual time; `netns` needs root and makes its own network
# namespaces; `service` starts real servers on loopback; `e2e` starts all that a page passes on its
# way. The last three are the target live_tests, and have the machine to themselves, as they measure
# time, but for those that just wait (WAITS). Those that GoogleTest's filter names do not (BUT): they
# are a second ctest entry, NAME_alone.
function(pathwitness_test name)
  cmake_parse_arguments(ARG "THREADS;WAITS" "LABEL;BUT" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE pathwitness_flags ${ARG_LINKS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE PATHWITNESS_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  # What is tested is optimized, the tests themselves are not: it is they who take longest to build.
  target_compile_options(${name} PRIVATE -O0)
  if(PATHWITNESS_PRECOMPILE)
    target_precompile_headers(${name} REUSE_FROM precompiled_for_tests)
  endif()
  set(entries ${name})
  if(ARG_BUT)
    add_test(NAME ${name} COMMAND ${name} --gtest_filter=-${ARG_BUT})
    add_test(NAME ${name}_alone COMMAND ${name} --gtest_filter=${ARG_BUT})
    list(APPEND entries ${name}_alone)
    set_tests_properties(${name}_alone PROPERTIES RUN_SERIAL ON)
  else()
    add_test(NAME ${name} COMMAND ${name})
  endif()
  set_tests_properties(${entries} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT 300)
  if(ARG_LABEL STREQUAL "unit")
    add_dependencies(unit_tests ${name})
    if(ARG_THREADS)
      add_dependencies(threaded_tests ${name})
      set_property(TEST ${name} APPEND PROPERTY LABELS threads)
    elseif(NOT PATHWITNESS_SANITIZE)
      target_link_libraries(${name} PRIVATE no_threads)
    endif()
  endif()
  if(ARG_LABEL MATCHES "netns|service|e2e")
    add_dependencies(live_tests ${name})
    if(NOT ARG_WAITS)
      set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
  endif()
endfunction()
