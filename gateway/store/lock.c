/* SPDX-License-Identifier: Apache-2.0 */
/* Locks between processes, on files of their own: closing any descriptor of the
 * database would drop SQLite's. They belong to the open file description, so
 * two connections of one process exclude each other too, and end with it. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/private.h"

#define LOCK_MARK 40
#define LOCK_TEXT (LOCK_MARK + 16)

/* Bytes of PATH-writer. Whoever wants to write first takes the turn, waits there for the right, and
 * gives the turn up: a daemon that writes without a pause cannot starve a command. */
enum lock_byte { LOCK_TURN = 0, LOCK_RIGHT = 1 };

static int lock_set(int fd, short type, off_t byte)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
	int rc;

	do {
		rc = fcntl(fd, F_OFD_SETLK, &l);
	} while (rc != 0 && errno == EINTR);
	return rc;
}

void lock_give(int fd, const char *path)
{
	char *copy;
	struct stat dir, own;

	/* Only what root made, and nothing that has another name elsewhere. */
	if (geteuid() != 0 || fstat(fd, &own) != 0 || own.st_uid != 0 || own.st_nlink != 1)
		return;
	copy = mem_strdup(path);
	if (stat(dirname(copy), &dir) == 0 && dir.st_uid != 0 &&
	    fchown(fd, dir.st_uid, dir.st_gid) != 0)
		log_warn("store", "not_given", "path=%s error=\"%s\"", path, strerror(errno));
	free(copy);
}

int lock_open(const char *path, const char *suffix, struct err *e)
{
	char *name = mem_printf("%s%s", path, suffix);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		(void)err_set(e, EX_CANTCREAT, "%s: %s", name, err_os(errno));
	else
		lock_give(fd, path);
	free(name);
	return fd;
}

bool lock_try(int fd)
{
	return lock_set(fd, F_WRLCK, LOCK_RIGHT) == 0;
}

/* Polls: short at first, since a transaction takes milliseconds. *left counts down. */
static int lock_poll(int fd, off_t byte, int64_t *left_us, struct err *e)
{
	int64_t wait_us = 200;

	while (lock_set(fd, F_WRLCK, byte) != 0) {
		struct timespec t = {.tv_nsec = (long)(wait_us * 1000)};

		if (errno != EAGAIN && errno != EACCES)
			return err_set(e, EX_IOERR, "lock of the database: %s",
				       strerror(errno));
		if (*left_us <= 0)
			return err_set(e, EX_TEMPFAIL,
				       "cơ sở dữ liệu đang bận ghi: thử lại sau");
		(void)nanosleep(&t, NULL);
		*left_us -= wait_us;
		wait_us = wait_us < 5000 ? wait_us * 2 : 10000;
	}
	return 0;
}

int lock_writer(int fd, int64_t ms, struct err *e)
{
	int64_t left_us = ms * 1000;
	int rc;

	if (lock_poll(fd, LOCK_TURN, &left_us, e) != 0)
		return -1;
	rc = lock_poll(fd, LOCK_RIGHT, &left_us, e);
	(void)lock_set(fd, F_UNLCK, LOCK_TURN);
	return rc;
}

void lock_writer_release(int fd)
{
	(void)lock_set(fd, F_UNLCK, LOCK_RIGHT);
}

static int lock_read_pid(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (int)strtol(text, NULL, 10) : 0;
}

/* The file: the pid, and in a second line what the last daemon opened, which outlives it. */
static int lock_write(int fd, const char *mark)
{
	char text[LOCK_TEXT];
	int n = snprintf(text, sizeof(text), "%d\n%s\n", (int)getpid(), mark);

	return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n ? 0 : -1;
}

static void lock_read_mark(int fd, char mark[LOCK_MARK])
{
	char text[LOCK_TEXT];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	const char *line;

	mark[0] = '\0';
	text[n > 0 ? n : 0] = '\0';
	if ((line = strchr(text, '\n')) != NULL)
		(void)snprintf(mark, LOCK_MARK, "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
}

int lock_mark_compare(int fd, const char *instance, int64_t epoch, struct err *e)
{
	char mark[LOCK_MARK], was[8];
	long long last;

	lock_read_mark(fd, mark);
	if (sscanf(mark, "%7s %lld", was, &last) != 2 || strcmp(was, instance) != 0 ||
	    epoch >= last)
		return 0;
	return err_set(
	    e, EX_DATAERR,
	    "it is older than what ran here last (start %lld, then it was %lld): what "
	    "was sent since would be sent again; a copy comes back by \"moidan "
	    "restore\"",
	    (long long)epoch, last);
}

int lock_mark(int fd, const char *instance, int64_t epoch, struct err *e)
{
	char mark[LOCK_MARK];

	(void)snprintf(mark, sizeof(mark), "%s %lld", instance, (long long)epoch);
	if (lock_write(fd, mark) != 0 || fdatasync(fd) != 0)
		return err_set(e, EX_IOERR, "lock of the daemon: %s", strerror(errno));
	return 0;
}

int lock_daemon(int fd, struct err *e)
{
	char mark[LOCK_MARK];

	if (lock_set(fd, F_WRLCK, 0) != 0) {
		if (errno != EAGAIN && errno != EACCES)
			return err_set(e, EX_IOERR, "lock of the daemon: %s", strerror(errno));
		return err_set(e, EX_TEMPFAIL, "đã có một dịch vụ khác (pid %d) chạy trên cơ sở dữ liệu này",
			       lock_read_pid(fd));
	}
	lock_read_mark(fd, mark);
	if (lock_write(fd, mark) != 0)
		return err_set(e, EX_IOERR, "lock of the daemon: %s", strerror(errno));
	return 0;
}

void lock_daemon_release(int fd)
{
	(void)lock_set(fd, F_UNLCK, 0);
}

int lock_daemon_pid(const char *path)
{
	struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
	char *name = mem_printf("%s-lock", path);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	int pid = 0;

	free(name);
	if (fd < 0)
		return 0;
	if (fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK)
		pid = lock_read_pid(fd);
	(void)close(fd);
	return pid;
}
