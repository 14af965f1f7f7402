#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The timetable of the machine through the real daemon: imported, invited to by quota, moved, cancelled,
attended; whoever was told hears of a change, nobody else does. Usage: sessions.py MOIDAN"""
import subprocess
import sys

from console_lib import add_user
from lib import House, Provider, ROOT, wait_for

LIST = ROOT + "/tests/data/my-phu-dong/cccd-ton.csv"
TIMETABLE = ROOT + "/tests/data/my-phu-dong/lich-thu-nhan.csv"
EX_USAGE, EX_DATAERR, EX_NOINPUT = 64, 65, 66


def taken(h):
    return {s["id"]: s["taken"] for s in h.json("session", "list", "--all")}


def people(h, session, state="invited"):
    return [p["key"] for p in h.json("session", "show", str(session))["people"] if p["state"] == state]


def the_timetable_is_read_and_read_again(h):
    h.run("import", "cccd", LIST, "--list-year", "2023")
    assert {s["put"] for s in h.json("import", "sessions", TIMETABLE)} == {"new"}
    assert {s["put"] for s in h.json("import", "sessions", TIMETABLE)} == {"same"}
    sessions = h.json("session", "list")
    assert [(s["day"], s["opens"], s["closes"], s["seats"]) for s in sessions] == [
        ("2023-06-12", "07:30", "11:00", 20), ("2023-06-13", "07:30", "11:00", 20),
        ("2023-06-14", "07:30", "11:00", 20), ("2023-06-16", "13:30", "16:30", 30),
        ("2023-06-19", "07:30", "16:30", 40)], sessions
    h.run("import", "sessions", h.write("x.csv", "Ngày,Bắt đầu,Kết thúc,Địa điểm,Số lượt\n31/02/2023,7h,8h,x,5\n"),
          code=EX_DATAERR)
    assert "dòng 2" in h.errors and "31/02/2023" in h.errors, h.errors
    h.run("import", "sessions", h.write("y.csv", "Ngày,Bắt đầu,Kết thúc,Địa điểm\n12/06/2023,7h,8h,x\n"),
          code=EX_DATAERR)
    assert "Số lượt" in h.errors, h.errors
    h.run("session", "show", "99", code=EX_NOINPUT)


def eleven_are_invited_on_the_first_day(h, provider):
    h.campaign("đợt 1", "--programme", "cccd", "--quota", audience="A3")
    wait_for("eleven invitations", lambda: h.states("đợt 1").get("sent") == 11)
    quota = h.json("campaign", "quota", "đợt 1")
    assert (quota["left"], quota["working_days"], quota["base"], quota["quota"]) == (97, 9, 11, 11), quota
    assert quota["obeyed"] and [d["planned"] for d in quota["days"]] == [11], quota
    assert sum(taken(h).values()) == 11
    assert len(provider.seen()) == 11
    assert "97 ÷ 9 ngày = 10,8 → 11" in h.run("campaign", "quota", "đợt 1")


def a_cancelled_session_is_corrected(h, provider):
    before, told = len(provider.seen()), people(h, 1)
    assert told
    assert h.json("session", "cancel", "1", "--reason", "máy hỏng") == {
        "corrected": len(told), "withdrawn": 0, "by_hand": 0}
    wait_for("corrections", lambda: len(provider.seen()) == before + len(told))
    for r in provider.seen()[before:]:
        assert "12/6" in r["Content"] and "hoan" in r["Content"], r
    assert taken(h)[1] == 0 and people(h, 1) == []
    h.run("session", "cancel", "1", code=EX_DATAERR)


def a_moved_session_is_corrected(h, provider):
    before, told = len(provider.seen()), people(h, 2)
    assert told
    h.run("session", "move", "2", code=EX_USAGE)
    assert h.json("session", "move", "2", "--day", "15/06/2023", "--hours", "8h-10h30") == {
        "corrected": len(told), "withdrawn": 0, "by_hand": 0}
    wait_for("corrections", lambda: len(provider.seen()) == before + len(told))
    for r in provider.seen()[before:]:
        assert "8 gio 00 thu Nam 15/6" in r["Content"], r
    assert people(h, 2) == told


def who_came_is_recorded(h):
    key = people(h, 3)[0]
    h.run("session", "attend", "3", key, "came", code=EX_DATAERR)  # it has not taken place
    h.run("session", "add", "--day", "08/06/2023", "--hours", "7h30-11h", "--place", "Công an xã", "--seats", "1")
    held = [r for r in ("CC-075", "CC-069") if r not in people(h, 3)]
    h.run("session", "seat", "6", held[0])
    h.run("session", "seat", "6", "CC-063", code=EX_DATAERR)  # the only seat
    h.run("session", "attend", "6", held[0], "came")
    assert h.json("session", "show", "6")["came"] == 1
    assert "DANH SÁCH" in h.run("session", "sheet", "3")
    h.run("session", "sheet", "3", "--out", h.path("buoi.pdf"))
    text = subprocess.run(["pdftotext", "-layout", h.path("buoi.pdf"), "-"], capture_output=True, text=True,
                          check=True).stdout
    names = [p["name"] for p in h.json("session", "show", "3")["people"]]
    assert names and all(n in text for n in names), (names, text)
    assert "Ký tên" in text and "Đến không hẹn trước" in text and "+84" not in text, text


def the_dead_stand_on_no_list(h):
    """Neither on the console's page, nor on paper, nor on the terminal; each says how many are left out."""
    h.run("session", "add", "--day", "08/06/2023", "--hours", "8h-11h", "--place", "Công an xã", "--seats", "2")
    seated = {k for i in range(1, 7) for state in ("invited", "came") for k in people(h, i, state)}
    for key in [k for k in (f"CC-{i:03d}" for i in range(60, 80)) if k not in seated][:2]:
        h.run("session", "seat", "7", key)
        h.run("session", "attend", "7", key, "came")
    (gone, other) = h.json("session", "show", "7")["people"]
    h.run("recipient", "hold", "cccd", gone["key"], "--reason", "đã mất", "--deceased")
    left = h.json("session", "show", "7")
    assert (left["left_out"], left["came"], [p["key"] for p in left["people"]]) == (1, 1, [other["key"]]), left
    assert "Không ghi tên 1 người đã mất" in h.run("session", "sheet", "7")
    author = add_user(h, "lan", "author")
    page = author.get("/sessions/7")
    assert page.status == 200 and not page.has(gone["name"]) and page.has("nghi đã mất: 1."), page.text
    assert page.has(other["name"])
    a = author.get("/sessions/7/sheet")
    assert a.status == 200 and a.body.startswith(b"%PDF-"), a.text[:500]
    with open(h.path("web.pdf"), "wb") as f:
        f.write(a.body)
    text = subprocess.run(["pdftotext", "-layout", h.path("web.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    assert gone["name"] not in text and other["name"] in text and "Không ghi tên 1 người" in text, text
    assert author.get("/sessions/99/sheet").status == 404


def main():
    with House(sys.argv[1], clock="2023-06-08T09:00:00+07:00") as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.run("init")
        the_timetable_is_read_and_read_again(h)
        h.serve()
        eleven_are_invited_on_the_first_day(h, provider)
        a_cancelled_session_is_corrected(h, provider)
        a_moved_session_is_corrected(h, provider)
        who_came_is_recorded(h)
        the_dead_stand_on_no_list(h)
        assert h.stop() == 0


main()
