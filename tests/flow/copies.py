#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copies and long readers: backups under load are whole and of one moment, two houses restored from one of them
send nothing and speak for themselves, and somebody who reads one old moment without an end lets the log beside
the database grow no further than its ceiling. Usage: copies.py MOIDAN"""
import collections
import os
import sqlite3
import sys
import time

from lib import STATES, House, Provider, get, wait_for

RULES = "caps: {per_day: 3, per_week: 6}\ndispatch: {backoff: 1s, settle_after: 1s}"
MEBI = 1 << 20


def house(n, **more):
    h = House(sys.argv[1])
    h.provider = h.add(Provider()).remember().sends_receipts(h)
    h.configure(h.provider.url, extra=RULES, **more)
    h.run("init")
    if n:
        h.import_people(n)
    return h


def whole(path, at_least, at_most):
    """The copy is of one moment: sound, counts that fit its rows, nothing sent that had not left then."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not db.execute("PRAGMA foreign_key_check").fetchall()
        rows = collections.Counter(STATES[s] for s, in db.execute("SELECT state FROM message"))
        counts = {STATES[s]: n for s, n in db.execute("SELECT state, sum(n) FROM message_count GROUP BY state") if n}
        assert counts == dict(rows), (counts, rows)
        left = sum(n for s, n in rows.items() if s not in ("queued", "held"))
        assert at_least <= left <= at_most, (at_least, rows, at_most)
        unproved, = db.execute("SELECT count(*) FROM message WHERE state = 10 AND id NOT IN "
                               "(SELECT message_id FROM receipt)").fetchone()
        assert unproved == 0, unproved
        return rows
    finally:
        db.close()


def backups_under_load_and_two_houses_of_one():
    with house(600, provider="rate_per_second: 60,") as h:
        h.serve()
        h.campaign("một")
        wait_for("load", lambda: len(h.provider.seen()) > 20)
        for i in range(4):
            before = len(h.receipts)
            h.run("backup", h.path(f"copy{i}.db"))
            # What was receipted before was sent; what is claimed now may not have arrived yet.
            rows = whole(h.path(f"copy{i}.db"), before, len(h.provider.seen()) + 16)
            assert i > 0 or rows["queued"] > 0, rows
        h.wait_states("một", {"delivered": 600}, 60)
        assert h.stop() == 0
        assert h.check(h.provider) == {"delivered": 600}
        print("ok 4 backups under load, the last:", dict(rows))

        # Two houses that are put up from the same copy, beside the first and each other.
        houses, arrived = [], len(h.provider.seen())
        for k in range(2):
            other = h.add(Restored(h, f"other{k}"))
            houses.append(other)
        time.sleep(2)
        names = set()
        for other in houses:
            states = other.house.states("một")
            assert not set(states) & {"queued", "sending", "uncertain"} and states["held"] > 0, states
            names.add(other.instance())
        assert len(h.provider.seen()) == arrived, "a restored house sent"
        names.add(h.provider.seen()[0]["RequestId"].split("-")[0])
        assert len(names) == 3, names
        # A late receipt for the first house's message does not speak for the copy's.
        for other in houses:
            request = dict(h.provider.seen()[-1])
            request["CallbackUrl"] = other.callback()
            before = other.house.states("một")
            assert other.house.receipt(request)[0] == 200
            assert other.house.states("một") == before, before
        print("ok two houses of one copy:", sorted(names))
        an_officer_lets_go(houses[0].house, h.provider)


def an_officer_lets_go(h, provider):
    """What a restore holds goes out when somebody says so, one or all, once."""
    before, arrived = h.states("một"), len(provider.seen())
    held = before["held"]
    first, second = (str(m["id"]) for m in h.json("message", "list", "--state", "held", "--limit", "2")["items"])
    h.run("message", "cancel", first)
    h.run("message", "release", second)
    assert "campaign release" in h.run("doctor", code=None)
    states = h.states("một")
    assert (states["held"], states["queued"], states["cancelled"]) == (held - 2, 1, 1), states
    assert f"Thả {held - 2} tin" in h.run("campaign", "release", "một")
    assert len(provider.seen()) == arrived, "sent while the campaign pauses"
    h.run("campaign", "resume", "một")
    # What had been sent when the copy was made got its receipt elsewhere.
    want = {"delivered": before.get("delivered", 0) + held - 1, "sent": before.get("sent", 0), "cancelled": 1}
    h.wait_states("một", {state: n for state, n in want.items() if n}, 60)
    assert len(provider.seen()) == arrived + held - 1
    print(f"ok an officer lets go of {held} held messages")


class Restored:
    """A second house on a port of its own, put up from a copy."""

    def __init__(self, h, name):
        self.house = House(h.moidan)
        self.provider = h.provider
        self.house.env["MOIDAN_TEST_SHIFT"] = h.env["MOIDAN_TEST_SHIFT"]
        self.house.configure(h.provider.url, extra=RULES)
        self.house.run("restore", h.path("copy0.db"))
        self.house.serve()

    def meta(self, name):
        with self.house.store() as db:
            return db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]

    def instance(self):
        return self.meta("instance")

    def callback(self):
        """As the copy's own provider would be told it: the path is the same, of one key."""
        return self.provider.seen()[0]["CallbackUrl"].replace(
            self.provider.seen()[0]["CallbackUrl"].split("/callbacks")[0], self.house.url)

    def stop(self):
        self.house.__exit__(None, None, None)


def a_reader_without_an_end():
    """The log beside the database is told about and stays below its ceiling; receipts and commands go on, and
    sending when the reader is gone."""
    ceiling = 4 * MEBI
    with house(0) as h:
        h.serve(env={"MOIDAN_TEST_WAL_MAX": str(ceiling)})
        h.import_people(1500)
        reader = sqlite3.connect(f"file:{h.path('moidan.db')}?mode=ro", uri=True, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM recipient").fetchall()
        h.campaign("một")
        wait_for("alarm", lambda: "event=wal_held" in h.read("moidan.log"), 60)
        quiet = wait_for("quiet", lambda: quiet_for(h, 1.5), 60)
        wal = os.path.getsize(h.path("moidan.db-wal"))
        room = ceiling + quiet * 25_000  # a receipt that comes alone writes some pages
        assert quiet < 1500 and wal < room, (quiet, wal)
        assert get(h.url + "/readyz")[0] == 200
        assert h.receipt(h.provider.seen()[0], status="2")[0] == 200
        h.run("recipient", "hold", "vneid", "H-1500")
        later = os.path.getsize(h.path("moidan.db-wal"))
        assert later < room + 300_000, later
        reader.execute("ROLLBACK")
        reader.close()
        wait_for("it is cut off", lambda: "event=wal_free" in h.read("moidan.log"))
        h.wait_finished("một", 90)
        assert h.stop() == 0
        states = h.check(h.provider)
        assert states["delivered"] >= 1499, states
        print(f"ok a reader without an end: stopped after {quiet} of 1500, {later >> 10} KiB beside the database")


def quiet_for(h, seconds):
    """How many requests came in when none came for so long."""
    n = len(h.provider.seen())
    time.sleep(seconds)
    return n if len(h.provider.seen()) == n else 0


backups_under_load_and_two_houses_of_one()
a_reader_without_an_end()
