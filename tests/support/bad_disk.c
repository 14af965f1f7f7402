/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fails, preloaded under the real program: BAD_DISK="CALL ERROR NTH once|ever FLAG".
 *   CALL   write, sync, or short: half of what should be written is, without an error
 *   ERROR  an errno
 *   NTH    the call that fails, from 1, in each process
 *   ever   all later ones fail too
 *   FLAG   a file; nothing fails without it, and FLAG.hit is made by the first failure
 * Only the database and its journals fail: files with ".db" or ".db-wal" or ".db-journal" at their end. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum bad_disk_call { BAD_DISK_OFF, BAD_DISK_WRITE, BAD_DISK_SYNC, BAD_DISK_SHORT };

static struct {
	enum bad_disk_call call;
	int error;
	long nth;
	bool ever;
	char flag[256], hit[264];
} bad_disk;
static atomic_long bad_disk_calls;

__attribute__((constructor)) static void bad_disk_init(void)
{
	const char *text = getenv("BAD_DISK");
	char call[16], how[16];

	if (text == NULL || sscanf(text, "%15s %d %ld %15s %255s", call, &bad_disk.error,
				   &bad_disk.nth, how, bad_disk.flag) != 5)
		return;
	bad_disk.ever = strcmp(how, "ever") == 0;
	(void)snprintf(bad_disk.hit, sizeof(bad_disk.hit), "%s.hit", bad_disk.flag);
	bad_disk.call = strcmp(call, "write") == 0  ? BAD_DISK_WRITE
			: strcmp(call, "sync") == 0 ? BAD_DISK_SYNC
						    : BAD_DISK_SHORT;
}

static bool bad_disk_ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(s + len - n, end, n) == 0;
}

static bool bad_disk_fails(enum bad_disk_call call, int fd)
{
	char name[64], path[4096];
	ssize_t len;
	long n;
	int hit;

	if (bad_disk.call != call)
		return false;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	len = readlink(name, path, sizeof(path));
	if (len < 0 || !(bad_disk_ends_with(path, (size_t)len, ".db") ||
			 bad_disk_ends_with(path, (size_t)len, ".db-wal") ||
			 bad_disk_ends_with(path, (size_t)len, ".db-journal")))
		return false;
	n = atomic_fetch_add(&bad_disk_calls, 1) + 1;
	if (n < bad_disk.nth || (n > bad_disk.nth && !bad_disk.ever) ||
	    access(bad_disk.flag, F_OK) != 0)
		return false;
	hit = open(bad_disk.hit, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (hit >= 0)
		(void)close(hit);
	errno = bad_disk.error;
	return true;
}

static size_t bad_disk_half(int fd, size_t n)
{
	return n > 1 && bad_disk_fails(BAD_DISK_SHORT, fd) ? n / 2 : n;
}

/* What stands behind us. */
#define BAD_DISK_NEXT(name)                                                                    \
	static __typeof__(name) *next;                                                         \
	if (next == NULL)                                                                      \
	next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *p, size_t n)
{
	BAD_DISK_NEXT(write);
	return bad_disk_fails(BAD_DISK_WRITE, fd) ? -1 : next(fd, p, bad_disk_half(fd, n));
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	BAD_DISK_NEXT(pwrite);
	return bad_disk_fails(BAD_DISK_WRITE, fd) ? -1 : next(fd, p, bad_disk_half(fd, n), at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	BAD_DISK_NEXT(pwrite64);
	return bad_disk_fails(BAD_DISK_WRITE, fd) ? -1 : next(fd, p, bad_disk_half(fd, n), at);
}

int fsync(int fd)
{
	BAD_DISK_NEXT(fsync);
	return bad_disk_fails(BAD_DISK_SYNC, fd) ? -1 : next(fd);
}

int fdatasync(int fd)
{
	BAD_DISK_NEXT(fdatasync);
	return bad_disk_fails(BAD_DISK_SYNC, fd) ? -1 : next(fd);
}
