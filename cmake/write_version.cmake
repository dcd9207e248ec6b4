# Writes OUTPUT from version.cc.in; leaves it alone when nothing changed.
foreach(what "REVISION;rev-parse;HEAD" "BRANCH;rev-parse;--abbrev-ref;HEAD")
  list(POP_FRONT what variable)
  execute_process(COMMAND git -C ${SOURCE_DIR} ${what}
                  OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
                  RESULT_VARIABLE status)
  if(status EQUAL 0)
    set(${variable} ${answer})
  endif()
endforeach()
configure_file(${SOURCE_DIR}/cmake/version.cc.in ${OUTPUT} @ONLY)
