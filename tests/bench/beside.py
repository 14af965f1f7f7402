#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a running campaign loses to what goes on beside it: its dispatch rate alone and with pages that listen to its
progress, or single notices at a set rate, in turns of one run.
Usage: beside.py BUILD [--listeners N | --notices RATE] [--delay MS] [--rate N] [--in-flight N] [--people N]
                 [--noticed N] [--seconds S] [--rounds N]

The notices go to --noticed people: few have soon had what a day allows, and the rest waits for tomorrow, so that what is
measured is taking in; with as many as there are people they are sent too, before the campaign's.

BUILD: a Release build, its target `bench`; TMPDIR on the disk that is meant. --delay: how long the provider takes to
answer; --rate: how many a second it allows. Without both the machine is the limit, and whatever takes processor time
takes it from the campaign. It must be between 7:00 and 22:00 here: nothing is sent at night."""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../flow")
from console_lib import Listeners, add_user  # noqa: E402
from lib import House, wait_for  # noqa: E402

REQUEST = """Authorization: Bearer %s
Content-Type: application/json
Idempotency-Key: b-{n}

{"programme":"vneid","key":"H-{p}","text":"ho-so-xong","values":{"noi":"Bo phan Mot cua xa"}}"""
EXTRA = """caps: {per_day: 3, per_week: 21}
hours: {from: "07:00", to: "22:00", weekends: true}
"""


class Sink:
    def __init__(self, build, delay):
        self.process = subprocess.Popen([build + "/tests/sink", *(["--delay", str(delay)] if delay else [])], stdout=subprocess.PIPE,
                                        text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def stop(self):
        self.process.kill()
        self.process.wait()


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        ticks = f.read().rsplit(")", 1)[1].split()[11:13]
    return sum(int(t) for t in ticks) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])


def accepted(h):
    """Of the campaign, and of all."""
    with h.store() as db:
        rows = db.execute("SELECT campaign_id = 1, sum(n) FROM message_count WHERE state IN (4, 5, 10) GROUP BY 1").fetchall()
    return dict(rows).get(1, 0), sum(n for _, n in rows)


def turn(h, seconds):
    """The campaign's messages a second, all messages a second, processors that the daemon took."""
    began, before, used = time.monotonic(), accepted(h), cpu(h.daemon.pid)
    time.sleep(seconds)
    after, used, took = accepted(h), cpu(h.daemon.pid) - used, time.monotonic() - began
    return (after[0] - before[0]) / took, (after[1] - before[1]) / took, used / took


def with_listeners(h, o, alone, beside, r):
    pid = h.daemon.pid
    visitors = [add_user(h, f"soan{i}", "author") for i in range(1 + o.listeners // 100)]  # one may not ask that often
    for _ in range(o.rounds):
        alone.append(turn(h, o.seconds))
        before = len(os.listdir(f"/proc/{pid}/fd"))
        listeners = Listeners(visitors, "/campaigns/1/live")
        listeners.open(o.listeners)
        wait_for("all to listen", lambda: all(listeners.events()) and len(listeners.events()) == o.listeners, 120)
        heard = sum(map(len, listeners.events()))
        beside.append(turn(h, o.seconds))
        r["events_per_second"] = round((sum(map(len, listeners.events())) - heard) / o.seconds)
        r["resident_kb"].append(resident(pid))
        listeners.close()
        wait_for("their end", lambda: len(os.listdir(f"/proc/{pid}/fd")) < before + 20, 120)
        r["resident_kb_after"].append(resident(pid))
        r["descriptors_after"].append(len(os.listdir(f"/proc/{pid}/fd")))


def with_notices(h, o, build, key, alone, beside, r):
    first = 1
    request = h.write("request", REQUEST % key)
    for _ in range(o.rounds):
        alone.append(turn(h, o.seconds))
        n = int(o.notices * (o.seconds + 1))
        client = subprocess.Popen([build + "/tests/load_client", str(h.port), "/api/v1/notices?n={n}", "256", str(n), str(first),
                                   request, str(o.noticed), str(o.notices)], stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
        beside.append(turn(h, o.seconds))
        out = json.loads(client.communicate()[0])
        assert out["failed"] == 0, out
        r["notices"].append({k: out[k] for k in ("per_second", "p50_ms", "p99_ms", "max_ms")})
        first += n


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("build")
    p.add_argument("--listeners", type=int, default=0)
    p.add_argument("--notices", type=int, default=0)
    p.add_argument("--delay", type=int, default=0)
    p.add_argument("--rate", type=int, default=0)
    p.add_argument("--in-flight", type=int, default=256)
    p.add_argument("--people", type=int, default=400_000)
    p.add_argument("--noticed", type=int, default=500)
    p.add_argument("--seconds", type=float, default=4)
    p.add_argument("--rounds", type=int, default=5)
    o = p.parse_args()
    build = os.path.abspath(o.build)
    with House(build + "/moidan") as h:
        sink = h.add(Sink(build, o.delay))
        h.env["MOIDAN_TEST_SHIFT"] = "0"  # a release has the real clock
        rate = f"rate_per_second: {o.rate}, " if o.rate else "rate_per_second: 0, "
        h.configure(sink.url, EXTRA, f"{rate}in_flight: {o.in_flight}, ")
        h.import_people(o.people)
        h.serve()
        admin = add_user(h, "quantri", "administrator")
        page = admin.post("/keys", {"name": "tải", "send": "yes"})
        key = re.search(r'<code class="key">([\w-]+)</code>', page.text)[1]
        h.campaign("một")
        wait_for("the campaign to run", lambda: accepted(h)[0] > 0)
        time.sleep(2)
        alone, beside = [], []
        r = {"resident_kb": [], "resident_kb_after": [], "descriptors_after": [], "notices": []}
        if o.listeners:
            with_listeners(h, o, alone, beside, r)
        else:
            with_notices(h, o, build, key, alone, beside, r)
        left = h.states("một").get("queued", 0)
        print(json.dumps({
            "alone": [round(x[0]) for x in alone], "beside": [round(x[0]) for x in beside],
            "ratio": round(statistics.median(b[0] / a[0] for a, b in zip(alone, beside)), 3),
            "all_alone": [round(x[1]) for x in alone], "all_beside": [round(x[1]) for x in beside],
            "processors_alone": round(statistics.median(x[2] for x in alone), 2),
            "processors_beside": round(statistics.median(x[2] for x in beside), 2),
            **{k: v for k, v in r.items() if v}, "campaign_left": left}))
        assert left > 0, "the campaign came to its end: more --people, or fewer rounds"
        h.daemon.kill()
        h.daemon.wait()


main()
