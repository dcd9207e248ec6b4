/* civetweb with one more function. It accepts connections and gives each a thread without asking;
 * to cut off one that is too many, its socket must be known, which no function of civetweb tells. */
#include "civetweb.c"

int civetweb_socket(const struct mg_connection *connection) { return connection->client.sock; }
