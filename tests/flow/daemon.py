#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon's life: only one at a time, drains on SIGTERM, changes its configuration whole or not at
all, and settles what a kill -9 left uncertain without sending it twice. Usage: daemon.py MOIDAN"""
import collections
import re
import signal
import sys
import threading
import time

from lib import House, Provider, get, wait_for


def only_one(h):
    h.serve()
    h.run("serve", code=75)
    assert str(h.daemon.pid) in h.errors, h.errors
    assert h.stop() == 0


def drains(h):
    """What is under way at SIGTERM is answered and recorded; nothing new begins."""
    provider = h.add(Provider())
    provider.reply = lambda r: time.sleep(1) or Provider.accept(r)
    h.configure(provider.url, provider="in_flight: 8,")
    h.import_people(40)
    h.serve()
    h.campaign("một")
    wait_for("requests under way", lambda: len(provider.seen()) >= 8)
    assert h.stop() == 0
    states = h.states("một")
    assert states.get("sent", 0) == len(provider.seen()), (states, len(provider.seen()))
    assert states["queued"] == 40 - states["sent"] and "sending" not in states, states
    provider.reply = Provider.accept
    h.serve()
    h.wait_states("một", {"sent": 40})
    assert max(collections.Counter(r["Phone"] for r in provider.seen()).values()) == 1
    assert h.stop() == 0


def reloads(h):
    provider = h.add(Provider())
    h.configure(provider.url)
    h.import_people(3, first=100)
    h.serve()
    kept = h.read("moidan.yaml")
    for broken in (kept.replace("two_person", "two_persons"), kept.replace("description: esms", "description: e"),
                   kept.replace(f"listen: 127.0.0.1:{h.port}", "listen: 127.0.0.1:1"), "a: [", ""):
        h.write("moidan.yaml", broken)
        refused = h.read("moidan.log").count("reload_refused")
        h.daemon.send_signal(signal.SIGHUP)
        wait_for("refusal", lambda: h.read("moidan.log").count("reload_refused") == refused + 1)
    # The new provider is used by what is sent after the reload.
    second = h.add(Provider())
    h.write("moidan.yaml", kept.replace(provider.url, second.url))
    h.daemon.send_signal(signal.SIGHUP)
    wait_for("reload", lambda: "event=reloaded" in h.read("moidan.log"))
    h.campaign("hai")
    h.wait_states("hai", {"sent": 3 + 40})
    assert len(second.seen()) == 43 and not provider.seen()
    assert h.stop() == 0


def nobody_waits_for_a_reload(h):
    """It waits for what is in flight, and the daemon goes on meanwhile; one more that comes then is not lost."""
    answer = threading.Event()

    def reply(r):
        answer.wait(60)
        return Provider.accept(r)
    provider, second = h.add(Provider(reply)), h.add(Provider())
    h.configure(provider.url, provider="in_flight: 8,")
    h.import_people(40)
    h.serve()
    h.campaign("một lúc")
    wait_for("a request under way", provider.seen)
    before = collections.Counter(re.findall("event=(reload\\w+)", h.read("moidan.log")))
    h.daemon.send_signal(signal.SIGHUP)
    end = time.monotonic() + 1
    while time.monotonic() < end:
        assert get(h.url + "/healthz")[0] == 200
    h.write("moidan.yaml", h.read("moidan.yaml").replace(provider.url, second.url))
    h.daemon.send_signal(signal.SIGHUP)
    assert get(h.url + "/healthz")[0] == 200
    assert collections.Counter(re.findall("event=(reload\\w+)", h.read("moidan.log"))) == before
    answer.set()
    wait_for("both", lambda: h.read("moidan.log").count("event=reloaded") == before["reloaded"] + 2)
    h.wait_states("một lúc", {"sent": 40})
    assert len(provider.seen() + second.seen()) == 40
    assert h.stop() == 0
    assert h.read("moidan.log").count("reload_refused") == before["reload_refused"]


def settles_after_kill(h):
    """Killed while the provider has requests that it has not answered: after the restart they are
    uncertain, then sent again under the same reference, which a de-duplicating provider knows."""
    first = {}
    done = collections.Counter()

    def reply(r):
        if r["RequestId"] in first:
            return {"CodeResult": "124", "ErrorMessage": "RequestId is duplicate"}
        first[r["RequestId"]] = r
        done[r["Phone"]] += 1
        if len(first) <= 8:
            time.sleep(3)
        return Provider.accept(r)
    provider = h.add(Provider(reply))
    h.configure(provider.url, extra="caps: {per_day: 3, per_week: 6}\ndispatch: {settle_after: 1s}",
                provider="in_flight: 8,")
    h.serve()
    h.campaign("ba")
    wait_for("requests under way", lambda: len(first) >= 8)
    h.daemon.send_signal(signal.SIGKILL)
    h.daemon.wait()
    h.serve()
    h.wait_states("ba", {"sent": 43})
    assert "event=recovered" in h.read("moidan.log") or "uncertain" in h.read("moidan.log")
    again = collections.Counter(r["RequestId"] for r in provider.seen())
    assert sorted(again.values(), reverse=True)[:9] == [2] * 8 + [1], again
    assert max(done.values()) == 1 and len(done) == 43
    assert h.stop() == 0


with House(sys.argv[1]) as h:
    nobody_waits_for_a_reload(h)
    print("ok nobody waits for a reload")
with House(sys.argv[1]) as h:
    h.configure("http://127.0.0.1:9")
    for test in (only_one, drains, reloads, settles_after_kill):
        test(h)
        print("ok", test.__name__.replace("_", " "))
