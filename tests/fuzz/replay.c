/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over every file of the directories given. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

#define REPLAY_MAX (1 << 20)

static void replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(REPLAY_MAX);
	size_t size;

	if (f == NULL || data == NULL) {
		perror(path);
		exit(1);
	}
	size = fread(data, 1, REPLAY_MAX, f);
	(void)fclose(f);
	(void)printf("%s\n", path);
	(void)fflush(stdout);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static size_t replay_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t n = 0;

	if (dir == NULL) {
		perror(path);
		exit(1);
	}
	while ((entry = readdir(dir)) != NULL) {
		char name[4096];
		struct stat st;

		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (stat(name, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		replay_file(name);
		n++;
	}
	(void)closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (replay_directory(argv[i]) == 0) {
			(void)fprintf(stderr, "%s: no inputs\n", argv[i]);
			return 1;
		}
	}
	return argc > 1 ? 0 : 1;
}
