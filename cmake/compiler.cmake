# A second build of the same sources is nearly free where ccache is installed.
find_program(PATHWITNESS_CCACHE ccache)
if(PATHWITNESS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${PATHWITNESS_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PATHWITNESS_CCACHE})
endif()

# Flags that every target of the project gets, and nothing of third parties.
add_library(pathwitness_flags INTERFACE)
target_include_directories(pathwitness_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(pathwitness_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                                   -Wsign-conversion -Wold-style-cast
                                                   -Wnon-virtual-dtor -Woverloaded-virtual
                                                   # Designated initialisers leave members to
                                                   # their defaults on purpose.
                                                   -Wno-missing-field-initializers)
if(PATHWITNESS_WERROR)
  target_compile_options(pathwitness_flags INTERFACE -Werror)
endif()
if(PATHWITNESS_SANITIZE)
  target_compile_options(pathwitness_flags INTERFACE -fsanitize=${PATHWITNESS_SANITIZE}
                                                     -fno-omit-frame-pointer
                                                     -fno-sanitize-recover=all
                                                     # g++ 12 sees ghosts in its own <regex>
                                                     # there (GCC bug 105562).
                                                     $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(pathwitness_flags INTERFACE -fsanitize=${PATHWITNESS_SANITIZE})
endif()

# What a release does against memory errors that nobody knows of yet, in third parties' sources too.
# Paths of the building machine stay out of it, so that the same sources give the same bytes; a ccache
# with a base_dir names the sources from the folder of the build.
add_library(pathwitness_hardening INTERFACE)
file(RELATIVE_PATH sources_from_build ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR})
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT PATHWITNESS_SANITIZE)
  target_compile_options(pathwitness_hardening INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
                                                         -fstack-protector-strong
                                                         -fstack-clash-protection
                                                         -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
                                                         -ffile-prefix-map=${sources_from_build}=./)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_compile_options(pathwitness_hardening INTERFACE -fcf-protection)
  endif()
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()
target_link_libraries(pathwitness_flags INTERFACE pathwitness_hardening)

# A build from nothing takes a quarter less with precompiled headers; one that ccache has seen takes
# longer, and clang-tidy cannot read g++'s. So it is for who builds once, as .ci/run does.
option(PATHWITNESS_PRECOMPILE "Precompile what nearly every file includes" OFF)
if(PATHWITNESS_PRECOMPILE)
  # Some libraries ask for it, which defines _REENTRANT: all files must be alike.
  target_compile_options(pathwitness_flags INTERFACE -pthread)
endif()
set(common_headers <algorithm> <array> <chrono> <cstdint> <filesystem> <functional> <map> <memory>
                   <optional> <set> <span> <string> <string_view> <utility> <variant> <vector>)

# pathwitness_precompiled(NAME LINKS target ... HEADERS <header> ...): what others reuse from NAME.
function(pathwitness_precompiled name)
  cmake_parse_arguments(ARG "" "" "LINKS;HEADERS" ${ARGN})
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/precompiled.cc)
  target_link_libraries(${name} PRIVATE pathwitness_flags ${ARG_LINKS})
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()
