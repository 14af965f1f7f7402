/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "dispatch/queue.h"

static bool rings(int bell)
{
	struct pollfd p = {.fd = bell, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void what_goes_in_comes_out_in_order_across_the_end(void **state)
{
	int bell = bell_new();
	struct queue *q = queue_new(sizeof(int), 7, bell);
	int next_in = 0, next_out = 0;

	(void)state;
	for (int round = 0; round < 100; round++) {
		int in[5], out[7];
		size_t n = (size_t)(round % 5) + 1;

		for (size_t i = 0; i < n; i++)
			in[i] = next_in++;
		assert_int_equal(queue_push(q, in, n), 0);
		assert_int_equal(queue_pop(q, out, 7), n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(out[i], next_out++);
	}
	queue_free(q);
	(void)close(bell);
}

static void what_does_not_fit_is_refused_whole(void **state)
{
	int bell = bell_new();
	struct queue *q = queue_new(sizeof(int), 4, bell);
	int in[5] = {1, 2, 3, 4, 5}, out[5];

	(void)state;
	assert_int_equal(queue_push(q, in, 5), -1);
	assert_int_equal(queue_push(q, in, 3), 0);
	assert_int_equal(queue_push(q, in, 2), -1);
	assert_int_equal(queue_push(q, in, 1), 0);
	assert_int_equal(queue_pop(q, out, 5), 4);
	assert_int_equal(out[3], 1);
	queue_free(q);
	(void)close(bell);
}

/* Of a house that has no providers yet. */
static void a_queue_of_nothing_is_empty(void **state)
{
	int bell = bell_new(), out[2];
	struct queue *q = queue_new(sizeof(int), 0, bell);

	(void)state;
	assert_int_equal(queue_pop(q, out, 2), 0);
	queue_free(q);
	(void)close(bell);
}

static void the_bell_rings_once_for_what_waits(void **state)
{
	int bell = bell_new();
	struct queue *q = queue_new(sizeof(int), 4, bell);
	int v = 1;

	(void)state;
	assert_false(rings(bell));
	assert_int_equal(queue_push(q, &v, 1), 0);
	assert_true(rings(bell));
	bell_clear(bell);
	assert_int_equal(queue_push(q, &v, 1), 0);
	assert_false(rings(bell)); /* its reader has been told */
	assert_int_equal(queue_pop(q, &v, 1), 1);
	assert_int_equal(queue_pop(q, &v, 1), 1);
	assert_int_equal(queue_push(q, &v, 1), 0);
	assert_true(rings(bell));
	queue_free(q);
	(void)close(bell);
}

struct writer {
	struct queue *q;
	uint32_t id;
};

#define WRITES 20000

static void *write_many(void *arg)
{
	struct writer *w = arg;

	for (uint32_t i = 0; i < WRITES; i++) {
		uint64_t v = (uint64_t)w->id << 32 | i;

		while (queue_push(w->q, &v, 1) < 0)
			(void)usleep(50);
	}
	return NULL;
}

/* A reader that sleeps until the bell rings misses nothing of three writers. */
static void nothing_is_lost_between_threads(void **state)
{
	int bell = bell_new();
	struct queue *q = queue_new(sizeof(uint64_t), 64, bell);
	struct writer w[3] = {{q, 0}, {q, 1}, {q, 2}};
	uint32_t next[3] = {0};
	size_t total = 0;
	pthread_t threads[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, &w[i]), 0);
	while (total < (size_t)3 * WRITES) {
		struct pollfd p = {.fd = bell, .events = POLLIN};
		uint64_t out[16];
		size_t n;

		assert_int_equal(poll(&p, 1, 10000), 1);
		bell_clear(bell);
		while ((n = queue_pop(q, out, 16)) > 0) {
			for (size_t i = 0; i < n; i++)
				assert_int_equal((uint32_t)out[i], next[out[i] >> 32]++);
			total += n;
		}
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	queue_free(q);
	(void)close(bell);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_goes_in_comes_out_in_order_across_the_end),
	    cmocka_unit_test(what_does_not_fit_is_refused_whole),
	    cmocka_unit_test(a_queue_of_nothing_is_empty),
	    cmocka_unit_test(the_bell_rings_once_for_what_waits),
	    cmocka_unit_test(nothing_is_lost_between_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
