#include <pthread.h>

#include <cstdio>
#include <cstdlib>

// In a unit test that does not say THREADS it stands before the C library's function, for libraries
// that the test calls, too: so that the thread sanitizer gets all that it can tell something about.
extern "C" int pthread_create(pthread_t* /*thread*/, const pthread_attr_t* /*attributes*/,
                              void* (* /*run*/)(void*), void* /*argument*/) noexcept {
  static_cast<void>(std::fputs(
      "A thread is started here: pathwitness_test(... LABEL unit THREADS ...).\n", stderr));
  std::abort();
}
