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

DOCUMENTED = {200, 201, 400, 401, 403, 404, 409, 412, 413, 422, 428, 429, 431, 503}
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


def main():
    r = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 46)
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.import_people(5)
        h.serve()
        admin = add_user(h, "quantri", "administrator")
        page = admin.post("/keys", {"name": "k", "read": "yes", "write": "yes", "send": "yes"})
        key = Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])
        described, asked = operations(), 0
        assert len(described) > 40, len(described)
        for _ in range(12):
            for method, path, inputs in described:
                v = key if r.random() < 0.9 else Visitor(h)
                where = "/api/v1" + re.sub(r"\{\w+\}", lambda m: r.choice(["1", "2", "999", "0", "-1", "x", "a" * 90]), path)
                headers = {}
                if r.random() < 0.7:
                    headers["Idempotency-Key"] = f"k{r.randrange(5)}" * r.choice([1, 1, 90])
                if r.random() < 0.7:
                    headers["If-Match"] = r.choice(['"1"', "1", "*", ""])
                if method == "GET":
                    a = v.ask("GET", where + query(r, inputs), browser=False)
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
                assert "Traceback" not in a.text and "database:" not in a.text, what
        # Once the throttle lets it through again.
        assert h.daemon.poll() is None
        wait_for("an answer", lambda: key.get("/api/v1/recipients").status == 200)
        print(f"{asked} requests")
        assert "level=error" not in h.read("moidan.log"), [x for x in h.read("moidan.log").split("\n") if "level=error" in x][:3]
        assert h.stop() == 0


main()
