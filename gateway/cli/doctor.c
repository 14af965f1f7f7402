/* SPDX-License-Identifier: Apache-2.0 */
/* moidan doctor: what is wrong, and what to do about it. Reads only; asks providers for a connection and
 * nothing more. Every check says one line, so that an operator sees what was looked at. */
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/http.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "dispatch/token.h"
#include "store/health.h"
#include "store/message.h"
#include "store/recipient.h"
#include "store/report.h"

#define DOCTOR_REACH_MS	 3000
#define DOCTOR_DISK_FAIL (INT64_C(100) << 20)
#define DOCTOR_DISK_WARN (INT64_C(1) << 30)
#define DOCTOR_WAL_WARN	 (INT64_C(256) << 20)
#define DOCTOR_SCAN	 5000
/* Before the plan, or after what the calendar counts: a clock without a battery. */
#define DOCTOR_FIRST_YEAR 2023
#define DOCTOR_LAST_YEAR  2059

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor {
	struct cli *c;
	const struct house *h; /* NULL: the configuration does not load */
	int64_t now;
	json_t *checks;
	int code; /* of the first failure */
};

/* One line: what was looked at, what is so, and (todo, or NULL) what to do. code is the exit code of a
 * failure. */
__attribute__((format(printf, 6, 7))) static void
doctor_say(struct doctor *d, const char *check, enum doctor_verdict v, int code,
	   const char *todo, const char *fmt, ...)
{
	static const char *const names[] = {"ok", "warning", "failure"};
	va_list ap;
	char *what;

	va_start(ap, fmt);
	what = mem_vprintf(fmt, ap);
	va_end(ap);
	json_array_append_new(d->checks,
			      json_pack("{s:s, s:s, s:s, s:s?}", "check", check, "status",
					names[v], "what", what, "todo", todo));
	free(what);
	if (v == DOCTOR_FAIL && d->code == 0)
		d->code = code;
}

/* ---- configuration and files ------------------------------------------------------------- */

static bool doctor_house(struct doctor *d)
{
	struct err e = ERR_INIT;

	if (cli_house(d->c, &e) < 0) {
		doctor_say(d, "config", DOCTOR_FAIL, e.code,
			   e.code == EX_NOINPUT
			       ? "chạy: moidan init, hoặc chỉ tệp bằng --config"
			       : "sửa chỗ nêu trên; thử lại bằng: moidan config check",
			   "%s", e.text);
		return false;
	}
	d->h = d->c->house;
	doctor_say(d, "config", DOCTOR_OK, 0, NULL, "%s: %zu nhà cung cấp, %zu chương trình",
		   d->h->path, d->h->n_providers, d->h->n_programmes);
	if (*d->h->cfg.unit.phone == '\0')
		doctor_say(d, "config", DOCTOR_WARN, 0, "điền unit.phone",
			   "chưa có điện thoại trực để người dân gọi lại hỏi");
	return true;
}

struct doctor_secrets {
	struct doctor *d;
	int seen, bad;
};

/* A file that holds a secret is for its owner and group. */
static void doctor_secret_file(const char *path, void *arg)
{
	struct doctor_secrets *s = arg;
	struct stat sb;
	char *todo;

	s->seen++;
	if (stat(path, &sb) == 0 && (sb.st_mode & S_IRWXO) == 0)
		return;
	s->bad++;
	if (stat(path, &sb) < 0) {
		doctor_say(s->d, "secrets", DOCTOR_FAIL, EX_CONFIG,
			   "kiểm tra đường dẫn và quyền của người dùng chạy moidan", "%s: %s",
			   path, strerror(errno));
		return;
	}
	todo = mem_printf("chmod o= %s", path);
	doctor_say(s->d, "secrets", DOCTOR_FAIL, EX_CONFIG, todo,
		   "%s: mọi người dùng trên máy đều %s được tệp chứa bí mật này", path,
		   (sb.st_mode & S_IWOTH) != 0 ? "sửa" : "đọc");
	free(todo);
}

static void doctor_secrets(struct doctor *d)
{
	struct doctor_secrets s = {.d = d};

	house_each_secret(d->h, doctor_secret_file, &s);
	if (s.bad == 0)
		doctor_say(d, "secrets", DOCTOR_OK, 0, NULL,
			   "%d tệp chứa bí mật, không người dùng nào khác đọc được", s.seen);
}

/* What stands beside the database belongs to whoever owns it: a command run as root leaves files that
 * the daemon's user cannot open. */
static bool doctor_owner(struct doctor *d, const char *path, const struct stat *db)
{
	static const char *const beside[] = {"-wal", "-shm", "-lock", "-writer", "-ballast"};
	struct stat sb;
	bool same = true;

	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		char *name = mem_printf("%s%s", path, beside[i]);

		if (stat(name, &sb) == 0 && sb.st_uid != db->st_uid) {
			char *todo = mem_printf("chown --reference=%s %s* (sau này chạy: sudo "
						"-u moidan moidan …)",
						path, path);

			doctor_say(d, "files", DOCTOR_FAIL, EX_NOPERM, todo,
				   "%s thuộc người dùng khác với cơ sở dữ liệu: dịch vụ có thể "
				   "không mở được",
				   name);
			free(todo);
			same = false;
		}
		free(name);
	}
	return same;
}

static void doctor_files(struct doctor *d)
{
	const char *path = d->h->cfg.database;
	char *copy = mem_strdup(path), *dir = dirname(copy);
	struct stat db, sb;

	/* One that is missing is said by doctor_database(). */
	if (stat(path, &db) < 0)
		goto out;
	if (stat(dir, &sb) == 0 &&
	    ((db.st_mode & (S_IRWXO | S_IWGRP)) != 0 ||
	     ((sb.st_mode & S_IWOTH) != 0 && (sb.st_mode & S_ISVTX) == 0))) {
		char *todo = mem_printf("chmod 600 %s; chmod 750 %s", path, dir);

		doctor_say(d, "files", DOCTOR_FAIL, EX_NOPERM, todo,
			   "dữ liệu của người dân mở cho người dùng khác trên máy: %s", path);
		free(todo);
	} else if (doctor_owner(d, path, &db)) {
		doctor_say(d, "files", DOCTOR_OK, 0, NULL,
			   "chỉ chủ sở hữu đọc được cơ sở dữ liệu %s", path);
	}
out:
	free(copy);
}

/* ---- database ---------------------------------------------------------------------------- */

static void doctor_disk(struct doctor *d)
{
	struct err e = ERR_INIT;
	struct store_sizes n;
	char room[CLI_DECIMAL], size[CLI_DECIMAL];

	if (store_sizes(d->c->store, &n, &e) < 0) {
		doctor_say(d, "disk", DOCTOR_FAIL, e.code, NULL, "%s", e.text);
		return;
	}
	cli_decimal((double)n.free_disk_bytes / 1e9, room);
	cli_decimal((double)n.db_bytes / 1e6, size);
	doctor_say(d, "disk",
		   n.free_disk_bytes < DOCTOR_DISK_FAIL	  ? DOCTOR_FAIL
		   : n.free_disk_bytes < DOCTOR_DISK_WARN ? DOCTOR_WARN
							  : DOCTOR_OK,
		   EX_IOERR,
		   n.free_disk_bytes < DOCTOR_DISK_WARN ? "dọn đĩa: khi đầy, việc gửi dừng lại"
							: NULL,
		   "đĩa còn %s GB, cơ sở dữ liệu %s MB", room, size);
	if (n.wal_bytes > DOCTOR_WAL_WARN)
		doctor_say(d, "disk", DOCTOR_WARN, 0,
			   "tắt chương trình nào đang mở cơ sở dữ liệu để đọc quá lâu",
			   "tệp WAL đã lớn %.0f MB", (double)n.wal_bytes / 1e6);
}

static bool doctor_database(struct doctor *d)
{
	struct err e = ERR_INIT;

	if (access(d->h->cfg.database, F_OK) < 0 && errno == ENOENT) {
		doctor_say(d, "database", DOCTOR_FAIL, EX_NOINPUT, "chạy: moidan init",
			   "chưa có cơ sở dữ liệu %s", d->h->cfg.database);
		return false;
	}
	if (cli_open(d->c, STORE_READER, &e) < 0) {
		doctor_say(d, "database", DOCTOR_FAIL, e.code,
			   e.code == EX_CONFIG
			       ? "dùng đúng phiên bản moidan; chạy moidan init để nâng cấp"
			       : "xem quyền của tệp; nếu tệp hỏng: moidan restore FILE",
			   "%s", e.text);
		return false;
	}
	if (store_check(d->c->store, &e) < 0)
		doctor_say(d, "database", DOCTOR_FAIL, EX_DATAERR,
			   "dừng dịch vụ, giữ lại tệp hỏng, khôi phục: moidan restore FILE",
			   "%s", e.text);
	else
		doctor_say(d, "database", DOCTOR_OK, 0, NULL,
			   "cơ sở dữ liệu nguyên vẹn, đúng phiên bản");
	err_clear(&e);
	if (store_audit_verify(d->c->store, &e) < 0)
		doctor_say(d, "audit", DOCTOR_FAIL, EX_DATAERR,
			   "nhật ký thao tác bị sửa: báo người phụ trách, so với bản sao lưu",
			   "%s", e.text);
	else
		doctor_say(d, "audit", DOCTOR_OK, 0, NULL, "nhật ký thao tác liền mạch");
	doctor_disk(d);
	return true;
}

/* ---- clock and calendar ------------------------------------------------------------------ */

static void doctor_clock(struct doctor *d)
{
	struct timex t = {.modes = 0};
	struct stat sb;
	char now[32];
	int year = civil_from_ms(d->now).year, state = adjtimex(&t);

	clock_format_vi(d->now, now);
	if (year < DOCTOR_FIRST_YEAR || year > DOCTOR_LAST_YEAR)
		doctor_say(d, "clock", DOCTOR_FAIL, EX_CONFIG,
			   "đặt lại giờ: timedatectl set-ntp true", "đồng hồ máy chỉ %s", now);
	else if (d->h != NULL && stat(d->h->path, &sb) == 0 &&
		 (int64_t)sb.st_mtime * 1000 > d->now + CLOCK_DAY_MS)
		doctor_say(d, "clock", DOCTOR_FAIL, EX_CONFIG,
			   "đặt lại giờ: timedatectl set-ntp true",
			   "đồng hồ máy chỉ %s, nhưng tệp cấu hình được ghi sau lúc đó", now);
	else if (state == TIME_ERROR || (t.status & STA_UNSYNC) != 0)
		doctor_say(
		    d, "clock", DOCTOR_WARN, 0,
		    "cài và bật chrony hoặc systemd-timesyncd (timedatectl set-ntp true)",
		    "giờ Việt Nam %s; đồng hồ không được đồng bộ qua mạng", now);
	else
		doctor_say(d, "clock", DOCTOR_OK, 0, NULL, "giờ Việt Nam %s, đã đồng bộ", now);
}

/* A year is known when its Tết is: no other feast falls on 20/01 … 22/02. */
static bool doctor_knows_year(const struct calendar *calendar, int year)
{
	bool ok;
	civil_day day = civil_day_from_date(year, 1, 20, &ok);

	for (int i = 0; i < 34; i++) {
		if (calendar_is_holiday(calendar, day + i))
			return true;
	}
	return false;
}

static void doctor_calendar(struct doctor *d)
{
	int year = civil_from_ms(d->now).year;

	for (int y = year; y <= year + 1; y++) {
		if (doctor_knows_year(d->h->calendar, y))
			continue;
		doctor_say(d, "calendar", DOCTOR_FAIL, EX_CONFIG,
			   "nâng cấp moidan, hoặc ghi ngày nghỉ vào hours.holidays và ngày làm "
			   "bù vào hours.worked",
			   "chưa biết lịch nghỉ Tết và ngày lễ năm %d", y);
		return;
	}
	if (calendar_next_open(d->h->calendar, d->now) == INT64_MAX)
		doctor_say(d, "calendar", DOCTOR_FAIL, EX_CONFIG,
			   "xem lại hours.holidays và hours.from, hours.to",
			   "trong 60 ngày tới không có giờ nào được gửi");
	else
		doctor_say(d, "calendar", DOCTOR_OK, 0, NULL,
			   "có lịch nghỉ lễ các năm %d và %d", year, year + 1);
}

static void doctor_hamlets(struct doctor *d)
{
	struct err e = ERR_INIT;
	int rc = house_check_hamlets(d->h, &e);

	if (rc < 0)
		doctor_say(d, "hamlets", DOCTOR_FAIL, e.code,
			   "sửa tên trong hours.hamlets: ngày nghỉ của ấp ấy chưa được tính", "%s",
			   e.text);
	else if (rc == 0)
		doctor_say(d, "hamlets", DOCTOR_WARN, 0, "nhập danh sách, rồi chạy lại lệnh này",
			   "hours.hamlets có ngày nghỉ của ấp, nhưng chưa biết có những ấp nào");
}

/* ---- providers --------------------------------------------------------------------------- */

struct doctor_reach {
	struct event_base *base;
	bool connected;
};

static void doctor_on_event(struct bufferevent *bev, short what, void *arg)
{
	struct doctor_reach *r = arg;

	(void)bev;
	r->connected = (what & BEV_EVENT_CONNECTED) != 0;
	(void)event_base_loopbreak(r->base);
}

/* Whether a TCP connection can be made in time. */
static bool doctor_reach(const char *host, int port)
{
	struct doctor_reach r = {.base = event_base_new()};
	struct timeval limit = {.tv_sec = DOCTOR_REACH_MS / 1000};
	struct evdns_base *dns = evdns_base_new(r.base, EVDNS_BASE_INITIALIZE_NAMESERVERS);
	struct bufferevent *bev = bufferevent_socket_new(r.base, -1, BEV_OPT_CLOSE_ON_FREE);

	bufferevent_setcb(bev, NULL, NULL, doctor_on_event, &r);
	(void)event_base_loopexit(r.base, &limit);
	if (bufferevent_socket_connect_hostname(bev, dns, AF_UNSPEC, host, port) == 0)
		(void)event_base_dispatch(r.base);
	bufferevent_free(bev);
	if (dns != NULL)
		evdns_base_free(dns, 0);
	event_base_free(r.base);
	return r.connected;
}

/* Where a provider's requests go, from one that is built and not sent. 0, or -1. host is yours. */
static int doctor_address(const struct provider *p, char **host, int *port, bool *https)
{
	struct provider_request req;
	struct evhttp_uri *uri = NULL;
	struct err e = ERR_INIT;

	provider_request_init(&req);
	*host = NULL;
	if (provider_build_example(p, &req, &e) == 0)
		uri = evhttp_uri_parse_with_flags(req.http.url, EVHTTP_URI_NONCONFORMANT);
	if (uri != NULL && evhttp_uri_get_host(uri) != NULL) {
		const char *name = evhttp_uri_get_host(uri);
		size_t len = strlen(name);

		*host =
		    *name == '[' && len > 2 ? mem_strndup(name + 1, len - 2) : mem_strdup(name);
		*https = strcmp(evhttp_uri_get_scheme(uri), "https") == 0;
		*port = evhttp_uri_get_port(uri);
		if (*port <= 0)
			*port = *https ? 443 : 80;
	}
	if (uri != NULL)
		evhttp_uri_free(uri);
	provider_request_free(&req);
	return *host != NULL ? 0 : -1;
}

static bool doctor_is_local(const char *host)
{
	return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
	       strcmp(host, "localhost") == 0;
}

static void doctor_provider(struct doctor *d, const struct provider *p)
{
	const struct provider_facts *f = provider_facts(p);
	char *host;
	int port = 0;
	bool https = false;

	if (doctor_address(p, &host, &port, &https) < 0) {
		doctor_say(d, "provider", DOCTOR_FAIL, EX_CONFIG, "xem: moidan provider check",
			   "%s: không dựng được yêu cầu gửi từ mô tả", f->name);
		return;
	}
	if (!doctor_reach(host, port))
		doctor_say(d, "provider", DOCTOR_FAIL, EX_UNAVAILABLE,
			   "kiểm tra mạng, tường lửa, DNS, base_url",
			   "%s: không nối được tới %s cổng %d trong %d giây", f->name, host,
			   port, DOCTOR_REACH_MS / 1000);
	else if (!https && !doctor_is_local(host))
		doctor_say(d, "provider", DOCTOR_WARN, 0,
			   "chỉ dùng trong mạng riêng; nếu được hãy đổi base_url sang https",
			   "%s: nối được tới %s, nhưng tin và số điện thoại đi không mã hóa",
			   f->name, host);
	else
		doctor_say(d, "provider", DOCTOR_OK, 0, NULL,
			   "%s: đủ bí mật, nối được tới %s cổng %d", f->name, host, port);
	if (f->receipts && d->h->callbacks == NULL)
		doctor_say(d, "provider", DOCTOR_WARN, 0,
			   "mở /callbacks/ ra Internet qua nginx rồi điền public_url",
			   "%s báo được kết quả từng tin, nhưng chưa có public_url: sẽ không "
			   "biết tin nào tới nơi",
			   f->name);
	free(host);
}

/* A token that only a person can bring is the end of a channel until somebody does. */
static void doctor_token(struct doctor *d, const struct provider *p)
{
	const char *name = provider_facts(p)->name;
	struct token_report t;
	struct err e = ERR_INIT;
	char at[32], *todo;

	if (token_report(d->c->store, p, &t, &e) < 0) {
		doctor_say(d, "token", DOCTOR_FAIL, e.code, NULL, "%s: %s", name, e.text);
		return;
	}
	clock_format_vi(t.state == TOKEN_STATE_DEAD ? t.dead_at : t.expires_at, at);
	todo = mem_printf("moidan provider authorize %s", name);
	if (t.state == TOKEN_STATE_DEAD)
		doctor_say(d, "token", DOCTOR_FAIL, EX_NOPERM, todo,
			   "%s: mã truy cập hết hiệu lực từ %s, không tự làm mới được: %s",
			   name, at, t.reason);
	else if (t.state == TOKEN_STATE_MISSING)
		doctor_say(d, "token", DOCTOR_FAIL, EX_NOPERM, todo, "%s: chưa được ủy quyền",
			   name);
	else if (t.state == TOKEN_STATE_GOOD)
		doctor_say(d, "token", DOCTOR_OK, 0, NULL, "%s: mã truy cập dùng được đến %s",
			   name, at);
	free(todo);
}

static void doctor_on_stopped(int id, const char *name, const char *reason, int64_t since,
			      void *arg)
{
	struct doctor *d = arg;
	char at[32], *todo, *why = NULL;
	struct err ignored = ERR_INIT;
	int64_t until;

	if (store_provider_rest_get(d->c->store, id, &until, &why, &ignored) > 0 &&
	    until > clock_now_ms()) {
		clock_format_vi(until, at);
		doctor_say(d, "provider", DOCTOR_WARN, 0, NULL, "%s nghỉ đến %s: %s", name, at,
			   why);
	}
	free(why);
	if (reason == NULL)
		return;
	clock_format_vi(since, at);
	todo = mem_printf("sửa nguyên nhân rồi chạy: moidan provider resume %s", name);
	doctor_say(d, "provider", DOCTOR_FAIL, EX_UNAVAILABLE, todo, "%s đã tự dừng từ %s: %s",
		   name, at, reason);
	free(todo);
}

static void doctor_providers(struct doctor *d, bool store)
{
	struct err e = ERR_INIT;

	if (d->h->n_providers == 0)
		doctor_say(d, "provider", DOCTOR_WARN, 0,
			   "điền providers: trong tệp cấu hình; xem: moidan provider list",
			   "chưa có nhà cung cấp nào: chưa gửi được tin");
	for (size_t i = 0; i < d->h->n_providers; i++)
		doctor_provider(d, d->h->providers[i]);
	for (size_t i = 0; store && i < d->h->n_providers; i++)
		doctor_token(d, d->h->providers[i]);
	if (store && store_provider_list(d->c->store, doctor_on_stopped, d, &e) < 0)
		doctor_say(d, "provider", DOCTOR_FAIL, e.code, NULL, "%s", e.text);
}

/* ---- daemon ------------------------------------------------------------------------------ */

struct doctor_ready {
	struct event_base *base;
	int status;
};

static void doctor_on_ready(const struct http_reply *reply, void *arg)
{
	struct doctor_ready *r = arg;

	r->status = reply->phase == HTTP_ANSWERED ? reply->status : 0;
	(void)event_base_loopbreak(r->base);
}

/* The status of /readyz, 0 = no answer. */
static int doctor_ask_ready(const char *listen)
{
	static const struct http_limits limits = {.in_flight = 1,
						  .connect_timeout_ms = DOCTOR_REACH_MS,
						  .total_timeout_ms = DOCTOR_REACH_MS,
						  .max_body = 4096,
						  .allow_http = true,
						  .allow_private = true};
	struct doctor_ready r = {.base = event_base_new()};
	const char *colon = strrchr(listen, ':');
	bool any = strncmp(listen, "0.0.0.0:", 8) == 0 || strncmp(listen, "[::]:", 5) == 0;
	char *url = any ? mem_printf("http://127.0.0.1%s/readyz", colon)
			: mem_printf("http://%s/readyz", listen);
	const struct http_request req = {.method = "GET", .url = url};
	struct err e = ERR_INIT;
	struct http *http;

	http_global_init();
	http = http_new(r.base, &limits, &e);
	if (http != NULL && http_send(http, &req, doctor_on_ready, &r, &e) == 0)
		(void)event_base_dispatch(r.base);
	http_free(http);
	event_base_free(r.base);
	free(url);
	return r.status;
}

static void doctor_daemon(struct doctor *d)
{
	int pid = store_daemon_pid(d->h->cfg.database), status;

	if (pid == 0) {
		doctor_say(d, "daemon", DOCTOR_WARN, 0, "chạy: systemctl start moidan",
			   "dịch vụ không chạy: không có tin nào được gửi");
		return;
	}
	status = doctor_ask_ready(d->h->cfg.listen);
	if (status == 200)
		doctor_say(d, "daemon", DOCTOR_OK, 0, NULL,
			   "dịch vụ chạy (pid %d) và trả lời ở %s", pid, d->h->cfg.listen);
	else
		doctor_say(d, "daemon", DOCTOR_FAIL, EX_UNAVAILABLE,
			   "xem nhật ký: journalctl -u moidan; khởi động lại nếu cần",
			   status == 0 ? "dịch vụ chạy (pid %d) nhưng không trả lời ở %s"
				       : "dịch vụ chạy (pid %d) ở %s nhưng chưa sẵn sàng",
			   pid, d->h->cfg.listen);
}

/* ---- people ------------------------------------------------------------------------------ */

struct doctor_rows {
	int64_t last, seen, total, suspected, no_phone;
};

static bool doctor_take_row(const struct recipient *r, void *arg)
{
	struct doctor_rows *n = arg;

	n->last = r->id;
	n->seen++;
	n->total += r->hold != HOLD_GONE;
	n->suspected += r->hold == HOLD_DECEASED_SUSPECTED;
	n->no_phone += r->contact_id == 0 && r->hold == HOLD_NONE;
	return true;
}

static int doctor_scan(struct doctor *d, const char *programme, struct doctor_rows *n,
		       struct err *e)
{
	*n = (struct doctor_rows){0};
	do {
		n->seen = 0;
		if (store_recipient_scan(d->c->store, programme, n->last, DOCTOR_SCAN, true,
					 doctor_take_row, n, e) < 0)
			return -1;
	} while (n->seen == DOCTOR_SCAN);
	return 0;
}

/* Hamlets whose head cannot be written to. */
static void doctor_heads(struct doctor *d, struct err *e)
{
	json_t *figures = report_figures(d->c->store, &d->h->report,
					 civil_iso_week(civil_day_of(d->now)), d->now, e);
	const json_t *head;
	size_t i, missing = 0;

	json_array_foreach(json_object_get(figures, "heads"), i, head)
	{
		missing += strcmp(json_string_value(json_object_get(head, "head")), "ok") != 0;
	}
	if (missing > 0)
		doctor_say(d, "officials", DOCTOR_WARN, 0,
			   "bổ sung danh sách: moidan import officials FILE",
			   "%zu %s chưa có trưởng %s nhận được bản tin tuần", missing,
			   d->h->cfg.unit.hamlet, d->h->cfg.unit.hamlet);
	json_decref(figures);
}

static void doctor_officials(struct doctor *d, struct err *e)
{
	struct doctor_rows n;

	if (!d->h->cfg.reports.enabled || d->h->report.officials == NULL)
		return;
	if (doctor_scan(d, d->h->report.officials->name, &n, e) < 0)
		return;
	if (n.total == 0)
		doctor_say(d, "officials", DOCTOR_WARN, 0, "chạy: moidan import officials FILE",
			   "chưa nhập danh sách cán bộ: bản tin tuần không có người nhận");
	else if (n.no_phone > 0)
		doctor_say(d, "officials", DOCTOR_WARN, 0,
			   "bổ sung số di động rồi nhập lại: moidan import officials FILE",
			   "%lld/%lld cán bộ chưa có số điện thoại nhắn tin được",
			   (long long)n.no_phone, (long long)n.total);
	else
		doctor_say(d, "officials", DOCTOR_OK, 0, NULL,
			   "%lld cán bộ đều có số điện thoại", (long long)n.total);
	if (n.total > 0)
		doctor_heads(d, e);
}

static void doctor_waiting(struct doctor *d, struct err *e)
{
	struct message_counts n;
	int64_t suspected = 0;

	for (size_t i = 0; i < d->h->n_programmes; i++) {
		struct doctor_rows rows;

		if (doctor_scan(d, d->h->programmes[i]->name, &rows, e) < 0)
			return;
		suspected += rows.suspected;
	}
	if (store_message_counts(d->c->store, 0, 0, &n, e) < 0)
		return;
	if (suspected > 0)
		doctor_say(d, "officer", DOCTOR_WARN, 0,
			   "xác minh rồi chạy: moidan recipient hold … --deceased, hoặc "
			   "moidan recipient release …",
			   "%lld dòng nghi đã mất, chờ cán bộ xác minh", (long long)suspected);
	if (n.by_state[MESSAGE_HELD] > 0)
		doctor_say(d, "officer", DOCTOR_WARN, 0,
			   "xem: moidan message list --state held; cho gửi: moidan message release "
			   "ID, cả chiến dịch: moidan campaign release C",
			   "%lld tin đang được giữ lại, chờ cán bộ cho gửi",
			   (long long)n.by_state[MESSAGE_HELD]);
	if (n.by_state[MESSAGE_UNCERTAIN] > 0)
		doctor_say(d, "officer", DOCTOR_WARN, 0,
			   "xem: moidan message list --state uncertain; quyết định: moidan "
			   "message settle ID sent|not-sent|abandon",
			   "%lld tin chưa rõ đã gửi hay chưa",
			   (long long)n.by_state[MESSAGE_UNCERTAIN]);
	if (suspected + n.by_state[MESSAGE_HELD] + n.by_state[MESSAGE_UNCERTAIN] == 0)
		doctor_say(d, "officer", DOCTOR_OK, 0, NULL, "không có việc gì chờ cán bộ");
}

/* ---- the round --------------------------------------------------------------------------- */

static void doctor_print(const struct doctor *d)
{
	static const char *const marks[] = {"✓", "!", "✗"};
	static const char *const names[] = {"ok", "warning", "failure"};
	size_t i, n[3] = {0};
	const json_t *row;

	json_array_foreach(d->checks, i, row)
	{
		const char *status = json_string_value(json_object_get(row, "status"));
		const char *todo = json_string_value(json_object_get(row, "todo"));
		size_t v = 0;

		while (v < 2 && strcmp(names[v], status) != 0)
			v++;
		n[v]++;
		(void)printf("%s %s\n", marks[v],
			     json_string_value(json_object_get(row, "what")));
		if (todo != NULL)
			(void)printf("    → %s\n", todo);
	}
	(void)printf("\n%zu đạt, %zu cần để ý, %zu hỏng\n", n[0], n[1], n[2]);
}

int cmd_doctor(struct cli *c, int argc, char **argv)
{
	struct err e = ERR_INIT;
	struct doctor d = {.c = c, .now = clock_now_ms()};
	int rc;

	if (cli_parse(c, argc, argv, NULL, 0, 0, &e) < 0)
		return cli_fail(&e);
	d.checks = json_array();
	if (doctor_house(&d)) {
		bool store;

		doctor_secrets(&d);
		doctor_files(&d);
		store = doctor_database(&d);
		doctor_calendar(&d);
		doctor_hamlets(&d);
		doctor_providers(&d, store);
		doctor_daemon(&d);
		if (store) {
			doctor_officials(&d, &e);
			doctor_waiting(&d, &e);
		}
		if (e.code != 0)
			doctor_say(&d, "database", DOCTOR_FAIL, e.code, NULL, "%s", e.text);
	}
	doctor_clock(&d);
	if (c->json) {
		rc = cli_print_json(
		    json_pack("{s:b, s:o}", "ok", d.code == 0, "checks", d.checks));
		return rc != 0 ? rc : d.code;
	}
	doctor_print(&d);
	json_decref(d.checks);
	return d.code;
}
