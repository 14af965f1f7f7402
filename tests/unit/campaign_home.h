/* SPDX-License-Identifier: Apache-2.0 */
/* A house for each test: cmocka_unit_test_setup_teardown(…, set_up, tear_down). */
#ifndef MOIDAN_TESTS_CAMPAIGN_HOME_H
#define MOIDAN_TESTS_CAMPAIGN_HOME_H

#include "campaign_house.h"

static struct test_house home;

static inline int set_up(void **state)
{
	(void)state;
	test_house_open(&home);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	test_house_close(&home);
	return 0;
}

#endif
