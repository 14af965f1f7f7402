/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/ladder.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/rung.h"

/* Of a rung that an electronic channel is, when the ladder does not say. */
#define LADDER_WAIT (72 * CLOCK_HOUR_MS)
#define LADDER_ENDS (LADDER_UNDELIVERED | LADDER_FALLBACK | LADDER_BADNUM | LADDER_FAILED)

static const struct conf_field ladder_fields[] = {
    {.key = "absent_for",
     .type = CONF_DURATION,
     .offset = offsetof(struct ladder_config, absent_for),
     .fallback = "30d",
     .min = 0,
     .max = 366 * CLOCK_DAY_MS,
     .help = "so long a number that had no account on a channel is not tried there again"},
    {.key = NULL},
};
const struct conf_table ladder_config_table = {"ladder", sizeof(struct ladder_config),
					       ladder_fields};

static const struct {
	const char *name, *vi;
	bool paper;
} ladder_channels[] = {
    {"zalo", "Zalo", false},
    {"sms", "SMS", false},
    {"letter", "thư giấy", true},
    {"visit", "đến nhà", true},
};
#define LADDER_CHANNELS (sizeof(ladder_channels) / sizeof(ladder_channels[0]))

static const struct {
	const char *name;
	enum ladder_end end;
} ladder_ends[] = {
    {"undelivered", LADDER_UNDELIVERED}, {"fallback", LADDER_FALLBACK},
    {"badnum", LADDER_BADNUM},		 {"content", LADDER_CONTENT},
    {"failed", LADDER_FAILED},
};

const char *ladder_channel_vi(const char *channel)
{
	for (size_t i = 0; i < LADDER_CHANNELS; i++) {
		if (strcmp(ladder_channels[i].name, channel) == 0)
			return ladder_channels[i].vi;
	}
	return channel;
}

int ladder_find(const struct ladder *l, const char *channel)
{
	for (int i = 0; i < l->n; i++) {
		if (strcmp(l->rungs[i].channel, channel) == 0)
			return i;
	}
	return -1;
}

int ladder_paper(const struct ladder *l, int from)
{
	for (int i = from; i < l->n; i++) {
		if (l->rungs[i].paper)
			return i;
	}
	return -1;
}

int64_t ladder_onward(const struct ladder *l, int rung)
{
	if (rung + 1 >= l->n)
		return 0;
	return l->rungs[rung].wait > 0 ? l->rungs[rung].wait : RUNG_NO_WAIT;
}

/* The next part of *s up to one of `stops`; false when it does not fit. */
static bool ladder_word(const char **s, const char *stops, char *out, size_t size)
{
	size_t n = strcspn(*s, stops);

	if (n == 0 || n >= size)
		return false;
	memcpy(out, *s, n);
	out[n] = '\0';
	*s += n;
	return true;
}

static int ladder_read_ends(const char **s, struct ladder_rung *r, struct err *e)
{
	char word[16];

	r->ends = 0;
	do {
		size_t i = 0;

		(*s)++; /* ":" or "+" */
		if (!ladder_word(s, "+,", word, sizeof(word)))
			word[0] = '\0';
		while (i < sizeof(ladder_ends) / sizeof(ladder_ends[0]) &&
		       strcmp(ladder_ends[i].name, word) != 0)
			i++;
		if (i == sizeof(ladder_ends) / sizeof(ladder_ends[0]))
			return err_set(
			    e, EX_DATAERR,
			    "nấc %s: \"%s\" không phải undelivered, fallback, badnum, content "
			    "hay failed",
			    r->channel, word);
		r->ends |= ladder_ends[i].end;
	} while (**s == '+');
	return 0;
}

static int ladder_read_channel(const char **s, struct ladder *l, struct ladder_rung *r,
			       struct err *e)
{
	size_t i = 0;

	if (!ladder_word(s, ":,", r->channel, sizeof(r->channel)))
		return err_set(e, EX_DATAERR, "bậc thang \"…%.*s\": thiếu tên kênh",
			       buf_fit(*s, 20), *s);
	while (i < LADDER_CHANNELS && strcmp(ladder_channels[i].name, r->channel) != 0)
		i++;
	if (i == LADDER_CHANNELS)
		return err_set(e, EX_DATAERR,
			       "không có kênh \"%s\": chỉ có zalo, sms, letter, visit",
			       r->channel);
	if (ladder_find(l, r->channel) >= 0)
		return err_set(e, EX_DATAERR,
			       "kênh %s có hai lần: mỗi người đi mỗi nấc một lần", r->channel);
	r->paper = ladder_channels[i].paper;
	r->wait = r->paper ? 0 : LADDER_WAIT;
	r->ends = LADDER_ENDS;
	return 0;
}

static int ladder_read_rung(const char **s, struct ladder *l, struct err *e)
{
	struct ladder_rung r = {.wait = 0};
	char wait[16];

	if (ladder_read_channel(s, l, &r, e) < 0)
		return -1;
	if (**s == ':' && (*s)[1] >= '0' && (*s)[1] <= '9') {
		(*s)++;
		if (!ladder_word(s, ":,", wait, sizeof(wait)) ||
		    conf_parse_duration(wait, &r.wait) < 0 || r.wait < CLOCK_SECOND_MS ||
		    r.wait > 90 * CLOCK_DAY_MS)
			return err_set(e, EX_DATAERR,
				       "nấc %s: thời gian chờ viết như 30m, 24h, 3d, nhiều "
				       "nhất 90 ngày",
				       r.channel);
	}
	if (**s == ':' && ladder_read_ends(s, &r, e) < 0)
		return -1;
	l->rungs[l->n++] = r;
	return 0;
}

int ladder_parse(const char *text, const char *channel, struct ladder *out, struct err *e)
{
	const char *s = text;

	memset(out, 0, sizeof(*out));
	if (s == NULL || *s == '\0') {
		out->n = 1;
		(void)snprintf(out->rungs[0].channel, sizeof(out->rungs[0].channel), "%s",
			       channel != NULL ? channel : "sms");
		out->rungs[0].ends = LADDER_ENDS;
		return 0;
	}
	for (;;) {
		if (out->n == LADDER_MAX)
			return err_set(e, EX_DATAERR, "nhiều nhất %d nấc", LADDER_MAX);
		if (ladder_read_rung(&s, out, e) < 0)
			return -1;
		if (*s == '\0')
			return 0;
		s++; /* "," */
	}
}
