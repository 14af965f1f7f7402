#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What somebody would try who has an account, or a browser of somebody who has: two at once where one may, what was
used before, forms in other clothes, addresses that are spelt otherwise, what belongs to another officer, numbers
that are masked, messages that nobody counts. Usage: attacks.py MOIDAN"""
import collections
import http.client
import json
import re
import sys
import threading
import time
import urllib.parse

from console_lib import PASSWORD, Visitor, add_user
from lib import House, Provider, wait_for

FORM = "application/x-www-form-urlencoded"


def at_once(n, do):
    """How often each answer came: n threads do(i), begun together."""
    answers, gate = [], threading.Barrier(n)

    def one(i):
        gate.wait()
        answers.append(do(i))
    threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(answers) == n, answers
    return collections.Counter(answers)


def form(v, path, fields, headers=None):
    """A form exactly as given: a list of pairs, without what a page of ours would add."""
    return v.ask("POST", path, urllib.parse.urlencode(fields).encode(), {"Content-Type": FORM, **(headers or {})})


def one_link_lets_one_in(h):
    for turn in range(3):
        path = "/setup/" + h.json("user", "add", f"moi{turn}", "--role", "viewer")["link"].rsplit("/", 1)[1]
        words = [f"con trâu thứ {i} đi trước" for i in range(4)]
        seen = at_once(4, lambda i: Visitor(h).post(path, {"password": words[i], "again": words[i]}).status)
        assert seen == {303: 1, 404: 3}, seen
        said = [Visitor(h, f"192.0.2.{turn}").sign_in(f"moi{turn}", w, "") for w in words]
        assert sorted(a.status for a in said) == [303, 422, 422, 422], [(a.status, re.sub(r"<[^>]+>", "", a.text)[:2000]) for a in said]


def one_code_opens_once(h, approver):
    code = approver.code()
    seen = at_once(4, lambda i: Visitor(h).sign_in("duyet", code=code).status)
    assert seen == {303: 1, 422: 3}, seen
    assert Visitor(h, "192.0.2.8").sign_in("duyet", code=code).status == 422


def of_two_who_saw_the_same_one_decides(h, key, author):
    for turn in range(6):
        tag = key.get("/api/v1/recipients/1").headers["ETag"]

        def hold(i):
            return key.ask("POST", "/api/v1/recipients/1/hold", json.dumps({"kind": "officer", "reason": f"{turn} {i}"}).encode(),
                           {"Content-Type": "application/json", "If-Match": tag}).status
        assert at_once(4, hold) == {200: 1, 412: 3}, turn
        for wrong in ("*", "W/" + tag, tag.strip('"'), '"0"', "", tag + ", " + tag):
            a = key.ask("POST", "/api/v1/recipients/1/release", b"{}", {"Content-Type": "application/json", "If-Match": wrong})
            assert a.status in (412, 428), (wrong, a.status)
    rev = str(key.get("/api/v1/recipients/1").json()["rev"])
    author.get("/recipients/1")
    seen = at_once(4, lambda i: author.post("/recipients/1/release", {"rev": rev}).status)
    assert seen == {303: 1, 412: 3}, seen


def of_two_who_approve_one_does(h, author, approver, other, provider):
    v = author.post("/campaigns", {"name": "một", "programme": "vneid", "audience": "A1"})
    where = v.headers["Location"].split("?")[0]
    assert author.post(where + "/submit").status == 303
    # neither who wrote it nor another system, with whatever it says
    page = approver.get(where)
    found = re.search(r'name="hash" value="([^"]+)"', page.text)[1]
    assert author.post(where + "/approve", {"hash": found}).status == 403
    assert approver.post(where + "/approve", {"hash": "0" * 64}).status == 412
    other.get(where)
    who = [approver, other] * 2
    seen = at_once(4, lambda i: who[i].post(where + "/approve", {"hash": found}).status)
    assert seen[303] == 1 and set(seen) <= {303, 412, 422}, seen
    wait_for("messages", lambda: len(provider.seen()) == 5)
    h.wait_states("một", {"sent": 5})
    assert len(provider.seen()) == 5, "each once"
    with h.store() as db:
        assert db.execute("SELECT count(*) FROM audit WHERE what = 'campaign.approve'").fetchone() == (1,)


def forms_in_other_clothes(h, author):
    """What a foreign page could make a browser send."""
    author.get("/audiences")
    token, fields = author.form, [("programme", "vneid"), ("name", "lạ"), ("when", '"A1"')]
    multipart = "".join(f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{w}\r\n' for k, w in fields) + "--x--\r\n"
    bodies = [(FORM, urllib.parse.urlencode(fields)), ("text/plain", urllib.parse.urlencode(fields + [("form", token)])),
              ("application/json", json.dumps(dict(fields))), ("multipart/form-data; boundary=x", multipart),
              ("", urllib.parse.urlencode(fields + [("form", token)])), ("application/csp-report", json.dumps(dict(fields)))]
    for kind, body in bodies:
        for where in ("/audiences", "/api/v1/audiences", "/audiences?form=" + token):
            for headers in ({}, {"Sec-Fetch-Site": None}, {"Sec-Fetch-Site": "none"}, {"Accept": "application/json"}):
                a = author.ask("POST", where, body.encode(), {"Content-Type": kind, **headers})
                assert a.status == 403, (kind, where, headers, a.status)
    # with the token, but from elsewhere; a method that is said beside the method
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": None, "Origin": "null"}, {"Sec-Fetch-Site": "same-site"},
                    {"Sec-Fetch-Site": None, "Origin": f"http://127.0.0.1:{h.port}.evil.example"},
                    {"Sec-Fetch-Site": None, "Origin": f"http://evil.example/127.0.0.1:{h.port}"}):
        assert form(author, "/audiences", fields + [("form", token)], headers).status == 403, headers
    for headers in ({"X-HTTP-Method-Override": "POST"}, {"X-Method-Override": "POST"}, {"X-HTTP-Method": "POST"}):
        author.ask("GET", "/audiences?" + urllib.parse.urlencode(fields + [("form", token), ("_method", "POST")]), headers=headers)
    assert "lạ" not in author.get("/audiences?programme=vneid").text
    # said twice, in the address and in the body, one thing in it and another behind it
    for twice in ([("name", "lạ"), ("name", "khác")], [("programme", "officials"), ("programme", "vneid")]):
        a = form(author, "/audiences", [f for f in fields if f[0] != twice[0][0]] + twice + [("form", token)])
        assert a.status == 422 and a.has("chỉ điền một lần"), (twice, a.status)
    a = form(author, "/audiences?name=address&programme=officials", [f for f in fields if f[0] != "name"] + [("form", token)])
    assert a.status == 422 and a.has("chưa điền"), a.status
    assert "lạ" not in author.get("/audiences?programme=vneid").text and "address" not in author.get("/audiences?programme=vneid").text
    assert form(author, "/audiences", fields + [("form", token)]).status == 303
    assert "lạ" in author.get("/audiences?programme=vneid").text, "what is right is taken: the others were refused for what they were"


def the_same_in_json(key):
    """A field twice, in a list or in an object within: refused as in a form."""
    for body in (b'{"programme":"vneid","name":"x","name":"y","when":"\\"A1\\""}', b'{"programme":"vneid","name":["x","y"],"when":"\\"A1\\""}',
                 b'{"programme":"vneid","name":{"x":"y"},"when":"\\"A1\\""}', b'[]', b'"x"', b'{"programme":"vneid","name":"a\\u0000b","when":"\\"A1\\""}'):
        a = key.ask("POST", "/api/v1/audiences", body, {"Content-Type": "application/json"})
        assert a.status == 422, (body, a.status, a.text)


def addresses_spelt_otherwise(h, viewer, admin):
    assert admin.get("/users").status == 200
    odd = ["//users", "/users/", "/users;x", "/users;", "/users.", "/users%20", "/users%09", "/users%00", "/./users", "/x/../users", "/%2e/users",
           "/%2e%2e/users", "/%75sers", "/USERS", "/users%3f", "/users%2f", "/users\\", "/api/v1/api/v1/users", "/api/v1//users", "/api/v1/../users",
           "/api//v1/users", "/static/../users", "/static/..%2fusers", "/users/%2e", "http://127.0.0.1/users"]
    for path in odd:
        for v in (viewer, admin):
            a = v.get(path)
            assert a.status in (400, 404), (path, a.status)
            assert "quantri" not in a.text, path
    assert viewer.get("/users?").status == 403 and viewer.get("/users?x=/../").status == 403
    for method, status in (("OPTIONS", 501), ("TRACE", 501), ("PUT", 405), ("DELETE", 405), ("PATCH", 405), ("get", 400)):
        c = http.client.HTTPConnection("127.0.0.1", h.port, timeout=20)
        c.request(method, "/users", headers={"Content-Length": "0"} if method in ("PUT", "PATCH") else {})
        assert c.getresponse().status == status, method
        c.close()
    # nobody is sent elsewhere, whatever is asked for and whoever is said to be asked
    for path in ("/?done=//evil.example", "/login?next=//evil.example", "/users?done=https://evil.example"):
        for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"Referer": "https://evil.example/"}):
            a = Visitor(h).ask("GET", path, headers=headers)
            assert a.headers["Location"] in (None, "/login") and "evil.example" not in a.text, (path, a.headers["Location"])
    a = Visitor(h).ask("GET", "/openapi.yaml")
    assert a.status == 200 and a.text.startswith("# SPDX") and "openapi:" in a.text


def headers_twice(h, viewer, key):
    """Who it is says one header, and it is the first; a second one makes nobody somebody else."""
    def ask(*lines):
        c = http.client.HTTPConnection("127.0.0.1", h.port, timeout=20)
        c.putrequest("GET", "/api/v1/users", skip_accept_encoding=True)
        for name, value in lines:
            c.putheader(name, value)
        c.endheaders()
        r = c.getresponse()
        r.read()
        c.close()
        return r.status
    cookie = ("Cookie", f"__Host-moidan={viewer.cookies['__Host-moidan']}")
    bearer = ("Authorization", f"Bearer {key.key}")
    assert ask(cookie) == 403 and ask(bearer) == 403
    assert ask(cookie, ("Cookie", "__Host-moidan=" + "x" * 43)) == 403
    assert ask(("Cookie", "__Host-moidan=" + "x" * 43), cookie) == 401
    assert ask(bearer, ("Authorization", "Bearer " + "x" * 43)) == 403
    assert ask(("Authorization", "Basic eDp5"), cookie) == 401
    assert ask(("Authorization", ""), cookie) == 401
    assert ask(*([("X-A", "b" * 100)] * 200)) == 400
    assert ask(("X-A", "b" * 9000)) == 431


def a_session_is_nobodys_choice(h, viewer):
    chosen = "A" * 43
    v = Visitor(h)
    v.cookies = {"__Host-moidan": chosen, "moidan": chosen}
    assert v.sign_in("xem").status == 303 and v.cookies["__Host-moidan"] not in (chosen, viewer.cookies["__Host-moidan"])
    w = Visitor(h)
    w.cookies = {"__Host-moidan": chosen}
    assert w.get("/").headers["Location"] == "/login?done=over"
    # a new link and the password it sets end all that was begun before
    assert v.get("/").status == viewer.get("/").status == 200
    link = h.json("user", "password", "xem")["link"]
    assert viewer.get("/").status == 200, "a link alone ends nothing"
    new = Visitor(h)
    assert new.set_up(link, "một cây làm chẳng nên non").status == 303
    assert v.get("/").headers["Location"] == viewer.get("/").headers["Location"] == "/login?done=over"
    assert Visitor(h, "192.0.2.11").sign_in("xem", PASSWORD).status == 422
    return new


def what_another_officer_uploaded(h, author, key):
    stranger = add_user(h, "khac", "author")
    people = h.people(3, 50).encode()
    a = author.upload("/imports", {"programme": "vneid"}, "đ" * 250 + ".csv", people)
    assert a.status == 303, (a.status, a.text)
    where = a.headers["Location"]
    for v in (stranger, key):
        for path in (where, where + "/rejects"):
            assert v.get(path).status == 404, path
        for path in (where, where + "/drop"):
            assert v.post(path).status == 404, path
    for token in ("..", "." * 43, "%2e%2e%2f" + "x" * 34, "../" + "x" * 40, "x" * 43, "-" * 43):
        assert author.get("/imports/" + token).status in (400, 404), token
    assert author.get(where).status == 200 and author.post(where).status == 303
    assert "đ" * 60 not in h.read("moidan.log")


def masked_numbers_stay_masked(viewer, author):
    """By ever longer ends, nobody who sees three digits finds the fourth."""
    def found(v, q):
        return [x["number"] for x in v.get("/recipients?q=" + urllib.parse.quote(q), browser=False).json()["items"]]
    for q in ("0003", "00003", "000003", "2000003", "12000003", "0 003", "nguyen 0003"):
        assert not found(viewer, q), q
        assert found(author, q), q
    assert found(viewer, "003") == found(viewer, "0912000003") == found(viewer, "0912 000 003") == ["+84•••••003"]
    assert viewer.post("/recipients/4/number").status == 403


def a_key_is_no_person(h, key, author):
    """It may be called as somebody is: what it does is not put down to them."""
    assert key.post("/api/v1/campaigns", {"name": "của khóa", "programme": "vneid", "audience": ["A1"]},
                    {"Idempotency-Key": "a"}).status == 201
    with h.store() as db:
        assert db.execute("SELECT who FROM audit WHERE what = 'campaign.create' ORDER BY id DESC LIMIT 1").fetchone() == ("api:soan",)
    author.post("/logout")
    h.run("user", "disable", "soan")
    assert author.get("/").headers["Location"] == "/login"
    assert key.get("/api/v1/").status == 200, "a key is another system's, not whose name it bears"


def nobody_pumps_tests(approver, other, provider):
    n = len(provider.seen())
    who = [approver, other]
    answers = [who[i % 2].post("/providers/sms/test", {"number": f"0912{i:06d}"}) for i in range(30)]
    sent = sum(a.status == 303 for a in answers)
    assert 5 <= sent <= 7 and len(provider.seen()) - n == sent, (sent, len(provider.seen()) - n)
    assert {a.status for a in answers} == {303, 429} and all(a.headers["Retry-After"] for a in answers if a.status == 429)


def nobody_pumps_notices(h, key, provider):
    """A key writes to whom the lists name, in the office's words, and no number hears more than the law's three a day."""
    def times():
        return collections.Counter(r["Phone"] for r in provider.seen())
    before, n = times(), len(provider.seen())
    for i in range(60):
        a = key.post("/api/v1/notices", {"programme": "vneid", "key": f"H-{2 + i % 3}", "text": "ho-so-xong", "values": {"noi": "Một cửa"}},
                     {"Idempotency-Key": f"pump-{i}"})
        assert a.status in (201, 429), (a.status, a.text)

    def waits():
        with h.store() as db:
            return not db.execute("SELECT count(*) FROM message WHERE state IN (1, 2) AND due_at < ?",
                                  ((time.time() + key.shift) * 1000 + 3600000,)).fetchone()[0]
    wait_for("all else to wait for another day", waits)
    assert len(provider.seen()) > n and max(times().values()) == 3, (before, times())
    assert key.post("/api/v1/notices", {"programme": "vneid", "key": "H-2", "text": "0987000000 trúng thưởng"},
                    {"Idempotency-Key": "own words"}).status in (404, 422)
    assert key.post("/api/v1/notices", {"programme": "vneid", "key": "0987000000", "text": "ho-so-xong", "values": {"noi": "x"}},
                    {"Idempotency-Key": "own number"}).status == 404


def no_line_of_a_head_is_begun_by_what_was_sent(h, author):
    evil = "%0d%0aX-Evil:%201%0d%0a%0d%0a<script>"
    for method, path, fields in (("GET", "/" + evil, None), ("GET", "/recipients?q=" + evil, None), ("GET", "/login?name=" + evil, None),
                                 ("GET", "/imports/x" + evil, None), ("GET", "/static/" + evil, None), ("GET", "/reports?week=" + evil, None),
                                 ("POST", "/audiences", {"programme": "vneid", "name": "a\r\nX-Evil: 1", "when": '"A1"'}),
                                 ("POST", "/hand-in", {"week": "2023-W24\r\nX-Evil: 1"}),
                                 ("POST", "/campaigns", {"name": "a\r\nX-Evil: 1\r\n\r\n", "programme": "vneid", "audience": "A1"})):
        a = author.get(path) if method == "GET" else author.post(path, fields)
        assert a.headers["X-Evil"] is None and "<script>" not in a.text.split("<body")[0], path
    a = author.upload("/imports", {"programme": "vneid"}, 'a"\r\nX-Evil: 1\r\n.csv', h.people(2, 90).encode())
    assert a.headers["X-Evil"] is None


def who_signs_in_holds_up_nobody_else(h, viewer):
    """Passwords are hashed on purpose slowly: a crowd at the door waits for itself, and officers go on."""
    tries, answered = 40, []

    def guess(i):
        answered.append(Visitor(h, f"203.0.113.{i}").sign_in(f"ai{i}", "mật khẩu nào đó").status)
    crowd = [threading.Thread(target=guess, args=(i,)) for i in range(tries)]
    for t in crowd:
        t.start()
    wait_for("the first to be refused", lambda: answered)
    assert viewer.get("/recipients").status == 200
    before = len(answered)
    for t in crowd:
        t.join()
    # Two names may share a place of the throttle (throttle.c).
    assert before < tries // 2 and set(answered) <= {422, 429} and answered.count(422) > tries * 3 // 4, (before, answered)


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url, extra="caps: {per_day: 3, per_week: 6}")
        h.import_people(5)
        h.serve()
        admin, author, viewer = (add_user(h, n, r) for n, r in (("quantri", "administrator"), ("soan", "author"), ("xem", "viewer")))
        approver, other = add_user(h, "duyet", "approver"), add_user(h, "duyet2", "approver")
        page = admin.post("/keys", {"name": "soan", "read": "yes", "write": "yes", "send": "yes"})
        key = Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])
        one_link_lets_one_in(h)
        one_code_opens_once(h, approver)
        of_two_who_saw_the_same_one_decides(h, key, author)
        of_two_who_approve_one_does(h, author, approver, other, provider)
        forms_in_other_clothes(h, author)
        the_same_in_json(key)
        addresses_spelt_otherwise(h, viewer, admin)
        headers_twice(h, viewer, key)
        nobody_pumps_notices(h, key, provider)
        no_line_of_a_head_is_begun_by_what_was_sent(h, author)
        masked_numbers_stay_masked(viewer, author)
        what_another_officer_uploaded(h, author, key)
        who_signs_in_holds_up_nobody_else(h, viewer)
        a_session_is_nobodys_choice(h, viewer)
        nobody_pumps_tests(approver, other, provider)
        a_key_is_no_person(h, key, author)
        log = h.read("moidan.log")
        assert "level=error" not in log, [x for x in log.split("\n") if "level=error" in x][:3]
        assert h.stop() == 0


main()
