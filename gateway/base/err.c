/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL || e->code != 0)
		return -1;
	e->code = code;
	va_start(ap, fmt);
	if (vsnprintf(e->text, sizeof(e->text), fmt, ap) >= (int)sizeof(e->text))
		e->text[buf_fit(e->text, sizeof(e->text))] = '\0';
	va_end(ap);
	return -1;
}

void err_context(struct err *e, const char *fmt, ...)
{
	struct buf text = BUF_INIT(sizeof(e->text) - 1);
	va_list ap;

	if (e == NULL || e->code == 0)
		return;
	va_start(ap, fmt);
	(void)buf_vaddf(&text, fmt, ap);
	va_end(ap);
	(void)buf_adds(&text, ": ");
	(void)buf_add(&text, e->text, (size_t)buf_fit(e->text, text.max - text.len));
	memcpy(e->text, buf_text(&text), text.len + 1);
	buf_free(&text);
}

void err_clear(struct err *e)
{
	e->code = 0;
	e->text[0] = '\0';
}

const char *err_os(int number)
{
	static const struct {
		int number;
		const char *vi;
	} words[] = {
	    {ENOENT, "không có tệp hoặc thư mục này"},
	    {EACCES, "không đủ quyền"},
	    {EPERM, "không được phép"},
	    {EISDIR, "đây là một thư mục"},
	    {ENOTDIR, "phần trước tên tệp không phải là thư mục"},
	    {EEXIST, "đã có"},
	    {EROFS, "ổ đĩa chỉ đọc được"},
	    {ENOSPC, "ổ đĩa đã đầy"},
	    {EDQUOT, "đã dùng hết phần đĩa được cấp"},
	    {EFBIG, "tệp quá lớn"},
	    {EIO, "ổ đĩa bị lỗi"},
	    {ENAMETOOLONG, "tên tệp quá dài"},
	    {EMFILE, "mở quá nhiều tệp cùng lúc"},
	    {ETXTBSY, "tệp đang được dùng"},
	    {EADDRINUSE, "một chương trình khác đang dùng cổng này"},
	    {EADDRNOTAVAIL, "máy này không có địa chỉ này"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].number == number)
			return words[i].vi;
	}
	return strerror(number);
}
