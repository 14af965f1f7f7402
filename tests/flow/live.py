#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two hundred pages listen to a campaign that runs: each is told of each step and of the end; who does not read is hung
up and keeps nobody waiting; when they have gone nothing of them is left. Usage: live.py MOIDAN"""
import os
import re
import sys

from console_lib import Listeners, add_user
from lib import House, Provider, get, wait_for

LISTENERS, DEAF, PEOPLE = 200, 20, 1500


def figure(h, name):
    return int(re.search(rf"^moidan_{name} (\d+)", get(h.url + "/metrics")[2].decode(), re.M)[1])


def sockets(h):
    """How many the daemon has. Its files are not counted: each clerk opens the store when it first has to."""
    n = 0
    for fd in os.listdir(f"/proc/{h.daemon.pid}/fd"):
        try:
            n += os.readlink(f"/proc/{h.daemon.pid}/fd/{fd}").startswith("socket:")
        except OSError:
            pass
    return n


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url, provider="rate_per_second: 40, ")
        h.import_people(PEOPLE)
        h.serve()
        author = add_user(h, "soan", "author")
        h.campaign("một")
        assert author.get("/campaigns/1").has('data-live="/campaigns/1/live"')
        a = author.get("/campaigns/1/live")  # whoever does not ask for a stream is told once
        assert a.text.count("event: progress") == 1 and "Content-Length" in a.headers, a.text
        wait_for("the provider's connections", lambda: provider.seen())
        before = sockets(h)
        listeners = Listeners([author], "/campaigns/1/live")
        try:
            listeners.open_deaf(DEAF)
            listeners.open(LISTENERS)
            wait_for("all to hear three events", lambda: len(heard := listeners.events()) == LISTENERS and
                     min(map(len, heard)) >= 3, 60)
            for events in listeners.events():
                went = [e["finished"] for e in events]
                assert went == sorted(went) and went[-1] > went[0], went
                assert all(e["state"] == "running" for e in events)
            assert author.get("/campaigns").status == 200
            wait_for("the deaf to be hung up", lambda: figure(h, "live_dropped_total") == DEAF, 90)
            wait_for("only those who read", lambda: figure(h, "live_listeners") == LISTENERS)
            h.run("campaign", "cancel", "một")
            wait_for("all to be told of the end", lambda: listeners.over() == LISTENERS)
            assert all(events[-1]["state"] in ("cancelled", "finished") for events in listeners.events())
        finally:
            listeners.close()
        wait_for("their descriptors", lambda: sockets(h) <= before + 10)
        assert figure(h, "live_listeners") == 0
        assert "level=error" not in h.read("moidan.log"), h.read("moidan.log")[-2000:]
        assert h.stop() == 0


main()
