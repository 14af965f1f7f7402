/* SPDX-License-Identifier: Apache-2.0 */
#include "store_sql.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static int64_t unit(struct fixture *f, const char *name)
{
	int64_t id = 0;

	return store_unit_find(f->st, name, &id, &f->e) == 1 ? id : 0;
}

static void put_unit(struct fixture *f, const char *name)
{
	int64_t id;

	OK(store_unit_put(f->st, "ấp", name, 0, &id, &f->e));
}

static void refused(struct fixture *f, enum store_mode mode, int code)
{
	struct store *st = NULL;

	err_clear(&f->e);
	assert_int_equal(store_open(f->path, mode, &st, &f->e), -1);
	assert_null(st);
	assert_int_equal(f->e.code, code);
	assert_non_null(strstr(f->e.text, f->path));
}

/* Runs fn in a process of its own; its exit status. */
static pid_t child(void (*fn)(struct fixture *f, int fd), struct fixture *f, int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		f->st = NULL; /* the parent's */
		fn(f, fd);
		_exit(0);
	}
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void a_new_database_is_only_its_owners_and_has_an_identity(void **state)
{
	struct fixture *f = *state;
	char instance[16];
	struct stat sb;

	assert_int_equal(stat(f->path, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0600);
	assert_int_equal(strlen(store_instance(f->st)), 6);
	(void)snprintf(instance, sizeof(instance), "%s", store_instance(f->st));
	assert_int_equal(store_epoch(f->st), 1);
	fixture_reopen(f);
	assert_string_equal(store_instance(f->st), instance);
	assert_int_equal(store_epoch(f->st), 2);
	OK(store_check(f->st, &f->e));
}

/* "sudo moidan import …" beside a daemon that is not root. */
static void what_root_makes_belongs_to_the_owner_of_the_directory(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-writer"};
	struct fixture *f = *state;
	struct stat sb;
	char name[128];

	if (geteuid() != 0)
		skip();
	fixture_close(f);
	(void)snprintf(f->path, sizeof(f->path), "%s/new.db", f->dir);
	assert_int_equal(chown(f->dir, 65534, 65534), 0);
	fixture_open(f, STORE_WRITER);
	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	OK(store_commit(f->st, &f->e));
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", f->path, suffixes[i]);
		assert_int_equal(stat(name, &sb), 0);
		assert_int_equal(sb.st_uid, 65534);
	}
}

static void a_second_daemon_is_refused_and_told_the_pid_of_the_first(void **state)
{
	struct fixture *f = *state;
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	refused(f, STORE_DAEMON, EX_TEMPFAIL);
	assert_non_null(strstr(f->e.text, pid));
	assert_int_equal(store_daemon_pid(f->path), getpid());
	fixture_close(f);
	assert_int_equal(store_daemon_pid(f->path), 0);
	fixture_open(f, STORE_DAEMON);
}

static volatile sig_atomic_t woken;

static void wake(int sig)
{
	(void)sig;
	woken = 1;
}

static void a_command_wakes_the_daemon_that_holds_the_store(void **state)
{
	struct fixture *f = *state;
	struct sigaction act = {.sa_handler = wake}, old;

	assert_int_equal(sigaction(SIGUSR1, &act, &old), 0);
	woken = 0;
	store_wake_daemon(f->path);
	assert_int_equal(woken, 1);
	woken = 0;
	fixture_close(f);
	store_wake_daemon(f->path);
	assert_int_equal(woken, 0);
	assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
}

static void a_reader_needs_a_database_that_is_there(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	assert_int_equal(unlink(f->path), 0);
	refused(f, STORE_READER, EX_NOINPUT);
}

static void a_newer_schema_is_refused_by_everybody(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	sql(f, "INSERT INTO schema_migration VALUES (999, 'of_the_future', 'x', 0)");
	refused(f, STORE_READER, EX_CONFIG);
	refused(f, STORE_WRITER, EX_CONFIG);
	refused(f, STORE_DAEMON, EX_CONFIG);
	assert_non_null(strstr(f->e.text, "newer"));
}

static void a_schema_step_that_was_edited_is_refused(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	sql(f, "UPDATE schema_migration SET checksum = 'x' WHERE version = 1");
	refused(f, STORE_DAEMON, EX_CONFIG);
}

static void another_programs_database_is_left_alone(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	assert_int_equal(unlink(f->path), 0);
	sql(f, "CREATE TABLE theirs (x)");
	refused(f, STORE_DAEMON, EX_CONFIG);
	refused(f, STORE_READER, EX_CONFIG);
}

static void an_empty_file_is_made_a_database_by_a_writer_but_not_by_a_reader(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	assert_int_equal(truncate(f->path, 0), 0);
	refused(f, STORE_READER, EX_CONFIG);
	fixture_open(f, STORE_WRITER);
	OK(store_check(f->st, &f->e));
}

/* ---- damage ----------------------------------------------------------------------------- */

static void overwrite(const char *path, off_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, bytes, n, at), n);
	assert_int_equal(close(fd), 0);
}

static void what_is_no_database_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char junk[] = "Họ và tên;Năm sinh;Số điện thoại\n";

	fixture_close(f);
	overwrite(f->path, 0, junk, sizeof(junk));
	refused(f, STORE_DAEMON, EX_DATAERR);
	refused(f, STORE_READER, EX_DATAERR);
}

static void a_truncated_file_is_refused_by_the_daemon(void **state)
{
	struct fixture *f = *state;
	struct stat sb;

	fixture_people(f, 200, false);
	fixture_close(f);
	assert_int_equal(stat(f->path, &sb), 0);
	assert_int_equal(truncate(f->path, sb.st_size / 2), 0);
	refused(f, STORE_DAEMON, EX_DATAERR);
}

static void flipped_bytes_are_refused_or_read_but_never_crash(void **state)
{
	struct fixture *f = *state;
	unsigned seed = 20230608;
	int refusals = 0;
	struct stat sb;
	char *clean;
	int fd;

	fixture_people(f, 100, false);
	fixture_close(f);
	assert_int_equal(stat(f->path, &sb), 0);
	clean = malloc((size_t)sb.st_size);
	fd = open(f->path, O_RDONLY);
	assert_int_equal(read(fd, clean, (size_t)sb.st_size), sb.st_size);
	assert_int_equal(close(fd), 0);
	for (int round = 0; round < 60; round++) {
		struct store *st = NULL;

		overwrite(f->path, 0, clean, (size_t)sb.st_size);
		for (int i = 0; i < 8; i++) {
			char byte = (char)rand_r(&seed);

			overwrite(f->path, 100 + rand_r(&seed) % (int)(sb.st_size - 100), &byte,
				  1);
		}
		err_clear(&f->e);
		if (store_open(f->path, STORE_DAEMON, &st, &f->e) != 0 ||
		    store_check(st, &f->e) != 0)
			refusals++;
		store_close(st);
	}
	free(clean);
	assert_true(refusals > 10);
}

/* ---- writing ---------------------------------------------------------------------------- */

static void what_was_rolled_back_is_not_there(void **state)
{
	struct fixture *f = *state;

	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	store_rollback(f->st);
	assert_int_equal(unit(f, "Tân Phú"), 0);
	store_rollback(f->st);
}

static void a_part_of_a_transaction_is_undone_alone(void **state)
{
	struct fixture *f = *state;

	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	OK(store_nest_begin(f->st, &f->e));
	put_unit(f, "Tân Lộc");
	OK(store_nest_end(f->st, false, &f->e));
	OK(store_nest_begin(f->st, &f->e));
	put_unit(f, "Mỹ Hòa");
	OK(store_nest_end(f->st, true, &f->e));
	OK(store_commit(f->st, &f->e));
	assert_true(unit(f, "Tân Phú") && unit(f, "Mỹ Hòa"));
	assert_int_equal(unit(f, "Tân Lộc"), 0);
}

static void die_in_a_transaction(struct fixture *f, int fd)
{
	(void)fd;
	fixture_open(f, STORE_WRITER);
	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	(void)raise(SIGKILL);
}

static void a_crash_before_the_commit_leaves_nothing_and_no_lock(void **state)
{
	struct fixture *f = *state;
	int status = status_of(child(die_in_a_transaction, f, -1));
	double start = seconds();

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	OK(store_begin(f->st, &f->e));
	assert_true(seconds() - start < 1);
	assert_int_equal(unit(f, "Tân Phú"), 0);
	put_unit(f, "Tân Phú");
	OK(store_commit(f->st, &f->e));
	OK(store_check(f->st, &f->e));
}

static void die_after_a_commit(struct fixture *f, int fd)
{
	(void)fd;
	fixture_open(f, STORE_WRITER);
	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	OK(store_commit(f->st, &f->e));
	(void)raise(SIGKILL);
}

static void a_crash_after_the_commit_loses_nothing(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	(void)status_of(child(die_after_a_commit, f, -1));
	fixture_open(f, STORE_DAEMON);
	assert_true(unit(f, "Tân Phú") > 0);
}

static void hold_for_300_ms(struct fixture *f, int fd)
{
	fixture_open(f, STORE_WRITER);
	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	(void)!write(fd, "x", 1);
	(void)usleep(300000);
	OK(store_commit(f->st, &f->e));
	fixture_close(f);
}

static void a_second_writer_waits_and_then_sees_what_the_first_wrote(void **state)
{
	struct fixture *f = *state;
	double start;
	int fds[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(fds), 0);
	pid = child(hold_for_300_ms, f, fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	start = seconds();
	OK(store_begin(f->st, &f->e));
	assert_true(seconds() - start > 0.2);
	assert_true(unit(f, "Tân Phú") > 0);
	OK(store_commit(f->st, &f->e));
	assert_int_equal(status_of(pid), 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void write_50_times(struct fixture *f, int fd)
{
	double start = seconds();

	(void)fd;
	fixture_open(f, STORE_WRITER);
	for (int i = 0; i < 50; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "Tổ %d của %d", i, (int)getpid());
		OK(store_begin(f->st, &f->e));
		put_unit(f, name);
		OK(store_commit(f->st, &f->e));
	}
	fixture_close(f);
	_exit(seconds() - start < 20 ? 0 : 1);
}

static void a_command_gets_its_turn_beside_a_daemon_that_never_pauses(void **state)
{
	struct fixture *f = *state;
	pid_t pids[3];
	int left = 3, n = 0, status;

	for (int i = 0; i < 3; i++)
		pids[i] = child(write_50_times, f, -1);
	while (left > 0) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%d", n++);
		OK(store_begin(f->st, &f->e));
		put_unit(f, name);
		OK(store_commit(f->st, &f->e));
		for (int i = 0; i < 3; i++) {
			if (pids[i] > 0 && waitpid(pids[i], &status, WNOHANG) == pids[i]) {
				assert_int_equal(status, 0);
				pids[i] = 0;
				left--;
			}
		}
	}
	OK(store_check(f->st, &f->e));
}

static void readers_see_a_snapshot_and_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct store *reader = NULL;
	int64_t id;

	OK(store_open(f->path, STORE_READER, &reader, &f->e));
	OK(store_read_begin(reader, &f->e));
	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_unit_find(reader, "Tân Phú", &id, &f->e), 0);
	store_read_end(reader);
	assert_int_equal(store_unit_find(reader, "Tân Phú", &id, &f->e), 1);
	assert_int_equal(store_meta_set(reader, "x", "y", &f->e), -1);
	store_close(reader);
}

/* ---- full disks and failing ones --------------------------------------------------------- */

static bool ballast_is_there(struct fixture *f)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s-ballast", f->path);
	return access(name, F_OK) == 0;
}

/* One transaction of about a megabyte. */
static int write_much(struct fixture *f)
{
	static char big[1 << 20];
	int64_t id;

	memset(big, 'x', sizeof(big) - 1);
	err_clear(&f->e);
	OK(store_begin(f->st, &f->e));
	(void)snprintf(big, 32, "%ld", random());
	big[strlen(big)] = ' ';
	if (store_template_put(f->st, "big", big, &id, &f->e) == 0)
		return store_commit(f->st, &f->e);
	store_rollback(f->st);
	return -1;
}

static void fill_the_disk(struct fixture *f, int fd)
{
	int i;

	(void)fd;
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("moidan-test", f->dir, "tmpfs", 0, "size=24m") != 0)
		_exit(77);
	(void)snprintf(f->path, sizeof(f->path), "%s/full.db", f->dir);
	fixture_open(f, STORE_DAEMON);
	assert_true(ballast_is_there(f));
	for (i = 0; i < 30 && write_much(f) == 0; i++)
		;
	/* It is said, nothing of it is there, and the second try has room. */
	if (i == 30 || f->e.code != EX_UNAVAILABLE || ballast_is_there(f))
		_exit(1);
	if (write_much(f) != 0 || store_check(f->st, &f->e) != 0)
		_exit(2);
	fixture_close(f);
}

static void a_full_disk_commits_nothing_and_gives_up_the_ballast(void **state)
{
	struct fixture *f = *state;
	int status = status_of(child(fill_the_disk, f, -1));

	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static void fail_to_write(struct fixture *f, int fd)
{
	struct rlimit lim = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
	struct err e = ERR_INIT;
	int i;

	(void)fd;
	(void)signal(SIGXFSZ, SIG_IGN);
	fixture_open(f, STORE_WRITER);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
	for (i = 0; i < 10 && write_much(f) == 0; i++)
		;
	if (i == 10 || f->e.code != EX_IOERR)
		_exit(1);
	/* After a commit whose outcome is unknown nothing more is written. */
	if (store_begin(f->st, &e) == 0 || e.code != EX_IOERR)
		_exit(2);
	_exit(0);
}

static void after_a_commit_that_failed_nothing_more_is_written(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(status_of(child(fail_to_write, f, -1)), 0);
	OK(store_check(f->st, &f->e));
	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	OK(store_commit(f->st, &f->e));
}

/* ---- copies ------------------------------------------------------------------------------ */

static void a_backup_is_whole_and_alone(void **state)
{
	struct fixture *f = *state;
	char to[128], wal[160];
	struct store *copy = NULL;
	int64_t id;

	(void)snprintf(to, sizeof(to), "%s/copy.db", f->dir);
	(void)snprintf(wal, sizeof(wal), "%s-wal", to);
	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	OK(store_commit(f->st, &f->e));
	OK(store_backup(f->st, to, &f->e));
	assert_int_not_equal(access(wal, F_OK), 0);
	OK(store_open(to, STORE_READER, &copy, &f->e));
	assert_int_equal(store_unit_find(copy, "Tân Phú", &id, &f->e), 1);
	store_close(copy);
	assert_int_equal(store_backup(f->st, to, &f->e), -1);
	assert_int_equal(f->e.code, EX_CANTCREAT);
}

static void a_backup_can_be_taken_by_a_reader_while_the_daemon_writes(void **state)
{
	struct fixture *f = *state;
	struct store *reader = NULL;
	char to[128];

	(void)snprintf(to, sizeof(to), "%s/copy.db", f->dir);
	OK(store_open(f->path, STORE_READER, &reader, &f->e));
	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	OK(store_backup(reader, to, &f->e));
	OK(store_commit(f->st, &f->e));
	store_close(reader);
}

static void restore_asks_for_a_free_place_and_for_no_daemon(void **state)
{
	struct fixture *f = *state;
	char to[128];

	(void)snprintf(to, sizeof(to), "%s/copy.db", f->dir);
	OK(store_backup(f->st, to, &f->e));
	assert_int_equal(store_restore(to, f->path, true, &f->e), -1);
	assert_int_equal(f->e.code, EX_TEMPFAIL);
	fixture_close(f);
	err_clear(&f->e);
	assert_int_equal(store_restore(to, f->path, false, &f->e), -1);
	assert_int_equal(f->e.code, EX_CANTCREAT);
	err_clear(&f->e);
	OK(store_restore(to, f->path, true, &f->e));
	fixture_open(f, STORE_DAEMON);
	OK(store_check(f->st, &f->e));
}

static void a_restored_database_has_a_new_identity_and_what_was_lost_is_gone(void **state)
{
	struct fixture *f = *state;
	char to[128], instance[8], *at = NULL;

	(void)snprintf(to, sizeof(to), "%s/copy.db", f->dir);
	(void)snprintf(instance, sizeof(instance), "%s", store_instance(f->st));
	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Phú");
	OK(store_commit(f->st, &f->e));
	OK(store_backup(f->st, to, &f->e));
	OK(store_begin(f->st, &f->e));
	put_unit(f, "Tân Lộc");
	OK(store_commit(f->st, &f->e));
	fixture_close(f);
	OK(store_restore(to, f->path, true, &f->e));
	fixture_open(f, STORE_DAEMON);
	assert_string_not_equal(store_instance(f->st), instance);
	assert_true(unit(f, "Tân Phú") > 0);
	assert_int_equal(unit(f, "Tân Lộc"), 0);
	assert_int_equal(store_meta_get(f->st, "restored_at", &at, &f->e), 1);
	free(at);
}

static void a_damaged_copy_is_not_restored_and_what_is_there_stays(void **state)
{
	struct fixture *f = *state;
	char to[128];
	struct stat sb;

	(void)snprintf(to, sizeof(to), "%s/copy.db", f->dir);
	fixture_people(f, 100, false);
	OK(store_backup(f->st, to, &f->e));
	fixture_close(f);
	assert_int_equal(stat(to, &sb), 0);
	assert_int_equal(truncate(to, sb.st_size / 2), 0);
	assert_int_equal(store_restore(to, f->path, true, &f->e), -1);
	err_clear(&f->e);
	fixture_open(f, STORE_DAEMON);
	OK(store_check(f->st, &f->e));
}

/* Somebody copied an old file back by hand, without its lock file's knowledge. */
static void an_old_file_put_in_its_place_is_refused(void **state)
{
	struct fixture *f = *state;
	char to[128];

	(void)snprintf(to, sizeof(to), "%s/copy.db", f->dir);
	OK(store_backup(f->st, to, &f->e));
	fixture_close(f);
	fixture_open(f, STORE_DAEMON);
	fixture_close(f);
	assert_int_equal(rename(to, f->path), 0);
	assert_int_equal(store_open(f->path, STORE_DAEMON, &f->st, &f->e), -1);
	assert_int_equal(f->e.code, EX_DATAERR);
	assert_non_null(strstr(f->e.text, "restore"));
	err_clear(&f->e);
	/* It can still be looked at, and put back as a copy is. */
	fixture_open(f, STORE_READER);
	OK(store_backup(f->st, to, &f->e));
	fixture_close(f);
	OK(store_restore(to, f->path, true, &f->e));
	fixture_open(f, STORE_DAEMON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(a_new_database_is_only_its_owners_and_has_an_identity),
	    STORE_TEST(what_root_makes_belongs_to_the_owner_of_the_directory),
	    STORE_TEST(a_second_daemon_is_refused_and_told_the_pid_of_the_first),
	    STORE_TEST(a_command_wakes_the_daemon_that_holds_the_store),
	    STORE_TEST(a_reader_needs_a_database_that_is_there),
	    STORE_TEST(a_newer_schema_is_refused_by_everybody),
	    STORE_TEST(a_schema_step_that_was_edited_is_refused),
	    STORE_TEST(another_programs_database_is_left_alone),
	    STORE_TEST(an_empty_file_is_made_a_database_by_a_writer_but_not_by_a_reader),
	    STORE_TEST(what_is_no_database_is_refused),
	    STORE_TEST(a_truncated_file_is_refused_by_the_daemon),
	    STORE_TEST(flipped_bytes_are_refused_or_read_but_never_crash),
	    STORE_TEST(what_was_rolled_back_is_not_there),
	    STORE_TEST(a_part_of_a_transaction_is_undone_alone),
	    STORE_TEST(a_crash_before_the_commit_leaves_nothing_and_no_lock),
	    STORE_TEST(a_crash_after_the_commit_loses_nothing),
	    STORE_TEST(a_second_writer_waits_and_then_sees_what_the_first_wrote),
	    STORE_TEST(a_command_gets_its_turn_beside_a_daemon_that_never_pauses),
	    STORE_TEST(readers_see_a_snapshot_and_cannot_write),
	    STORE_TEST(a_full_disk_commits_nothing_and_gives_up_the_ballast),
	    STORE_TEST(after_a_commit_that_failed_nothing_more_is_written),
	    STORE_TEST(a_backup_is_whole_and_alone),
	    STORE_TEST(a_backup_can_be_taken_by_a_reader_while_the_daemon_writes),
	    STORE_TEST(restore_asks_for_a_free_place_and_for_no_daemon),
	    STORE_TEST(a_restored_database_has_a_new_identity_and_what_was_lost_is_gone),
	    STORE_TEST(an_old_file_put_in_its_place_is_refused),
	    STORE_TEST(a_damaged_copy_is_not_restored_and_what_is_there_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
