# SPDX-License-Identifier: Apache-2.0
"""What openapi.yaml promises is kept under nonsense: each operation is sent generated inputs, right and wrong, by a
key that may everything a key may, and by nobody; every answer is a documented one and the daemon lives.
Usage: api.py MOIDAN [SEED]"""
import json
import random
import re
import sys
import urllib.parse

from console_lib import Visitor, add_user
from lib import House, ROOT, wait_for

DOCUMENTED = {200, 201, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 431, 503}
WORDS = ["", "x", "A1", "vneid", "sms", "0", "-1", "1", "999999999999999999999", "2023-06-20", "31/02/2023", "20/06/2023",
         "'; DROP TABLE recipient; --", "<script>alert(1)</script>", "\u202e", "đ" * 300, "\x00", "\n", "%00", "../..",
         "officer", "deceased", "yes", "2023-W24", "{{ten}}", "null"]


def operations():
    """(method, path, [inputs]) of the description, read by its own plain layout."""
    path = method = None
    found = []
    with open(ROOT + "/gateway/web/openapi.yaml", encoding="utf-8") as f:
        for line in f:
            if m := re.match(r'  "(/.*)":$', line):
                path = m[1]
            elif m := re.match(r"    (get|post):$", line):
                method = m[1].upper()
                found.append((method, path, []))
            elif m := re.match(r"        - \{name: ([\w-]+), in: query", line):
                found[-1][2].append(m[1])
            elif m := re.match(r"                (\w+): \{type", line):
                found[-1][2].append(m[1])
            elif line.startswith("components:"):
                break
    return found


def value(r, deep=0):
    kind = r.randrange(8 if deep < 2 else 5)
    if kind < 4:
        return r.choice(WORDS)
    if kind == 4:
        return r.choice([None, True, False, 0, 1, -5, 2 ** 40, 1.5])
    if kind == 5:
        return [value(r, deep + 1) for _ in range(r.randrange(4))]
    if kind == 6:
        return {r.choice(WORDS): value(r, deep + 1)}
    return r.choice(WORDS) * r.randrange(1, 40)


def body(r, inputs):
    if r.random() < 0.1:
        return r.choice([b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 3000])
    return json.dumps({n: value(r) for n in inputs + ["unknown"] if r.random() < 0.8}).encode()


def query(r, inputs):
    return "?" + "&".join(f"{n}={urllib.parse.quote(str(value(r)).replace(chr(0), ''))[:200]}" for n in inputs if r.random() < 0.7)


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
    r = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 46)
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.import_people(5)
        h.serve()
        admin = add_user(h, "quantri", "administrator")
        page = admin.post("/keys", {"name": "k", "read": "yes", "write": "yes", "send": "yes"})
        key = Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])
        in_both_languages(h, key)
        described, asked = operations(), 0
        below = set()  # what is Vietnamese although English was asked for: sentences of the floors beneath
        assert len(described) > 40, len(described)
        for _ in range(12):
            for method, path, inputs in described:
                v = key if r.random() < 0.9 else Visitor(h)
                where = "/api/v1" + re.sub(r"\{\w+\}", lambda m: r.choice(["1", "2", "999", "0", "-1", "x", "a" * 90]), path)
                headers = {"Accept-Language": "en"}
                if r.random() < 0.7:
                    headers["Idempotency-Key"] = f"k{r.randrange(5)}" * r.choice([1, 1, 90])
                if r.random() < 0.7:
                    headers["If-Match"] = r.choice(['"1"', "1", "*", ""])
                if method == "GET":
                    a = v.ask("GET", where + query(r, inputs), headers=headers, browser=False)
                else:
                    headers["Content-Type"] = r.choice(["application/json"] * 6 + ["text/plain", "multipart/form-data; boundary=x"])
                    a = v.ask("POST", where, body(r, inputs), headers, browser=False)
                asked += 1
                what = (method, where, a.status, a.text[:300])
                assert a.status in DOCUMENTED, what
                kind = a.headers["Content-Type"]
                if a.status >= 400:
                    assert kind.startswith("application/problem+json"), what
                    assert {"type", "title", "status", "detail"} <= set(a.json()), what
                    assert a.json()["status"] == a.status, what
                    if a.headers["Content-Language"] == "vi":
                        below.add(a.json()["detail"])
                    else:
                        assert a.status == 500 or a.headers["Content-Language"].endswith("en"), what
                        assert a.json()["title"].isascii(), what
                assert "Traceback" not in a.text and "database:" not in a.text, what
        # Once the throttle lets it through again.
        assert h.daemon.poll() is None
        wait_for("an answer", lambda: key.get("/api/v1/recipients").status == 200)
        print(f"{asked} requests; not in English:", *sorted(below), sep="\n  ")
        assert "level=error" not in h.read("moidan.log"), [x for x in h.read("moidan.log").split("\n") if "level=error" in x][:3]
        assert h.stop() == 0


main()
