/* SPDX-License-Identifier: Apache-2.0 */
/* The yardstick for receipts: libevent's HTTP server, as the gateway uses it, that reads a call and
 * answers it at once, keeping nothing. Writes its port to standard output. */
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static void at_once_answer(struct evhttp_request *r, void *arg)
{
	(void)arg;
	(void)evhttp_add_header(evhttp_request_get_output_headers(r), "Content-Type",
				"text/plain");
	evhttp_send_reply(r, 200, "OK", NULL);
}

int main(void)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);
	struct evhttp_bound_socket *bound =
	    evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	evhttp_set_gencb(http, at_once_answer, NULL);
	if (bound == NULL ||
	    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&a, &len) < 0)
		return 1;
	(void)printf("%d\n", ntohs(a.sin_port));
	(void)fflush(stdout);
	return event_base_dispatch(base) < 0;
}
