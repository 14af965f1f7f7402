# SPDX-License-Identifier: Apache-2.0
"""Every row of tests/data/permissions.csv is asked of the daemon by everybody: each role, a hamlet of its
own and another one, each scope of a key, and somebody who is not in at all."""
import csv
import re
import sys

from console_lib import Visitor, add_user
from lib import House, ROOT

ROLES = ("viewer", "author", "approver", "administrator", "hamlet")
SCOPES = ("read", "write", "send")


def visitors(h):
    v = {role: add_user(h, role, role, *(("--unit", "Tân Phú") if role == "hamlet" else ())) for role in ROLES}
    for scope in SCOPES:
        page = v["administrator"].post("/keys", {"name": scope, scope: "yes"})
        v[scope] = Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])
    return v


def rows():
    with open(ROOT + "/tests/data/permissions.csv", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def ask(v, method, path, nobody):
    """The status of a request that is well formed and, where it may pass, refers to nothing that is there."""
    path = re.sub(r":\w+", "999999", path)
    if method == "GET":
        return v.get(path)
    return v.post(path, {}, {"Idempotency-Key": "k"} if v.key else None) if not nobody else v.post(
        path, {}, {"Sec-Fetch-Site": "same-origin"})


def main():
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.import_people(3)
        h.serve()
        who = visitors(h)
        for row in rows():
            method, path, may = row["method"], row["path"], row["who may"].split()
            if path == "/logout":
                continue
            nobody = ask(Visitor(h), method, path, True)
            if may == ["everybody"]:
                assert nobody.status not in (401, 403), (method, path, nobody.status)
                continue
            if method == "GET":
                assert (nobody.status, nobody.headers["Location"]) == (303, "/login"), (path, nobody.status)
            else:
                assert nobody.status == 401, (path, nobody.status)
            for name, v in who.items():
                a = ask(v, method, path, False)
                if name in may:
                    assert a.status in (200, 303, 404, 409, 412, 422, 428), (name, method, path, a.status, a.text[:500])
                else:
                    assert a.status == 403, (name, method, path, a.status, a.text[:500])
        wrong = Visitor(h, key="x" * 43)
        assert wrong.get("/api/v1/").status == 401
        assert h.stop() == 0


main()
