#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random and at every fail-point, over and over, while messages go to a server that writes
each into a ledger of its own, synced, before it answers. Then the ledger, the store and what both sides
know of every single message are laid side by side.

crash.py GATEWAY SANDBOX [--cycles N] [--messages N] [--points N] [--house N] [--jobs N] [--seconds N]

Deaths and messages are spread over houses of at most --house messages, by turns with a provider that
knows a reference again, with one that only repeats it in its receipts, and with one that can be asked.
"""
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

from lib import listens, shift_to

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLOCK = "2023-06-14T08:00:00+07:00"  # a Wednesday, ten hours before the house falls silent
IN_FLIGHT = 16
KINDS = ("dedup", "echo", "answer")
ACCEPTED = ("sent", "no_receipt", "delivered", "undelivered")
ONCE = ("open.done", "recover.done", "plan.done", "resend.done", "ask.done")  # come once in a life, or in few lives
STATES = {0: "held", 1: "queued", 2: "sending", 3: "uncertain", 4: "sent", 5: "no_receipt", 10: "delivered",
          11: "undelivered", 12: "rejected", 13: "failed", 14: "cancelled", 15: "expired", 16: "abandoned",
          17: "linked"}


def fail_points():
    """All that stand in the source."""
    names = set()
    for name in glob.glob(ROOT + "/gateway/*/*.c"):
        with open(name, encoding="utf-8") as f:
            names.update(re.findall(r'FAILPOINT\("([a-z_.]+)"\)', f.read()))
    # This world has one channel, no seats, no answers of citizens, no console, and its providers lend no tokens and take
    # one message at a time.
    elsewhere = ("token.", "reply.added", "rung.", "seat.", "descend.", "batch.", "once.")
    return sorted(n for n in names if not n.startswith(elsewhere))


def port_below(luck):
    """A free port that no outgoing connection is given, so that it is free in the next life too."""
    while True:
        port = luck.randrange(20000, 32000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            pass


class Run:
    """One commune, one provider, many deaths."""

    def __init__(self, args, kind, number, deaths, messages):
        self.args, self.kind, self.deaths, self.messages = args, kind, deaths, messages
        self.luck = random.Random(f"{args.seed} {kind} {number}")
        self.home = tempfile.mkdtemp(prefix="moidan-crash-")
        self.world = self.home + "/w"
        self.ledger = self.home + "/ledger"
        self.port = port_below(random.Random())
        shift = shift_to(CLOCK)
        self.env = dict(os.environ, MOIDAN_TEST_SHIFT=str(shift))
        self.description = "esms"
        self.crashes, self.most, self.uncertain, self.asked = 0, 0, 0, 0
        self.reached = collections.Counter()
        self.rate, self.sandbox = 0, None

    def gateway(self, *argv, env=None):
        done = subprocess.run([self.args.gateway, *argv], env=dict(self.env, **(env or {})),
                              capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, (argv, done.returncode, done.stderr[-2000:])
        return done.stdout

    def look(self):
        """Messages by state. Read-only: what a death left in the WAL stays for the next life."""
        db = sqlite3.connect(f"file:{self.world}/moidan.db?mode=ro", uri=True, timeout=30)
        try:
            return collections.Counter({STATES[s]: n for s, n in db.execute(
                "SELECT state, sum(n) FROM message_count GROUP BY state") if n})
        finally:
            db.close()

    def start(self, crash_at=None, rate=None):
        env = dict(self.env, MOIDAN_CRASH_AT=crash_at) if crash_at else self.env
        with open(self.home + "/log", "ab") as log:
            return subprocess.Popen([self.args.gateway, "serve", self.world, str(self.sandbox_port), str(self.port),
                                     self.description, str(IN_FLIGHT), str(self.rate if rate is None else rate)],
                                    env=env, stdout=log, stderr=log)

    def forgetful(self):
        """eSMS as if it knew no reference again: what is uncertain waits for the echo in a receipt or, of one
        that answers, is asked after by our reference."""
        with open(ROOT + "/config/providers/esms.yaml", encoding="utf-8") as f:
            text = f.read()
        changes = [("  duplicates: reference\n  window: 24h\n", "  duplicates: none\n"),
                   ("provider: esms\n", f"provider: esms-{self.kind}\n")]
        if self.kind == "answer":
            changes += [('    RefId: "{{id}}"\n', '    RefId: "{{ref}}"\n'),
                        ("  window: 7d\n", "  window: 7d\n  after: 300ms\n")]  # 300: gateway_main's own wait
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        self.description = f"{self.home}/esms-{self.kind}.yaml"
        with open(self.description, "w", encoding="utf-8") as f:
            f.write(text)

    def open(self):
        argv = [self.args.sandbox, "--seed", str(self.args.seed), "--ledger", self.ledger, "--delay-ms", "40",
                "--receipt-delay-ms", "300", "--drop", "10", "--busy", "10", "--refuse", "10", "--duplicate", "100"]
        if self.kind != "dedup":
            self.forgetful()
            argv.append("--forgets")
        self.sandbox = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.sandbox_port = int(self.sandbox.stdout.readline())
        self.gateway("make", self.world, str(self.messages))

    def dead(self, p, point):
        code = p.wait()
        assert code == -signal.SIGKILL, (point, code, self.tail())
        self.crashes += 1
        sending = self.look()["sending"]
        assert sending <= IN_FLIGHT, (point, sending)
        self.most = max(self.most, sending)
        self.uncertain += sending

    def tail(self):
        with open(self.home + "/log", encoding="utf-8", errors="replace") as f:
            return f.read()[-3000:]

    def kill_at(self, point):
        """Dies at the n-th pass of a fail-point, or by our hand when it does not come there."""
        n = 1 if point in ONCE else self.luck.choice((1, 1, 2, 3, 5, 8))
        p = self.start(f"{point}:{n}")
        try:
            p.wait(30)
            self.reached[point] += 1
        except subprocess.TimeoutExpired:
            p.kill()
        self.dead(p, point)

    def kill_at_random(self):
        p = self.start()
        until = time.monotonic() + 20
        while not listens(self.port) and p.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(self.luck.random() ** 2 * self.args.life)
        p.kill()
        self.dead(p, "random")

    def rest(self):
        """No more deaths: everything comes to its end, and the gateway to its own."""
        p = self.start(rate=100000)
        moving = ["queued", "sending", "sent"] + ([] if self.kind == "echo" else ["uncertain"])
        last, since = None, time.monotonic()
        while any((now := self.look())[s] for s in moving) or self.kind == "echo" and self.echoes_to_come():
            if now != last:
                last, since = now, time.monotonic()
            assert p.poll() is None and time.monotonic() < since + 120, (self.kind, now, self.tail())
            time.sleep(0.3)
        p.send_signal(signal.SIGTERM)
        assert p.wait(30) == 0, self.tail()

    def arrived(self):
        """The ledger: (reference, segments) of each that was sent."""
        with open(self.ledger, encoding="utf-8") as f:
            return [(line.split()[0], int(line.split()[2])) for line in f]

    def uncertain_now(self):
        db = sqlite3.connect(f"file:{self.world}/moidan.db?mode=ro", uri=True, timeout=30)
        try:
            return {i for i, in db.execute("SELECT id FROM message WHERE state = 3")}
        finally:
            db.close()

    def echoes_to_come(self):
        """Uncertain here, and arrived there: a receipt is still to say so."""
        return self.uncertain_now() & {int(ref.split("-")[1]) for ref, _ in self.arrived()}

    def finish(self):
        self.rest()
        while self.kind == "echo" and self.look()["uncertain"]:
            # Whatever arrived was settled by its receipt. An officer asks about the rest: it never came.
            left = self.uncertain_now()
            asked = int(self.gateway("requeue", self.world))
            assert asked == len(left), (asked, len(left))
            self.asked += asked
            self.rest()
        self.sandbox.terminate()
        self.sandbox.wait()

    def compare(self):
        counts = collections.Counter(json.loads(self.gateway("check", self.world)))
        db = sqlite3.connect(f"file:{self.world}/moidan.db?mode=ro", uri=True)
        state = {i: STATES[s] for i, s in db.execute("SELECT id, state FROM message")}
        unsure = {i for i, in db.execute("SELECT DISTINCT message_id FROM attempt WHERE event = 7")}
        db.close()
        arrived = self.arrived()
        sent = collections.Counter(int(ref.split("-")[1]) for ref, _ in arrived)
        rows = collections.Counter(state.values())
        twice = [i for i, n in sent.items() if n > 1]
        lost = [i for i, s in state.items() if s in ACCEPTED and i not in sent]
        ghosts = [i for i in sent if state.get(i) not in ACCEPTED]
        secretly = [i for i in twice if i not in unsure]
        report = counts["report_messages"], counts["report_segments"]
        for key in ("total", "report_messages", "report_segments"):
            del counts[key]
        figures = {"deaths": self.crashes, "messages": len(state), "ledger": len(arrived), "report": report[0],
                   "lost": len(lost) + len(ghosts), "twice": len(twice), "twice unseen": len(secretly),
                   "uncertain at deaths": self.uncertain, "left to an officer": self.asked,
                   "uncertain at the end": rows["uncertain"]}
        assert len(state) == self.messages, (len(state), self.messages)
        assert counts == rows, (counts, rows)
        assert not lost, ("accepted here, not known there", lost[:10])
        assert not ghosts, ("sent there, not accepted here", [(i, state.get(i)) for i in ghosts[:10]])
        assert not secretly, ("sent twice, never uncertain", secretly[:10])
        # Whoever knows references again gets each once; whoever does not is never asked twice.
        assert not twice, ("sent twice", twice[:10])
        assert report == (len(arrived), sum(n for _, n in arrived)), ("report and ledger", report, len(arrived))
        assert sum(rows[s] for s in ACCEPTED) == len(sent), (rows, len(sent))
        assert not set(rows) - {*ACCEPTED, "rejected"}, rows
        return figures

    def go(self, until):
        """Until then: deaths that find no time do not take place."""
        self.open()
        plan = list(self.deaths)
        self.luck.shuffle(plan)
        # While there is something to plan; and the others while there is something to send.
        plan.sort(key=lambda p: 0 if p == "plan.done" else 1 if p else 2)
        # What a mean life sends, so that there is something to send to the last.
        self.rate = max(20, round(self.messages / (len(plan) * self.args.life / 2)))
        for point in plan:
            if time.monotonic() > until:
                break
            if point:
                self.kill_at(point)
            else:
                self.kill_at_random()
        else:
            missed = [p for p in plan if p and not self.reached[p]]
            assert not missed, ("never came to", missed)
        self.finish()
        return self.compare()

    def close(self, ok):
        if self.sandbox and self.sandbox.poll() is None:
            self.sandbox.kill()
        if ok:
            shutil.rmtree(self.home)
        else:
            print(f"   kept: {self.home}", file=sys.stderr)


def plan_of(args):
    """(kind, deaths, messages) of each house."""
    houses = max(len(KINDS), -(-args.messages // args.house))
    points = [p for p in fail_points() for _ in range(args.points)]
    asked = [p for p in points if p.startswith("ask.")]
    of_house = {KINDS.index("dedup"): [p for p in points if p not in asked], KINDS.index("answer"): asked}
    for i in range(houses):
        share = [args.cycles * (i + 1) // houses - args.cycles * i // houses,
                 args.messages * (i + 1) // houses - args.messages * i // houses]
        deaths = [None] * share[0] + of_house.get(i, [])
        yield KINDS[i % len(KINDS)], deaths, share[1]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("gateway")
    a.add_argument("sandbox")
    a.add_argument("--cycles", type=int, default=30, help="deaths at random")
    a.add_argument("--points", type=int, default=1, help="deaths at each fail-point")
    a.add_argument("--messages", type=int, default=6000)
    a.add_argument("--house", type=int, default=10000, help="messages of a house at most")
    a.add_argument("--jobs", type=int, default=2, help="houses at once")
    a.add_argument("--life", type=float, default=0.6, help="seconds that a life lasts at most")
    a.add_argument("--seconds", type=float, default=1e9, help="time for all deaths; then no house begins")
    a.add_argument("--seed", type=int, default=46)
    args = a.parse_args()
    began = time.monotonic()
    until = began + args.seconds
    sums = {kind: collections.Counter() for kind in KINDS}

    def house(number, kind, deaths, messages):
        if time.monotonic() > until:
            return
        run, ok = Run(args, kind, number, deaths, messages), False
        try:
            figures, ok = run.go(until), True
        finally:
            run.close(ok)
        sums[kind].update(figures, houses=1)
        sums[kind]["most uncertain at a death"] = max(sums[kind]["most uncertain at a death"], run.most)
        print(f"{time.monotonic() - began:6.0f} s  house {number} ({kind}): "
              + ", ".join(f"{k} {v:,}" for k, v in figures.items()), flush=True)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        jobs = [pool.submit(house, i, *one) for i, one in enumerate(plan_of(args))]
        for job in jobs:
            job.result()
    for kind, figures in sums.items():
        print(f"ok {kind}: " + ", ".join(f"{k} {v:,}" for k, v in figures.items()))


main()
