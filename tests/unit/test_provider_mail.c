/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "child_server.h"
#include "provider/mail.h"

/* The server of tests/support/smtp_server.py; what it took comes as lines of JSON. */
static struct {
	struct child_server child;
	int port, other_port, tls_port;
} server;

static const char FIGURES[] = "{\"ấp\": \"Tân Đông\"}\n.\n";
static const char SUBJECT[] =
    "UBND xã Mỹ Phú Đông: tổng hợp số liệu tuần 24 năm 2023 gửi Công an huyện Thoại Sơn";
static const char TEXT[] = "Kính gửi: Công an huyện\n\n.\nTân Đông: 259 hộ, đạt 58,5 %.\n";
static const char TEXT_IN_MAIL[] =
    "Kính gửi: Công an huyện\r\n\r\n.\r\nTân Đông: 259 hộ, đạt 58,5 %.\r\n";
static const char FILENAME[] =
    "Số liệu tổng hợp tuần 2023-24 của Ủy ban nhân dân xã Mỹ Phú Đông.json";

static int start_server(void **state)
{
	(void)state;
	if (child_server_start(&server.child, TESTS_DIR "/support/smtp_server.py") != 0 ||
	    fscanf(server.child.out, "%d %d %d", &server.port, &server.other_port,
		   &server.tls_port) != 3)
		return -1;
	return fgetc(server.child.out) == '\n' ? 0 : -1;
}

static int stop_server(void **state)
{
	(void)state;
	child_server_stop(&server.child);
	return 0;
}

/* What the server took last; NULL when it took nothing. */
static json_t *taken(void)
{
	struct pollfd p = {.fd = fileno(server.child.out), .events = POLLIN};
	char line[16384];

	if (poll(&p, 1, 300) != 1 || fgets(line, sizeof(line), server.child.out) == NULL)
		return NULL;
	return json_loads(line, 0, NULL);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* Sends the usual e-mail to one receiver; the code of the error, 0 = taken. */
static int send_to(const char *url, const char *to, const char *password, struct err *e)
{
	const char *const receivers[] = {to, NULL};
	struct mail_attachment file = {FILENAME, "application/json", FIGURES,
				       sizeof(FIGURES) - 1};
	struct mail m = {.url = url,
			 .user = password ? "moidan" : NULL,
			 .password = password,
			 .from = "moidan@xa.example",
			 .to = receivers,
			 .subject = SUBJECT,
			 .text = TEXT,
			 .message_id = "<a1b2c3-weekly-202324-7@xa.example>",
			 .attachments = &file,
			 .n_attachments = 1,
			 .timeout_ms = 1500};

	err_clear(e);
	return mail_send(&m, e) == 0 ? 0 : e->code;
}

static int send_here(const char *to, struct err *e)
{
	char *url = mem_printf("smtp://127.0.0.1:%d", server.port);
	int rc = send_to(url, to, NULL, e);

	free(url);
	return rc;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void vietnamese_arrives_as_it_was_written(void **state)
{
	struct err e = ERR_INIT;
	const json_t *file;
	json_t *m;

	(void)state;
	assert_int_equal(send_here("cong-an@huyen.example", &e), 0);
	m = taken();
	assert_non_null(m);
	assert_string_equal(text_of(m, "subject"), SUBJECT);
	assert_string_equal(text_of(m, "text"), TEXT_IN_MAIL);
	assert_string_equal(text_of(m, "from"), "moidan@xa.example");
	assert_string_equal(text_of(m, "mail_from"), "moidan@xa.example");
	assert_string_equal(json_string_value(json_array_get(json_object_get(m, "to"), 0)),
			    "cong-an@huyen.example");
	file = json_array_get(json_object_get(m, "attachments"), 0);
	assert_string_equal(text_of(file, "filename"), FILENAME);
	assert_string_equal(text_of(file, "type"), "application/json");
	assert_string_equal(text_of(file, "data"), FIGURES);
	json_decref(m);
}

static void what_goes_out_keeps_the_rules_of_mail(void **state)
{
	struct err e = ERR_INIT;
	json_t *m;

	(void)state;
	assert_int_equal(send_here("cong-an@huyen.example", &e), 0);
	m = taken();
	assert_int_equal(json_array_size(json_object_get(m, "defects")), 0);
	assert_true(json_integer_value(json_object_get(m, "longest")) <= 78);
	assert_true(json_is_false(json_object_get(m, "bare")));
	assert_non_null(strstr(text_of(m, "date"), "+0700"));
	json_decref(m);
}

static void each_try_has_the_same_message_id(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	for (int i = 0; i < 2; i++) {
		json_t *m;

		assert_int_equal(send_here("cong-an@huyen.example", &e), 0);
		m = taken();
		assert_string_equal(text_of(m, "message_id"),
				    "<a1b2c3-weekly-202324-7@xa.example>");
		json_decref(m);
	}
}

static void every_cut_of_a_long_subject_is_between_characters(void **state)
{
	char subject[400];
	const char *const to[] = {"cong-an@huyen.example", NULL};
	char *url = mem_printf("smtp://127.0.0.1:%d", server.port);

	(void)state;
	for (size_t lead = 0; lead < 6; lead++) {
		struct err e = ERR_INIT;
		struct mail m = {.url = url,
				 .from = "moidan@xa.example",
				 .to = to,
				 .subject = subject,
				 .text = "",
				 .message_id = "<1@xa.example>",
				 .timeout_ms = 1500};
		json_t *got;

		memset(subject, 'x', lead);
		subject[lead] = '\0';
		for (size_t i = 0; i < 60; i++)
			(void)strncat(subject, "ặ", sizeof(subject) - strlen(subject) - 1);
		assert_int_equal(mail_send(&m, &e), 0);
		got = taken();
		assert_string_equal(text_of(got, "subject"), subject);
		json_decref(got);
	}
	free(url);
}

static void a_server_that_is_busy_is_asked_again(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(send_here("later@huyen.example", &e), EX_TEMPFAIL);
	assert_non_null(strstr(e.text, "SMTP 451"));
	assert_int_equal(send_here("full@huyen.example", &e), EX_TEMPFAIL);
	assert_non_null(strstr(e.text, "SMTP 452"));
	assert_null(taken());
}

static void a_refusal_is_for_good_and_names_nobody(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(send_here("never@huyen.example", &e), EX_UNAVAILABLE);
	assert_non_null(strstr(e.text, "SMTP 550"));
	assert_null(strstr(e.text, "huyen"));
	assert_int_equal(send_here("refused@huyen.example", &e), EX_UNAVAILABLE);
	assert_non_null(strstr(e.text, "SMTP 554"));
	assert_null(taken());
}

static void no_answer_ends_with_the_deadline(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(send_here("silent@huyen.example", &e), EX_TEMPFAIL);
	assert_int_equal(send_here("gone@huyen.example", &e), EX_TEMPFAIL);
	assert_null(taken());
}

static void no_server_is_tried_again(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(send_to("smtp://127.0.0.1:1", "a@huyen.example", NULL, &e),
			 EX_TEMPFAIL);
	assert_int_equal(send_to("http://127.0.0.1:1", "a@huyen.example", NULL, &e), EX_CONFIG);
}

static void a_login_is_used_and_a_wrong_one_is_refused(void **state)
{
	char *url = mem_printf("smtp://127.0.0.1:%d", server.port);
	struct err e = ERR_INIT;
	json_t *m;

	(void)state;
	assert_int_equal(send_to(url, "a@huyen.example", "mat-khau", &e), 0);
	m = taken();
	assert_string_equal(json_string_value(json_array_get(json_object_get(m, "login"), 0)),
			    "moidan");
	json_decref(m);
	assert_int_equal(send_to(url, "a@huyen.example", "sai-mat-khau", &e), EX_UNAVAILABLE);
	assert_null(taken());
	free(url);
}

static void nothing_leaves_this_machine_in_plain_text(void **state)
{
	/* Not one of the names of this machine that are trusted, and it offers no STARTTLS. */
	char *plain = mem_printf("smtp://127.0.0.2:%d", server.other_port);
	char *hidden = mem_printf("smtp://127.0.0.1:x@127.0.0.2:%d", server.other_port);
	char *unknown = mem_printf("smtps://127.0.0.1:%d", server.tls_port);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(send_to(plain, "a@huyen.example", NULL, &e), EX_CONFIG);
	assert_int_equal(send_to(hidden, "a@huyen.example", NULL, &e), EX_CONFIG);
	/* A certificate that nobody vouches for is not TLS. */
	assert_int_equal(send_to(unknown, "a@huyen.example", NULL, &e), EX_CONFIG);
	assert_null(taken());
	free(plain);
	free(hidden);
	free(unknown);
}

static void addresses_cannot_smuggle_headers_or_commands(void **state)
{
	static const char *const bad[] = {"a@b.example>\r\nRCPT TO:<c@d.example",
					  "a b@c.example",
					  "a@b@c.example",
					  "khong-co-a-cong",
					  "@c.example",
					  ""};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(send_here(bad[i], &e), EX_CONFIG);
	assert_null(taken());
}

static void a_subject_cannot_end_the_header(void **state)
{
	const char *const to[] = {"a@b.example", NULL};
	struct mail m = {.url = "smtp://127.0.0.1:1",
			 .from = "moidan@xa.example",
			 .to = to,
			 .subject = "x\r\nBcc: c@d.example",
			 .text = "",
			 .message_id = "<1@xa.example>"};
	size_t len;
	char *raw = mail_format(&m, &len);

	(void)state;
	assert_int_equal(strlen(raw), len);
	assert_null(strstr(raw, "\r\nBcc:"));
	free(raw);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(vietnamese_arrives_as_it_was_written),
	    cmocka_unit_test(what_goes_out_keeps_the_rules_of_mail),
	    cmocka_unit_test(each_try_has_the_same_message_id),
	    cmocka_unit_test(every_cut_of_a_long_subject_is_between_characters),
	    cmocka_unit_test(a_server_that_is_busy_is_asked_again),
	    cmocka_unit_test(a_refusal_is_for_good_and_names_nobody),
	    cmocka_unit_test(no_answer_ends_with_the_deadline),
	    cmocka_unit_test(no_server_is_tried_again),
	    cmocka_unit_test(a_login_is_used_and_a_wrong_one_is_refused),
	    cmocka_unit_test(nothing_leaves_this_machine_in_plain_text),
	    cmocka_unit_test(addresses_cannot_smuggle_headers_or_commands),
	    cmocka_unit_test(a_subject_cannot_end_the_header),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
