/* SPDX-License-Identifier: Apache-2.0 */
/* Places where a crash test may end the process. Nothing in a release: only a
 * build with -DMOIDAN_FAILPOINTS=ON looks at MOIDAN_CRASH_AT="name:n", and then
 * the n-th pass of FAILPOINT("name") is a SIGKILL. */
#ifndef MOIDAN_BASE_FAILPOINT_H
#define MOIDAN_BASE_FAILPOINT_H

#if MOIDAN_FAILPOINTS
void failpoint_pass(const char *name);
#define FAILPOINT(name) failpoint_pass(name)
#else
#define FAILPOINT(name) ((void)0)
#endif

#endif
