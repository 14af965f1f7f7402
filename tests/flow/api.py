# SPDX-License-Identifier: Apache-2.0
"""What openapi.yaml promises is kept. Each operation is walked through once as it is meant, in a house where there is
something to show; then it is sent each of its inputs right and in one way not right, and nonsense, by whoever may and by
nobody. Every answer has a status and a body that are described, field by field; what the description refuses is refused;
what it names is taken; and the daemon lives. Usage: api.py MOIDAN [SEED [SECONDS]]"""
import collections
import json
import random
import re
import sys
import time
import urllib.parse

import openapi
from console_lib import Visitor, add_user
from lib import House, Provider, ROOT, get, wait_for

SEED, SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 46, float(sys.argv[3]) if len(sys.argv) > 3 else 0
LISTS = ROOT + "/tests/data/my-phu-dong/"
DOCUMENTS = {"application/pdf": b"%PDF", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": b"PK",
             "text/plain": b"", "image/svg+xml": b"<?xml", "text/event-stream": b"retry:"}
WORDS = ["", "x", "A1", "vneid", "sms", "0", "-1", "1", "999999999999999999999", "2023-06-20", "31/02/2023", "20/06/2023",
         "'; DROP TABLE recipient; --", "<script>alert(1)</script>", "\u202e", "đ" * 300, "\x00", "\n", "%00", "../..",
         "officer", "deceased", "yes", "2023-W24", "{{ten}}", "null"]
# Those that nobody but a person may; by whom.
PEOPLE = {"/campaigns/{id}/approve": "approver", "/campaigns/{id}/move": "approver", "/campaigns/{id}/retry": "approver",
          "/messages/{id}/settle": "approver", "/messages/{id}/retry": "approver", "/reports/confirm": "approver",
          "/recipients/{id}/number": "author", "/users": "admin", "/users/{id}": "admin", "/keys": "admin", "/keys/{id}/revoke": "admin",
          "/settings": "admin", "/audit": "admin", "/providers/check": "admin"}


# Where a number that is there would shut out whoever asks.
OURS = ("/users/{id}", "/keys/{id}/revoke")


class Api:
    def __init__(self, h):
        self.h, self.described, self.seen, self.luck = h, openapi.load(), collections.Counter(), random.Random(SEED)
        # Of the default answer, as its words say.
        self.problems = set(re.findall(r"\b\d{3}\b", self.described["components"]["responses"]["problem"]["description"]))
        self.walked, self.taken, self.refused = set(), set(), set()
        self.who = {"admin": add_user(h, "quantri", "administrator"), "author": add_user(h, "soan", "author"),
                    "approver": add_user(h, "duyet", "approver")}
        page = self.who["admin"].post("/keys", {"name": "k", "read": "yes", "write": "yes", "send": "yes"})
        self.who["key"] = Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])
        self.who["nobody"] = Visitor(h)
        self.turn = 0

    def visitor(self, path, operation):
        words = (r"/providers/\{name\}/", "approver"), (r"/(login|setup/|language|logout)", "nobody")
        return PEOPLE.get(path) or next((who for pattern, who in words if re.match(pattern, path)), "key")

    def ask(self, method, path, args=(), inputs=None, headers=None, who=None, body=None, upload=None):
        """Sends it, and holds the answer against what is described. The parsed answer, or the bytes of a document."""
        operation = self.described["paths"][path][method.lower()]
        who, args = who or self.visitor(path, operation), list(args)
        v, self.turn = self.who[who], self.turn + 1
        where = "/api/v1" + re.sub(r"\{\w+\}", lambda m: urllib.parse.quote(str(args.pop(0)), safe=""), path)
        sent = {"Idempotency-Key": f"k{self.turn}", "Accept": "application/json", **(headers or {})}
        while True:
            if method == "GET":
                query = urllib.parse.urlencode(inputs or {}, doseq=True)
                a = v.ask("GET", where + ("?" + query if query else ""), None, sent, browser=False)
            elif upload:
                v.form = v.form or ""
                a = self.upload(v, where, inputs or {}, *upload)
            else:
                data = body if body is not None else json.dumps({**(inputs or {}), **({"form": v.form} if v.form else {})}).encode()
                a = v.ask("POST", where, data, {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", **sent}, browser=False)
            if a.status != 429 or path in ("/login", "/providers/{name}/test"):
                break
            time.sleep(0.1)
        self.seen[a.status] += 1
        return a.status, self.described_answer(method, path, operation, a, inputs or body)

    @staticmethod
    def upload(v, where, fields, name, data):
        mark = "--x"
        parts = "".join(f'{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{w}\r\n' for k, w in {**fields, "form": v.form}.items())
        parts += f'{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        return v.ask("POST", where, parts.encode() + data + f"\r\n{mark}--\r\n".encode(),
                     {"Content-Type": "multipart/form-data; boundary=x", "Sec-Fetch-Site": "same-origin"}, browser=False)

    def described_answer(self, method, path, operation, a, sent):
        what = (method, path, str(sent)[:300], a.status, a.text[:600])
        kind = a.headers["Content-Type"].split(";")[0]
        answer = operation["responses"].get(str(a.status))
        if answer is None:
            assert str(a.status) in self.problems, what
            answer = self.described["components"]["responses"]["problem"]
            assert kind == "application/problem+json" and a.json()["status"] == a.status, what
        assert kind in answer["content"], (what, "is not described", kind)
        if a.status < 400:
            self.walked.add((method, path))
        if not kind.endswith("json"):
            assert a.body.startswith(DOCUMENTS[kind]), what
            return a.body
        why = openapi.wrong(self.described, answer["content"][kind]["schema"], a.json())
        assert why is None, (why, what)
        return a.json()

    def does(self, method, path, *args, **more):
        status, answer = self.ask(method, path, args, **more)
        assert status in (200, 201), (method, path, more, status, answer)
        return answer


def as_it_is_meant(api, h, provider):
    """Each operation, in an order in which there is something to answer."""
    key = api.who["key"]

    def tag(path):
        return {"If-Match": key.get("/api/v1" + path).headers["ETag"]}

    def does(path, *args, **more):
        return api.does("GET" if more.pop("get", False) else "POST", path, *args, **more)

    def look(path, *args, **inputs):
        return api.does("GET", path, *args, inputs=inputs)
    look("/login", name="x")
    does("/language", inputs={"to": "en"})
    link = does("/users", inputs={"name": "moi", "title": "Người mới", "role": "viewer"}, who="admin")["link"].rsplit("/", 1)[1]
    look("/setup/{token}", link)
    password = {"password": "ba cây chụm lại nên hòn", "again": "ba cây chụm lại nên hòn"}
    does("/setup/{token}", link, inputs=password)
    api.who["nobody"].get("/")
    does("/logout")
    api.who["nobody"] = Visitor(h)
    does("/login", inputs={"name": "moi", "password": password["password"]})
    api.who["nobody"] = Visitor(h)
    number = next(u["id"] for u in look("/users")["items"] if u["name"] == "moi")
    for what in ("disable", "enable", "link"):
        does("/users/{id}", number, inputs={"do": what})
    does("/keys", inputs={"name": "khóa khác", "read": "yes"}, who="admin")
    look("/keys")
    does("/keys/{id}/revoke", next(k["id"] for k in look("/keys")["items"] if k["name"] == "khóa khác"))
    look("/settings"), look("/audit"), look("/audit", before=20)
    for inputs in ({}, {"q": "nguyen"}, {"programme": "vneid"}, {"unit": 1}, {"held": "yes"}, {"after": 2}):
        look("/recipients", **inputs)
    someone = look("/recipients", programme="vneid")["items"][0]["id"]
    look("/recipients/{id}", someone)
    for path, inputs in (("hold", {"kind": "officer", "reason": "đi xa"}), ("release", {}), ("state", {"to": "account"}),
                         ("contact", {"is": "confirmed"})):
        does(f"/recipients/{{id}}/{path}", someone, inputs=inputs, headers=tag(f"/recipients/{someone}"))
    does("/recipients/{id}/number", someone)
    look("/campaigns/new"), look("/campaigns/new", programme="vneid", audience=["A1"], step="when", day="20/06/2023")
    draft = {"name": "bản nháp", "programme": "vneid", "audience": ["A1"], "accents": "cheapest", "expires": "2023-06-30",
             "only": '"A1"', "quota": "yes"}
    one = does("/campaigns", inputs=draft)["id"]
    look("/campaigns/{id}", one)
    two = does("/campaigns", inputs={"name": "hai", "programme": "vneid", "audience": ["A1"]})["id"]
    does("/campaigns/{id}/submit", two)
    seen = look("/campaigns/{id}", two)
    row = look("/")["progress"][0]
    look("/progress/{programme}/{target}", row["programme"], row["id"])
    does("/campaigns/{id}/approve", two, inputs={"hash": seen["preview"]["hash"]})
    wait_for("an answer to each", lambda: {"sending", "queued"}.isdisjoint(h.states("hai")))
    for what in ("pause", "resume"):
        does("/campaigns/{id}/move", two, inputs={"do": what})
    does("/campaigns/{id}/retry", two)
    look("/campaigns"), look("/campaigns/{id}", two), look("/campaigns/{id}/live", two), look("/")
    does("/providers/{name}/test", "sms", inputs={"number": "0912000004"})
    # What goes nowhere has failed.
    provider.stop()
    h.campaign("ba")
    wait_for("failures", lambda: h.states("ba").get("failed"))
    for kind in ("letters", "visits", "visits-xlsx"):
        look("/campaigns/{id}/papers", two, **{"as": kind})
    for inputs in ({}, {"programme": "vneid", "when": '"A1"', "samples": "yes"}):
        look("/audiences", **inputs)
    does("/audiences", inputs={"programme": "vneid", "name": "ai", "when": '"A1"'})
    does("/audiences/remove", inputs={"programme": "vneid", "name": "ai"})
    for s in look("/sessions")["items"][:1]:
        look("/sessions/{id}", s["id"]), look("/sessions/{id}/sheet", s["id"])
        does("/sessions/{id}/attend", s["id"], inputs={"is": "rest-absent"})
    does("/duty", inputs={"day": "16/06/2023", "hours": "7h30 - 11h", "place": "Một cửa", "name": "Lê Thị Lan"})
    does("/duty/list", upload=("truc.csv", "Ngày,Từ,Đến,Nơi trực,Họ và tên\n16/06/2023,13h30,17h,Một cửa,Lê Thị Lan\n".encode()))
    does("/duty/{id}/remove", look("/duty")["items"][0]["id"])
    for inputs in ({}, {"state": "failed"}, {"campaign": two}, {"number": "0912000001"}, {"after": 3}):
        found = look("/messages", **inputs)["items"]
        if inputs.get("state"):
            look("/messages/{id}", found[0]["id"])
            does("/messages/{id}/retry", found[0]["id"])
    unsure = look("/messages", state="uncertain")["items"]
    look("/messages/{id}", unsure[0]["id"]), look("/recipients/{id}", unsure[0]["recipient"])
    does("/messages/{id}/settle", unsure[0]["id"], inputs={"as": "not-sent"})
    does("/notices", inputs={"programme": "vneid", "key": "H-898", "text": "ho-so-xong", "values": {"noi": "Một cửa"}, "expires": "2023-06-20"})
    people = ("lista.csv", h.people(3, 500).encode() + "9;H-9;;;;;;0912x;;;\n10;H-10;Lê Văn Mới;Nam;x;Tân Phú;;0912;Chưa tạo;x;\n".encode())
    taken = [does("/imports", inputs={"programme": "vneid"}, upload=people)["token"] for _ in range(2)]
    look("/imports/{token}", taken[0]), look("/imports/{token}/rejects", taken[0])
    does("/imports/{token}/drop", taken[1]), does("/imports/{token}", taken[0])
    last = look("/imports")["items"][0]["id"]
    look("/imports/{id}/undo", last)
    does("/imports/{id}/undo", last)
    reply = look("/replies", all="yes")["items"][0]["id"]
    look("/replies")
    does("/replies/{id}", reply, inputs={"as": "nothing"})
    look("/reports"), look("/reports", week="2023-W24"), look("/communes"), look("/reports/hamlet", unit="Tân Phú")
    for kind in ("txt", "pdf", "xlsx", "svg"):
        look("/reports/weekly", **{"as": kind})
    does("/hand-in", inputs={"week": "2023-W24", "unit": 0, "difficulties": "mưa"})
    look("/hand-in"), look("/hand-in", unit=1)
    look("/hand-in/form")
    look("/templates"), look("/templates/{programme}/{audience}", "vneid", "A1"), look("/templates/{programme}/{audience}", "cccd", "A17", step=1)
    text = look("/templates/{programme}/{audience}", "vneid", "A1")["text"]
    for what in ("check", "save", "file"):
        does("/templates/{programme}/{audience}", "vneid", "A1", inputs={"do": what, "text": text.replace("mời", "kính mời", 1)},
             headers=tag("/templates/vneid/A1"))
    look("/templates/{programme}/{audience}", "vneid", "A1"), look("/providers"), look("/providers/check")
    with open(ROOT + "/config/providers/esms.yaml", "rb") as f:
        does("/providers/check", inputs={"status": 200, "answer": "{}"}, upload=("esms.yaml", f.read()))


def inputs_of(operation):
    """{name: (schema, required)} of what goes into the query or the body."""
    if "requestBody" in operation:
        schema, = (m["schema"] for m in operation["requestBody"]["content"].values())
        return {n: (s, n in schema.get("required", [])) for n, s in schema.get("properties", {}).items() if s.get("format") != "binary"}
    return {p["name"]: (p["schema"], p["required"]) for p in operation.get("parameters", []) if p["in"] == "query"}


def each_input(api, method, path, operation):
    """Right all, then one that is not right: that one is refused, by whoever may do the operation."""
    luck, inputs = api.luck, inputs_of(operation)

    def args():
        return [luck.choice(["999999"] if path in OURS else ["1", "2", "3", "999999"]) for _ in re.findall(r"\{", path)]
    if "multipart/form-data" in operation.get("requestBody", {}).get("content", {}):
        return
    good = {n: openapi.right(luck, s) for n, (s, required) in inputs.items() if required or luck.random() < 0.7}
    status, _ = api.ask(method, path, args(), inputs=good, headers={"If-Match": '"1"'})
    api.taken |= {(method, path, n) for n in good}
    for n, (schema, required) in inputs.items():
        bad = openapi.not_right(luck, schema)
        for put in ([bad] if bad is not None else []) + ([""] if required else []):
            status, answer = api.ask(method, path, args(), inputs={**good, n: put}, headers={"If-Match": '"1"'})
            assert status == 422, (method, path, n, put, status, answer)
        api.refused.add((method, path, n))


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


def nonsense(api, method, path, operation):
    luck, names = api.luck, list(inputs_of(operation)) + ["unknown"]
    args = [luck.choice((["999"] if path in OURS else ["1", "2", "999"]) + ["0", "-1", "x", "a" * 90, "999999999999999999999"])
            for _ in re.findall(r"\{", path)]
    headers = {"Content-Type": luck.choice(["application/json"] * 6 + ["text/plain", "multipart/form-data; boundary=x"]),
               "If-Match": luck.choice(['"1"', "1", "*", ""]), "Idempotency-Key": f"n{luck.randrange(5)}" * luck.choice([1, 1, 90])}
    who = luck.choice(["key"] * 6 + ["nobody", api.visitor(path, operation)])
    if method == "GET":
        api.ask(method, path, args, headers={k: w for k, w in headers.items() if luck.random() < 0.7 and k != "Content-Type"}, who=who,
                inputs={n: str(value(luck)).replace("\0", "")[:200] for n in names if luck.random() < 0.7})
    else:
        body = luck.choice([b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 3000]) if luck.random() < 0.1 else \
            json.dumps({n: value(luck) for n in names if luck.random() < 0.8}).encode()
        api.ask(method, path, args, body=body, headers=headers, who=who)


def main():
    with House(sys.argv[1]) as h:
        # Some arrive, some are refused, of some nobody knows.
        def reply(request):
            last = int(request["Phone"][-1])
            code = {"CodeResult": "99"} if last == 1 else Provider.accept(request)
            return None if last == 2 else (200, {"Connection": "close"}, json.dumps(code).encode())
        provider = h.add(Provider(reply))
        h.configure(provider.url, extra="caps: {per_day: 3, per_week: 6}\ndispatch: {max_attempts: 1, backoff: 1s}")
        h.run("import", "vneid", h.write("list.csv", h.people(8, 890) + "9;H-99;Lê Không Số;Nam;1970;Tân Phú;Tổ 1;;Chưa tạo;;\n"))
        h.run("import", "officials", LISTS + "can-bo.csv")
        h.run("import", "sessions", LISTS + "lich-thu-nhan.csv")
        h.serve()
        query = urllib.parse.urlencode({"sender": "84912000895", "content": "hỏi gì đó", "serviceNumber": "8041", "smsid": "in-1",
                                        "receiverTime": "20230612090000"})
        assert get(h.run("provider", "callback", "sms").strip() + "?" + query)[0] == 200
        api = Api(h)
        as_it_is_meant(api, h, provider)
        every = [(m.upper(), p, o) for p, ms in api.described["paths"].items() for m, o in ms.items()]
        # A week that waits for a word, a sheet that was filled in, a provider that stopped itself: hand_in.py and quota.py.
        missing = {(m, p) for m, p, _ in every} - api.walked - {("POST", p) for p in (
            "/reports/confirm", "/hand-in/sheet", "/providers/{name}/resume")}
        assert len(every) > 60 and not missing, missing
        until, rounds = time.monotonic() + SECONDS, 0
        while rounds < 2 or time.monotonic() < until:
            rounds += 1
            for method, path, operation in every:
                each_input(api, method, path, operation)
                for _ in range(3):
                    nonsense(api, method, path, operation)
        named = {(m, p, n) for m, p, o in every for n in inputs_of(o) if "multipart/form-data" not in o.get("requestBody", {}).get("content", {})}
        assert named == api.refused, named - api.refused
        assert SECONDS == 0 or named == api.taken, named - api.taken
        assert h.daemon.poll() is None
        log = h.read("moidan.log")
        assert "level=error" not in log, [x for x in log.split("\n") if "level=error" in x][:3]
        print(f"ok {sum(api.seen.values())} requests of {len(every)} operations and {len(named)} inputs: {dict(sorted(api.seen.items()))}")
        assert h.stop() == 0


if __name__ == "__main__":
    main()
