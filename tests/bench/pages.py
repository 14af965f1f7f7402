#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long each page of the console takes when the tables are large: the server's time, as its client sees it over
the loopback. Exits 1 when the median of one is over LIMIT ms.
Usage: pages.py MOIDAN [--people N] [--messages N] [--dir DIR] [--tries N] [--limit MS]

MOIDAN: a Release build. N people go in through `moidan import`; each campaign is written to all of them, and as many
campaigns as N messages need are written beside the gateway, in SQL, as they would stand after their receipts. With
--dir what was built stays there and is used again (10 million messages take some 6 GB and a quarter of an hour)."""
import argparse
import http.client
import json
import os
import shutil
import sqlite3
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../flow")
from console_lib import add_user  # noqa: E402
from lib import HEADINGS, House, listens, wait_for  # noqa: E402

FAMILY = "Nguyễn Trần Lê Phạm Huỳnh Võ Đặng Bùi Dương Lâm Thạch".split()
MIDDLE = ["Văn", "Thị", "Hữu", "Ngọc", "Thanh", "Thị Hồng", "Thị Mỹ", "Quốc"]
GIVEN = "Xuyến Dũng Thắng Lài Giàu Hải Luận Ngân Thảo Út Khánh Đức Hoa Sương Bé Tám Chín".split()
HAMLETS = [f"Tân {x}" for x in "Phú Mỹ Đông Bình An Lập Hòa Thành Thuận Lợi Hưng Phước".split()]
PART = 200_000
TEXT = ("UBND xa My Phu Dong moi ho ong/ba den tru so luc 08:00 ngay 20/06 de lam dinh danh muc 2 va VNeID, mang theo "
        "CCCD. LH 02960000000")
# of a thousand messages: delivered, undelivered, failed, expired, uncertain, sent without a receipt
STATES = """CASE WHEN x < 930 THEN 10 WHEN x < 960 THEN 11 WHEN x < 965 THEN 13 WHEN x < 970 THEN 15 WHEN x = 970 THEN 3
 ELSE 5 END"""


def people(first, n):
    yield HEADINGS
    for i in range(first, first + n):
        name = f"{FAMILY[i % 11]} {MIDDLE[i // 11 % 8]} {GIVEN[i // 88 % 17]}"
        number = "" if i % 9 == 0 else f"09{i % 100_000_000:08d}"
        yield (f"{i + 1};H-{i + 1:07d};{name};{'Nam' if i % 2 else 'Nữ'};{1935 + i % 70};{HAMLETS[i // 500 % 12]};Tổ {1 + i // 50 % 40};"
               f"{number};{'Đã tạo' if i % 5 == 0 else 'Chưa tạo'};;{'đã mất' if i % 997 == 0 else ''}")


def campaign(db, number, now):
    """All people who can be texted, in the campaign; what became of each."""
    db.execute("UPDATE campaign SET state = 3, fan_out_cursor = -1, created_at = ?1, started_at = ?1, approved_by = 'duyet' "
               "WHERE id = ?2", (now, number))
    first = db.execute("SELECT COALESCE(max(id), 0) + 1 FROM message").fetchone()[0]
    db.execute(f"""INSERT INTO message(campaign_id, recipient_id, step, state, due_at, expires_at, contact_id, attempts,
        provider_id, segments, ucs2, audience, template_id, recipient_rev, day, planned_at, sent_at, final_at, code)
        SELECT ?1, id, 0, {STATES}, ?2, ?2 + 86400000, contact_id, 1, 1, 1, 0, 0, 1, rev, 19500, ?2, ?2 + id % 86400, ?2 + id % 86400 + 60,
        '100' FROM (SELECT *, (id * 7919 + ?1 * 31) % 1000 AS x FROM recipient WHERE contact_id IS NOT NULL AND hold = 0 ORDER BY id)""",
               (number, now))
    db.execute("INSERT INTO message_text(message_id, text) SELECT id, ? FROM message WHERE id >= ?", (TEXT, first))
    db.execute("""INSERT INTO message_count(campaign_id, rung, state, n, segments) SELECT campaign_id, 0, state, count(*), sum(segments)
        FROM message WHERE id >= ? GROUP BY campaign_id, state""", (first,))
    db.commit()


def build(h, n_people, n_messages):
    began = time.monotonic()
    h.run("init")
    for first in range(0, n_people, PART):
        n = min(PART, n_people - first)
        with open(h.path("list.csv"), "w", encoding="utf-8") as f:
            f.write("\n".join(people(first, n)) + "\n")
        h.run("import", "vneid", h.path("list.csv"))
        print(f"{first + n} people, {time.monotonic() - began:.0f} s", flush=True)
    db = sqlite3.connect(h.path("moidan.db"))
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -400000")
    texted = db.execute("SELECT count(*) FROM recipient WHERE contact_id IS NOT NULL AND hold = 0").fetchone()[0]
    for k in range(max(1, -(-n_messages // texted))):
        h.run("campaign", "create", f"Đợt {k + 1}", "--programme", "vneid", "--audience", "A1")
        number = db.execute("SELECT max(id) FROM campaign").fetchone()[0]
        campaign(db, number, int(time.time() * 1000) - (30 - k) * 86_400_000)
        print(f"campaign {k + 1}: {db.execute('SELECT max(id) FROM message').fetchone()[0]} messages, "
              f"{time.monotonic() - began:.0f} s", flush=True)
    db.execute("INSERT OR IGNORE INTO provider(name) VALUES ('sms')")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    os.remove(h.path("list.csv"))


def ask(h, visitor, path, tries):
    """(status, median ms, worst ms, bytes, s until it was counted) over one kept connection. What says that it is being
    counted is asked for again, as a browser does; that answer counts among the worst."""
    c = http.client.HTTPConnection("127.0.0.1", h.port, timeout=120)
    headers = {"Accept": "text/html", "Cookie": "; ".join(f"{k}={v}" for k, v in visitor.cookies.items())}
    times, counting, status, size, came = [], [0], 0, 0, time.monotonic()
    while len(times) < tries:
        began = time.perf_counter()
        c.request("GET", path, headers=headers)
        r = c.getresponse()
        body = r.read()
        if r.status == 429:  # nobody turns pages that fast
            time.sleep(int(r.headers["Retry-After"]))
            continue
        times.append((time.perf_counter() - began) * 1000)
        if b"data-again" in body:
            counting.append(times.pop())
            time.sleep(0.5)
            continue
        if len(times) == 1:
            counted = time.monotonic() - came if len(counting) > 1 else 0
        status, size = r.status, len(body)
        assert status in (200, 422), (path, status, body[:400])
    c.close()
    return status, statistics.median(times), max(times + counting), size, counted


def screens(db):
    last = db.execute("SELECT max(id) FROM message").fetchone()[0]
    person = db.execute("SELECT max(id) FROM recipient").fetchone()[0]
    yield from ("/", "/progress/vneid/vneid", "/recipients", f"/recipients?after={person // 2}", "/recipients?q=nguyen+van", "/recipients?q=duc",
                "/recipients?q=n", "/recipients?q=thach+ut", "/recipients?q=1234", "/recipients?q=H-0000777",
                "/recipients?q=khong-co-ai", "/recipients?held=yes", "/recipients?programme=vneid&unit=3", "/recipients?q=nguyen&unit=3",
                "/recipients?q=nguyen&held=yes", f"/recipients/{person // 2}")
    yield from ("/campaigns", "/campaigns/1", f"/campaigns/{db.execute('SELECT max(id) FROM campaign').fetchone()[0]}",
                "/campaigns/new?programme=vneid&audience=A1&step=when")
    yield from ("/messages", f"/messages?after={last // 2}", "/messages?state=uncertain", "/messages?state=failed", "/messages?state=held",
                "/messages?state=delivered", "/messages?state=queued", "/messages?state=expired&campaign=2", "/messages?campaign=1&state=failed",
                "/messages?campaign=1&state=queued", "/messages?number=0900000001", f"/messages/{last // 2}")
    yield from ("/audiences?programme=vneid", "/audiences?programme=vneid&when=A1", "/audiences?programme=vneid&when=A1&samples=yes",
                "/audiences?programme=vneid&when=born+before+1960+and+unit+is+%22T%C3%A2n+M%E1%BB%B9%22",
                f"/campaigns/{db.execute('SELECT max(id) FROM campaign WHERE state = 0').fetchone()[0]}")
    yield from ("/imports", "/replies", "/reports", "/hand-in", "/sessions", "/templates", "/providers", "/users", "/keys", "/audit", "/settings")


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("moidan")
    p.add_argument("--people", type=int, default=1_000_000)
    p.add_argument("--messages", type=int, default=10_000_000)
    p.add_argument("--dir")
    p.add_argument("--tries", type=int, default=15)
    p.add_argument("--limit", type=float, default=200)
    p.add_argument("--only", default="", help="pages whose address holds this")
    p.add_argument("--build", action="store_true", help="only build what is to be asked")
    o = p.parse_args()
    h = House(o.moidan)
    h.env["MOIDAN_TEST_SHIFT"] = "0"  # a release has the real clock
    if o.dir:
        shutil.rmtree(h.home)
        h.home = os.path.abspath(o.dir)
        os.makedirs(h.home, exist_ok=True)
        h.file = h.env["MOIDAN_CONFIG"] = h.path("moidan.yaml")
    slow = []
    try:
        h.configure("http://127.0.0.1:9")
        if not os.path.exists(h.path("built")):
            build(h, o.people, o.messages)
            h.write("built", "")
        if o.build:
            return
        began = time.monotonic()
        h.serve(wait=False)
        wait_for("serve", lambda: listens(h.port), 600)  # it looks over the whole file first
        print(f"serves after {time.monotonic() - began:.0f} s", flush=True)
        name = f"quantri{int(time.time())}"
        admin = add_user(h, name, "administrator")
        author = add_user(h, name + "b", "author")
        h.run("campaign", "create", f"Dự thảo {name}", "--programme", "vneid", "--audience", "A1")
        with h.store() as db:
            paths = list(screens(db))
        rows = []
        for path in [p for p in paths if o.only in p]:
            v = admin if path.split("/")[1] in ("users", "keys", "audit", "settings") else author
            status, median, worst, size, counted = ask(h, v, path, o.tries)
            rows.append({"path": path, "ms": round(median, 1), "worst_ms": round(worst, 1), "bytes": size})
            print(f"{median:9.1f} ms  worst {worst:9.1f} ms  {size:7d} bytes  {path}" +
                  (f"  (counted after {counted:.1f} s)" if counted else ""), flush=True)
            slow += [path] if median > o.limit else []
        print(json.dumps({"people": o.people, "messages": o.messages, "slowest": max(rows, key=lambda r: r["ms"])}))
        h.stop()
    finally:
        if h.daemon and h.daemon.poll() is None:
            h.daemon.kill()
        if not o.dir:
            shutil.rmtree(h.home, ignore_errors=True)
    if slow:
        sys.exit(f"over {o.limit} ms: {', '.join(slow)}")


main()
