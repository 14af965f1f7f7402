/* SPDX-License-Identifier: Apache-2.0 */
/* What the command families share: options, the house, output, exit codes. */
#ifndef MOIDAN_CLI_CLI_H
#define MOIDAN_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/config.h"
#include "roster/roster.h"
#include "store/campaign.h"
#include "store/store.h"

/* One run of the program. */
struct cli {
	const char *config_path; /* --config; NULL = as house_load decides */
	bool json;		 /* --json */
	struct house *house;	 /* loaded by cli_house */
	struct store *store;	 /* opened by cli_open */
};

/* A command: a row of the table in main.c, which also makes the help and the completion. */
struct command {
	const char *name;
	const char *usage;   /* one line a form, "import PROGRAMME FILE [--dry-run] …" */
	const char *summary; /* Vietnamese, one line */
	/* argv[0] is the command's name. Returns an exit code (sysexits). */
	int (*run)(struct cli *c, int argc, char **argv);
};

/* Values of an option that may be given several times. */
struct cli_texts {
	const char *items[32];
	int n;
};

/* An option of a command. Exactly one of flag, text, number, texts is set. */
struct cli_option {
	const char *name; /* without "--" */
	bool *flag;
	const char **text;
	long *number;
	struct cli_texts *texts;
};

/* Takes the options out of argv (they may stand anywhere; "--" ends them) and leaves the arguments in
 * argv[1] … ; --json is known to all. Returns how many arguments there are, or -1 with e (EX_USAGE)
 * when an option is unknown or there are fewer than min or more than max. options ends with a NULL
 * name; may be NULL. */
MUST_CHECK int cli_parse(struct cli *c, int argc, char **argv, const struct cli_option *options,
			 int min, int max, struct err *e);

/* Loads the house once. 0, or -1. */
MUST_CHECK int cli_house(struct cli *c, struct err *e);
/* Loads the house and opens its store. Readers need an existing one. 0, or -1. */
MUST_CHECK int cli_open(struct cli *c, enum store_mode mode, struct err *e);

/* Tells the daemon, if one runs, that something changed. */
void cli_changed(struct cli *c);

/* Who runs this, for the audit: the login name behind sudo if there is one. Static. */
const char *cli_who(void);
/* Writes down that whoever runs the command did what to subject, at once: before a list of names is
 * printed. The store must be a writer's. */
MUST_CHECK int cli_audit(struct cli *c, const char *what, const char *subject,
			 const char *detail, struct err *e);

/* Prints "moidan: …" on standard error and returns the exit code. */
int cli_fail(const struct err *e);
/* Prints a JSON value and a newline on standard output and takes it. Returns 0, or EX_IOERR. */
int cli_print_json(json_t *take);

/* Prints text in a column: width in display cells (Vietnamese letters are one cell each); negative
 * width = to the right. What is longer than its column keeps a space from the next. */
void cli_cell(const char *text, int width);

/* The text of o under key; "" when there is none. Borrowed. */
const char *cli_text(const json_t *o, const char *key);

/* 2.34 as "2,3"; out holds CLI_DECIMAL bytes. */
#define CLI_DECIMAL 32
void cli_decimal(double value, char *out);

/* "đang gửi" … */
const char *campaign_state_vi(enum campaign_state s);

/* What an import found, for people; written: also what became of the rows in the store. */
void import_print(const struct programme *p, const struct roster_result *r, bool written);
/* The same for machines, with "programme" and what the plan assigns (or null). */
json_t *import_json(const struct programme *p, const struct roster_result *r);
/* --list-year into o. 0, or -1 with e. */
MUST_CHECK int import_list_year(long year, struct roster_options *o, struct err *e);

/* Runs argv[1] as one of a command's verbs: {"list", fn} … ends with NULL. fn gets the arguments from
 * the verb on. EX_USAGE when there is no such verb. */
struct cli_verb {
	const char *name;
	int (*run)(struct cli *c, int argc, char **argv, struct err *e);
};
int cli_verb(struct cli *c, const struct cli_verb *verbs, int argc, char **argv);

/* A row id from the command line: 1 …; -1 with e (EX_USAGE). */
int64_t cli_id(const char *text, struct err *e);

/* The campaign of this number or name, once the store is open; yours to clear. 0, or -1 with e
 * (EX_NOINPUT). */
int cli_campaign(struct cli *c, const char *text, struct campaign *out, struct err *e);

/* import sessions FILE: argv[1] is "sessions". */
int session_import(struct cli *c, int argc, char **argv, struct err *e);

/* import duty FILE: argv[1] is "duty". */
int duty_import(struct cli *c, int argc, char **argv, struct err *e);

/* A timetable into the open store. */
MUST_CHECK int session_load(struct cli *c, const char *programme, const char *path,
			    struct err *e);

/* cmd_person.c: what is kept about one person, as JSON on standard output; that it goes. person_audit
 * writes down that somebody looked, in a transaction of its own. */
MUST_CHECK int person_audit(struct cli *c, int64_t id, const char *what, struct err *e);
int person_export(struct cli *c, const struct recipient *r, const char *programme,
		  struct err *e);
int person_erase(struct cli *c, const struct recipient *r, struct err *e);

/* The families. */
int cmd_audience(struct cli *c, int argc, char **argv);
int cmd_audit(struct cli *c, int argc, char **argv);
int cmd_purge(struct cli *c, int argc, char **argv);
int cmd_backup(struct cli *c, int argc, char **argv);
int cmd_campaign(struct cli *c, int argc, char **argv);
int cmd_config(struct cli *c, int argc, char **argv);
int cmd_demo(struct cli *c, int argc, char **argv);
int cmd_sandbox(struct cli *c, int argc, char **argv);
int cmd_doctor(struct cli *c, int argc, char **argv);
int cmd_duty(struct cli *c, int argc, char **argv);
int cmd_import(struct cli *c, int argc, char **argv);
int cmd_init(struct cli *c, int argc, char **argv);
int cmd_inspect(struct cli *c, int argc, char **argv);
int cmd_letter(struct cli *c, int argc, char **argv);
int cmd_message(struct cli *c, int argc, char **argv);
int cmd_poster(struct cli *c, int argc, char **argv);
int cmd_provider(struct cli *c, int argc, char **argv);
int cmd_recipient(struct cli *c, int argc, char **argv);
int cmd_reply(struct cli *c, int argc, char **argv);
int cmd_report(struct cli *c, int argc, char **argv);
int cmd_restore(struct cli *c, int argc, char **argv);
int cmd_session(struct cli *c, int argc, char **argv);
int cmd_serve(struct cli *c, int argc, char **argv);
int cmd_simulate(struct cli *c, int argc, char **argv);
int cmd_status(struct cli *c, int argc, char **argv);
int cmd_template(struct cli *c, int argc, char **argv);
int cmd_visit(struct cli *c, int argc, char **argv);
int cmd_user(struct cli *c, int argc, char **argv);

#endif
