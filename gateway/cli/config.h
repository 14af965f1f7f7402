/* SPDX-License-Identifier: Apache-2.0 */
/* moidan.yaml: every option, and what the floors are made from it. */
#ifndef MOIDAN_CLI_CONFIG_H
#define MOIDAN_CLI_CONFIG_H

#include "base/conf.h"
#include "base/err.h"
#include "campaign/campaign.h"
#include "campaign/reply.h"
#include "dispatch/outbox.h"
#include "provider/provider.h"
#include "report/report.h"

/* `unit:` who sends. */
struct unit_config {
	char *name;	 /* "xã Mỹ Phú Đông" */
	char *office;	 /* "UBND xã Mỹ Phú Đông" */
	char *parent;	 /* superior unit, printed in reports; may be empty */
	char *phone;	 /* duty telephone in texts; may be empty */
	char *card_name; /* "CCCD" or "căn cước" */
	char *hamlet;	 /* kind of the units below: "ấp" */
};

/* `retention:` how long what is kept. */
struct retention_config {
	int64_t texts, receipts, people; /* ms */
};

struct config {
	char *database;
	char *listen;
	char *
	    public_url; /* where providers reach the callbacks; empty = no receipts are asked for */
	char *console_url; /* where officers open the console; empty = on this machine */
	char *
	    templates; /* directory of texts; default: templates/ beside the file, else installed */
	char *descriptions; /* directory of programmes/ and providers/; default likewise */
	bool two_person;    /* a second person approves a campaign */
	int64_t one_person_below; /* but of fewer messages than this the author may; 0 = none */
	struct unit_config unit;
	struct conf_list providers; /* struct provider_config */
	struct hours_config hours;
	struct caps_config caps;
	struct ladder_config ladder;
	struct dispatch_config dispatch;
	struct reports_config reports;
	struct retention_config retention;
	int log_level; /* enum log_level */
};
extern const struct conf_table config_table;

/* The whole house, made from the file: loaded, compiled, cross-checked. */
struct house {
	char *path; /* of the file that was read */
	struct config cfg;
	char *callbacks; /* public_url/callbacks; NULL = no receipts are asked for */
	struct calendar *calendar;
	struct provider **providers;
	size_t n_providers;
	struct campaign_house campaign; /* what the lower floors borrow */
	struct campaign_channel channels[8];
	struct reply_words replies;
	struct programme **programmes; /* all programmes of the directory, NULL-terminated */
	size_t n_programmes;
	struct report_house report;
};

/* The directory of what is installed with the program: templates/, config/, demo/. Found from where the
 * program lies (share/moidan beside or above it), else /usr/share/moidan. Static. */
const char *house_share_dir(void);

/* path NULL: $MOIDAN_CONFIG, else /etc/moidan/moidan.yaml. Relative paths in the file are relative to
 * it. NULL with e (EX_NOINPUT, EX_CONFIG with file, line, key). */
struct house *house_load(const char *path, struct err *e);
void house_free(struct house *h);
/* Where the file says that descriptions are, whether they are good or not; path as above. The installed ones
 * where there is no file and none is asked for. Yours. NULL with e. */
char *house_descriptions(const char *path, struct err *e);
/* Whether each hamlet of hours.hamlets is one that the lists brought, or that a programme names: 1; 0: no hamlet is
 * known yet; -1 with e (EX_CONFIG: file, line, which there are). Opens a reader of its own. */
int house_check_hamlets(const struct house *h, struct err *e);
const struct programme *house_programme(const struct house *h, const char *name);

/* Calls fn for each file that holds a secret: those named by NAME_file and by MOIDAN_SECRET_…_FILE, and
 * the configuration itself when a secret stands in it. house_load() warns of those that every user of
 * the machine can read. */
void house_each_secret(const struct house *h, void (*fn)(const char *path, void *arg),
		       void *arg);

#endif
