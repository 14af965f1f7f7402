/* SPDX-License-Identifier: Apache-2.0 */
/* A server of tests/support in a process of its own, which ends when its input does. */
#ifndef MOIDAN_TESTS_CHILD_SERVER_H
#define MOIDAN_TESTS_CHILD_SERVER_H

#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct child_server {
	pid_t pid;
	int in;
	FILE *out; /* what it says: first its ports */
};

/* 0; -1 when there can be none */
static inline int child_server_start(struct child_server *s, const char *script)
{
	int in[2], out[2];

	if (pipe(in) < 0 || pipe(out) < 0)
		return -1;
	s->pid = fork();
	if (s->pid == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)close(in[1]);
		(void)close(out[0]);
		(void)execlp("python3", "python3", script, (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	s->in = in[1];
	s->out = fdopen(out[0], "r");
	return s->pid < 0 ? -1 : 0;
}

static inline void child_server_stop(struct child_server *s)
{
	(void)close(s->in);
	(void)fclose(s->out);
	(void)waitpid(s->pid, NULL, 0);
}

#endif
