/* civetweb as it is, with three things beside it.
 *
 * Where there are no descriptors left accept(2) fails at once, and civetweb tries again without a
 * pause, which takes a whole core. Here it waits a moment. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>

static int accept_in_peace(int listener, struct sockaddr *address, socklen_t *length) {
  const int connection = accept(listener, address, length);
  if (connection < 0 && (errno == EMFILE || errno == ENFILE)) {
    const int error = errno;
    poll(NULL, 0, 100);
    errno = error;
  }
  return connection;
}
#define accept accept_in_peace
#include "civetweb.c"

/* It accepts connections and gives each a thread without asking; to cut off one that is too many,
 * its socket must be known, which no function of civetweb tells. */
int civetweb_socket(const struct mg_connection *connection) { return connection->client.sock; }

/* It opens its own sockets to listen by; puts one that listens already into the place of the
 * `index`th. Its threads must not run yet: the callback init_context is the time for it. */
void civetweb_listen_with(struct mg_context *context, unsigned index, int socket) {
  struct socket *const listener = &context->listening_sockets[index];
  socklen_t length = sizeof listener->lsa;
  closesocket(listener->sock);
  listener->sock = socket;
  getsockname(socket, &listener->lsa.sa, &length);
}
