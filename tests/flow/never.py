#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who is never written to, and when nobody is: the dead and held, also when they are found out after
the start; those who are done; at night, on holidays, over the cap; after a restore before an officer
looked. Usage: never.py MOIDAN"""
import sys
import time

from lib import HEADINGS, House, Provider, wait_for


def row(key, number, state="Chưa tạo", note=""):
    return f"1;{key};Trần Văn Ba;Nam;1950;Tân Phú;Tổ 1;{number};{state};;{note}"


def import_rows(h, *rows):
    h.run("import", "vneid", h.write("list.csv", "\n".join((HEADINGS,) + rows) + "\n"))


def house(clock, **configuration):
    h = House(sys.argv[1], clock=clock)
    h.provider = h.add(Provider())
    h.configure(h.provider.url, **configuration)
    return h


def the_dead_and_the_done():
    """Six households, one sent a second; between start and claim five of them change."""
    with house("2023-06-14T09:00:00+07:00", provider="rate_per_second: 1, in_flight: 1,") as h:
        import_rows(h, *(row(f"D-{i}", f"09120000{i:02d}") for i in range(6)),
                    row("D-6", "0912000006", note="đã chết, chưa khai tử"))
        h.serve()
        h.campaign("một")
        wait_for("the first", h.provider.seen)
        with h.frozen():
            with h.store() as db:
                rest = [n % 100 for n, in db.execute(
                    "SELECT number FROM message m JOIN contact c ON c.id = m.contact_id WHERE m.state = 1")]
            h.run("recipient", "hold", "vneid", f"D-{rest[0]}", "--deceased")
            h.run("recipient", "set", "vneid", f"D-{rest[1]}", "account")
            h.run("recipient", "hold", "vneid", f"D-{rest[2]}")
            # A list that comes later says that somebody died.
            import_rows(h, row(f"D-{rest[3]}", f"09120000{rest[3]:02d}", note="mất năm ngoái"))
        wait_for("the rest", lambda: not {"queued", "sending"} & set(h.states("một")))
        states = h.states("một")
        texted = {int(r["Phone"][-2:]) for r in h.provider.seen()}
        assert not texted & {rest[0], rest[1], rest[2], rest[3], 6}, (texted, rest)
        assert states == {"sent": 2, "cancelled": 4}, states
        print("ok the dead and the done:", states)
        assert h.stop() == 0


def at_night(clock):
    with house(clock) as h:
        import_rows(h, row("N-1", "0912000001"))
        h.serve()
        h.campaign("đêm")
        time.sleep(2)
        assert h.states("đêm") == {"queued": 1} and not h.provider.seen()
        assert h.stop() == 0
        print("ok nobody at", clock[:16].replace("T", " "))


def over_the_cap():
    with house("2023-06-14T09:00:00+07:00", extra="caps: {per_day: 1, per_week: 2}") as h:
        import_rows(h, row("C-1", "0912000001"), row("C-2", "0912000002"))
        h.serve()
        h.campaign("sáng")
        h.wait_states("sáng", {"sent": 2})
        h.campaign("chiều")
        time.sleep(1)
        assert h.states("chiều") == {"queued": 2} and len(h.provider.seen()) == 2
        assert h.stop() == 0
        print("ok one a day to a number")


def perhaps_a_strangers():
    """076 and seven figures was a landline of An Giang: nobody is named to a stranger before an officer
    has asked."""
    with house("2023-06-14T09:00:00+07:00") as h:
        import_rows(h, row("S-1", "0763847123"))
        h.serve()
        h.run("campaign", "create", "một", "--programme", "vneid", "--audience", "A1")
        h.run("campaign", "approve", "một", code=65)  # there is nobody to write to
        h.run("recipient", "set", "vneid", "S-1", "confirmed")
        h.run("campaign", "approve", "một")
        h.run("campaign", "start", "một")
        h.wait_states("một", {"sent": 1})
        assert h.stop() == 0
        print("ok a number that may be a stranger's waits for an officer")


def after_a_restore():
    """What a backup has queued may have been sent since: a restored house waits for an officer."""
    with house("2023-06-14T09:00:00+07:00", provider="rate_per_second: 2, in_flight: 1,") as h:
        import_rows(h, *(row(f"B-{i}", f"09120000{i:02d}") for i in range(8)))
        h.serve()
        h.campaign("một")
        wait_for("some", lambda: h.states("một").get("sent", 0) >= 2)
        h.run("backup", h.path("copy.db"))
        h.wait_states("một", {"sent": 8})
        h.run("restore", h.path("copy.db"), "--force", code=75)
        assert h.stop() == 0
        h.run("restore", h.path("copy.db"), code=73)
        h.run("restore", h.path("copy.db"), "--force")
        n = len(h.provider.seen())
        h.serve()
        time.sleep(2)
        states = h.states("một")
        assert len(h.provider.seen()) == n and states["held"] >= 1, states
        assert h.stop() == 0
        print("ok held after a restore:", states)


the_dead_and_the_done()
at_night("2023-06-14T03:00:00+07:00")
at_night("2023-06-14T21:30:00+07:00")
at_night("2023-09-02T09:00:00+07:00")  # Quốc khánh
at_night("2023-01-22T09:00:00+07:00")  # mồng Một Tết
over_the_cap()
perhaps_a_strangers()
after_a_restore()
