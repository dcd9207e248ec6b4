# CPack runs it when all files are laid out: SOURCE_DATE_EPOCH, where it is set, becomes the time of
# each, so that a package does not tell when it was built.
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  execute_process(
    COMMAND find ${CPACK_TEMPORARY_DIRECTORY} -exec touch --no-dereference
            --date=@$ENV{SOURCE_DATE_EPOCH} {} + COMMAND_ERROR_IS_FATAL ANY)
endif()
