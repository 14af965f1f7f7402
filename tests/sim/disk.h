/* SPDX-License-Identifier: Apache-2.0 */
/* A disk for SQLite in memory which loses, at a power cut, what was not synced: each write since the
 * last sync is there afterwards or not, or torn at a sector, whichever order they were made in. It can
 * be full, and it can fail to sync. Holds one database with its WAL, for one connection. */
#ifndef MOIDAN_TESTS_SIM_DISK_H
#define MOIDAN_TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk;

/* Makes this the file system of all connections of the process. Once, before the first is opened. */
void disk_register(void);

struct disk *disk_new(void);
/* Another disk with what is on d, all of it synced. */
struct disk *disk_copy(const struct disk *d);
void disk_free(struct disk *d);
/* The disk on which files are opened from now on. */
void disk_use(struct disk *d);

size_t disk_bytes(const struct disk *d);
/* No file grows beyond this sum; SIZE_MAX = no limit. */
void disk_set_room(struct disk *d, size_t bytes);
/* The n-th sync from now fails; 0 = none. */
void disk_fail_sync(struct disk *d, int n);
bool disk_sync_failed(const struct disk *d);

/* The power goes at the n-th write or sync from now, before it is done; 0 = it does not. What happens
 * on d afterwards happens nowhere. */
void disk_cut_at(struct disk *d, int n, uint64_t seed);
bool disk_was_cut(const struct disk *d);
/* What is there when the power is back: of the cut, or of now when there was none. Yours. */
struct disk *disk_after_cut(struct disk *d, uint64_t seed);

#endif
