# pathwitness_civetweb: the web server, built from the source that tools/fetch-civetweb.sh keeps in
# .deps. Debian 12's library, which serves plain HTTP on IPv4 only, is the fallback; the definition
# PATHWITNESS_CIVETWEB_FALLBACK=1 then tells the code to refuse TLS and IPv6 with a clear error.
# Either way PATHWITNESS_CIVETWEB_VERSION is the package version as a string.
set(civetweb_source ${PROJECT_SOURCE_DIR}/.deps/civetweb)

if(EXISTS ${civetweb_source}/VERSION)
  file(STRINGS ${civetweb_source}/VERSION civetweb_version LIMIT_COUNT 1)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${civetweb_source}/VERSION)
  add_library(pathwitness_civetweb STATIC ${CMAKE_CURRENT_LIST_DIR}/civetweb_socket.c)
  target_include_directories(pathwitness_civetweb SYSTEM PUBLIC ${civetweb_source}/include
                                                  PRIVATE ${civetweb_source}/src)
  # No file serving, no CGI, no other programs: what is not there cannot be attacked.
  # The quantum (ms) is how late a waiting thread notices that the server stops. There are hundreds
  # of threads, so their stacks (bytes) are small; a sanitizer needs larger ones.
  set(civetweb_stack 524288)
  if(PATHWITNESS_SANITIZE)
    set(civetweb_stack 4194304)
  endif()
  target_compile_definitions(pathwitness_civetweb PRIVATE USE_IPV6 OPENSSL_API_3_0 NO_SSL_DL NO_CGI
                                                          NO_FILES NO_CACHING NO_POPEN
                                                          SOCKET_TIMEOUT_QUANTUM=200
                                                          USE_STACK_SIZE=${civetweb_stack}
                                                          STOP_FLAG_NEEDS_LOCK)
  target_compile_options(pathwitness_civetweb PRIVATE -w)
  # Not under `thread`: its stop flag is set by an atomic operation that looks at it without one.
  if(PATHWITNESS_SANITIZE AND NOT PATHWITNESS_SANITIZE STREQUAL "thread")
    target_compile_options(pathwitness_civetweb PRIVATE -fsanitize=${PATHWITNESS_SANITIZE}
                                                        -fno-omit-frame-pointer)
    target_link_options(pathwitness_civetweb PUBLIC -fsanitize=${PATHWITNESS_SANITIZE})
  endif()
  target_link_libraries(pathwitness_civetweb PRIVATE pathwitness_hardening OpenSSL::SSL Threads::Threads ${CMAKE_DL_LIBS})
else()
  find_path(civetweb_include civetweb.h)
  find_library(civetweb_library civetweb)
  if(NOT civetweb_include OR NOT civetweb_library)
    message(FATAL_ERROR "civetweb is missing: run tools/fetch-civetweb.sh, or install "
                        "libcivetweb-dev (plain HTTP on IPv4 only)")
  endif()
  message(WARNING "building with the system's civetweb: plain HTTP on IPv4 only; "
                  "tools/fetch-civetweb.sh brings one with IPv6 and TLS")
  set(civetweb_version "system")
  add_library(pathwitness_civetweb INTERFACE)
  target_include_directories(pathwitness_civetweb SYSTEM INTERFACE ${civetweb_include})
  target_compile_definitions(pathwitness_civetweb INTERFACE PATHWITNESS_CIVETWEB_FALLBACK=1)
  target_link_libraries(pathwitness_civetweb INTERFACE ${civetweb_library})
endif()
target_compile_definitions(pathwitness_civetweb
                           INTERFACE PATHWITNESS_CIVETWEB_VERSION="${civetweb_version}")
