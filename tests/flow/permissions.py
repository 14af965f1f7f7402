# SPDX-License-Identifier: Apache-2.0
"""Every row of tests/data/permissions.csv is asked of the daemon by everybody: each role, a hamlet of its own, each scope
of a key, and somebody who is not in at all. Whatever is answered is closed to a browser; a form of whoever may is not
taken without their token, with another's, or from another site; and what is only asked for changes nothing."""
import csv
import re
import sys

from console_lib import Visitor, add_user, is_closed
from lib import House, ROOT

ROLES = ("viewer", "author", "approver", "administrator", "hamlet")
SCOPES = ("read", "write", "send")
# What looking writes down: that somebody looked, and is there.
LOOKED = ("audit", "account_session", "sqlite_sequence")


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
    """The answer to a request that is well formed and, where it may pass, refers to nothing that is there."""
    path = re.sub(r":\w+", "999999", path)
    if method == "GET":
        a = v.get(path)
    else:
        a = v.post(path, {}, {"Idempotency-Key": "k"} if v.key else None) if not nobody else v.post(
            path, {}, {"Sec-Fetch-Site": "same-origin"})
    is_closed(a, path)
    return a


def kept(h):
    """All that the store holds but what looking writes."""
    with h.store() as db:
        tables = [t for t, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'recipient_search%'")]
        return {t: sorted(map(repr, db.execute(f"SELECT * FROM {t}"))) for t in tables if t not in LOOKED}


def a_form_is_one_s_own(v, other, path):
    path = re.sub(r":\w+", "1", path)
    v.get("/")
    for fields, headers in (({"form": ""}, {}), ({"form": other.form}, {}), ({"form": v.form[:-1] + "x"}, {}),
                            ({"form": v.form}, {"Sec-Fetch-Site": "cross-site"}), ({"form": v.form}, {"Sec-Fetch-Site": "same-site"}),
                            ({"form": v.form}, {"Sec-Fetch-Site": None, "Origin": "https://evil.example"})):
        a = v.post(path, fields, headers)
        assert a.status == 403 and a.has("không được gửi từ trang"), (path, fields, headers, a.status, a.text[:500])


def looking_changes_nothing(h, who):
    before = kept(h)
    assert "recipient" in before and len(before) > 20
    for row in rows():
        if row["method"] != "GET":
            continue
        for name in row["who may"].replace("everybody", "viewer").split():
            for number in ("1", "vneid/A1") if row["path"].count(":") == 2 else ("1",):
                path = re.sub(r":\w+/:\w+" if "/" in number else r":\w+", number, row["path"])
                for query in ("", "?as=letters", "?as=visits-xlsx", "?done=held&do=disable&to=done&rev=1&form=x"):
                    who[name].get(path + query)
    after = kept(h)
    assert after == before, [t for t in after if after[t] != before[t]]


def main():
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.import_people(3)
        h.serve()
        who = visitors(h)
        asked = 0
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
                asked += 1
                if name in may:
                    assert a.status in (200, 303, 404, 409, 412, 422, 428), (name, method, path, a.status, a.text[:500])
                else:
                    assert a.status == 403, (name, method, path, a.status, a.text[:500])
            able = [n for n in may if n in ROLES]
            if method == "POST" and able:
                a_form_is_one_s_own(who[able[0]], who["viewer" if able[0] != "viewer" else "author"], path)
        looking_changes_nothing(h, who)
        wrong = Visitor(h, key="x" * 43)
        assert wrong.get("/api/v1/").status == 401
        print(f"ok {asked} answers")
        assert h.stop() == 0


main()
