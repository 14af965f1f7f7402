#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ended and stopped from outside: SIGTERM under load and again, SIGTERM while a provider is silent, SIGSTOP
beyond every timeout, killed over and over, a watchdog that listens, and daemons beside daemons.
Usage: stops.py MOIDAN [--all]"""
import collections
import concurrent.futures
import os
import random
import signal
import socket
import subprocess
import sys
import time

from lib import House, Provider, listens, wait_for

ALL = "--all" in sys.argv
RULES = "caps: {per_day: 3, per_week: 6}\ndispatch: {backoff: 1s, settle_after: 1s}"
DRAIN = 30  # seconds, at most


def house(n, delay=0.0, timeout=None, **more):
    """A house with n households and a campaign to them; its provider answers after delay seconds."""
    h = House(sys.argv[1])
    h.provider = h.add(Provider()).remember()
    known = h.provider.reply
    h.provider.reply = lambda r: time.sleep(delay) or known(r)
    h.provider.sends_receipts(h)
    if timeout:
        h.describe("limits:\n", f"limits:\n  total_timeout: {timeout}s\n")
    h.configure(h.provider.url, extra=RULES, **more)
    h.run("init")
    h.import_people(n)
    h.campaign("một")
    h.n = n
    return h


def all_delivered(h, seconds=60):
    h.wait_states("một", {"delivered": h.n}, seconds)
    assert h.stop() == 0
    assert h.check(h.provider) == {"delivered": h.n}


def term_under_load():
    """Whoever is impatient changes nothing: what is under way is answered, nothing new begins."""
    with house(400, delay=0.3) as h:
        h.serve()
        wait_for("load", lambda: len(h.provider.seen()) > 60)
        began = time.monotonic()
        while h.daemon.poll() is None and time.monotonic() - began < DRAIN:
            h.daemon.send_signal(random.choice((signal.SIGTERM, signal.SIGINT)))
            time.sleep(0.005)
        took = time.monotonic() - began
        code = h.daemon.poll()
        assert code == 0 and took < DRAIN, (code, took)
        states = h.states("một")
        assert not set(states) & {"sending", "uncertain"}, states
        arrived = len(h.provider.seen())
        assert h.check(h.provider) == states and states["queued"] == 400 - arrived, (states, arrived)
        h.serve()
        all_delivered(h)
        return f"{arrived} of 400 sent at the first SIGTERM, over in {took:.1f} s"


def term_while_a_provider_is_silent():
    """It does not wait for ever; what had no answer is uncertain in the next life, not forgotten."""
    with house(8, delay=60) as h:
        h.serve()
        wait_for("requests", lambda: len(h.provider.seen()) == 8)
        began = time.monotonic()
        assert h.stop() == 0
        took = time.monotonic() - began
        assert took < DRAIN + 2, took
        assert h.states("một") == {"sending": 8}
        h.provider.reply = lambda r: {"CodeResult": "124", "ErrorMessage": "duplicate"}
        h.serve()
        h.wait_states("một", {"sent": 8})
        assert h.stop() == 0
        h.check(h.provider)
        return f"over in {took:.1f} s"


def stopped_for_long():
    """Longer than any request may take: providers gave up, receipts waited. Then it goes on."""
    with house(120, delay=0.3, timeout=2, provider="rate_per_second: 60,") as h:
        h.serve()
        wait_for("some", lambda: len(h.provider.seen()) > 20)
        for _ in range(20 if ALL else 2):
            h.daemon.send_signal(signal.SIGSTOP)
            time.sleep(30 if ALL else 4)
            h.daemon.send_signal(signal.SIGCONT)
            time.sleep(0.3)
        all_delivered(h)
        times = collections.Counter(r["RequestId"] for r in h.provider.seen())
        return f"{sum(n > 1 for n in times.values())} of {h.n} were asked about again"


def storm():
    """Killed faster than systemd would start it again."""
    luck = random.Random(46)
    deaths, pause = (300, 2.0) if ALL else (12, 1.0)
    with house(int(deaths * 40), delay=0.05, provider="rate_per_second: 60,") as h:
        keeper = h.keep(pause=0.05)
        for _ in range(deaths):
            wait_for("its start", lambda: listens(h.port))
            time.sleep(luck.random() * pause)
            h.daemon.kill()
            ended = len(keeper.codes)
            wait_for("its end", lambda: len(keeper.codes) > ended or h.daemon.poll() is None)
        h.configure(h.provider.url, extra=RULES)  # no slower than it can
        wait_for("its start", lambda: listens(h.port))
        h.daemon.send_signal(signal.SIGHUP)
        h.wait_states("một", {"delivered": h.n}, 90)
        assert keeper.stop() == 0
        assert set(keeper.codes) == {-signal.SIGKILL}, keeper.codes
        assert h.check(h.provider) == {"delivered": h.n}
        return f"{len(keeper.codes)} deaths, {h.n} messages"


def told(notes, timeout=None):
    """What systemd was told: the words that came within timeout, else those that are there."""
    words = []
    until = time.monotonic() + (timeout or 0)
    while True:
        notes.settimeout(max(until - time.monotonic(), 0.01))
        try:
            words += [w.split("=")[0] for w in notes.recv(4096).decode().splitlines()]
        except TimeoutError:
            return words


def watchdog():
    """systemd hears a sign of life as long as there is life, and of each change."""
    with house(3) as h, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notes:
        notes.bind(h.path("notify"))
        h.serve(env={"NOTIFY_SOCKET": h.path("notify"), "WATCHDOG_USEC": "600000"})
        words = []

        def heard(*wanted):
            words.extend(told(notes))
            return all(words.count(w) >= n for w, n in wanted)
        wait_for("readiness and signs of life", lambda: heard(("READY", 1), ("WATCHDOG", 4)))
        h.daemon.send_signal(signal.SIGSTOP)
        told(notes, 0.5)
        assert told(notes, 2) == [], "a sign of life of one that is stopped"
        h.daemon.send_signal(signal.SIGCONT)
        wait_for("it lives", lambda: heard(("WATCHDOG", 6)))
        h.daemon.send_signal(signal.SIGHUP)
        wait_for("reload", lambda: heard(("RELOADING", 1), ("READY", 2)))
        assert h.stop() == 0
        wait_for("the end", lambda: heard(("STOPPING", 1)))


def beside_another():
    """However often a second is started, it says who is there and goes; the first is not disturbed."""
    n = 100 if ALL else 16
    with house(200, delay=0.1, provider="rate_per_second: 40,") as h:
        h.serve()
        wait_for("some", lambda: len(h.provider.seen()) > 4)

        def second(_):
            began = time.monotonic()
            done = subprocess.run([h.moidan, "serve"], env=h.env, capture_output=True, text=True, timeout=60)
            assert done.returncode == 75 and str(h.daemon.pid) in done.stderr, (done.returncode, done.stderr)
            return time.monotonic() - began
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            slowest = max(pool.map(second, range(n)))
        assert h.daemon.poll() is None
        assert h.stop() == 0
        # Several at once on a free place: one of them lives.
        for _ in range(20 if ALL else 4):
            rivals = [h.serve(wait=False) for _ in range(3)]
            wait_for("a daemon", lambda: listens(h.port))
            wait_for("one is left", lambda: sum(d.poll() is None for d in rivals) == 1)
            assert sorted(d.returncode for d in rivals if d.poll() is not None) == [75, 75]
            h.daemon = next(d for d in rivals if d.poll() is None)
            assert h.stop() == 0
        h.configure(h.provider.url, extra=RULES)
        h.serve()
        all_delivered(h)
        return f"{n} seconds, the slowest gone after {slowest:.2f} s"


def main():
    tests = (term_under_load, term_while_a_provider_is_silent, stopped_for_long, storm, watchdog, beside_another)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = {test.__name__.replace("_", " "): pool.submit(test) for test in tests}
    for name, job in jobs.items():
        print(f"not {name}: {job.exception()!r}" if job.exception() else f"ok {name}: {job.result() or ''}")
    assert not any(job.exception() for job in jobs.values())


main()
