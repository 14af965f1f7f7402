/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "dispatch/engine.h"
#include "report/deliver.h"
#include "report_house.h"

#define SECRET "whsec_bWkgZGFuIHRodSBuZ2hpZW0ga2hvYSBreQ=="
#define SECOND CLOCK_SECOND_MS

/* Thursday of week 24: the summary is ready at 07:00. */
#define READY report_at(20230615, 7, 0)

/* A program that prints its port and then a line of JSON for each thing that it received. */
struct receiver {
	pid_t pid;
	int in;
	FILE *out;
	int port;
};

/* The daemon's part that carries reports: engine, store, deliver; and somebody who reads along. */
struct post {
	struct report_test r;
	struct event_base *base;
	struct engine *en;
	struct deliver *d;
	struct store *reader;
	int64_t real; /* the machine's clock when the test's showed READY */
};

/* ---- receivers ---------------------------------------------------------------------------- */

static struct receiver receiver_start(const char *script, const char *const *answers)
{
	struct receiver r = {.pid = -1};
	char *path = mem_printf(TESTS_DIR "/support/%s", script);
	char *argv[12] = {(char[]){"python3"}, path};
	int in[2], out[2];

	for (size_t i = 0; answers != NULL && answers[i] != NULL; i++)
		argv[i + 2] = (char *)(uintptr_t)answers[i];
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	(void)setenv("WEBHOOK_SECRET", SECRET, 1);
	r.pid = fork();
	if (r.pid == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	free(path);
	r.in = in[1];
	r.out = fdopen(out[0], "r");
	assert_int_equal(fscanf(r.out, "%d", &r.port), 1);
	while (fgetc(r.out) != '\n')
		continue;
	return r;
}

static void receiver_stop(struct receiver *r)
{
	(void)close(r->in);
	(void)fclose(r->out);
	(void)waitpid(r->pid, NULL, 0);
}

static char *receiver_url(const struct receiver *r)
{
	return mem_printf("http://127.0.0.1:%d/nhan", r->port);
}

/* ---- the daemon's part --------------------------------------------------------------------- */

static void on_fatal(const struct err *e, void *arg)
{
	(void)arg;
	fail_msg("fatal: %s", e->text);
}

static void post_start(struct post *p)
{
	const struct engine_config cfg = {.dispatch = p->r.w.dispatch,
					  .house = &p->r.w.house,
					  .providers = p->r.w.providers,
					  .n_providers = p->r.w.n_providers};
	struct err e = ERR_INIT;

	p->base = event_base_new();
	p->en = engine_new(p->base, p->r.w.st, &cfg, on_fatal, NULL, &e);
	world_must(p->en != NULL ? 0 : -1, &e, "engine");
	p->r.w.st = NULL;
	p->d = deliver_new(p->base, p->en, &p->r.h, NULL, &e);
	world_must(p->d != NULL ? 0 : -1, &e, "deliver");
}

static void post_stop(struct post *p)
{
	deliver_free(p->d);
	engine_stop(p->en, 1000);
	event_base_free(p->base);
}

/* As a process that ends and the next one. */
static void post_restart(struct post *p)
{
	struct err e = ERR_INIT;

	post_stop(p);
	world_must(store_open(p->r.w.db, STORE_DAEMON, &p->r.w.st, &e), &e, "store");
	post_start(p);
}

/* The clock shows READY + ms, and goes on. */
static void post_clock(struct post *p, int64_t ms)
{
	clock_set_shift(0);
	if (p->real == 0)
		p->real = clock_now_ms();
	clock_set_shift(READY - p->real + ms);
	if (p->d != NULL)
		deliver_wake(p->d);
}

static void post_open(struct post *p, json_t *reports)
{
	struct err e = ERR_INIT;

	memset(p, 0, sizeof(*p));
	post_clock(p, 0);
	/* what is told here begins after a person's word */
	json_object_set_new(reports, "confirm", json_false());
	json_object_set_new(reports, "collect", json_false());
	json_object_set_new(reports, "police_audience", json_string(""));
	report_test_open(&p->r, reports);
	world_add_provider(&p->r.w, "esms", "esms", 9, 1, 1);
	world_add_households(&p->r.w, 1, 3);
	world_must(store_open(p->r.w.db, STORE_READER, &p->reader, &e), &e, "reader");
	post_start(p);
}

static void post_close(struct post *p)
{
	post_stop(p);
	store_close(p->reader);
	report_test_close(&p->r);
	clock_set_shift(0);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* Runs the loop until something happened, at most for a while. */
static void post_turn(struct post *p, int ms)
{
	struct timeval tv = {.tv_usec = ms * 1000};
	struct event *timer = evtimer_new(p->base, on_tick, NULL);

	(void)event_add(timer, &tv);
	(void)event_base_loop(p->base, EVLOOP_ONCE);
	event_free(timer);
}

static void post_turns(struct post *p, int ms)
{
	for (int64_t until = clock_mono_ms() + ms; clock_mono_ms() < until;)
		post_turn(p, 5);
}

/* The next thing that was received within ms, NULL when nothing was. */
static json_t *post_received(struct post *p, const struct receiver *r, int ms)
{
	struct pollfd fd = {.fd = fileno(r->out), .events = POLLIN};
	char line[65536];

	for (int64_t until = clock_mono_ms() + ms; clock_mono_ms() < until;) {
		post_turn(p, 5);
		if (poll(&fd, 1, 0) == 1 && fgets(line, sizeof(line), r->out) != NULL)
			return json_loads(line, 0, NULL);
	}
	return NULL;
}

struct jobs {
	int n, attempts;
	enum job_state state;
	char kind[32], result[200];
};

static void jobs_see(const struct job *j, void *arg)
{
	struct jobs *jobs = arg;

	jobs->n++;
	jobs->attempts = j->attempts;
	jobs->state = j->state;
	(void)snprintf(jobs->kind, sizeof(jobs->kind), "%s", j->kind);
	(void)snprintf(jobs->result, sizeof(jobs->result), "%s", j->result ? j->result : "");
}

/* Of the jobs there are, the first one made. */
static struct jobs post_jobs(struct post *p, const char *kind)
{
	struct jobs jobs = {.n = 0};
	struct err e = ERR_INIT;

	world_must(store_job_list(p->reader, kind, 0, 100, jobs_see, &jobs, &e), &e, "jobs");
	return jobs;
}

/* Until what came of the n-th attempt is committed. */
static struct jobs post_settled(struct post *p, const char *kind, int attempts)
{
	struct jobs jobs = {.n = 0};

	for (int i = 0; i < 1000; i++) {
		jobs = post_jobs(p, kind);
		if (jobs.n > 0 && jobs.attempts == attempts && jobs.state != JOB_RUNNING)
			return jobs;
		post_turn(p, 5);
	}
	fail_msg("attempt %d: %d jobs, attempt %d in state %d", attempts, jobs.n, jobs.attempts,
		 (int)jobs.state);
	return jobs;
}

static json_t *push_to(const char *url)
{
	return json_pack("{s:[{s:s,s:s}]}", "push", "url", url, "secret", SECRET);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static int64_t int_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* A request like the first one: same name, same body, signed; later. */
static void assert_repeated(const json_t *first, const json_t *again)
{
	assert_non_null(first);
	assert_non_null(again);
	assert_string_equal(text_of(first, "id"), text_of(again, "id"));
	assert_string_equal(text_of(first, "body"), text_of(again, "body"));
	assert_true(json_is_true(json_object_get(again, "signed")));
	assert_true(int_of(again, "timestamp") >= int_of(first, "timestamp"));
}

/* ---- what was logged: from three threads, so under a lock ---------------------------------- */

static struct {
	pthread_mutex_t lock;
	int push_by, deadline, refused, failed;
	bool leaked;
} told = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void tell(const char *line, void *arg)
{
	(void)arg;
	(void)pthread_mutex_lock(&told.lock);
	told.push_by += strstr(line, "report_late") && strstr(line, "passed=push_by");
	told.deadline += strstr(line, "report_late") && strstr(line, "passed=deadline");
	told.refused += strstr(line, "level=error") && strstr(line, "report_refused");
	told.failed += strstr(line, "level=error") && strstr(line, "report_failed");
	told.leaked = told.leaked || strstr(line, "127.0.0.1") || strstr(line, SECRET + 6) ||
		      strstr(line, "huyen.example");
	(void)pthread_mutex_unlock(&told.lock);
}

static void listen_to_log(void)
{
	told.push_by = told.deadline = told.refused = told.failed = 0;
	told.leaked = false;
	log_set_sink(tell, NULL);
}

/* ---- by HTTP ------------------------------------------------------------------------------- */

static void a_summary_is_repeated_under_one_name_until_it_is_taken(void **state)
{
	const char *const answers[] = {"500", "429:300", "close", "200", NULL};
	struct receiver r = receiver_start("webhook.py", answers);
	char *url = receiver_url(&r);
	struct jobs jobs;
	struct post p;
	json_t *first, *again;

	(void)state;
	post_open(&p, push_to(url));
	first = post_received(&p, &r, 5000);
	assert_non_null(first);
	assert_true(json_is_true(json_object_get(first, "signed")));
	assert_string_equal(text_of(first, "type"), "application/json");
	assert_string_equal(text_of(first, "kind"), "report.weekly");
	assert_string_equal(text_of(first, "week"), "2023-W24");
	assert_non_null(strstr(text_of(first, "id"), "-weekly-202324-"));
	assert_string_equal(post_settled(&p, NULL, 1).result, "HTTP 500");

	post_clock(&p, 50 * SECOND); /* a minute after the first */
	assert_null(post_received(&p, &r, 200));
	post_clock(&p, 70 * SECOND);
	again = post_received(&p, &r, 5000);
	assert_repeated(first, again);
	json_decref(again);
	assert_string_equal(post_settled(&p, NULL, 2).result, "HTTP 429");

	post_clock(&p, 360 * SECOND); /* after four minutes, but it asked for five */
	assert_null(post_received(&p, &r, 200));
	post_clock(&p, 380 * SECOND);
	again = post_received(&p, &r, 5000);
	assert_repeated(first, again);
	json_decref(again);
	(void)post_settled(&p, NULL, 3);

	post_clock(&p, 900 * SECOND);
	assert_null(post_received(&p, &r, 200));
	post_clock(&p, 1000 * SECOND); /* nine minutes after the third */
	again = post_received(&p, &r, 5000);
	assert_repeated(first, again);
	json_decref(again);
	jobs = post_settled(&p, NULL, 4);
	assert_int_equal(jobs.n, 1);
	assert_int_equal(jobs.state, JOB_DONE);

	post_clock(&p, 3 * CLOCK_DAY_MS); /* and never again */
	assert_null(post_received(&p, &r, 200));
	json_decref(first);
	post_close(&p);
	receiver_stop(&r);
	free(url);
}

/* Waits of 1, 4, 9, 16 and 25 minutes; each time the same under the same name, and once it is taken no more. */
static void a_server_that_fails_five_times_has_it_in_the_end(void **state)
{
	const char *const answers[] = {"500", "503", "close", "429:60", "502", "200", NULL};
	struct receiver r = receiver_start("webhook.py", answers);
	char *url = receiver_url(&r);
	int64_t at = 0;
	struct jobs jobs;
	struct post p;
	json_t *first, *again;

	(void)state;
	post_open(&p, push_to(url));
	first = post_received(&p, &r, 5000);
	for (int i = 1; i <= 5; i++) {
		jobs = post_settled(&p, NULL, i);
		assert_int_equal(jobs.state, JOB_WAITING);
		post_clock(&p, at + (60 * i * i - 40) * SECOND);
		assert_null(post_received(&p, &r, 200));
		at += (60 * i * i + 40) * SECOND;
		post_clock(&p, at);
		again = post_received(&p, &r, 5000);
		assert_repeated(first, again);
		json_decref(again);
	}
	jobs = post_settled(&p, NULL, 6);
	assert_int_equal(jobs.n, 1);
	assert_int_equal(jobs.state, JOB_DONE);
	post_clock(&p, 3 * CLOCK_DAY_MS);
	assert_null(post_received(&p, &r, 200));
	json_decref(first);
	post_close(&p);
	receiver_stop(&r);
	free(url);
}

static void a_restart_under_way_repeats_under_the_same_name(void **state)
{
	const char *const answers[] = {"hang", "500", "200", NULL};
	struct receiver r = receiver_start("webhook.py", answers);
	char *url = receiver_url(&r);
	struct post p;
	struct jobs jobs;
	json_t *first, *again;

	(void)state;
	post_open(&p, push_to(url));
	first = post_received(&p, &r, 5000);
	assert_non_null(first);
	post_restart(&p); /* while the receiver still thinks about it */
	again = post_received(&p, &r, 5000);
	assert_repeated(first, again);
	json_decref(again);
	(void)post_settled(&p, NULL, 2);
	post_restart(&p); /* while it waits for its next try */
	assert_null(post_received(&p, &r, 200));
	post_clock(&p, 300 * SECOND);
	again = post_received(&p, &r, 5000);
	assert_repeated(first, again);
	json_decref(again);
	jobs = post_settled(&p, NULL, 3);
	assert_int_equal(jobs.n, 1);
	assert_int_equal(jobs.state, JOB_DONE);
	post_restart(&p);
	assert_null(post_received(&p, &r, 200));
	json_decref(first);
	post_close(&p);
	receiver_stop(&r);
	free(url);
}

static void a_refusal_is_told_at_once_and_tried_each_hour(void **state)
{
	const char *const answers[] = {"302", "302", "401", "200", NULL};
	struct receiver r = receiver_start("webhook.py", answers);
	char *url = receiver_url(&r);
	struct post p;
	struct jobs jobs;
	json_t *seen;

	(void)state;
	listen_to_log();
	post_open(&p, push_to(url));
	json_decref(post_received(&p, &r, 5000));
	jobs = post_settled(&p, NULL, 1);
	/* Nobody follows to where it points. */
	assert_string_equal(jobs.result, "HTTP 302");
	for (int i = 1; i <= 3; i++) {
		post_clock(&p, i * CLOCK_HOUR_MS - 60 * SECOND);
		assert_null(post_received(&p, &r, 200));
		post_clock(&p, i * CLOCK_HOUR_MS + 60 * i * SECOND);
		seen = post_received(&p, &r, 5000);
		assert_non_null(seen);
		assert_string_equal(text_of(seen, "path"), "/nhan");
		json_decref(seen);
		jobs = post_settled(&p, NULL, i + 1);
	}
	assert_int_equal(jobs.state, JOB_DONE);
	post_close(&p);
	log_set_sink(NULL, NULL);
	/* 302 once, though it came twice, and 401. */
	assert_int_equal(told.refused, 2);
	assert_false(told.leaked);
	receiver_stop(&r);
	free(url);
}

static void lateness_is_told_once_at_each_moment(void **state)
{
	const char *const answers[] = {"503", NULL};
	struct receiver r = receiver_start("webhook.py", answers);
	char *url = receiver_url(&r);
	struct post p;

	(void)state;
	listen_to_log();
	post_open(&p, push_to(url));
	(void)post_settled(&p, NULL, 1);
	post_clock(&p, 89 * CLOCK_MINUTE_MS);
	(void)post_settled(&p, NULL, 2);
	assert_int_equal(told.push_by + told.deadline, 0);
	for (int i = 0; i < 3; i++) {
		post_clock(&p, 90 * CLOCK_MINUTE_MS);
		post_turns(&p, 100);
	}
	assert_int_equal(told.push_by, 1);
	assert_int_equal(told.deadline, 0);
	for (int i = 0; i < 3; i++) {
		post_clock(&p, 120 * CLOCK_MINUTE_MS);
		post_turns(&p, 100);
	}
	post_close(&p);
	log_set_sink(NULL, NULL);
	assert_int_equal(told.push_by, 1);
	assert_int_equal(told.deadline, 1);
	receiver_stop(&r);
	free(url);
}

static void after_three_days_it_has_failed(void **state)
{
	const char *const answers[] = {"503", NULL};
	struct receiver r = receiver_start("webhook.py", answers);
	char *url = receiver_url(&r);
	struct post p;
	struct jobs jobs;

	(void)state;
	listen_to_log();
	post_open(&p, push_to(url));
	(void)post_settled(&p, NULL, 1);
	post_clock(&p, 3 * CLOCK_DAY_MS + 119 * CLOCK_MINUTE_MS);
	assert_int_equal(post_settled(&p, NULL, 2).state, JOB_WAITING);
	post_clock(&p, 3 * CLOCK_DAY_MS + 180 * CLOCK_MINUTE_MS);
	jobs = post_settled(&p, NULL, 3);
	assert_int_equal(jobs.state, JOB_FAILED);
	post_close(&p);
	log_set_sink(NULL, NULL);
	assert_int_equal(told.failed, 1);
	receiver_stop(&r);
	free(url);
}

/* ---- by e-mail ----------------------------------------------------------------------------- */

static json_t *email_to(const struct receiver *r, const char *to)
{
	char *server = mem_printf("smtp://127.0.0.1:%d", r->port);
	json_t *o = json_pack("{s:{s:s,s:s,s:[s]}}", "email", "server", server, "from",
			      "moidan@xa.example", "to", to);

	free(server);
	return o;
}

static void an_email_carries_the_text_and_the_figures(void **state)
{
	struct receiver r = receiver_start("smtp_server.py", NULL);
	struct post p;
	struct jobs jobs;
	const json_t *file;
	json_t *mail, *figures;

	(void)state;
	post_open(&p, email_to(&r, "cong-an@huyen.example"));
	mail = post_received(&p, &r, 5000);
	assert_non_null(mail);
	assert_string_equal(text_of(mail, "subject"),
			    "UBND xã Mỹ Phú Đông: tổng hợp số liệu tuần 24 năm 2023");
	assert_non_null(strstr(text_of(mail, "message_id"), "-weekly-202324-1@xa.example>"));
	assert_non_null(strstr(text_of(mail, "text"), "TỔNG HỢP SỐ LIỆU TUẦN 24 NĂM 2023"));
	file = json_array_get(json_object_get(mail, "attachments"), 0);
	assert_string_equal(text_of(file, "filename"), "Số liệu tuần 2023-24.json");
	figures = json_loads(text_of(file, "data"), 0, NULL);
	assert_string_equal(text_of(figures, "week"), "2023-W24");
	json_decref(figures);
	json_decref(mail);
	jobs = post_settled(&p, NULL, 1);
	assert_int_equal(jobs.n, 1);
	assert_int_equal(jobs.state, JOB_DONE);
	post_close(&p);
	receiver_stop(&r);
}

static void an_email_under_way_at_the_end_is_waited_for(void **state)
{
	struct receiver r = receiver_start("smtp_server.py", NULL);
	struct post p;
	struct jobs jobs;
	json_t *mail;

	(void)state;
	post_open(&p, email_to(&r, "slow@huyen.example"));
	for (int i = 0; i < 500 && post_jobs(&p, NULL).attempts == 0; i++)
		post_turn(&p, 5);
	post_turns(&p, 100);
	assert_int_equal(post_jobs(&p, NULL).state, JOB_RUNNING);
	post_restart(&p);
	jobs = post_settled(&p, NULL, 1);
	assert_int_equal(jobs.state, JOB_DONE);
	mail = post_received(&p, &r, 1500);
	assert_non_null(mail);
	json_decref(mail);
	assert_null(post_received(&p, &r, 1500)); /* once */
	post_close(&p);
	receiver_stop(&r);
}

static void a_mail_server_that_is_busy_is_asked_again_and_one_that_refuses_is_told(void **state)
{
	struct receiver r = receiver_start("smtp_server.py", NULL);
	struct post p;
	struct jobs jobs;

	(void)state;
	listen_to_log();
	post_open(&p, email_to(&r, "later@huyen.example"));
	jobs = post_settled(&p, NULL, 1);
	assert_int_equal(jobs.state, JOB_WAITING);
	assert_non_null(strstr(jobs.result, "SMTP 451"));
	assert_int_equal(told.refused, 0);
	post_clock(&p, 70 * SECOND);
	(void)post_settled(&p, NULL, 2);
	post_close(&p);
	post_open(&p, email_to(&r, "never@huyen.example"));
	jobs = post_settled(&p, NULL, 1);
	assert_non_null(strstr(jobs.result, "SMTP 550"));
	post_close(&p);
	log_set_sink(NULL, NULL);
	assert_int_equal(told.refused, 1);
	assert_false(told.leaked);
	receiver_stop(&r);
}

/* ---- configuration ------------------------------------------------------------------------- */

static void a_new_configuration_mends_what_was_wrong(void **state)
{
	const char *const wrong[] = {"404", NULL}, *const right[] = {"200", NULL};
	struct receiver a = receiver_start("webhook.py", wrong),
			b = receiver_start("webhook.py", right);
	char *old_url = receiver_url(&a), *new_url = receiver_url(&b);
	struct reports_config cfg, broken;
	struct report_house h, worse;
	struct post p;
	struct err e = ERR_INIT;

	(void)state;
	post_open(&p, push_to(old_url));
	(void)post_settled(&p, NULL, 1);
	/* One that cannot be used changes nothing. */
	report_test_configure(&broken, push_to("http://bao-cao.example/"));
	worse = p.r.h;
	worse.cfg = &broken;
	assert_int_equal(deliver_reconfigure(p.d, &worse, NULL, &e), -1);
	assert_int_equal(e.code, EX_CONFIG);
	conf_free(&reports_config_table, &broken);
	/* A receiver that is new this week still gets its summary. */
	report_test_configure(&cfg, push_to(new_url));
	h = p.r.h;
	h.cfg = &cfg;
	assert_int_equal(deliver_reconfigure(p.d, &h, NULL, &e), 0);
	json_decref(post_received(&p, &b, 5000));
	assert_int_equal(post_jobs(&p, NULL).n, 2);
	post_clock(&p, 2 * CLOCK_HOUR_MS); /* nobody asks the old one again */
	(void)json_decref(post_received(&p, &a, 200));
	assert_null(post_received(&p, &a, 200));
	post_close(&p);
	conf_free(&reports_config_table, &cfg);
	receiver_stop(&a);
	receiver_stop(&b);
	free(old_url);
	free(new_url);
}

static void reports_that_are_off_send_nothing(void **state)
{
	const char *const answers[] = {"200", NULL};
	struct receiver r = receiver_start("webhook.py", answers);
	char *url = receiver_url(&r);
	json_t *reports = push_to(url);
	struct post p;

	(void)state;
	json_object_set_new(reports, "enabled", json_false());
	post_open(&p, reports);
	assert_null(post_received(&p, &r, 300));
	assert_int_equal(post_jobs(&p, NULL).n, 0);
	post_close(&p);
	receiver_stop(&r);
	free(url);
}

static void what_cannot_work_is_refused_when_it_is_read(void **state)
{
	static const char *const bad[] = {
	    "{\"push\": [{\"url\": \"http://cong-an.example/\"}]}",
	    "{\"push\": [{\"url\": \"http://127.0.0.1:80@cong-an.example/\"}]}",
	    "{\"push\": [{\"url\": \"ftp://127.0.0.1/\"}]}",
	    "{\"push\": [{\"url\": \"https://a.example/\", \"secret\": \"abc\"}]}",
	    "{\"push\": [{\"url\": \"https://a.example/\", \"secret\": \"whsec_@@\"}]}",
	    "{\"push\": [{\"url\": \"https://a.example/\", \"secret_file\": \"/khong/co\"}]}",
	    "{\"email\": {\"server\": \"smtp://127.0.0.1\", \"to\": [\"a@b.example\"]}}",
	    "{\"email\": {\"server\": \"http://127.0.0.1\", \"from\": \"a@b.example\"}}",
	    "{\"weekly_ready_at\": \"08:45\"}",
	    "{\"weekly_push_by\": \"09:30\"}",
	    "{\"collect_until\": \"14:00\"}",
	    /* our summary would be drawn two hours before those below have handed up */
	    "{\"communes\": [{\"name\": \"xa\", \"secret\": "
	    "\"whsec_bWkgZGFuIHRodSBuZ2hpZW0=\"}]}",
	    "{\"digest_weekday\": 7, \"digest_at\": \"20:00\"}",
	};
	struct event_base *base = event_base_new();
	struct report_house h = {.house = NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct reports_config cfg;
		struct err e = ERR_INIT;

		report_test_configure(&cfg, json_loads(bad[i], 0, NULL));
		h.cfg = &cfg;
		assert_null(deliver_new(base, NULL, &h, NULL, &e));
		assert_int_equal(e.code, EX_CONFIG);
		conf_free(&reports_config_table, &cfg);
	}
	event_base_free(base);
}

/* Computed with Python's hmac, as the specification says. */
static void signatures_are_those_of_standard_webhooks(void **state)
{
	static const char BODY[] = "{\"test\": 2432232314}";
	struct err e = ERR_INIT;
	char out[64];

	(void)state;
	assert_int_equal(deliver_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
					   "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY,
					   strlen(BODY), out, &e),
			 0);
	assert_string_equal(out, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_summary_is_repeated_under_one_name_until_it_is_taken),
	    cmocka_unit_test(a_server_that_fails_five_times_has_it_in_the_end),
	    cmocka_unit_test(a_restart_under_way_repeats_under_the_same_name),
	    cmocka_unit_test(a_refusal_is_told_at_once_and_tried_each_hour),
	    cmocka_unit_test(lateness_is_told_once_at_each_moment),
	    cmocka_unit_test(after_three_days_it_has_failed),
	    cmocka_unit_test(an_email_carries_the_text_and_the_figures),
	    cmocka_unit_test(an_email_under_way_at_the_end_is_waited_for),
	    cmocka_unit_test(
		a_mail_server_that_is_busy_is_asked_again_and_one_that_refuses_is_told),
	    cmocka_unit_test(a_new_configuration_mends_what_was_wrong),
	    cmocka_unit_test(reports_that_are_off_send_nothing),
	    cmocka_unit_test(what_cannot_work_is_refused_when_it_is_read),
	    cmocka_unit_test(signatures_are_those_of_standard_webhooks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
