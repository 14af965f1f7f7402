/* SPDX-License-Identifier: Apache-2.0 */
/* How far a campaign has come, as an event: alone for whoever asks for it, the first of a stream (live.c) for who
 * accepts one. */
#include <stdlib.h>

#include "web/screen.h"
#include "web/server.h"

int screen_live(struct visit *v, struct err *e)
{
	int64_t id = visit_id(v, 0, e);
	char *data = NULL;
	bool over;
	int found = id < 0 ? -1 : live_draw(v->st, id, &data, &over, e);

	if (found == 0)
		return say(e, EX_NOINPUT, "no_campaign", NULL);
	if (found < 0)
		return -1;
	buf_free(&v->out);
	buf_init(&v->out, LIVE_EVENT_MAX);
	live_event(data, &v->out);
	v->out_type = LIVE_TYPE;
	v->live = v->streams && !over ? id : 0;
	free(data);
	return 0;
}
