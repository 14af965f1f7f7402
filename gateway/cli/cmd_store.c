/* SPDX-License-Identifier: Apache-2.0 */
/* moidan init, backup, restore, config: the office's files. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "store/purge.h"

/* Root's file is for the daemon to read: the group of a directory that was made for it (root:moidan). */
static int init_permit(int fd, const char *path)
{
	char *copy = mem_strdup(path);
	struct stat sb;
	int rc = 0;

	if (geteuid() == 0 && stat(dirname(copy), &sb) == 0)
		rc = fchown(fd, (uid_t)-1, sb.st_gid);
	free(copy);
	return rc == 0 ? fchmod(fd, 0640) : -1;
}

/* Copies the shipped configuration to path, which must not exist. */
static int init_write(const char *from, const char *path, struct err *e)
{
	char chunk[8192];
	ssize_t n;
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, rc = -1;

	if (in < 0)
		return err_set(e, EX_NOINPUT, "%s: %s", from, err_os(errno));
	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0) {
		(void)err_set(e, EX_CANTCREAT, "%s: %s", path, err_os(errno));
		goto end;
	}
	while ((n = read(in, chunk, sizeof(chunk))) > 0) {
		if (write(out, chunk, (size_t)n) != n) {
			(void)err_set(e, EX_IOERR, "%s: %s", path, err_os(errno));
			goto end;
		}
	}
	rc = n < 0 ? err_set(e, EX_IOERR, "%s: %s", from, err_os(errno)) : 0;
	if (rc == 0 && (init_permit(out, path) < 0 || fsync(out) < 0))
		rc = err_set(e, EX_CANTCREAT, "%s: %s", path, err_os(errno));
end:
	if (out >= 0)
		(void)close(out);
	/* Half a configuration would be taken for a whole one. */
	if (out >= 0 && rc < 0)
		(void)unlink(path);
	(void)close(in);
	return rc;
}

int cmd_init(struct cli *c, int argc, char **argv)
{
	struct err e = ERR_INIT;
	const char *path = c->config_path != NULL ? c->config_path : getenv("MOIDAN_CONFIG");
	char *from;

	if (cli_parse(c, argc, argv, NULL, 0, 0, &e) < 0)
		return cli_fail(&e);
	if (path == NULL)
		path = "/etc/moidan/moidan.yaml";
	if (access(path, F_OK) != 0) {
		from = mem_printf("%s/config/moidan.yaml", house_share_dir());
		if (init_write(from, path, &e) == 0)
			(void)printf("Đã viết %s: xin sửa tên đơn vị và nhà cung cấp.\n", path);
		free(from);
	}
	if (e.code == 0 && cli_open(c, STORE_WRITER, &e) == 0)
		(void)printf("Cơ sở dữ liệu sẵn sàng: %s\n", c->house->cfg.database);
	return e.code != 0 ? cli_fail(&e) : 0;
}

int cmd_backup(struct cli *c, int argc, char **argv)
{
	struct err e = ERR_INIT;

	if (cli_parse(c, argc, argv, NULL, 1, 1, &e) < 0 || cli_open(c, STORE_READER, &e) < 0 ||
	    store_backup(c->store, argv[1], &e) < 0)
		return cli_fail(&e);
	(void)printf("Đã sao lưu và kiểm tra: %s\n", argv[1]);
	return 0;
}

int cmd_restore(struct cli *c, int argc, char **argv)
{
	struct err e = ERR_INIT;
	bool force = false;
	const struct cli_option options[] = {{.name = "force", .flag = &force}, {.name = NULL}};
	int pid;

	if (cli_parse(c, argc, argv, options, 1, 1, &e) < 0 || cli_house(c, &e) < 0)
		return cli_fail(&e);
	pid = store_daemon_pid(c->house->cfg.database);
	if (pid != 0) {
		(void)err_set(&e, EX_TEMPFAIL,
			      "moidan đang chạy (pid %d): hãy dừng trước khi khôi phục", pid);
		return cli_fail(&e);
	}
	if (store_restore(argv[1], c->house->cfg.database, force, &e) < 0)
		return cli_fail(&e);
	(void)printf(
	    "Đã khôi phục. Chiến dịch tạm dừng; mọi tin chưa gửi xong đang được GIỮ LẠI, vì sau "
	    "lúc sao lưu có thể đã gửi.\n"
	    "  xem:       moidan message list --state held\n"
	    "  từng tin:  moidan message release ID (cho gửi), moidan message cancel ID\n"
	    "  tất cả:    moidan campaign release C, rồi moidan campaign resume C\n");
	return 0;
}

/* Then the file is written anew, when nobody works on it. *compacted says whether. */
static int purge_all(struct cli *c, struct purge_counts *n, bool *compacted, struct err *e)
{
	const struct retention_config *keep = &c->house->cfg.retention;
	int64_t now = clock_now_ms();
	const struct purge_limits before = {.texts = now - keep->texts,
					    .receipts = now - keep->receipts,
					    .people = now - keep->people};
	const char *database = c->house->cfg.database;

	*compacted = store_daemon_pid(database) == 0;
	if (cli_open(c, *compacted ? STORE_DAEMON : STORE_WRITER, e) < 0 ||
	    store_purge(c->store, &before, n, e) < 0)
		return -1;
	return *compacted ? store_compact(c->store, e) : 0;
}

int cmd_purge(struct cli *c, int argc, char **argv)
{
	struct err e = ERR_INIT;
	struct purge_counts n = {0};
	bool compacted = false;

	if (cli_parse(c, argc, argv, NULL, 0, 0, &e) < 0 || cli_house(c, &e) < 0 ||
	    purge_all(c, &n, &compacted, &e) < 0)
		return cli_fail(&e);
	if (c->json)
		return cli_print_json(
		    json_pack("{s:I,s:I,s:I,s:I,s:b}", "texts", (json_int_t)n.texts, "receipts",
			      (json_int_t)n.receipts, "people", (json_int_t)n.people, "numbers",
			      (json_int_t)n.numbers, "compacted", compacted));
	(void)printf("Đã xóa: %lld nội dung tin, %lld báo kết quả, %lld người, %lld số điện "
		     "thoại. Số liệu còn nguyên.\n",
		     (long long)n.texts, (long long)n.receipts, (long long)n.people,
		     (long long)n.numbers);
	if (!compacted)
		(void)printf("Dịch vụ đang chạy: phần đã xóa ra khỏi tệp khi dừng dịch vụ rồi "
			     "chạy lại lệnh này.\n");
	return 0;
}

/* Prints whole if the house can be built from the file; `schema` prints what a file may hold. */
int cmd_config(struct cli *c, int argc, char **argv)
{
	struct err e = ERR_INIT;
	json_t *schema;

	if (cli_parse(c, argc, argv, NULL, 1, 1, &e) < 0)
		return cli_fail(&e);
	if (strcmp(argv[1], "schema") == 0) {
		schema = conf_schema(&config_table);
		json_object_set_new(
		    schema, "$schema",
		    json_string("https://json-schema.org/draft/2020-12/schema"));
		return cli_print_json(schema);
	}
	if (strcmp(argv[1], "check") != 0)
		(void)err_set(&e, EX_USAGE, "config cần check hoặc schema");
	if (e.code != 0 || cli_house(c, &e) < 0 || house_check_hamlets(c->house, &e) < 0)
		return cli_fail(&e);
	(void)printf("%s: đạt (%zu nhà cung cấp, %zu chương trình)\n", c->house->path,
		     c->house->n_providers, c->house->n_programmes);
	return 0;
}
