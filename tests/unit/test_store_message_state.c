/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "store/message.h"

/* The law, written out once more by hand: whatever is not in this list is not legal. */
static const struct {
	enum message_state from;
	enum message_event ev;
	enum message_state to;
} law[] = {
    /* an officer's hand, before anything was sent */
    {MESSAGE_HELD, MESSAGE_EV_RELEASE, MESSAGE_QUEUED},
    {MESSAGE_HELD, MESSAGE_EV_CANCEL, MESSAGE_CANCELLED},
    {MESSAGE_HELD, MESSAGE_EV_EXPIRE, MESSAGE_EXPIRED},
    {MESSAGE_QUEUED, MESSAGE_EV_HOLD, MESSAGE_HELD},
    {MESSAGE_QUEUED, MESSAGE_EV_CANCEL, MESSAGE_CANCELLED},
    {MESSAGE_QUEUED, MESSAGE_EV_EXPIRE, MESSAGE_EXPIRED},
    {MESSAGE_QUEUED, MESSAGE_EV_LINK, MESSAGE_LINKED},
    {MESSAGE_QUEUED, MESSAGE_EV_CLAIM, MESSAGE_SENDING},
    /* down the ladder: a rung that cannot reach them; a letter or a visit in somebody's hands */
    {MESSAGE_QUEUED, MESSAGE_EV_SKIP, MESSAGE_CANCELLED},
    {MESSAGE_QUEUED, MESSAGE_EV_HAND_OVER, MESSAGE_SENT},
    /* one attempt */
    {MESSAGE_SENDING, MESSAGE_EV_ACCEPTED, MESSAGE_SENT},
    {MESSAGE_SENDING, MESSAGE_EV_NOT_SENT, MESSAGE_QUEUED},
    {MESSAGE_SENDING, MESSAGE_EV_GIVE_UP, MESSAGE_FAILED},
    {MESSAGE_SENDING, MESSAGE_EV_REFUSED, MESSAGE_REJECTED},
    {MESSAGE_SENDING, MESSAGE_EV_UNKNOWN, MESSAGE_UNCERTAIN},
    /* the uncertain is settled */
    {MESSAGE_UNCERTAIN, MESSAGE_EV_ACCEPTED, MESSAGE_SENT},
    {MESSAGE_UNCERTAIN, MESSAGE_EV_RESEND, MESSAGE_SENDING},
    {MESSAGE_UNCERTAIN, MESSAGE_EV_REQUEUE, MESSAGE_QUEUED},
    {MESSAGE_UNCERTAIN, MESSAGE_EV_ABANDON, MESSAGE_ABANDONED},
    {MESSAGE_UNCERTAIN, MESSAGE_EV_HOLD, MESSAGE_HELD},
    /* receipts, early, in time and late */
    {MESSAGE_HELD, MESSAGE_EV_RECEIPT_SEEN, MESSAGE_SENT},
    {MESSAGE_HELD, MESSAGE_EV_RECEIPT_DELIVERED, MESSAGE_DELIVERED},
    {MESSAGE_HELD, MESSAGE_EV_RECEIPT_FAILED, MESSAGE_UNDELIVERED},
    {MESSAGE_QUEUED, MESSAGE_EV_RECEIPT_SEEN, MESSAGE_SENT},
    {MESSAGE_QUEUED, MESSAGE_EV_RECEIPT_DELIVERED, MESSAGE_DELIVERED},
    {MESSAGE_QUEUED, MESSAGE_EV_RECEIPT_FAILED, MESSAGE_UNDELIVERED},
    {MESSAGE_SENDING, MESSAGE_EV_RECEIPT_SEEN, MESSAGE_SENT},
    {MESSAGE_SENDING, MESSAGE_EV_RECEIPT_DELIVERED, MESSAGE_DELIVERED},
    {MESSAGE_SENDING, MESSAGE_EV_RECEIPT_FAILED, MESSAGE_UNDELIVERED},
    {MESSAGE_UNCERTAIN, MESSAGE_EV_RECEIPT_SEEN, MESSAGE_SENT},
    {MESSAGE_UNCERTAIN, MESSAGE_EV_RECEIPT_DELIVERED, MESSAGE_DELIVERED},
    {MESSAGE_UNCERTAIN, MESSAGE_EV_RECEIPT_FAILED, MESSAGE_UNDELIVERED},
    {MESSAGE_SENT, MESSAGE_EV_RECEIPT_SEEN, MESSAGE_SENT},
    {MESSAGE_SENT, MESSAGE_EV_RECEIPT_DELIVERED, MESSAGE_DELIVERED},
    {MESSAGE_SENT, MESSAGE_EV_RECEIPT_FAILED, MESSAGE_UNDELIVERED},
    {MESSAGE_SENT, MESSAGE_EV_SILENCE, MESSAGE_NO_RECEIPT},
    {MESSAGE_NO_RECEIPT, MESSAGE_EV_RECEIPT_SEEN, MESSAGE_NO_RECEIPT},
    {MESSAGE_NO_RECEIPT, MESSAGE_EV_RECEIPT_DELIVERED, MESSAGE_DELIVERED},
    {MESSAGE_NO_RECEIPT, MESSAGE_EV_RECEIPT_FAILED, MESSAGE_UNDELIVERED},
    /* second chances */
    {MESSAGE_FAILED, MESSAGE_EV_RETRY, MESSAGE_QUEUED},
    {MESSAGE_LINKED, MESSAGE_EV_PROMOTE, MESSAGE_QUEUED},
    {MESSAGE_LINKED, MESSAGE_EV_CANCEL, MESSAGE_CANCELLED},
    {MESSAGE_LINKED, MESSAGE_EV_EXPIRE, MESSAGE_EXPIRED},
};

static void every_pair_of_state_and_event_is_as_the_law_says(void **state)
{
	size_t legal = 0;

	(void)state;
	for (int from = -1; from <= 32; from++) {
		for (int ev = -1; ev <= MESSAGE_EV_COUNT; ev++) {
			enum message_state to = (enum message_state)99;
			int want = 0, want_to = 99;

			for (size_t i = 0; i < sizeof(law) / sizeof(law[0]); i++) {
				if ((int)law[i].from == from && (int)law[i].ev == ev) {
					want++;
					want_to = (int)law[i].to;
				}
			}
			assert_int_equal(
			    message_next((enum message_state)from, (enum message_event)ev, &to),
			    want);
			assert_int_equal((int)to, want_to);
			legal += (size_t)want;
		}
	}
	assert_int_equal(legal, sizeof(law) / sizeof(law[0]));
}

static void nothing_leaves_a_terminal_state_but_a_failed_one_by_an_officer(void **state)
{
	(void)state;
	for (int from = MESSAGE_DELIVERED; from <= MESSAGE_ABANDONED; from++) {
		for (int ev = 0; ev < MESSAGE_EV_COUNT; ev++) {
			enum message_state to;

			if (from == MESSAGE_FAILED && ev == MESSAGE_EV_RETRY)
				continue;
			assert_int_equal(
			    message_next((enum message_state)from, (enum message_event)ev, &to),
			    0);
		}
		assert_true(message_is_final((enum message_state)from));
	}
}

static void only_a_claim_or_a_resend_leads_to_sending(void **state)
{
	(void)state;
	for (int from = 0; from <= MESSAGE_LINKED; from++) {
		for (int ev = 0; ev < MESSAGE_EV_COUNT; ev++) {
			enum message_state to;

			if (!message_next((enum message_state)from, (enum message_event)ev,
					  &to) ||
			    to != MESSAGE_SENDING)
				continue;
			assert_true((from == MESSAGE_QUEUED && ev == MESSAGE_EV_CLAIM) ||
				    (from == MESSAGE_UNCERTAIN && ev == MESSAGE_EV_RESEND));
		}
	}
}

static void open_states_are_not_final(void **state)
{
	(void)state;
	for (int s = MESSAGE_HELD; s <= MESSAGE_SENT; s++)
		assert_false(message_is_final((enum message_state)s));
	assert_true(message_is_final(MESSAGE_NO_RECEIPT));
	assert_true(message_is_final(MESSAGE_LINKED));
}

static void every_state_has_a_name_that_leads_back(void **state)
{
	int named = 0;

	(void)state;
	for (int i = 0; i <= MESSAGE_LINKED; i++) {
		const char *name = message_state_name((enum message_state)i);
		enum message_state back;

		if (strcmp(name, "?") == 0) {
			assert_true(i > MESSAGE_NO_RECEIPT && i < MESSAGE_DELIVERED);
			continue;
		}
		assert_int_equal(message_state_from_name(name, &back), 1);
		assert_int_equal((int)back, i);
		assert_string_not_equal(message_state_vi((enum message_state)i), "?");
		named++;
	}
	assert_int_equal(named, 14);
	assert_string_equal(message_state_name(MESSAGE_QUEUED), "queued");
	assert_string_equal(message_state_vi(MESSAGE_QUEUED), "chờ gửi");
	assert_string_equal(message_event_name(MESSAGE_EV_SILENCE), "silence");
	for (int i = 0; i < MESSAGE_EV_COUNT; i++)
		assert_non_null(message_event_name((enum message_event)i));
	assert_string_equal(message_event_name(MESSAGE_EV_COUNT), "?");
	assert_int_equal(message_state_from_name("nonsense", &(enum message_state){0}), 0);
	/* beyond the last, where other tables lie in memory */
	for (int i = MESSAGE_LINKED + 1; i < MESSAGE_LINKED + 40; i++) {
		assert_string_equal(message_state_name((enum message_state)i), "?");
		assert_string_equal(message_state_vi((enum message_state)i), "?");
	}
	for (int i = 0; i < MESSAGE_EV_COUNT; i++)
		assert_int_equal(
		    message_state_from_name(message_event_name((enum message_event)i),
					    &(enum message_state){0}),
		    0);
}

static void a_reference_is_read_back_only_by_its_own_instance(void **state)
{
	char ref[48];
	int64_t id;
	int generation;

	(void)state;
	message_ref_format("k3f9ab", 1042, 1, ref);
	assert_string_equal(ref, "k3f9ab-1042-1");
	assert_int_equal(message_ref_parse("k3f9ab", ref, &id, &generation), 1);
	assert_int_equal(id, 1042);
	assert_int_equal(generation, 1);
	assert_int_equal(message_ref_parse("k3f9ac", ref, &id, &generation), 0);
	message_ref_format("k3f9ab", INT64_MAX, INT32_MAX, ref);
	assert_int_equal(message_ref_parse("k3f9ab", ref, &id, &generation), 1);
	assert_true(id == INT64_MAX && generation == INT32_MAX);
	/* every digit, first and later */
	for (int64_t i = 1; i < 100; i++) {
		message_ref_format("k3f9ab", i, (int)i - 1, ref);
		assert_int_equal(message_ref_parse("k3f9ab", ref, &id, &generation), 1);
		assert_true(id == i && generation == i - 1);
	}
}

static void what_is_not_exactly_a_reference_is_none(void **state)
{
	static const char *const bad[] = {
	    "",
	    "k3f9ab",
	    "k3f9ab-",
	    "k3f9ab-1",
	    "k3f9ab-1-",
	    "k3f9ab--1",
	    "k3f9ab-+1-1",
	    "k3f9ab-1-1 ",
	    "k3f9ab-01-1",
	    "k3f9ab-00-1",
	    "k3f9ab-09-1",
	    "k3f9ab-1-00",
	    "k3f9ab-/-1",
	    "k3f9ab-:-1",
	    "k3f9ab-1/-1",
	    "k3f9ab-1:-1",
	    "k3f9ab-0-1",
	    "k3f9ab-1-1-1",
	    " k3f9ab-1-1",
	    "k3f9ab-1-0x1",
	    "k3f9ab-1-01",
	    "K3F9AB-1-1",
	    "k3f9abx-1-1",
	    "k3f9ab-1-2147483648",
	    "k3f9ab-9223372036854775808-1",
	};
	int64_t id;
	int generation;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(message_ref_parse("k3f9ab", bad[i], &id, &generation), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_pair_of_state_and_event_is_as_the_law_says),
	    cmocka_unit_test(nothing_leaves_a_terminal_state_but_a_failed_one_by_an_officer),
	    cmocka_unit_test(only_a_claim_or_a_resend_leads_to_sending),
	    cmocka_unit_test(open_states_are_not_final),
	    cmocka_unit_test(every_state_has_a_name_that_leads_back),
	    cmocka_unit_test(a_reference_is_read_back_only_by_its_own_instance),
	    cmocka_unit_test(what_is_not_exactly_a_reference_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
