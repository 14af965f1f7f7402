#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The power goes. Each write and sync of the real program to its database is written down as it happens, each
acknowledgement beside it; then at many moments what a disk would have kept is put together: all that was
synced, and of the rest each write whole, torn at a sector, or not at all. Nothing acknowledged may be missing,
nothing sent may be unknown. Usage: power.py MOIDAN DISK_LOG.so [--cuts N]"""
import collections
import concurrent.futures
import glob
import os
import random
import sqlite3
import struct
import sys
import threading
import time

from lib import ROOT, STATES, House, Provider, wait_for

CUTS = int(sys.argv[sys.argv.index("--cuts") + 1]) if "--cuts" in sys.argv else 150
LIVES = 4  # of the cuts, those after which the gateway itself goes on
RULES = "caps: {per_day: 3, per_week: 6}\ndispatch: {backoff: 1s, settle_after: 1s}"
RECORD = struct.Struct("<BBHIQ")
FILES = ("", "-wal", "-journal")
SECTOR = 512


class Disk:
    """Follows the record. safe: what is certainly on the disk; open: what was written since."""

    def __init__(self, log):
        self.log, self.at = log, 0
        self.safe = [None, None, None]
        self.open = [[], [], []]
        self.syncs = {}
        self.ops = collections.Counter()

    def step(self):
        """One record; False at the end."""
        if self.at == len(self.log):
            return False
        op, file, _, n, at = RECORD.unpack_from(self.log, self.at)
        op = chr(op)
        self.ops[op] += 1
        self.at += RECORD.size
        if op == "W":
            self.open[file].append((op, at, self.log[self.at:self.at + n]))
            self.at += n
        elif op == "T":
            self.open[file].append((op, at, b""))
        elif op == "U":
            self.safe[file], self.open[file] = None, []
        elif op == "B":
            self.syncs[n] = len(self.open[file])
        else:
            k = self.syncs.pop(n)
            self.safe[file] = self.after(self.safe[file], self.open[file][:k])
            self.open[file] = self.open[file][k:]
            # Another sync of the same file that is under way has less to do.
            self.syncs = {m: max(0, j - k) for m, j in self.syncs.items()}
        return True

    @staticmethod
    def after(image, writes):
        data = bytearray(image or b"")
        for op, at, piece in writes:
            if op == "T":
                data[at:] = bytes(max(0, at - len(data)))
                continue
            if len(data) < at:
                data += bytes(at - len(data))
            data[at:at + len(piece)] = piece
        return data

    def cut(self, luck):
        """What is there when the power is back: the images of the files."""
        images = []
        for safe, writes in zip(self.safe, self.open):
            mood, kept = luck.choice((0, 0.5, 0.5, 1)), []
            for op, at, piece in writes:
                if luck.random() >= mood:
                    continue
                if op == "W" and len(piece) > SECTOR and luck.random() < 0.3:
                    torn = luck.randrange(0, len(piece), SECTOR)
                    at, piece = (at, piece[:torn]) if luck.random() < 0.5 else (at + torn, piece[torn:])
                kept.append((op, at, piece))
            images.append(None if safe is None and not kept else self.after(safe, kept))
        return images


def put(images, path):
    for image, end in zip(images, FILES):
        if image is not None:
            with open(path + end, "wb") as f:
                f.write(image)


def preloaded(h):
    h.env.update(LD_PRELOAD=os.path.abspath(sys.argv[2]), DISK_LOG=h.path("disk.record"),
                 ASAN_OPTIONS="verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", ""))


class Watched(Provider):
    """Knows how much of the disk had happened when each request came in."""

    def __init__(self, log):
        super().__init__()
        self.log, self.stamps = log, []
        self.remember()
        known = self.reply

        def reply(request):
            with self.lock:
                self.stamps.append((os.path.getsize(log), request))
            time.sleep(0.02)
            return known(request)
        self.reply = reply


def record():
    """A house works for a while: commands, sends, receipts, checkpoints. What is kept: (house, log, requests,
    receipts, marks), each with the length of the record at which it was acknowledged."""
    h = House(sys.argv[1])
    preloaded(h)
    log = h.path("disk.record")
    h.provider = h.add(Watched(log))
    h.configure(h.provider.url, extra=RULES, provider="rate_per_second: 150,")
    receipts, marks = [], []
    h.run("init")
    marks.append((os.path.getsize(log), "init", None))
    h.import_people(250)
    marks.append((os.path.getsize(log), "imported", set(h.imported)))
    h.serve()
    h.campaign("một")
    marks.append((os.path.getsize(log), "started", "một"))

    def tell():
        done = 0
        while len(receipts) < 300:
            waiting = h.provider.seen()[done:]
            for request in waiting:
                try:
                    if h.receipt(request)[0] == 200:
                        receipts.append((os.path.getsize(log), request["RequestId"]))
                except OSError:
                    return
            done += len(waiting)
            time.sleep(0.01)
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    wait_for("half", lambda: len(h.provider.seen()) > 120)
    h.import_people(50, first=250)
    marks.append((os.path.getsize(log), "imported", set(h.imported)))
    h.campaign("hai")
    marks.append((os.path.getsize(log), "started", "hai"))
    wait_for("some of the second", lambda: len(h.provider.seen()) > 300)
    h.daemon.kill()
    h.daemon.wait()
    with open(log, "rb") as f:
        return h, f.read(), h.provider.stamps, receipts, marks


def is_sound(images, at, stamps, receipts, marks, scratch):
    """The store that comes back holds what was acknowledged before the cut."""
    path = f"{scratch}/moidan.db"
    for old in glob.glob(path + "*"):
        os.unlink(old)
    put(images, path)
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not db.execute("PRAGMA foreign_key_check").fetchall()
        if at < marks[0][0]:
            return 0
        rows = {i: (STATES[s], n) for i, s, n in db.execute("SELECT id, state, attempts FROM message")}
        known = {key for key, in db.execute("SELECT list_key FROM recipient")}
        campaigns = {name for name, in db.execute("SELECT name FROM campaign WHERE started_at > 0")}
        kept = {i for i, in db.execute("SELECT message_id FROM receipt UNION SELECT message_id FROM receipt_orphan")}
        for stamp, what, which in marks:
            if stamp <= at and what == "imported":
                assert which <= known, ("imported, lost", len(which - known))
            if stamp <= at and what == "started":
                assert which in campaigns, ("started, lost", which)
        sent = [int(r["RequestId"].split("-")[1]) for stamp, r in stamps if stamp <= at]
        for i in sent:
            assert i in rows and rows[i][1] >= 1 and rows[i][0] != "queued", ("sent, unknown", i, rows.get(i))
        told = [int(ref.split("-")[1]) for stamp, ref in receipts if stamp <= at]
        assert set(told) <= kept, ("receipts acknowledged, lost", len(set(told) - kept))
        counted = dict(db.execute("SELECT state, sum(n) FROM message_count GROUP BY state HAVING sum(n) > 0"))
        assert counted == dict(collections.Counter(s for s, in db.execute("SELECT state FROM message"))), counted
        return len(sent) + len(told)
    finally:
        db.close()


def goes_on(source, images, at, stamps, receipts, marks):
    """The gateway itself, from what the disk kept, with the provider that knows what came before."""
    with House(sys.argv[1]) as h:
        h.env["MOIDAN_TEST_SHIFT"] = source.env["MOIDAN_TEST_SHIFT"]  # the same day goes on
        put(images, h.path("moidan.db"))
        provider = h.add(Provider())
        before = [r for stamp, r in stamps if stamp <= at]
        done = {r["RequestId"] for r in before}

        def reply(request):
            with provider.lock:
                known = request["RequestId"] in done
                done.add(request["RequestId"])
            return {"CodeResult": "124", "ErrorMessage": "duplicate"} if known else Provider.accept(request)
        provider.reply = reply
        provider.requests.extend(before)
        provider.sends_receipts(h)
        h.configure(provider.url, extra=RULES)
        h.receipts = [ref for stamp, ref in receipts if stamp <= at]
        for stamp, what, which in marks:
            if stamp <= at and what == "imported":
                h.imported |= which
            if stamp <= at and what == "started":
                h.started.add(which)
        h.serve()

        def over():
            return not {"queued", "sending", "uncertain"} & set(sum((list(h.states(c)) for c in h.started), []))
        try:
            wait_for("the end", over, 60)
        except AssertionError as e:
            raise AssertionError(f"{e}; {[h.states(c) for c in h.started]}") from None
        assert h.stop() == 0
        return h.check(provider)


def cuts_under_load():
    h, log, stamps, receipts, marks = record()
    with h:
        luck = random.Random(46)
        end = Disk(log)
        while end.step():
            pass
        first = marks[2][0]  # most of them where it works
        moments = sorted([luck.randrange(first, len(log)) for _ in range(CUTS)] +
                         [luck.randrange(marks[0][0], first) for _ in range(CUTS // 10)])
        lives = set(luck.sample([m for m in moments if m > first], LIVES))
        disk, told, jobs = Disk(log), 0, []
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for moment in moments:
                while disk.at < moment and disk.step():
                    pass
                images = disk.cut(luck)
                told = max(told, is_sound(images, disk.at, stamps, receipts, marks, h.home))
                if moment in lives:
                    jobs.append(pool.submit(goes_on, h, images, disk.at, stamps, receipts, marks))
            for job in jobs:
                job.result()
        assert told > 300 and end.ops["E"] > 50, (told, end.ops)
        print(f"ok {len(moments)} cuts in {len(log) >> 10} KiB of writes and {end.ops['E']} syncs, up to {told} "
              f"acknowledgements kept; {LIVES} went on to their end")


def whole_schemas():
    """The tables after each step, in order."""
    db, stages = sqlite3.connect(":memory:"), [set()]
    for name in sorted(glob.glob(ROOT + "/gateway/store/schema/[0-9]*.sql")):
        with open(name, encoding="utf-8") as f:
            db.executescript(f.read())
        stages.append(set(db.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")))
    return stages


def cuts_in_the_schema():
    """A database comes to be, and is brought up to date: the old schema whole, or the new one."""
    stages = whole_schemas()
    luck = random.Random(46)
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        preloaded(h)
        h.run("init")
        logs = [("init", [None] * 3, h.path("disk.record"))]
        # One that was made when there was only the first step.
        new = sqlite3.connect(h.path("moidan.db"))
        steps = new.execute("SELECT version, name, checksum, at FROM schema_migration").fetchall()
        meta = new.execute("SELECT name, value FROM meta").fetchall()
        new.close()
        h.database = "old.db"
        h.configure("http://127.0.0.1:9")
        h.env["DISK_LOG"] = h.path("old.record")
        old = sqlite3.connect(h.path("old.db"))
        with open(glob.glob(ROOT + "/gateway/store/schema/0001_*.sql")[0], encoding="utf-8") as f:
            old.executescript(f.read())
        old.execute("CREATE TABLE schema_migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                    "checksum TEXT NOT NULL, at INTEGER NOT NULL)")
        old.execute("INSERT INTO schema_migration VALUES (?, ?, ?, ?)", steps[0])
        old.executemany("INSERT INTO meta VALUES (?, ?)", meta)
        old.commit()
        old.close()
        with open(h.path("old.db"), "rb") as f:
            image = f.read()
        h.run("init")
        logs.append(("migration", [image, None, None], h.path("old.record")))
        for what, images, log in logs:
            seen = collections.Counter()
            with open(log, "rb") as f:
                disk = Disk(f.read())
            disk.safe = images
            first = len(stages) - 1 if images[0] and len(stages) == 2 else int(images[0] is not None)
            while disk.step():
                for _ in range(2):
                    seen[schema_at(disk.cut(luck), h.path("cut.db"), stages)] += 1
            assert min(seen) >= first and seen[len(stages) - 1] and set(seen) <= set(range(len(stages))), seen
            print(f"ok {sum(seen.values())} cuts in the {what}: steps done {dict(sorted(seen.items()))}")
        # From what a cut has left it goes on.
        with open(logs[0][2], "rb") as f:
            disk = Disk(f.read())
        h.database = "cut.db"
        h.configure("http://127.0.0.1:9")
        h.env.pop("LD_PRELOAD")
        total = len(disk.log)
        for moment in sorted(luck.randrange(total) for _ in range(6)):
            while disk.at < moment and disk.step():
                pass
            schema_at(disk.cut(luck), h.path("cut.db"), stages)
            h.run("init")
            h.run("status")


def schema_at(images, path, stages):
    for old in glob.glob(path + "*"):
        os.unlink(old)
    put(images, path)
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = set(db.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
        if not tables:
            return 0
        n, = db.execute("SELECT count(*) FROM schema_migration").fetchone()
        assert {t for t in tables if t[1] != "schema_migration"} == stages[n], n
        assert db.execute("SELECT 1 FROM meta WHERE name = 'instance'").fetchone()
        return n
    finally:
        db.close()


cuts_under_load()
cuts_in_the_schema()
