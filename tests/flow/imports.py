# SPDX-License-Identifier: Apache-2.0
"""A long list is checked and taken in while its officer looks on, or goes away: pages answer at once and say how far it is,
with scripts and without; nobody else sees it, nothing is done twice, another system waits for what comes of it,
and a reload for none of it.
Usage: imports.py MOIDAN"""
import os
import re
import signal
import sys
import threading

from console_lib import Visitor, add_user
from lib import HEADINGS, House, wait_for

ROWS = 7000


def a_list(rows=ROWS, first=0):
    lines = (f"{i};H-{i};Nguyễn Văn Số {i};Nam;1970;Tân Phú;Tổ 1;09{i:08d};Chưa tạo;;" for i in range(first + 1, first + rows + 1))
    return "\n".join([HEADINGS, *lines]).encode() + b"\n"


def state(v, where):
    a = v.get("/api/v1" + where, browser=False)
    return a.json().get("state") if a.status == 200 else a.status


def people(h):
    with h.store() as db:
        return db.execute("SELECT count(*) FROM recipient").fetchone()[0], db.execute("SELECT count(*) FROM import").fetchone()[0]


def checked_and_taken_in(h, author, other):
    with h.writer():
        a = author.upload("/imports", {"programme": "vneid"}, "dài.csv", a_list())
        assert a.status == 303, a.text
        where = a.headers["Location"]
        page = author.get(where)
        assert page.status == 200 and page.has("Đang kiểm tra: dài.csv") and page.has("dòng đã xong"), page.text
        assert re.search(r'<noscript><meta http-equiv="refresh" content="2"></noscript>', page.text), page.text
        assert f'data-errand="/api/v1{where}"' in page.text and "<form method=\"post\" action=\"/imports" not in page.text, page.text
        assert state(author, where) == "checking" and state(other, where) == 404 and other.get(where).status == 404
        # neither can be asked for before it is known what there is
        for what in ("", "/drop"):
            a = author.post(where + what)
            assert (a.status, a.headers["Location"]) == (303, where), (what, a.text)
        assert other.post(where).status == 404
        assert author.get("/recipients").status == 200  # the console goes on
    wait_for("checked", lambda: state(author, where) == "checked", 60)
    page = author.get(where)
    assert page.has("Nhập 7.000 hộ") and "http-equiv" not in page.text, page.text
    assert people(h) == (0, 0) and other.get(where).status == 404
    with h.writer():
        for _ in range(2):  # pressed twice
            a = author.post(where)
            assert (a.status, a.headers["Location"]) == (303, where), a.text
        page = author.get(where)
        assert page.has("Đang nhập: dài.csv") and page.has("Hoặc cả danh sách được nhập, hoặc không dòng nào."), page.text
        assert author.post(where + "/drop").headers["Location"] == where
        assert state(author, where) == "importing" and people(h) == (0, 0)
    wait_for("imported", lambda: state(author, where) == "imported", 60)
    a = author.get(where)
    assert (a.status, a.headers["Location"]) == (303, "/imports?done=imported"), a.text
    assert people(h) == (ROWS, 1), people(h)
    a = author.post(where)  # in the other tab: it is in, and there is where to see it
    assert a.status == 404 and a.has("Đã nhập gần đây") and 'href="/imports"' in a.text, a.text
    assert people(h) == (ROWS, 1)
    page = author.get("/imports?done=imported")
    assert page.has("Đã nhập danh sách") and page.has("7.000/7.000"), page.text


def refused(h, author):
    """What is no list is said on the page of the work, in words, and nothing is left of it."""
    a = author.upload("/imports", {"programme": "vneid"}, "không phải.csv", b"x;y\n" + b"1;2\n" * 80_000)
    where = a.headers["Location"]
    wait_for("refused", lambda: state(author, where) == "refused", 60)
    page = author.get(where)
    assert page.status == 200 and page.has("Không nhận được: không phải.csv") and page.has("Chưa nhập dòng nào."), page.text
    assert "alert-danger" in page.text and page.has("“không phải.csv”"), page.text
    assert author.post(where).status == 404 and people(h) == (ROWS, 1)


def pressed_by_two_at_once(h, author):
    """Both find a list that is not long, and both wait for whoever writes."""
    before = people(h)[1]
    a = author.upload("/imports", {"programme": "vneid"}, "ngắn.csv", a_list(50, ROWS + 2000))
    where = a.headers["Location"]
    answers = []
    with h.writer():
        presses = [threading.Thread(target=lambda: answers.append(author.post(where))) for _ in range(2)]
        for press in presses:
            press.start()
        wait_for("one to be told that the other is at it", lambda: len(answers) == 1, 30)
    for press in presses:
        press.join(60)
    assert sorted((a.status, a.headers["Location"]) for a in answers) == [(303, where), (303, "/imports?done=imported")], \
        [(a.status, a.headers["Location"], a.text) for a in answers]
    assert people(h)[1] == before + 1, people(h)


def another_system(h, admin):
    page = admin.post("/keys", {"name": "máy", "read": "yes", "write": "yes"})
    api = Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])
    a = api.upload("/api/v1/imports", {"programme": "vneid"}, "máy.csv", a_list(6000, 20_000))
    assert a.status == 200, a.text
    where = f"/api/v1/imports/{a.json()['token']}"
    assert api.get(where).json()["accepted"] == 6000
    a = api.post(where)
    assert a.status == 200 and a.json()["added"] == 6000, a.text
    assert people(h) == (ROWS + 6000, 2)


def ended_in_the_middle(h, author):
    """A gateway that is killed at it has not begun it."""
    with h.writer():
        where = author.upload("/imports", {"programme": "vneid"}, "dở.csv", a_list(6000, 40_000)).headers["Location"]
        assert state(author, where) == "checking"
        h.daemon.kill()
        h.daemon.wait()
    h.serve()
    assert author.get(where).status == 404 and people(h) == (ROWS + 6000, 2)
    where = author.upload("/imports", {"programme": "vneid"}, "dở.csv", a_list(6000, 40_000)).headers["Location"]
    wait_for("checked", lambda: state(author, where) == "checked", 60)
    with h.writer():
        assert author.post(where).status == 303 and state(author, where) == "importing"
        h.daemon.kill()
        h.daemon.wait()
    h.serve()
    assert state(author, where) == "checked" and people(h) == (ROWS + 6000, 2)
    assert author.get(where).status == 200 and author.post(where).status == 303
    wait_for("imported", lambda: people(h) == (ROWS + 12_000, 3), 60)


def reloaded_meanwhile(h, author, admin):
    """Nobody waits for a reload that waits for whoever writes, and lists under way go on with what they began with."""
    def ask(phone):
        os.replace(h.write("new.yaml", re.sub(r"02963 \d{3} \d{3}", phone, h.read("moidan.yaml"))), h.file)
        h.daemon.send_signal(signal.SIGHUP)
    before, rows = people(h), 20_000
    with h.writer():
        where = author.upload("/imports", {"programme": "vneid"}, "cũ.csv", a_list(rows, 50_000)).headers["Location"]
        for i in range(1, 4):
            ask(f"02963 000 00{i}")
            assert admin.get("/settings").status == 200 and state(author, where) == "checking"
    wait_for("the reload", lambda: admin.get("/settings").has("02963 000 003"), 60)
    wait_for("checked", lambda: state(author, where) == "checked", 60)
    with h.writer():
        assert author.post(where).status == 303
        ask("02963 000 004")
        assert admin.get("/settings").status == 200 and state(author, where) == "importing"
    wait_for("imported", lambda: ask("02963 000 005") or state(author, where) == "imported", 60)
    assert people(h)[0] == before[0] + rows, people(h)
    wait_for("the last reload", lambda: admin.get("/settings").has("02963 000 005"), 60)
    assert "level=error" not in h.read("moidan.log")


def main():
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.run("init")
        h.serve()
        author, other, admin = (add_user(h, name, role) for name, role in
                                (("lan", "author"), ("mai", "author"), ("chi", "administrator")))
        checked_and_taken_in(h, author, other)
        refused(h, author)
        another_system(h, admin)
        ended_in_the_middle(h, author)
        pressed_by_two_at_once(h, author)
        reloaded_meanwhile(h, author, admin)
        assert h.stop() == 0


main()
