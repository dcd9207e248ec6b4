# pathwitness_version: exporter/version.h with the version of project() and, from git at each build,
# revision and branch. Without a git checkout they are what PATHWITNESS_REVISION and
# PATHWITNESS_BRANCH say; a container build sets those.
set(PATHWITNESS_REVISION "unknown" CACHE STRING "Revision to report where there is no git checkout")
set(PATHWITNESS_BRANCH "unknown" CACHE STRING "Branch to report where there is no git checkout")

set(version_source ${PROJECT_BINARY_DIR}/generated/version.cc)
add_custom_target(
  pathwitness_write_version
  COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DOUTPUT=${version_source}
          -DVERSION=${PROJECT_VERSION} -DREVISION=${PATHWITNESS_REVISION}
          -DBRANCH=${PATHWITNESS_BRANCH} -P ${PROJECT_SOURCE_DIR}/cmake/write_version.cmake
  BYPRODUCTS ${version_source}
  COMMENT "")
add_library(pathwitness_version STATIC ${version_source})
add_dependencies(pathwitness_version pathwitness_write_version)
target_include_directories(pathwitness_version PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(pathwitness_version PRIVATE pathwitness_flags)
