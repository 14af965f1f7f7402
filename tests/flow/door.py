# SPDX-License-Identifier: Apache-2.0
"""Coming in: the link that works once, passwords and second factors, sessions that end, forms that are not
ours, and what guessing brings."""
import re
import sqlite3
import sys
import time

from console_lib import PASSWORD, Visitor, add_user, is_closed
from lib import House


def the_link_works_once(h):
    link = h.json("user", "add", "duyet", "--role", "approver", "--title", "Trần Văn Duyệt")["link"]
    path = "/setup/" + link.rsplit("/", 1)[1]
    v = Visitor(h)
    page = v.get(path)
    assert page.has("Trần Văn Duyệt") and page.has("Người duyệt"), page.text
    for fields, said in (({"password": "ngan", "again": "ngan", "code": "000000"}, "ít nhất 10 ký tự"),
                         ({"password": "matkhau1234", "again": "matkhau1234", "code": "0"}, "dễ đoán"),
                         ({"password": PASSWORD, "again": "khác", "code": "0"}, "không giống nhau"),
                         ({"password": PASSWORD, "again": PASSWORD, "code": "000000"}, "mã 6 chữ số không đúng")):
        answer = v.post(path, fields)
        assert answer.status == 422 and answer.has(said), (said, answer.status, answer.text)
        assert PASSWORD not in answer.text
    assert v.set_up(link).status == 303
    assert Visitor(h).get(path).status == 404
    assert v.get("/").has("Trần Văn Duyệt")
    return v


def cookies_are_as_they_should_be(h, v):
    assert set(v.cookies) == {"__Host-moidan", "__Host-moidan-known"}
    w = Visitor(h)
    w.secret, w.step = v.secret, v.step
    answer = w.sign_in("duyet")
    for line in answer.headers.get_all("Set-Cookie"):
        for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
            assert word in line, line
        assert "Domain" not in line
    assert w.cookies["__Host-moidan"] != v.cookies["__Host-moidan"], "a new session has a new name"
    assert len(w.cookies["__Host-moidan"]) == 43  # 256 bits
    with open(h.path(h.database), "rb") as f:
        whole = f.read()
    with open(h.path(h.database + "-wal"), "rb") as f:
        whole += f.read()
    token = v.cookies["__Host-moidan"].encode()
    assert not any(token[i:i + 12] in whole for i in range(len(token) - 12)) and PASSWORD.encode() not in whole
    v.step = w.step
    return w


def a_code_counts_once(h, v):
    w = Visitor(h)
    w.secret, w.step = v.secret, v.step
    answer = w.sign_in("duyet", code=w.last_code())
    assert answer.status == 422 and "__Host-moidan" not in w.cookies, answer.text
    # and a password alone is nothing
    assert Visitor(h).sign_in("duyet").status == 422


def a_session_ends(h, v, w):
    assert w.get("/").status == 200
    old = dict(w.cookies)
    assert w.post("/logout").status == 303 and "__Host-moidan" not in w.cookies
    w.cookies = old
    assert w.get("/").headers["Location"] == "/login?done=over", "a session that was ended opens nothing"
    assert v.get("/").status == 200, "the other one goes on"
    # left alone, and at the end of the day
    for column, back in (("seen_at", 16 * 60000), ("created_at", 481 * 60000)):
        keep(h, f"UPDATE account_session SET {column} = {column} - {back}")
        assert v.get("/").headers["Location"] == "/login?done=over", column
        assert v.get("/login?done=over").has("Phiên làm việc đã hết")
        keep(h, f"UPDATE account_session SET {column} = {column} + {back}")
        assert v.get("/").status == 200
    h.run("user", "disable", "duyet")
    assert v.get("/").headers["Location"] == "/login?done=over", "who was shut out is out"
    h.run("user", "enable", "duyet")
    assert v.get("/").headers["Location"] == "/login?done=over"


def keep(h, sql):
    """The daemon writes nothing meanwhile."""
    with sqlite3.connect(h.path(h.database), timeout=10) as db:
        db.execute(sql)
    db.close()


def forms_that_are_not_ours(h):
    v = add_user(h, "quantri", "administrator")
    form = v.form
    assert form
    fields = {"to": "en"}
    wrong = [("no token", {**fields, "form": ""}, {}),
             ("another's token", {**fields, "form": "x" * 43}, {}),
             ("cross-site", {**fields, "form": form}, {"Sec-Fetch-Site": "cross-site"}),
             ("same-site", {**fields, "form": form}, {"Sec-Fetch-Site": "same-site"}),
             ("foreign origin", {**fields, "form": form}, {"Sec-Fetch-Site": None, "Origin": "https://evil.example"}),
             ("no origin", {**fields, "form": form}, {"Sec-Fetch-Site": None, "Origin": "null"})]
    for what, body, headers in wrong:
        answer = v.post("/language", body, headers)
        assert answer.status == 403, (what, answer.status)
    assert v.post("/language", {**fields, "form": form},
                  {"Sec-Fetch-Site": None, "Origin": f"http://127.0.0.1:{h.port}"}).status == 303
    assert v.get("/").has("Sign out")
    # signing in somebody else's browser needs our page too
    assert Visitor(h).post("/login", {"name": "quantri", "password": PASSWORD},
                           {"Sec-Fetch-Site": "cross-site"}).status == 403
    assert Visitor(h).post("/login", {"name": "quantri", "password": PASSWORD},
                           {"Sec-Fetch-Site": None}).status == 403
    v.post("/language", {"to": "vi"})
    return v


def every_answer_is_closed(h, v):
    for path in ("/", "/users", "/login", "/nothing", "/static/console.css", "/healthz", "/api/v1/users"):
        is_closed(v.get(path), path)


def guessing_waits_and_the_right_user_gets_in(h, v):
    begin, looked_at, longest = time.monotonic(), 0, 0
    for i in range(1000):
        a = Visitor(h, f"192.0.2.{i % 200}").sign_in("quantri", f"sai rồi số {i}", "000000")
        looked_at += a.status == 422
        assert a.status in (422, 429), a.status
        if a.status == 429:
            longest = max(longest, int(a.headers["Retry-After"]))
    minutes = (time.monotonic() - begin) / 60
    assert looked_at <= 10 + 10 * minutes, (looked_at, minutes)
    assert 0 < longest <= 60
    assert not Visitor(h).sign_in("quantri", PASSWORD, "000000").status == 303
    # the machine that was in before is let in, however many others guess
    known = Visitor(h, "192.0.2.7")
    known.cookies = {"__Host-moidan-known": v.cookies["__Host-moidan-known"]}
    known.secret, known.step = v.secret, v.step
    a = known.sign_in("quantri")
    assert a.status == 303, a.text


def nobody_tries_one_password_on_all(h):
    """From one address, of many accounts, there or not: as few are looked at."""
    begin, looked_at = time.monotonic(), 0
    for i in range(200):
        looked_at += Visitor(h, "198.51.100.4").sign_in(f"ai{i}" if i % 2 else "le.lan", "matkhau1234").status == 422
    assert 0 < looked_at <= 10 + 10 * (time.monotonic() - begin) / 60, looked_at
    assert Visitor(h, "198.51.100.5").sign_in("le.lan").status == 303, "whoever comes from elsewhere is let in"


def administrators_look_after_people(h, v):
    page = v.post("/users", {"name": "le.lan", "title": "Lê Thị Lan", "role": "author"})
    assert page.status == 200, page.text
    link = re.search(r"http://\S+/setup/[\w-]+", page.text)[0]
    assert Visitor(h).set_up(link).status == 303
    # whoever asks by another name has a web server in front, and cookies come back by TLS alone
    lan, = [u for u in v.get("/users", browser=False).json()["items"] if u["name"] == "le.lan"]
    page = v.post(f"/users/{lan['id']}", {"do": "link"}, headers={"Host": "console.xa.example"})
    assert re.search(r"https://console\.xa\.example/setup/[\w-]{43}\b", page.text), page.text
    again = v.post("/users", {"name": "le.lan", "title": "Lê Thị Lan", "role": "author"})
    assert again.status == 422 and again.has("đã có tài khoản")
    mine = [u for u in v.get("/users", browser=False).json()["items"] if u["self"]][0]
    a = v.post(f"/users/{mine['id']}", {"do": "disable"})
    assert a.status == 403 and a.has("quản trị viên cuối cùng"), a.text
    assert v.post("/users/999", {"do": "disable"}).status == 404
    # a key is shown once, opens what it should, and nothing once revoked
    page = v.post("/keys", {"name": "một cửa", "read": "yes"})
    key = re.search(r'<code class="key">([\w-]+)</code>', page.text)[1]
    assert key not in v.get("/keys").text
    api = Visitor(h, key=key)
    assert api.get("/api/v1/").status == 200
    refused = api.get("/api/v1/users")
    assert refused.status == 403 and refused.headers["Content-Type"].startswith("application/problem+json")
    assert refused.json()["type"] == "urn:moidan:problem:not-permitted"
    assert api.post("/api/v1/users", {"name": "x.y", "title": "x", "role": "viewer"}).status == 403
    number = v.get("/keys", browser=False).json()["items"][0]["id"]
    assert v.post(f"/keys/{number}/revoke").status == 303
    assert api.get("/api/v1/").status == 401
    assert Visitor(h, key="").get("/").status in (303, 401)
    assert v.get("/audit").has("api-key.revoke")


def main():
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.import_people(3)
        h.serve()
        v = the_link_works_once(h)
        w = cookies_are_as_they_should_be(h, v)
        a_code_counts_once(h, v)
        a_session_ends(h, v, w)
        admin = forms_that_are_not_ours(h)
        every_answer_is_closed(h, admin)
        administrators_look_after_people(h, admin)
        nobody_tries_one_password_on_all(h)
        guessing_waits_and_the_right_user_gets_in(h, admin)
        log = h.read("moidan.log")
        for secret in (PASSWORD, admin.secret, admin.cookies["__Host-moidan"], "/setup/"):
            assert secret not in log, secret
        assert h.stop() == 0


main()
