/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/disk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/random.h"

#define SECTOR 512
#define FILES  3 /* database, WAL, journal */

/* A write that was not synced yet; n < 0: the file was cut off at `at`. */
struct change {
	sqlite3_int64 at;
	int n;
	unsigned char *bytes;
};

struct file {
	bool exists;
	unsigned char *now, *synced;
	size_t size, cap, synced_size, synced_cap;
	struct change *changes;
	size_t n_changes, cap_changes;
};

struct disk {
	struct file files[FILES];
	void *shm[16];
	size_t room;
	int fail_sync, cut_at;
	uint64_t cut_seed;
	bool sync_failed;
	struct disk *after; /* the cut */
};

/* What SQLite holds of an open file. */
struct handle {
	sqlite3_file base;
	struct disk *disk;
	struct file *file;
	bool remove;
};

static struct disk *disk_now;

/* ---- files -------------------------------------------------------------------------------- */

static void bytes_put(unsigned char **p, size_t *size, size_t *cap, sqlite3_int64 at,
		      const void *from, size_t n)
{
	size_t end = (size_t)at + n;

	if (n == 0)
		return;
	if (end > *size) {
		*p = mem_grow(*p, cap, end, 1);
		memset(*p + *size, 0, end - *size);
		*size = end;
	}
	memcpy(*p + at, from, n);
}

static void file_forget(struct file *f)
{
	for (size_t i = 0; i < f->n_changes; i++)
		free(f->changes[i].bytes);
	f->n_changes = 0;
}

/* Makes one change of what was not synced part of what is. */
static void file_settle(struct file *f, const struct change *c, size_t skip, size_t n)
{
	if (c->n >= 0)
		bytes_put(&f->synced, &f->synced_size, &f->synced_cap,
			  c->at + (sqlite3_int64)skip, c->bytes + skip, n);
	else if ((size_t)c->at < f->synced_size)
		f->synced_size = (size_t)c->at;
}

static void file_sync(struct file *f)
{
	for (size_t i = 0; i < f->n_changes; i++)
		file_settle(f, &f->changes[i], 0,
			    f->changes[i].n > 0 ? (size_t)f->changes[i].n : 0);
	file_forget(f);
}

static void file_note(struct file *f, sqlite3_int64 at, int n, const void *bytes)
{
	struct change *c;

	f->changes =
	    mem_grow(f->changes, &f->cap_changes, f->n_changes + 1, sizeof(*f->changes));
	c = &f->changes[f->n_changes++];
	*c = (struct change){.at = at, .n = n};
	if (n > 0) {
		c->bytes = mem_calloc((size_t)n, 1);
		memcpy(c->bytes, bytes, (size_t)n);
	}
}

static void file_copy_synced(struct file *to, const struct file *from)
{
	to->exists = from->exists;
	bytes_put(&to->synced, &to->synced_size, &to->synced_cap, 0,
		  from->synced ? from->synced : (const unsigned char *)"", from->synced_size);
	bytes_put(&to->now, &to->size, &to->cap, 0,
		  from->synced ? from->synced : (const unsigned char *)"", from->synced_size);
}

/* ---- disks -------------------------------------------------------------------------------- */

struct disk *disk_new(void)
{
	struct disk *d = mem_calloc(1, sizeof(*d));

	d->room = SIZE_MAX;
	return d;
}

struct disk *disk_copy(const struct disk *d)
{
	struct disk *copy = disk_new();

	for (int i = 0; i < FILES; i++)
		file_copy_synced(&copy->files[i], &d->files[i]);
	return copy;
}

void disk_free(struct disk *d)
{
	if (d == NULL)
		return;
	for (int i = 0; i < FILES; i++) {
		file_forget(&d->files[i]);
		free(d->files[i].changes);
		free(d->files[i].now);
		free(d->files[i].synced);
	}
	for (size_t i = 0; i < sizeof(d->shm) / sizeof(d->shm[0]); i++)
		free(d->shm[i]);
	disk_free(d->after);
	free(d);
}

void disk_use(struct disk *d)
{
	disk_now = d;
}

size_t disk_bytes(const struct disk *d)
{
	size_t sum = 0;

	for (int i = 0; i < FILES; i++)
		sum += d->files[i].size;
	return sum;
}

void disk_set_room(struct disk *d, size_t bytes)
{
	d->room = bytes;
}

void disk_fail_sync(struct disk *d, int n)
{
	d->fail_sync = n;
}

bool disk_sync_failed(const struct disk *d)
{
	return d->sync_failed;
}

void disk_cut_at(struct disk *d, int n, uint64_t seed)
{
	d->cut_at = n;
	d->cut_seed = seed;
}

bool disk_was_cut(const struct disk *d)
{
	return d->after != NULL;
}

/* Of each file some of what was not synced is there, whole or in part. */
static struct disk *disk_cut(const struct disk *d, uint64_t seed)
{
	struct disk *after = disk_new();
	uint64_t luck = seed;
	/* All, none, or any of it. */
	unsigned kind = random_below(&luck, 4);

	for (int i = 0; i < FILES; i++) {
		const struct file *f = &d->files[i];
		struct file *to = &after->files[i];

		file_copy_synced(to, f);
		for (size_t k = 0; k < f->n_changes && kind != 0; k++) {
			const struct change *c = &f->changes[k];
			size_t n = c->n > 0 ? (size_t)c->n : 0, skip = 0;

			if (kind > 1 && random_below(&luck, 2) == 0)
				continue;
			if (kind > 2 && n > SECTOR && random_below(&luck, 4) == 0) {
				skip = random_below(&luck, (unsigned)(n / SECTOR)) * SECTOR;
				n -= skip;
			}
			file_settle(to, c, skip, n);
		}
		to->size = 0;
		bytes_put(&to->now, &to->size, &to->cap, 0,
			  to->synced ? to->synced : (const unsigned char *)"", to->synced_size);
	}
	return after;
}

struct disk *disk_after_cut(struct disk *d, uint64_t seed)
{
	struct disk *after = d->after ? d->after : disk_cut(d, seed);

	d->after = NULL;
	return after;
}

/* Before anything that changes what would be there. */
static void disk_step(struct disk *d)
{
	if (d->cut_at > 0 && --d->cut_at == 0 && d->after == NULL)
		d->after = disk_cut(d, d->cut_seed);
}

/* ---- what SQLite calls -------------------------------------------------------------------- */

static struct handle *handle_of(sqlite3_file *f)
{
	return (struct handle *)(void *)f;
}

static int io_close(sqlite3_file *f)
{
	struct handle *h = handle_of(f);

	if (h->remove)
		h->file->exists = false;
	return SQLITE_OK;
}

static int io_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	const struct file *file = handle_of(f)->file;
	size_t have = (size_t)at < file->size ? file->size - (size_t)at : 0;

	if (have >= (size_t)n) {
		memcpy(to, file->now + at, (size_t)n);
		return SQLITE_OK;
	}
	memset(to, 0, (size_t)n);
	if (have > 0)
		memcpy(to, file->now + at, have);
	return SQLITE_IOERR_SHORT_READ;
}

static int io_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	struct handle *h = handle_of(f);
	struct file *file = h->file;
	size_t end = (size_t)at + (size_t)n;

	disk_step(h->disk);
	if (end > file->size && disk_bytes(h->disk) + (end - file->size) > h->disk->room)
		return SQLITE_FULL;
	bytes_put(&file->now, &file->size, &file->cap, at, from, (size_t)n);
	file_note(file, at, n, from);
	return SQLITE_OK;
}

static int io_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct handle *h = handle_of(f);

	disk_step(h->disk);
	if ((size_t)size < h->file->size)
		h->file->size = (size_t)size;
	file_note(h->file, size, -1, NULL);
	return SQLITE_OK;
}

static int io_sync(sqlite3_file *f, int flags)
{
	struct handle *h = handle_of(f);

	(void)flags;
	disk_step(h->disk);
	if (h->disk->fail_sync > 0 && --h->disk->fail_sync == 0) {
		h->disk->sync_failed = true;
		return SQLITE_IOERR_FSYNC;
	}
	file_sync(h->file);
	return SQLITE_OK;
}

static int io_size(sqlite3_file *f, sqlite3_int64 *size)
{
	*size = (sqlite3_int64)handle_of(f)->file->size;
	return SQLITE_OK;
}

static int io_lock(sqlite3_file *f, int level)
{
	(void)f;
	(void)level;
	return SQLITE_OK;
}

static int io_reserved(sqlite3_file *f, int *out)
{
	(void)f;
	*out = 0;
	return SQLITE_OK;
}

static int io_control(sqlite3_file *f, int op, void *arg)
{
	(void)f;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int io_sector(sqlite3_file *f)
{
	(void)f;
	return SECTOR;
}

static int io_character(sqlite3_file *f)
{
	(void)f;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int io_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	struct disk *d = handle_of(f)->disk;

	*out = NULL;
	if (page >= (int)(sizeof(d->shm) / sizeof(d->shm[0])))
		return SQLITE_FULL;
	if (d->shm[page] == NULL && extend)
		d->shm[page] = mem_calloc(1, (size_t)size);
	*out = d->shm[page];
	return SQLITE_OK;
}

static int io_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	(void)f;
	(void)at;
	(void)n;
	(void)flags;
	return SQLITE_OK;
}

static void io_shm_barrier(sqlite3_file *f)
{
	(void)f;
}

static int io_shm_unmap(sqlite3_file *f, int remove)
{
	struct disk *d = handle_of(f)->disk;

	for (size_t i = 0; remove && i < sizeof(d->shm) / sizeof(d->shm[0]); i++) {
		free(d->shm[i]);
		d->shm[i] = NULL;
	}
	return SQLITE_OK;
}

static const sqlite3_io_methods io = {
    .iVersion = 2,
    .xClose = io_close,
    .xRead = io_read,
    .xWrite = io_write,
    .xTruncate = io_truncate,
    .xSync = io_sync,
    .xFileSize = io_size,
    .xLock = io_lock,
    .xUnlock = io_lock,
    .xCheckReservedLock = io_reserved,
    .xFileControl = io_control,
    .xSectorSize = io_sector,
    .xDeviceCharacteristics = io_character,
    .xShmMap = io_shm_map,
    .xShmLock = io_shm_lock,
    .xShmBarrier = io_shm_barrier,
    .xShmUnmap = io_shm_unmap,
};

static struct file *disk_file(const char *name)
{
	size_t n = strlen(name);

	if (n > 4 && strcmp(name + n - 4, "-wal") == 0)
		return &disk_now->files[1];
	if (n > 8 && strcmp(name + n - 8, "-journal") == 0)
		return &disk_now->files[2];
	return &disk_now->files[0];
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
		    int *out_flags)
{
	struct handle *h = handle_of(f);

	(void)vfs;
	h->base.pMethods = NULL;
	if (name == NULL)
		return SQLITE_CANTOPEN;
	h->disk = disk_now;
	h->file = disk_file(name);
	h->file->exists = true;
	h->remove = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
	h->base.pMethods = &io;
	if (out_flags != NULL)
		*out_flags = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	struct file *f = disk_file(name);

	(void)vfs;
	(void)sync_dir;
	disk_step(disk_now);
	f->exists = false;
	f->size = 0;
	file_note(f, 0, -1, NULL);
	file_sync(f);
	return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs;
	(void)flags;
	*out = disk_file(name)->exists && disk_file(name)->size > 0;
	return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
	(void)vfs;
	(void)sqlite3_snprintf(n, out, "%s", name);
	return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int n, char *out)
{
	static uint64_t seed = 46;

	(void)vfs;
	for (int i = 0; i < n; i++)
		out[i] = (char)random_next(&seed);
	return n;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return us;
}

static int vfs_time(sqlite3_vfs *vfs, double *days)
{
	(void)vfs;
	*days = 2460000.5;
	return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	(void)n;
	(void)out;
	return 0;
}

void disk_register(void)
{
	static sqlite3_vfs vfs = {.iVersion = 1,
				  .szOsFile = sizeof(struct handle),
				  .mxPathname = 512,
				  .zName = "sim",
				  .xOpen = vfs_open,
				  .xDelete = vfs_delete,
				  .xAccess = vfs_access,
				  .xFullPathname = vfs_full_path,
				  .xRandomness = vfs_randomness,
				  .xSleep = vfs_sleep,
				  .xCurrentTime = vfs_time,
				  .xGetLastError = vfs_last_error};

	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}
