#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is over its time is gone from the very bytes of the file: names, numbers, words, receipts, the index of
names. Figures, states and who declined stay. Usage: purge.py MOIDAN"""
import sqlite3
import sys

from lib import HEADINGS, House, Provider, get

NAMES = ["Nguyễn Văn Hoàng Yến", "Trần Thị Chim Sẻ", "Lê Hữu Vàng Anh", "Phạm Kim Tước"]
WORDS = [b"Hoang Yen", b"hoang yen", "Hoàng Yến".encode(), b"Chim Se", "Chim Sẻ".encode(), b"chim se", "Vàng Anh".encode(),
         b"vang anh", "Kim Tước".encode(), b"kim tuoc", b"0912777", b"912777", b"GHI-CHU-RIENG", b"orphan-marker"]
INDEXED = [b"hoang", b"tuoc"]  # nobody else is called so
NUMBER = 84912777000
RULES = "caps: {per_day: 3, per_week: 6}\n"


def rows(first, n, number):
    out = [HEADINGS]
    for i in range(first, first + n):
        out.append(f"{i + 1};H-{i + 1};{NAMES[i % 4]};Nam;1970;Tân Phú;Tổ 1;0{(number + i) % 10 ** 9};Chưa tạo;;GHI-CHU-RIENG")
    return "\n".join(out) + "\n"


def found(h):
    """Which marks are in the bytes of the database, its log, or anything beside it."""
    hits = set()
    for end in ("", "-wal", "-shm"):
        try:
            with open(h.path("moidan.db" + end), "rb") as f:
                data = f.read()
        except FileNotFoundError:
            continue
        hits |= {w for w in WORDS + INDEXED if w in data}
        hits |= {NUMBER + i for i in range(30) if (NUMBER + i).to_bytes(6, "big") in data}
    return hits


def ask(h, sql):
    db = sqlite3.connect(f"file:{h.path('moidan.db')}?mode=ro", uri=True)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def counted(h):
    figures = h.json("report", "figures")["programmes"][0]["total"]
    return (h.states("một"), [figures[k] for k in ("total", "done", "messages", "segments", "delivered", "cost")],
            ask(h, "SELECT state, count(*) FROM recipient GROUP BY state"),
            ask(h, "SELECT count(*) FROM contact"), ask(h, "SELECT count(*) FROM receipt"))


with House(sys.argv[1]) as h:
    provider = h.add(Provider()).remember()
    h.configure(provider.url, extra=RULES)
    h.run("init")
    h.run("import", "vneid", h.write("list.csv", rows(0, 30, NUMBER)))
    h.run("report", "hand-in", "--unit", "Tân Phú", "--figures", "30,0,30,0", "--difficulties", "Ông Kim Tước không có máy",
          "--proposals", "đến nhà ông Kim Tước")
    h.serve()
    h.campaign("một")
    h.wait_states("một", {"sent": 30})
    for request in provider.seen():
        assert h.receipt(request)[0] == 200
    callback = provider.seen()[0]["CallbackUrl"]
    assert get(callback + "?SMSID=orphan-marker&SendStatus=5&SendSuccess=1&phonenumber=0912777029")[0] == 200
    h.wait_states("một", {"delivered": 30})
    for i in (3, 7):
        h.run("recipient", "set", "vneid", f"H-{i + 1}", "opted-out")
    h.run("recipient", "hold", "vneid", "H-10", "--deceased")
    assert h.stop() == 0
    before = found(h)
    assert set(WORDS[5:6] + WORDS[10:]) - {b"0912777"} <= before and NUMBER + 29 in before, before

    # Nothing is over yet.
    h.set_clock("2023-09-14T09:00:00+07:00")
    gone = h.json("purge")
    assert gone == {"texts": 0, "receipts": 0, "people": 0, "numbers": 0, "compacted": True}, gone

    # Two years and a half later others are in the lists; some who are written to again stay.
    h.set_clock("2026-01-14T09:00:00+07:00")
    h.serve()
    h.import_people(10, first=50000)
    kept = counted(h)
    gone = h.json("purge")
    assert gone == {"texts": 31, "receipts": 31, "people": 30, "numbers": 28, "compacted": False}, gone
    assert counted(h) == kept, (counted(h), kept)
    assert ask(h, "SELECT figures, difficulties, proposals FROM hand_in") == [
        ('{"III.1":30,"III.2":0,"III.3":30,"III.4":0}', "", "")]
    assert h.states("một") == {"delivered": 30}
    assert len(h.json("message", "list", "--campaign", "một", "--limit", "100")["items"]) == 30
    h.json("message", "show", "1")
    h.run("recipient", "show", "vneid", "H-1", code=None)
    assert h.stop() == 0
    again = h.json("purge")
    assert again == {"texts": 0, "receipts": 0, "people": 0, "numbers": 0, "compacted": True}, again
    left = found(h)
    assert left == {NUMBER + 3, NUMBER + 7}, left
    h.run("doctor", code=None)
    assert ask(h, "PRAGMA integrity_check") == [("ok",)]

    # Nobody who is gone is written to, and who declined is not heard of again.
    h.serve()
    h.run("import", "vneid", h.write("list.csv", rows(3, 5, NUMBER)))
    h.campaign("hai")
    h.wait_states("hai", {"sent": 10 + 5 - 2})
    numbers = {r["Phone"][-9:] for r in provider.seen()[30:]}
    assert not {"912777003", "912777007"} & numbers and len(numbers) == 13, numbers
    assert h.stop() == 0
    print(f"ok {sorted(gone.items())}; of {len(before)} marks in the file {len(left)} are left, which declined")
