/* SPDX-License-Identifier: Apache-2.0 */
/* moidan demo: the main job from end to end, on invented people. A home of its own, the shipped lists,
 * the real daemon, and a sandbox provider that is a real HTTP server on loopback. It is Wednesday
 * 14/06/2023, 09:00, in the weeks of Plan 46: the demo can be run at any hour and shows a week that
 * the plan knows. */
#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "provider/sandbox.h"
#include "text/vi.h"

#define DEMO_WAIT_MS (120 * CLOCK_SECOND_MS)

struct demo {
	struct cli *c;
	char *home;
	bool keep;
	uint64_t seed;
	int sandbox_port;
	pid_t sandbox, daemon;
	int64_t started; /* monotonic */
	int64_t campaign;
	int64_t first_delivered; /* monotonic, 0 = none yet */
	struct store *reader;
	sigset_t ends, before; /* what ends it early, and what was blocked before */
};

/* Waits so long, or until somebody wants it to end: then -1, and what was made goes as after an error. */
static int demo_pause(const struct demo *d, int64_t ms, struct err *e)
{
	const struct timespec wait = {.tv_nsec = (long)ms * 1000000};

	return sigtimedwait(&d->ends, NULL, &wait) < 0
		   ? 0
		   : err_set(e, EX_TEMPFAIL, "dừng giữa chừng theo yêu cầu");
}

/* ---- the house --------------------------------------------------------------------------- */

static int demo_free_port(struct err *e)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = -1;

	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &len) == 0)
		port = ntohs(a.sin_port);
	if (fd >= 0)
		(void)close(fd);
	return port > 0 ? port : err_set(e, EX_OSERR, "no free port on 127.0.0.1");
}

static int demo_make_home(struct demo *d, const char *keep, struct err *e)
{
	char made[] = "/tmp/moidan-demo-XXXXXX";

	if (keep != NULL) {
		if (mkdir(keep, 0700) < 0)
			return err_set(e, EX_CANTCREAT, "%s: %s", keep,
				       errno == EEXIST ? "đã có; --keep cần một thư mục mới"
						       : err_os(errno));
		d->home = realpath(keep, NULL);
		d->keep = true;
		return d->home != NULL ? 0
				       : err_set(e, EX_OSERR, "%s: %s", keep, strerror(errno));
	}
	if (mkdtemp(made) == NULL)
		return err_set(e, EX_CANTCREAT, "%s: %s", made, strerror(errno));
	d->home = mem_strdup(made);
	return 0;
}

static int demo_write_config(const struct demo *d, int port, struct err *e)
{
	char *path = mem_printf("%s/moidan.yaml", d->home);
	FILE *f = fopen(path, "we");
	int rc;

	if (f == NULL) {
		free(path);
		return err_set(e, EX_CANTCREAT, "%s: %s", d->home, strerror(errno));
	}
	(void)fprintf(f,
		      "# Cấu hình của bản chạy thử: nhà cung cấp giả, không gửi tin thật.\n"
		      "database: moidan.db\n"
		      "listen: 127.0.0.1:%d\n"
		      "public_url: http://127.0.0.1:%d\n"
		      "two_person: true\n"
		      "unit:\n"
		      "  name: xã Mỹ Phú Đông\n"
		      "  office: UBND xã Mỹ Phú Đông\n"
		      "  phone: \"02963 000 000\"\n"
		      "  card_name: CCCD\n"
		      "providers:\n"
		      "  - name: sandbox\n"
		      "    description: esms\n"
		      "    base_url: http://127.0.0.1:%d\n"
		      "    settings: {brandname: MYPHUDONG}\n"
		      "    secrets: {api_key: demo-api-key, secret_key: demo-secret-key}\n"
		      "    rate_per_second: 150\n"
		      "    in_flight: 16\n"
		      "    price_per_segment: 350\n"
		      "# Giờ rộng nhất mà hệ thống cho phép, để thử được cả buổi tối, cuối tuần.\n"
		      "hours: {from: \"07:00\", to: \"22:00\", weekends: true}\n"
		      "caps: {per_day: 3, per_week: 6}\n"
		      "dispatch: {backoff: 1s, settle_after: 2s}\n",
		      port, port, d->sandbox_port);
	rc = fclose(f) == 0 ? 0 : err_set(e, EX_IOERR, "%s: %s", path, strerror(errno));
	d->c->config_path = path;
	return rc;
}

/* Starts fn in a process that dies with this one; its log goes to home/name.log. */
static pid_t demo_fork(const struct demo *d, const char *name)
{
	char *path = mem_printf("%s/%s.log", d->home, name);
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		(void)sigprocmask(SIG_SETMASK, &d->before, NULL);
		if (freopen(path, "ae", stderr) == NULL ||
		    freopen("/dev/null", "re", stdin) == NULL)
			_exit(EX_CANTCREAT);
	}
	free(path);
	return pid;
}

/* A provider as they are on a good day: quick, and not without faults. */
static struct sandbox_config demo_provider(uint64_t seed)
{
	return (struct sandbox_config){.seed = seed,
				       .delay_ms = 40,
				       .receipt_delay_ms = 600,
				       .refuse_per_mille = 8,
				       .busy_per_mille = 20,
				       .drop_per_mille = 5,
				       .undelivered_per_mille = 25,
				       .duplicate_receipt_per_mille = 30};
}

static int demo_start_sandbox(struct demo *d, struct err *e)
{
	char *ledger = mem_printf("%s/sandbox-ledger", d->home), text[16] = "";
	struct sandbox_config cfg = demo_provider(d->seed);
	int ends[2];
	ssize_t n;

	if (pipe(ends) < 0)
		return err_set(e, EX_OSERR, "pipe: %s", strerror(errno));
	cfg.ledger = ledger;
	d->sandbox = demo_fork(d, "sandbox");
	if (d->sandbox == 0) {
		struct err own = ERR_INIT;

		(void)close(ends[0]);
		_exit(sandbox_run(&cfg, ends[1], &own) == 0 ? 0 : cli_fail(&own));
	}
	free(ledger);
	(void)close(ends[1]);
	n = read(ends[0], text, sizeof(text) - 1);
	(void)close(ends[0]);
	if (n <= 0)
		return err_set(e, EX_UNAVAILABLE,
			       "nhà cung cấp giả không chạy: xem %s/sandbox.log", d->home);
	return (int)strtol(text, NULL, 10);
}

static int demo_start_daemon(struct demo *d, struct err *e)
{
	int64_t until = clock_mono_ms() + 10 * CLOCK_SECOND_MS;
	char *argv[] = {(char *)"serve", NULL};
	int status;

	(void)fflush(stdout);
	d->daemon = demo_fork(d, "moidan");
	if (d->daemon == 0) {
		struct cli own = {.config_path = d->c->config_path};

		_exit(cmd_serve(&own, 1, argv));
	}
	while (store_daemon_pid(d->c->house->cfg.database) == 0) {
		if (waitpid(d->daemon, &status, WNOHANG) != 0 || clock_mono_ms() > until) {
			d->daemon = 0;
			return err_set(e, EX_UNAVAILABLE,
				       "dịch vụ không chạy: xem %s/moidan.log", d->home);
		}
		if (demo_pause(d, 20, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the work ---------------------------------------------------------------------------- */

static int demo_import(struct demo *d, const char *programme, const char *file, struct err *e)
{
	const struct programme *p = house_programme(d->c->house, programme);
	char *path = mem_printf("%s/demo/%s", house_share_dir(), file);
	struct roster_options o = {.who = "demo",
				   .unit_kind = d->c->house->cfg.unit.hamlet,
				   .this_year = 2023,
				   .list_year = 2023};
	struct roster_result r = {0};
	int rc = demo_pause(d, 0, e);
	char rows[32], ok[32];

	if (rc == 0)
		rc = p != NULL ? roster_import(d->c->store, p, path, &o, &r, e)
			       : err_set(e, EX_CONFIG, "không có chương trình %s", programme);
	if (rc == 0 && p != NULL) {
		vi_number(r.rows, rows);
		vi_number(r.phones_ok, ok);
		(void)printf("  %-14s %6s %s; nhắn tin được %s; tạm giữ %d; từ chối %d\n", file,
			     rows, p->row, ok, r.held, r.rejected);
		if (r.total_stated >= 0 && r.total_stated != r.rows) {
			vi_number(r.total_stated, ok);
			(void)printf(
			    "                 (danh sách ghi tổng cộng %s: giữ cả hai số)\n",
			    ok);
		}
	}
	roster_result_free(&r);
	free(path);
	return rc;
}

static int demo_release(struct demo *d, struct err *e)
{
	struct campaign k = {.name = (char *)"Mời làm định danh mức 2 và cài VNeID",
			     .programme = (char *)"vneid",
			     .audiences = (char *)"A1,A2",
			     .channel = (char *)"sms",
			     .parameters = (char *)"{}",
			     .lane = LANE_BULK,
			     .accents = SMS_WITHOUT_ACCENTS};
	const struct campaign_house *house = &d->c->house->campaign;
	struct campaign_plan *plan = NULL;
	struct campaign_preview p = {0};
	char messages[32], segments[32], cost[32];
	int rc = -1;

	if (campaign_create(d->c->store, house, &k, "người soạn", e) < 0)
		return -1;
	d->campaign = k.id;
	plan = campaign_plan_new(d->c->store, house, &k, e);
	if (plan == NULL || campaign_preview(d->c->store, plan, clock_now_ms(), &p, e) < 0)
		goto out;
	vi_number(p.messages, messages);
	vi_number(p.segments, segments);
	vi_number(p.cost, cost);
	(void)printf("\nChiến dịch “%s”\n  %s tin, %s đoạn tin, %s đồng\n", k.name, messages,
		     segments, cost);
	for (int x = 0; x < EXCLUDED_COUNT; x++) {
		if (p.excluded[x] != 0)
			(void)printf("  không nhắn %lld: %s\n", (long long)p.excluded[x],
				     exclusion_vi((enum exclusion)x));
	}
	if (p.unknown_range != 0)
		(void)printf("  lưu ý: %lld tin đến đầu số chưa rõ\n",
			     (long long)p.unknown_range);
	if (p.n_samples > 0)
		(void)printf("  Tin mẫu: %s\n", p.samples[0].text);
	rc = campaign_approve(d->c->store, house, k.id, "người duyệt", true, e);
	if (rc == 0)
		rc = campaign_start(d->c->store, house, k.id, "người duyệt", e);
	if (rc == 0)
		cli_changed(d->c);
out:
	campaign_preview_free(&p);
	campaign_plan_free(plan);
	return rc;
}

/* How many of the messages still have something before them. */
static int64_t demo_open(const struct message_counts *n)
{
	return n->by_state[MESSAGE_HELD] + n->by_state[MESSAGE_QUEUED] +
	       n->by_state[MESSAGE_SENDING] + n->by_state[MESSAGE_UNCERTAIN] +
	       n->by_state[MESSAGE_SENT];
}

static void demo_draw(const struct message_counts *n, bool terminal)
{
	int64_t done = n->total - demo_open(n);
	int filled = n->total > 0 ? (int)(30 * done / n->total) : 0;

	(void)printf(terminal ? "\r  [" : "  [");
	for (int i = 0; i < 30; i++)
		(void)printf("%s", i < filled ? "█" : "·");
	(void)printf(
	    "] %lld/%lld  chờ %lld, đang gửi %lld, đã gửi %lld, chưa rõ %lld, đã đến %lld   %s",
	    (long long)done, (long long)n->total, (long long)n->by_state[MESSAGE_QUEUED],
	    (long long)n->by_state[MESSAGE_SENDING], (long long)n->by_state[MESSAGE_SENT],
	    (long long)n->by_state[MESSAGE_UNCERTAIN],
	    (long long)n->by_state[MESSAGE_DELIVERED], terminal ? "" : "\n");
	(void)fflush(stdout);
}

/* One look: 1 when the campaign is finished, 0 when not, -1. */
static int demo_look(struct demo *d, struct message_counts *n, struct err *e)
{
	struct campaign k = {0};
	int finished = -1;

	if (store_message_counts(d->reader, d->campaign, 0, n, e) == 0 &&
	    store_campaign_get(d->reader, d->campaign, &k, e) >= 0)
		finished = campaign_is_finished(d->reader, &k, e);
	campaign_clear(&k);
	if (d->first_delivered == 0 && n->by_state[MESSAGE_DELIVERED] > 0)
		d->first_delivered = clock_mono_ms();
	return finished;
}

static int demo_watch(struct demo *d, struct err *e)
{
	int64_t until = clock_mono_ms() + DEMO_WAIT_MS;
	bool terminal = isatty(STDOUT_FILENO) != 0;
	struct message_counts n = {0};
	char first[CLI_DECIMAL], all[CLI_DECIMAL];
	int finished, turn = 0;

	(void)printf("\nĐang gửi qua nhà cung cấp giả (một máy chủ HTTP thật trên máy này):\n");
	do {
		if (demo_pause(d, terminal ? 100 : 50, e) < 0)
			return -1;
		finished = demo_look(d, &n, e);
		if (finished < 0)
			return -1;
		if (terminal || turn++ % 20 == 0)
			demo_draw(&n, terminal);
		if (waitpid(d->daemon, NULL, WNOHANG) != 0) {
			d->daemon = 0;
			return err_set(e, EX_SOFTWARE, "dịch vụ đã dừng: xem %s/moidan.log",
				       d->home);
		}
		if (clock_mono_ms() > until)
			return err_set(e, EX_TEMPFAIL,
				       "chưa gửi xong sau hai phút: xem %s/moidan.log",
				       d->home);
	} while (finished != 1);
	demo_draw(&n, terminal);
	cli_decimal((double)(d->first_delivered - d->started) / 1000.0, first);
	cli_decimal((double)(clock_mono_ms() - d->started) / 1000.0, all);
	(void)printf("\n  Tin đầu tiên đến máy sau %s giây; xong sau %s giây.\n", first, all);
	for (int s = 0; s < 32; s++) {
		if (n.by_state[s] == 0)
			continue;
		(void)printf("  ");
		cli_cell(message_state_vi((enum message_state)s), 26);
		(void)printf("%6lld\n", (long long)n.by_state[s]);
	}
	return 0;
}

static int demo_reports(struct demo *d, struct err *e)
{
	const struct report_house *h = &d->c->house->report;
	struct buf text = BUF_INIT(1u << 20);
	int week = civil_iso_week(civil_day_of(clock_now_ms()));
	json_t *figures = report_figures(d->reader, h, week, clock_now_ms(), e);
	int rc = -1;

	if (figures == NULL)
		return -1;
	if (report_weekly_text(h, figures, &text, e) < 0)
		goto out;
	(void)printf("\n──── Báo cáo tuần (giao Công an trước 9 giờ thứ Năm) ────\n%s\n",
		     buf_text(&text));
	buf_reset(&text);
	if (report_digest_text(h, figures, "Tân Đông", &text, e) < 0)
		goto out;
	(void)printf("──── Bản tin cho Trưởng ấp Tân Đông (chiều thứ Tư) ────\n%s\n",
		     buf_text(&text));
	rc = 0;
out:
	json_decref(figures);
	buf_free(&text);
	return rc;
}

/* ---- the end ----------------------------------------------------------------------------- */

static void demo_end_child(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, NULL, 0);
}

static int demo_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void demo_end(struct demo *d)
{
	store_close(d->reader);
	demo_end_child(d->daemon);
	demo_end_child(d->sandbox);
	if (d->home != NULL && !d->keep)
		(void)nftw(d->home, demo_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(d->home);
}

/* Commands that can be pasted as they stand: the program may be in no directory of PATH. */
static void demo_where_next(const struct demo *d)
{
	static const char *const next[] = {
	    "campaign show 1", "message list --state undelivered", "report figures",
	    "user add lan --role author", "user add duyet --role approver", "serve"};
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = '\0';
	(void)printf("Xem tiếp:\n");
	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++)
		(void)printf("  %s --config %s/moidan.yaml %s\n", n > 0 ? exe : "moidan",
			     d->home, next[i]);
	(void)printf("Giao diện web: chạy lệnh cuối, rồi mở đường dẫn mà các lệnh \"user add\" in ra.\n"
		     "Nhà cung cấp giả đã tắt: tin soạn thêm chờ trong hàng đợi cho đến khi chạy nó "
		     "ở một cửa sổ khác:\n"
		     "  %s sandbox --port %d\n"
		     "Từ đây là giờ thật của máy này: ngoài giờ gửi tin thì tin chờ đến giờ.\n",
		     n > 0 ? exe : "moidan", d->sandbox_port);
}

static int demo_run(struct demo *d, const char *keep, struct err *e)
{
	int port;

	if (demo_make_home(d, keep, e) < 0)
		return -1;
	(void)printf(
	    "DỮ LIỆU THỬ: mọi tên người, số điện thoại đều bịa ra; không tin nào ra khỏi máy "
	    "này.\nNgày giả định: thứ Tư 14/06/2023, 9 giờ. Thư mục: %s\n\n",
	    d->home);
	d->sandbox_port = demo_start_sandbox(d, e);
	port = d->sandbox_port > 0 ? demo_free_port(e) : -1;
	if (port < 0 || demo_write_config(d, port, e) < 0 ||
	    cli_house(d->c, e) < 0)
		return -1;
	if (cli_open(d->c, STORE_WRITER, e) < 0 || demo_start_daemon(d, e) < 0)
		return -1;
	(void)printf("Nhập danh sách:\n");
	if (demo_import(d, "vneid", "ho-dan.xlsx", e) < 0 ||
	    demo_import(d, "cccd", "cccd-ton.xlsx", e) < 0 ||
	    demo_import(d, "officials", "can-bo.csv", e) < 0 || demo_release(d, e) < 0)
		return -1;
	if (store_open(d->c->house->cfg.database, STORE_READER, &d->reader, e) < 0 ||
	    demo_watch(d, e) < 0 || demo_reports(d, e) < 0)
		return -1;
	if (d->keep)
		demo_where_next(d);
	else
		(void)printf("Xem tiếp: moidan demo --keep THƯ_MỤC giữ lại tất cả; README.md: "
			     "chiến dịch "
			     "đầu tiên; moidan help.\n");
	return 0;
}

int cmd_demo(struct cli *c, int argc, char **argv)
{
	struct demo d = {.c = c, .seed = 46, .started = clock_mono_ms()};
	struct civil when = {.year = 2023, .month = 6, .day = 14, .hour = 9};
	struct err e = ERR_INIT;
	const char *keep = NULL;
	long seed = 46;
	const struct cli_option options[] = {
	    {.name = "keep", .text = &keep}, {.name = "seed", .number = &seed}, {.name = NULL}};
	int rc;

	if (cli_parse(c, argc, argv, options, 0, 0, &e) < 0)
		return cli_fail(&e);
	d.seed = (uint64_t)seed;
	(void)sigemptyset(&d.ends);
	(void)sigaddset(&d.ends, SIGINT);
	(void)sigaddset(&d.ends, SIGTERM);
	(void)sigaddset(&d.ends, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &d.ends, &d.before);
	clock_set_shift(civil_to_ms(&when) - clock_now_ms());
	rc = demo_run(&d, keep, &e);
	demo_end(&d);
	return rc < 0 ? cli_fail(&e) : 0;
}

int cmd_sandbox(struct cli *c, int argc, char **argv)
{
	struct err e = ERR_INIT;
	long port = 0, seed = 46;
	const struct cli_option options[] = {
	    {.name = "port", .number = &port}, {.name = "seed", .number = &seed}, {.name = NULL}};
	struct sandbox_config cfg;

	if (cli_parse(c, argc, argv, options, 0, 0, &e) < 0)
		return cli_fail(&e);
	if (port < 1 || port > 65535) {
		(void)err_set(&e, EX_USAGE, "sandbox --port N: một cổng từ 1 đến 65535");
		return cli_fail(&e);
	}
	cfg = demo_provider((uint64_t)seed);
	cfg.port = (int)port;
	(void)printf("Nhà cung cấp giả ở http://127.0.0.1:%ld, nói như eSMS: nhận tin rồi báo kết quả, không gửi đi "
		     "đâu. Ctrl-C để dừng.\n",
		     port);
	(void)fflush(stdout);
	return sandbox_run(&cfg, -1, &e) < 0 ? cli_fail(&e) : 0;
}
