/* SPDX-License-Identifier: Apache-2.0 */
/* Progress that moves by itself: an event stream of one event a connection. The browser comes again by
 * itself after LIVE_RETRY_MS, so that nothing is kept here for whoever closed the page. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/campaign.h"
#include "store/message.h"
#include "web/model.h"
#include "web/screen.h"

#define LIVE_RETRY_MS 2000

int screen_live(struct visit *v, struct err *e)
{
	int64_t id = visit_id(v, 0, e);
	struct campaign k = {0};
	struct message_counts n;
	json_t *model;
	char *text;
	int found = id < 0 ? -1 : store_campaign_get(v->st, id, &k, e), finished;

	if (found == 0)
		return say(e, EX_NOINPUT, "no_campaign", NULL);
	if (found < 0)
		return -1;
	finished = campaign_is_finished(v->st, &k, e);
	if (finished < 0 || store_message_counts(v->st, id, 0, &n, e) < 0) {
		campaign_clear(&k);
		return -1;
	}
	model = model_counts(&n);
	json_object_set_new(model, "state",
			    json_string(finished ? "finished" : campaign_state_name(k.state)));
	text = json_dumps(model, JSON_COMPACT);
	buf_free(&v->out);
	buf_init(&v->out, 1 << 16);
	(void)buf_addf(&v->out, "retry: %d\nid: %lld\nevent: progress\ndata: %s\n\n",
		       LIVE_RETRY_MS, (long long)clock_now_ms(), text);
	v->out_type = "text/event-stream; charset=utf-8";
	free(text);
	json_decref(model);
	campaign_clear(&k);
	return 0;
}
