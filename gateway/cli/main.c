/* SPDX-License-Identifier: Apache-2.0 */
/* One binary: the daemon and its command line. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"

static const struct command commands[] = {
    {"demo", "demo [--keep DIR] [--seed N]", "chạy thử toàn bộ trên dữ liệu giả", cmd_demo},
    {"sandbox", "sandbox --port N [--seed N]", "nhà cung cấp giả trên máy này, để thử", cmd_sandbox},
    {"simulate", "simulate [--seed N] [--come PERCENT] [--absent PERCENT] [--json]",
     "cả Kế hoạch 46 trên đồng hồ ảo: từng tuần, từng ấp, từng ngày", cmd_simulate},
    {"init", "init", "viết tệp cấu hình và tạo cơ sở dữ liệu", cmd_init},
    {"serve", "serve", "chạy dịch vụ", cmd_serve},
    {"status", "status [--json]", "tình trạng: tin, hàng đợi, nhà cung cấp, việc sắp tới",
     cmd_status},
    {"doctor", "doctor [--json]", "kiểm tra cấu hình, dữ liệu, đồng hồ; nói cần làm gì",
     cmd_doctor},
    {"import",
     "import PROGRAMME FILE [--dry-run] [--rejects FILE] [--encoding NAME] [--list-year YYYY] "
     "[--column HEADING=COLUMN]... [--json]\n"
     "import sessions FILE [--programme P] [--encoding NAME] [--json]\n"
     "import duty FILE [--encoding NAME] [--json]\n"
     "import list [--programme P] [--limit N] [--json] | undo N [--dry-run] [--json]",
     "nhập danh sách (xlsx, csv), lịch đặt máy, lịch trực; hoàn tác", cmd_import},
    {"audience",
     "audience list [--programme P] [--json] | show P NAME [--json]\n"
     "audience count P NAME|PREDICATE [--samples] [--json]\n"
     "audience save P NAME PREDICATE | remove P NAME",
     "đối tượng: đếm ngay, ghép theo tên, lưu lại", cmd_audience},
    {"audit",
     "audit list [--before ID] [--limit N] [--json] | person P KEY [--json]\n"
     "audit verify [--noted ROW:HASH] [--json]",
     "nhật ký: ai làm gì, ai đã xem ai, có bị sửa không", cmd_audit},
    {"campaign",
     "campaign list|show C|preview C|quota C|forecast C [--come PERCENT] [--json]\n"
     "campaign create NAME --programme P --audience A1[,A2] [--only NAME|PREDICATE] [--accents "
     "with|without|cheapest]\n"
     "                [--ladder zalo:24h,sms:72h,letter,visit]\n"
     "                [--set NAME=VALUE]… [--starts DATE] [--expires DATE] [--step N] [--lane "
     "L]\n"
     "                [--quota] [--budget DONG] [--catch-up 24h]\n"
     "campaign submit|approve|start|pause|resume|cancel|retry-failed|release C\n"
     "campaign loudspeaker C --unit HAMLET [--json]",
     "chiến dịch: soạn, xem trước, duyệt, gửi, dừng", cmd_campaign},
    {"letter",
     "letter print C --out FILE.pdf [--unit HAMLET] [--again] [--json]\n"
     "letter handed C [--unit HAMLET] [--json]",
     "thư mời in ra giấy cho người không nhắn tin được; ghi nhận đã phát", cmd_letter},
    {"visit",
     "visit print C --out FILE.pdf|DIR [--unit HAMLET] [--xlsx] [--json]\n"
     "visit handed C [--unit HAMLET] [--json]",
     "danh sách đến nhà, theo ấp và tổ; ghi nhận đã giao", cmd_visit},
    {"poster", "poster --out FILE.pdf [--unit HAMLET]", "tờ dán có mã QR", cmd_poster},
    {"session",
     "session list [--all]|show ID|sheet ID [--out FILE.pdf] [--json]\n"
     "session add --day D --hours H-H --place P --seats N [--unit HAMLET] [--team T] "
     "[--documents D] [--programme P]\n"
     "session move ID [--day D] [--hours H-H] [--place P] | cancel ID [--reason TEXT]\n"
     "session attend ID KEY came|absent | attend ID --rest-absent | seat ID KEY",
     "lịch đặt máy: buổi, chỗ, ai đến, dời, hủy", cmd_session},
    {"duty",
     "duty list [--all] [--json] | remove ID\n"
     "duty add --day D --hours H-H --place P --name N [--phone NUMBER] [--json]",
     "lịch trực Một cửa, văn phòng ấp: xem, thêm, bỏ", cmd_duty},
    {"message",
     "message list [--campaign CAMPAIGN] [--state S] [--number N] [--after ID] [--limit N] "
     "[--json]\n"
     "message show ID | retry ID | release ID | cancel ID | settle ID sent|not-sent|abandon",
     "tin nhắn: tra cứu, gửi lại, quyết định tin chưa rõ", cmd_message},
    {"recipient",
     "recipient show PROGRAMME KEY [--json] | export PROGRAMME KEY | erase PROGRAMME KEY\n"
     "recipient hold PROGRAMME KEY [--deceased] [--reason TEXT] | release PROGRAMME KEY\n"
     "recipient set PROGRAMME KEY "
     "STATE|opted-out|wrong-person|not-opted-out|not-wrong-person|confirmed",
     "một người hoặc một hộ: xem, giữ, thả, đổi trạng thái", cmd_recipient},
    {"template", "template list | show FILE | check | export DIR",
     "mẫu tin: xem, kiểm tra, ghi mẫu đã sửa ra tệp", cmd_template},
    {"provider",
     "provider list [--json] | check [NAME] | resume NAME | weights [--json]\n"
     "provider send-test NAME NUMBER [--text TEXT] [--template ID --parameter NAME=VALUE …]\n"
     "provider authorize NAME [--redirect URL] | balance NAME [--json]",
     "nhà cung cấp: mô tả, kiểm tra, gửi thử", cmd_provider},
    {"reply",
     "reply list [--all] [--after ID] [--limit N] [--json] | show ID\n"
     "reply settle ID opt-out|wrong-person|will-come|nothing",
     "tin trả lời của người dân: xem, quyết định", cmd_reply},
    {"report",
     "report figures|weekly [--week 2023-W24] [--json]\n"
     "report digest [--unit HAMLET] [--week 2023-W24] [--pdf FILE] [--json]\n"
     "report weekly|final [--week 2023-W24] [--pdf FILE] [--xlsx FILE] [--svg FILE]\n"
     "report civil-status --out FILE.pdf\n"
     "report teams|communes [--week 2023-W24] [--json] | confirm [--week 2023-W24]\n"
     "report backfill --week 2023-W22\n"
     "report hand-in [--unit HAMLET] [--week 2023-W24] [--figures 443,259,184,58] "
     "[--difficulties TEXT] [--proposals TEXT]\n"
     "report hand-in --sheet FILE [--week 2023-W24]",
     "số liệu, báo cáo tuần, bản tin trưởng ấp", cmd_report},
    {"user",
     "user add NAME --role viewer|author|approver|administrator|hamlet [--title TEXT] [--unit "
     "HAMLET]\n"
     "user list [--json] | password NAME | disable NAME | enable NAME",
     "người dùng giao diện web: thêm, đường dẫn đặt mật khẩu, khóa", cmd_user},
    {"inspect",
     "inspect phone ARG | text ARG | file FILE [--encoding NAME] [--list-year YYYY] [--json]",
     "moidan hiểu một số điện thoại, một tin, một danh sách thế nào", cmd_inspect},
    {"config", "config check | schema", "kiểm tra tệp cấu hình", cmd_config},
    {"backup", "backup FILE", "sao lưu khi đang chạy", cmd_backup},
    {"purge", "purge [--json]", "xóa dữ liệu cá nhân đã quá hạn giữ; số liệu còn nguyên",
     cmd_purge},
    {"restore", "restore FILE [--force]", "khôi phục; mọi tin chưa gửi được giữ lại",
     cmd_restore},
};

static const struct command *main_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static void main_usage_of(FILE *to, const struct command *k)
{
	const char *line = k->usage;

	while (line != NULL) {
		const char *end = strchr(line, '\n');
		int n = end != NULL ? (int)(end - line) : (int)strlen(line);

		/* what goes on from the line before is indented */
		(void)fprintf(to, "  %s%.*s\n", *line == ' ' ? "       " : "moidan ", n, line);
		line = end != NULL ? end + 1 : NULL;
	}
}

static int main_unknown(const char *name)
{
	(void)fprintf(stderr, "moidan: không có lệnh \"%s\"; xem \"moidan help\"\n", name);
	return EX_USAGE;
}

static int main_help(int argc, char **argv)
{
	const struct command *k = argc > 1 ? main_find(argv[1]) : NULL;

	if (k != NULL) {
		(void)printf("%s: %s\n", k->name, k->summary);
		main_usage_of(stdout, k);
		return 0;
	}
	if (argc > 1)
		return main_unknown(argv[1]);
	(void)printf("Mời Dân %s: mời và nhắc người dân, báo cáo hằng tuần.\n\n"
		     "  moidan [--config FILE] LỆNH …\n\n",
		     MOIDAN_VERSION);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		(void)printf("  %-10s %s\n", commands[i].name, commands[i].summary);
	(void)printf("\n  moidan help LỆNH nói cách dùng; moidan(1) nói đủ.\n");
	return 0;
}

#if MOIDAN_FAILPOINTS
/* A test build can be told what time it is, in seconds away from the machine's, so that a test of
 * sending passes at night as well; and told again by SIGUSR2, from a file, as if somebody had set the
 * clock. A release cannot: nothing may talk it out of the hours. */
static void main_on_clock_set(int sig)
{
	const char *path = getenv("MOIDAN_TEST_CLOCK");
	char text[32] = "";
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	(void)sig;
	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0)
		clock_set_shift(strtoll(text, NULL, 10) * CLOCK_SECOND_MS);
	(void)close(fd);
}

static void main_test_clock(void)
{
	const char *text = getenv("MOIDAN_TEST_SHIFT");
	struct sigaction sa = {.sa_handler = main_on_clock_set, .sa_flags = SA_RESTART};

	if (text != NULL)
		clock_set_shift(strtoll(text, NULL, 10) * CLOCK_SECOND_MS);
	if (getenv("MOIDAN_TEST_CLOCK") != NULL)
		(void)sigaction(SIGUSR2, &sa, NULL);
}
#endif

/* What is opened next must not take the place of a standard file that is closed: messages would be
 * written into it. */
static void main_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int main(int argc, char **argv)
{
	struct cli c = {0};
	const struct command *k;
	int rc, at = 1;

	main_standard_files();
#if MOIDAN_FAILPOINTS
	main_test_clock();
#endif
	/* What is written holds citizens' data: nobody else reads it. */
	(void)umask(077);
	if (at < argc && strcmp(argv[at], "--config") == 0) {
		c.config_path = at + 1 < argc ? argv[at + 1] : "";
		at += 2;
	} else if (at < argc && strncmp(argv[at], "--config=", 9) == 0) {
		c.config_path = argv[at++] + 9;
	}
	if (c.config_path != NULL && *c.config_path == '\0') {
		(void)fprintf(stderr, "moidan: --config cần tên tệp cấu hình\n");
		return EX_USAGE;
	}
	if (at >= argc || strcmp(argv[at], "help") == 0 || strcmp(argv[at], "--help") == 0)
		return main_help(argc - at, argv + at);
	if (strcmp(argv[at], "version") == 0 || strcmp(argv[at], "--version") == 0) {
		(void)printf("moidan %s\n", MOIDAN_VERSION);
		return 0;
	}
	k = main_find(argv[at]);
	if (k == NULL)
		return main_unknown(argv[at]);
	rc = k->run(&c, argc - at, argv + at);
	if (rc == EX_USAGE)
		main_usage_of(stderr, k);
	store_close(c.store);
	house_free(c.house);
	if (fflush(stdout) == EOF && rc == 0)
		rc = EX_IOERR;
	return rc < 0 ? EX_SOFTWARE : rc;
}
