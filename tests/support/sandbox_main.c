/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox provider as a program of its own, for tests of the whole daemon: writes its port as the
 * first line of standard output, ends on SIGTERM.
 *
 *   sandbox [--port N] [--seed N] [--delay-ms N] [--receipt-delay-ms N] [--ledger FILE]
 *           [--refuse N] [--busy N] [--drop N] [--undelivered N] [--duplicate N] [--forgets]
 *
 * The five before the last are per mille; see provider/sandbox.h. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "provider/sandbox.h"

/* A whole number from 0 to most; anything else ends the program. */
static unsigned long sandbox_number(const char *text, unsigned long most)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *text == '-' || n > most) {
		(void)fprintf(stderr, "sandbox: \"%s\" is not a number from 0 to %lu\n", text,
			      most);
		exit(EX_USAGE);
	}
	return n;
}

int main(int argc, char **argv)
{
	struct sandbox_config cfg = {.seed = 46};
	const struct {
		struct option option;
		int *to;
		unsigned long most;
	} numbers[] = {
	    {{"port", required_argument, NULL, 0}, &cfg.port, 65535},
	    {{"delay-ms", required_argument, NULL, 0}, &cfg.delay_ms, 3600000},
	    {{"receipt-delay-ms", required_argument, NULL, 0}, &cfg.receipt_delay_ms, 3600000},
	    {{"refuse", required_argument, NULL, 0}, &cfg.refuse_per_mille, 1000},
	    {{"busy", required_argument, NULL, 0}, &cfg.busy_per_mille, 1000},
	    {{"drop", required_argument, NULL, 0}, &cfg.drop_per_mille, 1000},
	    {{"undelivered", required_argument, NULL, 0}, &cfg.undelivered_per_mille, 1000},
	    {{"duplicate", required_argument, NULL, 0}, &cfg.duplicate_receipt_per_mille, 1000},
	};
	enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };
	struct option options[NUMBERS + 4] = {
	    [NUMBERS] = {"seed", required_argument, NULL, 's'},
	    [NUMBERS + 1] = {"ledger", required_argument, NULL, 'l'},
	    [NUMBERS + 2] = {"forgets", no_argument, NULL, 'f'},
	};
	struct err e = ERR_INIT;
	int c, at;

	for (int i = 0; i < NUMBERS; i++)
		options[i] = numbers[i].option;
	while ((c = getopt_long(argc, argv, "", options, &at)) != -1) {
		if (c == 's')
			cfg.seed = sandbox_number(optarg, (unsigned long)-1);
		else if (c == 'l')
			cfg.ledger = optarg;
		else if (c == 'f')
			cfg.forgets = true;
		else if (c == 0)
			*numbers[at].to = (int)sandbox_number(optarg, numbers[at].most);
		else
			return EX_USAGE;
	}
	if (optind != argc)
		return EX_USAGE;
	if (sandbox_run(&cfg, STDOUT_FILENO, &e) < 0) {
		(void)fprintf(stderr, "sandbox: %s\n", e.text);
		return e.code;
	}
	return 0;
}
