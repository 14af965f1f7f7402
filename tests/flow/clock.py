#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody sets the clock of the running daemon: an hour, a night, a year, forwards and back. Nothing goes twice
or early, nobody is written to at the wrong time, each week is reported once. Usage: clock.py MOIDAN"""
import collections
import concurrent.futures
import sys
import time

from lib import House, Provider, Receiver, wait_for

RULES = "caps: {per_day: 3, per_week: 6}\ndispatch: {backoff: 1s, settle_after: 1s}"
SECRET = "whsec_bWkgZGFuIHRodSBuZ2hpZW0ga2hvYSBreQ=="


def house(n, clock="2023-06-14T09:00:00+07:00", **more):
    h = House(sys.argv[1])
    h.provider = h.add(Provider()).remember()
    h.configure(h.provider.url, extra=RULES, **more)
    h.set_clock(clock)
    h.run("init")
    h.import_people(n)
    h.serve()
    h.campaign("một")
    return h


def back_and_forth_while_sending():
    """Answers that never come and refusals for now are among them."""
    with house(300, "2023-06-14T07:40:00+07:00", provider="rate_per_second: 60,") as h:
        known, silent = h.provider.reply, set()

        def reply(request):
            n = int(request["Phone"][-6:])
            if n % 10 == 3 and n not in silent:
                silent.add(n)
                return None if n % 20 == 3 else (429, {"Retry-After": "1"}, b"")
            return known(request)
        h.provider.reply = reply
        # What is to be tried again at a moment waits for that moment: the clock ends ahead of them all.
        for clock in ("09:00:00", "08:00:00", "10:00:00", "09:00:00", "11:00:00", "08:00:00", "11:30:00"):
            at = len(h.provider.seen())
            wait_for("some more", lambda: len(h.provider.seen()) > at + 20 or
                     not {"queued", "sending"} & set(h.states("một")), 60)
            h.set_clock(f"2023-06-14T{clock}+07:00")
        h.wait_states("một", {"sent": 300}, 200)
        assert h.stop() == 0
        assert h.check(h.provider) == {"sent": 300}
        assert "event=clock_set_back" in h.read("moidan.log")
        return f"{len(h.provider.seen())} requests for 300"


def into_the_night():
    """Nothing leaves while it is night, or last year; then it goes on. On a Monday: at a
    Wednesday's night the week's figures would be frozen."""
    with house(400, "2023-06-12T09:00:00+07:00", provider="rate_per_second: 40, in_flight: 1,") as h:
        for clock in ("2023-06-12T22:30:00+07:00", "2023-06-12T03:00:00+07:00", "2022-06-14T09:00:00+07:00",
                      "2023-06-12T07:00:00+07:00"):
            at = len(h.provider.seen())
            wait_for("some", lambda: len(h.provider.seen()) > at + 5)
            h.set_clock(clock)
            wait_for("what was under way", lambda: not h.states("một").get("sending"))
            time.sleep(0.3)
            at = len(h.provider.seen())
            time.sleep(1.5)
            assert len(h.provider.seen()) == at, (clock, len(h.provider.seen()) - at)
            h.set_clock("2023-06-12T09:30:00+07:00")
        h.configure(h.provider.url, extra=RULES)
        h.stop()
        h.serve()
        # What was answered last year has been silent for a year.
        wait_for("all", lambda: set(h.states("một")) <= {"sent", "no_receipt"}, 60)
        assert h.stop() == 0
        assert h.check(h.provider)["sent"] > 350


def a_year_ahead():
    """An invitation of last year is not sent; and what has expired stays so when the clock is right again."""
    with house(200, provider="rate_per_second: 20,") as h:
        wait_for("some", lambda: len(h.provider.seen()) > 10)
        h.set_clock("2024-06-13T09:00:00+07:00")
        wait_for("all over", lambda: not {"queued", "sending", "uncertain"} & set(h.states("một")))
        n, states = len(h.provider.seen()), h.states("một")
        assert states["expired"] > 100 and n < 100, states
        h.set_clock("2023-06-14T09:05:00+07:00")
        time.sleep(1.5)
        assert len(h.provider.seen()) == n and h.states("một")["expired"] == states["expired"]
        assert h.stop() == 0
        h.check(h.provider)
        return f"{states['expired']} of 200 expired"


def the_week():
    """Wednesday evening and Thursday morning come by several times: digests and summary go once."""
    with House(sys.argv[1]) as h:
        h.provider = h.add(Provider())
        push = h.add(Receiver("webhook.py", "200", env={"WEBHOOK_SECRET": SECRET}))
        h.configure(h.provider.url, f"""
caps: {{per_day: 3, per_week: 6}}
reports:
  confirm: false
  collect: false
  police_audience: ""
  push: [{{url: "http://127.0.0.1:{push.port}/nhan", secret: "{SECRET}"}}]
""")
        h.set_clock("2023-06-12T09:00:00+07:00")
        h.run("init")
        h.import_lists()
        h.serve()
        h.set_clock("2023-06-14T17:29:58+07:00")
        wait_for("digests", lambda: len(h.provider.seen()) == 3, 60)
        for clock in ("2023-06-14T16:30:00", "2023-06-14T17:29:59", "2023-06-13T17:30:00", "2023-06-14T18:00:00",
                      "2022-06-14T17:29:59", "2023-06-14T18:30:00"):
            h.set_clock(clock + "+07:00")
            time.sleep(1.2)
        h.set_clock("2023-06-15T06:59:58+07:00")
        wait_for("the summary", lambda: push.received, 60)
        for clock in ("2023-06-15T06:00:00", "2023-06-15T06:59:59", "2023-06-14T17:29:59", "2023-06-15T08:31:00",
                      "2022-06-16T06:59:59", "2023-06-15T09:01:00"):
            h.set_clock(clock + "+07:00")
            time.sleep(1.2)
        assert h.stop() == 0
        weeks = collections.Counter(r["week"] for r in push.received)
        ids = collections.Counter(r["id"] for r in push.received)
        assert weeks["2023-W24"] == 1, weeks
        assert max(ids.values()) == 1, ids
        texts = collections.Counter(r["Content"] for r in h.provider.seen())
        assert max(texts.values()) == 1, texts
        assert sum(", den 14/6: " in t for t in texts) == 3, texts
        h.set_clock("2023-06-21T17:29:58+07:00")
        h.serve()
        wait_for("the next week's digests", lambda: sum(", den 21/6: " in r["Content"] for r in h.provider.seen()) == 3, 60)
        assert h.stop() == 0
        return f"weeks told {dict(weeks)}"


with concurrent.futures.ThreadPoolExecutor(4) as pool:
    jobs = {test.__name__.replace("_", " "): pool.submit(test) for test in
            (back_and_forth_while_sending, into_the_night, a_year_ahead, the_week)}
for name, job in jobs.items():
    print(f"not {name}: {job.exception()!r}" if job.exception() else f"ok {name}: {job.result() or ''}")
assert not any(job.exception() for job in jobs.values())
