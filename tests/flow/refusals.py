# SPDX-License-Identifier: Apache-2.0
"""Whoever is refused is told why in the language that was asked for, and which input was wrong.
Usage: refusals.py MOIDAN"""
import json
import re
import sys

from console_lib import Visitor, add_user
from lib import House


def in_both_languages(h, key):
    """Each kind of refusal, in the language that was asked for, and which member is wrong."""
    def ask(method, path, status, vi, en, data=None, wrong=None, v=key, **headers):
        for language, words in (("vi, en;q=0.5", vi), ("en-GB,en;q=0.9,vi;q=0.1", en), ("fr", vi)):
            sent = {"Accept-Language": language, **{k.replace("_", "-"): w for k, w in headers.items()}}
            if data is not None:
                sent.setdefault("Content-Type", "application/json")
            a = v.ask(method, "/api/v1" + path, data, sent, browser=False)
            what = (method, path, language, a.status, a.text)
            assert a.status == status and words in a.json()["detail"], what
            assert a.headers["Content-Language"] == ("en" if words == en else "vi"), what
            assert (a.json()["title"].isascii()) == (words == en), what
            if wrong:
                assert a.json()["errors"] == [{"pointer": "#/" + wrong[0], "code": wrong[1], "detail": a.json()["detail"]}], what

    nobody, thief = Visitor(h), Visitor(h, key="x" * 43)
    ask("GET", "/recipients", 401, "cần đăng nhập", "sign in", v=nobody)
    ask("GET", "/recipients", 401, "khóa API không đúng", "API key is wrong", v=thief)
    ask("POST", "/notices", 401, "khóa API không đúng", "API key is wrong", b"{}", v=thief)
    ask("GET", "/users", 403, "không được làm việc này", "may not do this")
    ask("GET", "/nowhere", 404, "không có gì ở địa chỉ này", "nothing at this address")
    ask("GET", "/campaigns/999", 404, "không có chiến dịch", "no such campaign")
    ask("POST", "/providers", 405, "không nhận cách gọi", "does not take that method", b"{}")
    ask("POST", "/campaigns", 400, "1 đến 128 ký tự", "1 to 128 characters", b'{"name": "a", "programme": "b"}')
    ask("POST", "/campaigns", 422, "name: chưa điền", "name: is missing", b"{}", ("name", "missing"), Idempotency_Key="a1")
    ask("POST", "/campaigns", 422, "name: dài quá: nhiều nhất 80 ký tự", "name: too long: at most 80 characters",
        json.dumps({"name": "a" * 81}).encode(), ("name", "too_long"), Idempotency_Key="a1")
    ask("POST", "/campaigns", 422, "starts: ngày phải viết như 20/06/2023", "starts: a date must look like 20/06/2023",
        b'{"starts": "31/02/2023"}', ("starts", "date"), Idempotency_Key="a1")
    ask("GET", "/audiences?samples=no", 422, "samples: phải là một trong: yes", "samples: must be one of: yes", wrong=("samples", "choice"))
    ask("GET", "/messages?after=x", 422, "từ 0 đến 2147483647", "from 0 to 2147483647", wrong=("after", "number"))
    ask("POST", "/recipients/1/hold", 428, "If-Match", "is needed", b'{"kind": "officer"}')
    ask("POST", "/recipients/1/hold", 412, "người khác sửa", "somebody else", b'{"kind": "officer"}', If_Match='"99"')
    ask("POST", "/recipients/1/hold", 415, "chỉ nhận application/json", "only application/json", b"<a/>", Content_Type="text/xml")
    ask("POST", "/notices", 422, 'không có mục "a"', 'no member "a"', b'{"a": 1}', Idempotency_Key="a2")
    # What the floors below say is put over too, and so is what fills it.
    ask("GET", "/reports?week=x", 422, 'tuần phải viết như 2023-W24, không phải "x"', 'a week must look like 2023-W24, not "x"')
    ask("GET", "/sessions/99", 404, "không có buổi", "no such session")
    ask("POST", "/audiences", 422, '"A1" không đặt làm tên được', '"A1" cannot be a name',
        b'{"programme": "vneid", "name": "A1", "when": "phone = missing"}')
    ask("GET", "/audiences?programme=cccd&when=A1", 422, "không có tên như vậy trong chương trình này", "or fact.NAME is expected, at")
    ask("POST", "/audiences", 422, "không có cột nào tên như vậy, ở chỗ", "no column has this fact, at",
        b'{"programme": "vneid", "name": "thu", "when": "fact.x = 1"}')
    a = key.ask("POST", "/api/v1/recipients/1/hold", b"x" * 70000, {"Content-Type": "application/json"}, browser=False)
    assert a.status == 413 and a.headers["Content-Language"] == "vi, en", (a.status, a.headers)
    assert "nhiều nhất 32 MiB" in a.json()["detail"] and "at most 32 MiB" in a.json()["detail"], a.text
    # People get a page, in the language that they chose, whatever their browser's is.
    page = nobody.ask("GET", "/khong-co", headers={"Accept-Language": "en"})
    assert page.status == 404 and page.has("Không có trang này") and "<html lang=\"vi\"" in page.text, page.text
    nobody.cookies["lang"] = "en"
    page = nobody.ask("GET", "/khong-co")
    assert page.status == 404 and page.has("nothing at this address") and page.headers["Content-Language"] == "en", page.text


def main():
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.import_people(5)
        h.serve()
        page = add_user(h, "quantri", "administrator").post("/keys", {"name": "k", "read": "yes", "write": "yes", "send": "yes"})
        in_both_languages(h, Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1]))
        assert h.stop() == 0


main()
