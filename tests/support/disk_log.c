/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded under the real program: writes down what happens to its database's files, so that every moment
 * at which the power could have gone can be looked at afterwards. DISK_LOG=FILE; each record is a struct
 * disk_log_record and, for a write, the bytes. Several processes may append.
 *   W write, T truncate to at, U unlink, B a sync begins, E it has ended: what was written before its B
 * is safe once the E is there. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct disk_log_record {
	uint8_t op, file; /* file: its place in disk_log_ends */
	uint16_t zero;
	uint32_t len; /* of a write; of B and E: which sync */
	uint64_t at;
};

static const char *const disk_log_ends[] = {".db", ".db-wal", ".db-journal"};
static int disk_log_fd = -1;
static atomic_uint disk_log_syncs;

__attribute__((constructor)) static void disk_log_init(void)
{
	const char *path = getenv("DISK_LOG");

	if (path != NULL)
		disk_log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Which file this is, or -1. */
static int disk_log_file(const char *path, size_t len)
{
	for (int i = 0; i < 3; i++) {
		size_t n = strlen(disk_log_ends[i]);

		if (len >= n && memcmp(path + len - n, disk_log_ends[i], n) == 0)
			return i;
	}
	return -1;
}

static int disk_log_file_of(int fd)
{
	char name[64], path[4096];
	ssize_t len;

	if (disk_log_fd < 0)
		return -1;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	len = readlink(name, path, sizeof(path));
	return len < 0 ? -1 : disk_log_file(path, (size_t)len);
}

static void disk_log_put(char op, int file, uint32_t len, off_t at, const void *p)
{
	struct disk_log_record r = {
	    .op = (uint8_t)op, .file = (uint8_t)file, .len = len, .at = (uint64_t)at};
	struct iovec parts[2] = {{&r, sizeof(r)}, {(void *)(uintptr_t)p, p != NULL ? len : 0}};

	if (file >= 0 &&
	    syscall(SYS_writev, disk_log_fd, parts, 2) != (long)(sizeof(r) + parts[1].iov_len))
		abort();
}

/* What stands behind us. */
#define DISK_LOG_NEXT(name)                                                                    \
	static __typeof__(name) *next;                                                         \
	if (next == NULL)                                                                      \
	next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *p, size_t n)
{
	DISK_LOG_NEXT(write);
	disk_log_put('W', disk_log_file_of(fd), (uint32_t)n, lseek(fd, 0, SEEK_CUR), p);
	return next(fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	DISK_LOG_NEXT(pwrite);
	disk_log_put('W', disk_log_file_of(fd), (uint32_t)n, at, p);
	return next(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	DISK_LOG_NEXT(pwrite64);
	disk_log_put('W', disk_log_file_of(fd), (uint32_t)n, at, p);
	return next(fd, p, n, at);
}

int ftruncate(int fd, off_t at)
{
	DISK_LOG_NEXT(ftruncate);
	disk_log_put('T', disk_log_file_of(fd), 0, at, NULL);
	return next(fd, at);
}

int ftruncate64(int fd, off64_t at)
{
	DISK_LOG_NEXT(ftruncate64);
	disk_log_put('T', disk_log_file_of(fd), 0, at, NULL);
	return next(fd, at);
}

int unlink(const char *path)
{
	DISK_LOG_NEXT(unlink);
	disk_log_put('U', disk_log_fd < 0 ? -1 : disk_log_file(path, strlen(path)), 0, 0, NULL);
	return next(path);
}

int fsync(int fd)
{
	int file = disk_log_file_of(fd), rc;
	uint32_t n = atomic_fetch_add(&disk_log_syncs, 1) << 8 | ((uint32_t)getpid() & 255);

	DISK_LOG_NEXT(fsync);
	disk_log_put('B', file, n, 0, NULL);
	rc = next(fd);
	if (rc == 0)
		disk_log_put('E', file, n, 0, NULL);
	return rc;
}

int fdatasync(int fd)
{
	int file = disk_log_file_of(fd), rc;
	uint32_t n = atomic_fetch_add(&disk_log_syncs, 1) << 8 | ((uint32_t)getpid() & 255);

	DISK_LOG_NEXT(fdatasync);
	disk_log_put('B', file, n, 0, NULL);
	rc = next(fd);
	if (rc == 0)
		disk_log_put('E', file, n, 0, NULL);
	return rc;
}
