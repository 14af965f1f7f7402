#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random and at every fail-point, over and over, while messages go to a server that writes
each into a ledger of its own, synced, before it answers. Then the ledger, the store and what both sides
know of every single message are laid side by side.

crash.py GATEWAY SANDBOX [--cycles N] [--messages N] [--seed N] [--keep]
"""
import argparse
import collections
import datetime
import glob
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from lib import free_port, listens

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLOCK = "2023-06-14T08:00:00+07:00"  # a Wednesday, ten hours before the house falls silent
IN_FLIGHT = 16
ACCEPTED = ("sent", "no_receipt", "delivered", "undelivered")
ONCE = ("open.done", "recover.done", "plan.done", "resend.done")  # come once in a life, or in few lives
STATES = {0: "held", 1: "queued", 2: "sending", 3: "uncertain", 4: "sent", 5: "no_receipt", 10: "delivered",
          11: "undelivered", 12: "rejected", 13: "failed", 14: "cancelled", 15: "expired", 16: "abandoned",
          17: "linked"}


def fail_points():
    """All that stand in the source."""
    names = set()
    for name in glob.glob(ROOT + "/gateway/*/*.c"):
        with open(name, encoding="utf-8") as f:
            names.update(re.findall(r'FAILPOINT\("([a-z_.]+)"\)', f.read()))
    return sorted(names)


class Run:
    """One commune, one provider, many deaths."""

    def __init__(self, args, kind, cycles, messages):
        self.args, self.kind, self.cycles, self.messages = args, kind, cycles, messages
        self.luck = random.Random(f"{args.seed} {kind}")
        self.home = tempfile.mkdtemp(prefix="moidan-crash-")
        self.world = self.home + "/w"
        self.ledger = self.home + "/ledger"
        self.port = free_port()
        shift = round(datetime.datetime.fromisoformat(CLOCK).timestamp() - time.time())
        self.env = dict(os.environ, MOIDAN_TEST_SHIFT=str(shift))
        self.description = "esms"
        self.crashes, self.most, self.uncertain = 0, 0, 0
        self.reached = collections.Counter()
        self.rate = 0

    def gateway(self, *argv, env=None):
        done = subprocess.run([self.args.gateway, *argv], env=dict(self.env, **(env or {})),
                              capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, (argv, done.returncode, done.stderr[-2000:])
        return done.stdout

    def look(self, verb="look"):
        return collections.Counter(json.loads(self.gateway(verb, self.world)))

    def start(self, crash_at=None, rate=None):
        env = dict(self.env, MOIDAN_CRASH_AT=crash_at) if crash_at else self.env
        with open(self.home + "/log", "ab") as log:
            return subprocess.Popen([self.args.gateway, "serve", self.world, str(self.sandbox_port), str(self.port),
                                     self.description, str(IN_FLIGHT), str(self.rate if rate is None else rate)],
                                    env=env, stdout=log, stderr=log)

    def forgetful(self):
        """eSMS as if it knew no reference again: what is uncertain waits for the echo in a receipt."""
        with open(ROOT + "/config/providers/esms.yaml", encoding="utf-8") as f:
            text = f.read()
        text = text.replace("  duplicates: reference\n  window: 24h\n", "  duplicates: none\n")
        assert "duplicates: none" in text
        self.description = self.home + "/esms-echo.yaml"
        with open(self.description, "w", encoding="utf-8") as f:
            f.write(text.replace("provider: esms", "provider: esms-echo"))

    def open(self):
        argv = [self.args.sandbox, "--seed", str(self.args.seed), "--ledger", self.ledger, "--delay-ms", "40",
                "--receipt-delay-ms", "300", "--drop", "10", "--busy", "10", "--refuse", "10", "--duplicate", "100"]
        if self.kind == "echo":
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
            p.wait(6)
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

    def finish(self):
        """No more deaths: everything comes to its end, and the gateway to its own."""
        p = self.start(rate=100000)
        open_states = ["queued", "sending"] + (["uncertain"] if self.kind == "dedup" else [])
        still, since, last = None, 0, time.monotonic() + 120 + self.messages / 200
        while time.monotonic() < last:
            now = self.look()
            if not any(now[s] for s in open_states):
                # receipts are still under way
                if now != still:
                    still, since = now, time.monotonic()
                elif time.monotonic() - since > 3:
                    break
            time.sleep(0.3)
        p.send_signal(signal.SIGTERM)
        assert p.wait(30) == 0, self.tail()
        self.sandbox.terminate()
        self.sandbox.wait()

    def compare(self):
        counts = self.look("check")
        db = sqlite3.connect(f"file:{self.world}/moidan.db?mode=ro", uri=True)
        state = {i: STATES[s] for i, s in db.execute("SELECT id, state FROM message")}
        unsure = {i for i, in db.execute("SELECT DISTINCT message_id FROM attempt WHERE event = 7")}
        with open(self.ledger, encoding="utf-8") as f:
            lines = [line.split() for line in f]
        refs = [line[0] for line in lines]
        sent = collections.Counter(int(r.split("-")[1]) for r in refs)
        rows = collections.Counter(state.values())
        twice = [i for i, n in sent.items() if n > 1]
        lost = [i for i, s in state.items() if s in ACCEPTED and i not in sent]
        ghosts = [i for i in sent if state.get(i) not in ACCEPTED + ("uncertain",)]
        secretly = [i for i in twice if i not in unsure]
        report = counts["report_messages"], counts["report_segments"]
        for key in ("total", "report_messages", "report_segments"):
            del counts[key]
        figures = {"deaths": self.crashes, "messages": len(state), "ledger": len(refs), "lost": len(lost) + len(ghosts),
                   "twice": len(twice), "twice unseen": len(secretly), "uncertain at deaths": self.uncertain,
                   "most at one": self.most, "states": dict(sorted(rows.items()))}
        print(f"   {self.kind}: " + ", ".join(f"{k} {v}" for k, v in figures.items()), flush=True)
        assert len(state) == self.messages, (len(state), self.messages)
        assert counts == rows, (counts, rows)
        assert not lost, ("accepted here, not known there", lost[:10])
        assert not ghosts, ("sent there, not accepted here", [(i, state.get(i)) for i in ghosts[:10]])
        assert not secretly, ("sent twice, never uncertain", secretly[:10])
        # Whoever knows references again gets each once; whoever does not is never asked twice.
        assert not twice, ("sent twice", twice[:10])
        accepted = sum(rows[s] for s in ACCEPTED)
        unsent = sum(1 for i, s in state.items() if s == "uncertain" and i not in sent)
        assert report[0] == len(refs) + unsent, ("report and ledger", report, len(refs), unsent)
        assert unsent or report[1] == sum(int(line[2]) for line in lines), ("segments", report)
        assert accepted + sum(1 for i in sent if state[i] == "uncertain") == len(sent), (accepted, len(sent))
        if self.kind == "dedup":
            assert rows["uncertain"] == 0, rows
        assert not set(rows) - {*ACCEPTED, "rejected", "uncertain"}, rows

    def go(self):
        self.open()
        points = fail_points()
        plan = [None] * self.cycles
        if self.kind == "dedup":
            plan += [p for p in points for _ in range(self.args.points)]
        self.luck.shuffle(plan)
        plan.sort(key=lambda p: p != "plan.done")  # while there is something to plan
        self.rate = max(20, round(self.messages / (len(plan) * self.args.life)))
        for point in plan:
            if point:
                self.kill_at(point)
            else:
                self.kill_at_random()
        self.finish()
        self.compare()
        missed = [p for p in plan if p and not self.reached[p]]
        assert not missed, ("never came to", missed)

    def close(self, ok):
        if self.sandbox.poll() is None:
            self.sandbox.kill()
        if ok and not self.args.keep:
            shutil.rmtree(self.home)
        else:
            print(f"   kept: {self.home}", file=sys.stderr)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("gateway")
    a.add_argument("sandbox")
    a.add_argument("--cycles", type=int, default=20, help="deaths at random; half as many more for the echo")
    a.add_argument("--points", type=int, default=1, help="deaths at each fail-point")
    a.add_argument("--messages", type=int, default=5000)
    a.add_argument("--life", type=float, default=0.6, help="seconds that a life lasts at most")
    a.add_argument("--seed", type=int, default=46)
    a.add_argument("--keep", action="store_true")
    args = a.parse_args()
    for kind, cycles, messages in (("dedup", args.cycles, args.messages),
                                   ("echo", args.cycles // 2, args.messages // 3)):
        run, ok, began = Run(args, kind, cycles, messages), False, time.monotonic()
        try:
            run.go()
            ok = True
        finally:
            run.close(ok)
        print(f"ok {run.crashes} deaths against a provider of the kind {kind}: {time.monotonic() - began:.0f} s",
              flush=True)


main()
