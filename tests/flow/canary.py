#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No number, name, text or secret in logs, figures, errors, process titles or URLs: marked people go
through everything that can go wrong, then all that was written is searched. Usage: canary.py MOIDAN"""
import json
import os
import re
import sys
import urllib.parse

from console_lib import PASSWORD, Visitor, add_user
from lib import HEADINGS, House, Provider, get, wait_for

NAMES = ["Nguyễn Văn Hoàng Yến Oanh", "Trần Thị Chim Sẻ", "Lê Hữu Vàng Anh", "Phạm Kim Tước"]
NUMBERS = ["0912777001", "0912777002", "0912777003", "0912777004"]
SECRETS = ["flow-api-key", "flow-secret-key"]


def forms(number):
    """A number as people, we and providers write it."""
    return [number, "84" + number[1:], number[1:], f"{number[:4]}.{number[4:7]}.{number[7:]}"]


def reply(request):
    """Answers that throw everything back at us, as providers do in their error texts."""
    everything = json.dumps(request, ensure_ascii=False)
    k = int(request["Phone"][-1])
    if k == 1:
        return {"CodeResult": "146", "ErrorMessage": everything}
    if k == 2:
        return 500, {}, everything.encode()
    if k == 3:
        return 200, {"Content-Type": "text/html"}, b"<html>" + everything.encode()
    return {"CodeResult": "100", "SMSID": "S-" + request["RequestId"]}


def through_the_console(h):
    """All that an officer types and sends, right and wrong, and another system. Returns secrets that came with it."""
    admin, author, approver = add_user(h, "quantri", "administrator"), add_user(h, "soan", "author"), add_user(h, "duyet", "approver")
    page = admin.post("/keys", {"name": "k", "read": "yes", "write": "yes", "send": "yes"})
    key = Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])
    name, number, both = NAMES[0], NUMBERS[0], f"{NAMES[0]} {NUMBERS[0]}"
    rows = "\n".join([HEADINGS, f"1;H-1;{name};Nam;1970;Tân Phú;Tổ 1;{number};Chưa tạo;;{both}", f"2;;{name};;;;;{number}x;;;"])
    h.write("moidan.db-uploads", "in the way")
    assert author.upload("/imports", {"programme": "vneid"}, both + ".csv", rows.encode()).status == 500
    os.unlink(h.path("moidan.db-uploads"))
    for name_of, data in ((both + ".csv", rows.encode()), (both * 9 + ".csv", rows.encode()), (both + ".xlsx", b"PK\3\4" + both.encode())):
        a = author.upload("/imports", {"programme": "vneid"}, name_of, data)
        assert a.status in (303, 422), a.status
        if a.status == 303:
            author.get(a.headers["Location"])
            author.post(a.headers["Location"])
    for path in ("/recipients?q=", "/recipients?unit=", "/messages?number=", "/messages?state=", "/audiences?programme=vneid&when=", "/reports?week=",
                 "/communes?commune=", "/campaigns?x=", "/login?name=", "/"):
        author.get(path + urllib.parse.quote(both))
    for path, fields in (("/recipients/1/hold", {"kind": "officer", "reason": both, "rev": "1"}), ("/recipients/1/hold", {"kind": both}),
                         ("/recipients/1/release", {"rev": "2"}), ("/recipients/1/state", {"to": both[:40], "rev": "2"}), ("/recipients/1/number", {}), ("/audiences", {"name": both, "when": both}),
                         ("/campaigns", {"name": both, "programme": both[:40]}), ("/hand-in", {"week": "2023-W24", "difficulties": both}),
                         ("/duty", {"day": "16/06/2023", "hours": "7h30 - 11h", "place": both, "name": name, "phone": number}),
                         ("/duty", {"day": both, "hours": both[:20], "place": both, "name": name, "phone": number}),
                         ("/templates/vneid/A1", {"do": "save", "text": both, "rev": "0"})):
        assert author.post(path, fields).status < 500, path
    assert approver.post("/providers/sms/test", {"number": number}).status < 500
    Visitor(h).sign_in(both[:40], both, number[:16])
    for body in ({"programme": "vneid", "key": "H-2", "text": "hoi-dap", "values": {"x": both}}, {"programme": "vneid", "key": both, "text": both}):
        key.post("/api/v1/notices", body, {"Idempotency-Key": "a" + str(len(body["key"]))})
    key.ask("POST", "/api/v1/notices", both.encode(), {"Content-Type": "application/json", "Idempotency-Key": "b"})
    return [PASSWORD, key.key, *author.cookies.values(), *admin.cookies.values(), author.form]


with House(sys.argv[1]) as h:
    provider = h.add(Provider(reply))
    h.configure(provider.url, extra="caps: {per_day: 3, per_week: 6}\nlog_level: debug\n"
                                    "dispatch: {backoff: 1s, max_attempts: 2, settle_after: 1s}")
    rows = [HEADINGS]
    for i, name in enumerate(NAMES):
        rows.append(f"{i + 1};H-{i + 1};{name};Nam;1970;Tân Phú;Tổ 1;{NUMBERS[i]};Chưa tạo;;")
    rows.append(f"9;H-9;{NAMES[0]};Nam;1970;Tân Phú;Tổ 1;{NUMBERS[0]} hoặc abc {NUMBERS[1]}9;không rõ;;")
    rows.append(f"10;H-1;{NAMES[1]};Nam;1970;Tân Phú;Tổ 1;{NUMBERS[1]};Chưa tạo;;đã chết")
    written = []

    def run(*argv, code=0):
        out = h.run(*argv, code=code)
        written.append(("stderr of " + argv[0], h.errors))
        return out

    run("import", "vneid", h.write("list.csv", "\n".join(rows) + "\n"))
    run("import", "vneid", h.write("broken.xlsx", "PK\3\4" + NUMBERS[0] + NAMES[0]), code=65)
    h.serve()
    SECRETS += through_the_console(h)
    h.campaign("một")
    wait_for("answers", lambda: len([r for r in provider.seen() if "CallbackUrl" in r]) >= len(NAMES))
    wait_for("settled", lambda: not h.states("một").get("sending"))
    url = next(r["CallbackUrl"] for r in provider.seen() if "CallbackUrl" in r)
    token = url.rsplit("/", 1)[1]
    for query in (f"?SMSID={NUMBERS[0]}&phonenumber={NUMBERS[0]}&SendStatus=99", f"?{NUMBERS[1]}",
                  f"?SMSID=%00{NUMBERS[2]}", "?SMSID=" + NUMBERS[3] * 500):
        written.append(("callback's answer", repr(get(url + query)[2])))
    written.append(("answer", repr(get(h.url + "/" + NUMBERS[0])[2])))
    for path in ("/metrics", "/healthz", "/readyz", "/openapi.yaml"):
        status, headers, body = get(h.url + path)
        assert status == 200, (path, status)
        written.append((path, body.decode()))
    run("status")
    written.append(("status", run("status", "--json")))
    run("message", "settle", "99999", "sent", code=66)
    with open(f"/proc/{h.daemon.pid}/cmdline", encoding="utf-8") as f:
        written.append(("argv", f.read()))
    assert h.stop() == 0
    written.append(("log", h.read("moidan.log")))
    text = h.read("moidan.log")
    assert "event=callback_misread" in text and "event=refused" in text, text

    found = []
    for where, what in written:
        for i, number in enumerate(NUMBERS):
            found += [(where, f) for f in forms(number) if f in what]
        for name in NAMES:
            found += [(where, n) for n in (name, name.split()[-1] + " " + name.split()[0]) if n in what]
        found += [(where, s) for s in SECRETS + [token, "UBND xa My Phu Dong"] if s in what]
    # A token's bearer knows it, and an error names the number that was typed; nothing else says any.
    assert not found, found
    assert len(provider.seen()) >= len(NAMES) and all(
        r["ApiKey"] == SECRETS[0] for r in provider.seen()), "nothing was sent: nothing was shown"
    print(f"ok {sum(len(w[1]) for w in written)} bytes searched")
