#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The disk is full, too small, read-only, or fails at the n-th write or sync, once or from then on: what was
acknowledged is kept, nothing goes twice, and work goes on when the disk does.
Usage: disk.py MOIDAN BAD_DISK.so [--all]"""
import concurrent.futures
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

from lib import House, Provider, get, listens, own_mounts, wait_for

RULES = "caps: {per_day: 3, per_week: 6}\ndispatch: {backoff: 1s, settle_after: 1s}"


def house(n, **more):
    h = House(sys.argv[1])
    h.provider = h.add(Provider()).remember().sends_receipts(h)
    h.n = n
    h.configure(h.provider.url, extra=RULES, **more)
    return h


def begin(h):
    h.run("init")
    h.import_people(h.n)
    h.campaign("một")


def ends_well(h, keeper, seconds=60):
    h.wait_states("một", {"delivered": h.n}, seconds)
    assert keeper.stop() == 0
    assert h.check(h.provider) == {"delivered": h.n}


# ---- a disk of its own ------------------------------------------------------------------------

def on_disk(h, size):
    """size: as mount takes it, with further options behind a comma."""
    os.mkdir(h.path("disk"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", h.path("disk")], check=True)
    h.database = "disk/moidan.db"
    h.configure(h.provider.url, extra=RULES, provider="rate_per_second: 400,")


class Filler:
    """Whatever is free is used up at once."""

    def __init__(self, path):
        self.path, self.going = path, True
        self.thread = threading.Thread(target=self.fill)
        self.thread.start()

    def fill(self):
        with open(self.path, "wb", buffering=0) as f:
            while self.going:
                try:
                    f.write(b"x" * 4096)
                except OSError:
                    time.sleep(0.002)

    def stop(self):
        self.going = False
        self.thread.join()
        os.unlink(self.path)


def full():
    """Full in the middle of sending; commands and receipts are refused, not lost."""
    with house(800) as h:
        on_disk(h, "24m")
        begin(h)
        keeper = h.keep()
        wait_for("some", lambda: len(h.provider.seen()) > 100)
        filler = Filler(h.path("disk/filler"))
        try:
            wait_for("full", lambda: "event=store_unavailable" in h.read("moidan.log"))
            assert "event=ballast_dropped" in h.read("moidan.log")
            time.sleep(1.5)
            sent, kept = len(h.provider.seen()), len(h.receipts)
            assert sent < 800, sent
            lost = h.provider.seen()[-1]
            answers = [h.receipt(lost, status="2", sms_id=f"X-{i}" * 40)[0] for i in range(3)]
            assert set(answers) <= {200, 503} and 503 in answers, answers
            assert get(h.url + "/healthz")[0] == 200
            try:
                h.import_people(300, first=5000)
                raise RuntimeError("imported to a full disk")
            except AssertionError:
                pass
            time.sleep(1.5)
            assert len(h.provider.seen()) - sent < 32, (sent, len(h.provider.seen()))
        finally:
            filler.stop()
        began = time.monotonic()
        h.wait_states("một", {"delivered": 800}, 60)
        took = time.monotonic() - began
        assert not keeper.codes, keeper.codes  # it never had to end
        assert keeper.stop() == 0
        assert h.check(h.provider) == {"delivered": 800}
        print(f"ok full: {sent} sent and {kept} receipts kept before, all {took:.1f} s after")


def full_at_start():
    with house(20) as h:
        on_disk(h, "20m")
        begin(h)
        filler = Filler(h.path("disk/filler"))
        keeper = h.keep()
        try:
            wait_for("lives", lambda: len(keeper.codes) > 2 or "store_unavailable" in h.read("moidan.log"))
        finally:
            filler.stop()
        ends_well(h, keeper)
        print("ok full at the start:", keeper.codes)


def read_only():
    with house(40) as h:
        on_disk(h, "40m")
        begin(h)
        keeper = h.keep()
        wait_for("some", lambda: len(h.provider.seen()) > 4)
        h.daemon.kill()
        ended = h.daemon
        while subprocess.run(["mount", "-o", "remount,ro", h.path("disk")], stderr=subprocess.DEVNULL).returncode:
            if h.daemon is not ended:  # it was faster than we: once more
                h.daemon.kill()
                ended = h.daemon
        wait_for("lives", lambda: len(keeper.codes) > 3)
        subprocess.run(["mount", "-o", "remount,rw", h.path("disk")], check=True)
        ends_well(h, keeper)
        print("ok read-only:", sorted(set(keeper.codes[1:])))


def no_files_more():
    """Room enough, but for no further file: neither the log of the database nor its lock can be made anew."""
    with house(60) as h:
        on_disk(h, "64m,nr_inodes=40")
        begin(h)
        os.mkdir(h.path("disk/others"))
        made = []

        def fill():
            try:
                while True:
                    made.append(h.path(f"disk/others/{len(made)}"))
                    open(made[-1], "xb").close()
            except OSError as e:
                made.pop()
                assert e.errno == errno.ENOSPC, e

        keeper = h.keep()
        wait_for("some", lambda: len(h.provider.seen()) > 4)
        fill()
        h.daemon.kill()
        # What it has already is enough to begin again and go on.
        h.wait_states("một", {"delivered": 60}, 60)
        assert keeper.stop() == 0
        # The database alone, as it comes back from elsewhere: nothing can be made beside it.
        assert os.path.getsize(h.path("disk/moidan.db-wal")) == 0
        for end in ("-wal", "-shm"):
            os.remove(h.path("disk/moidan.db" + end))
        fill()
        keeper = h.keep()
        wait_for("lives", lambda: len(keeper.codes) > 2)
        for path in made:
            os.remove(path)
        wait_for("a life that lasts", lambda: listens(h.port))
        h.import_people(20, first=500)
        h.campaign("hai")
        h.wait_states("hai", {"delivered": 80}, 60)
        assert keeper.stop() == 0
        assert h.check(h.provider) == {"delivered": 60 + 80}
        print("ok no files more:", sorted(set(keeper.codes)))


# ---- limits -----------------------------------------------------------------------------------

def file_too_large():
    with house(400, provider="rate_per_second: 400,") as h:
        begin(h)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        h.serve(wait=False)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert h.daemon.wait(20) == 74, h.daemon.returncode
        keeper = h.keep()
        wait_for("some", lambda: len(h.provider.seen()) > 50)
        size = os.path.getsize(h.path("moidan.db-wal")) + 100_000
        resource.prlimit(h.daemon.pid, resource.RLIMIT_FSIZE, (size, size))
        wait_for("its end", lambda: keeper.codes)
        assert -signal.SIGXFSZ not in keeper.codes and keeper.codes[0] == 74, keeper.codes
        ends_well(h, keeper)
        print("ok a file may not grow:", keeper.codes)


def no_descriptors():
    """None left: neither accept() nor a request to the provider has one. It neither ends nor runs hot."""
    with house(60, provider="rate_per_second: 20,") as h:
        begin(h)
        keeper = h.keep()
        wait_for("some", lambda: len(h.provider.seen()) > 4)
        wait_for("its door", lambda: listens(h.port))
        before = h.daemon.pid
        limit = max(int(fd) for fd in os.listdir(f"/proc/{before}/fd")) + 1
        old = resource.prlimit(before, resource.RLIMIT_NOFILE)
        resource.prlimit(before, resource.RLIMIT_NOFILE, (limit, old[1]))

        def used():
            with open(f"/proc/{before}/stat", encoding="ascii") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        logged, spent = os.path.getsize(h.path("moidan.log")), used()
        held = [socket.create_connection(("127.0.0.1", h.port)) for _ in range(100)]
        time.sleep(4)
        spent, logged = used() - spent, os.path.getsize(h.path("moidan.log")) - logged
        assert spent < 1.5 and logged < 60_000, (spent, logged)
        for s in held:
            s.close()
        resource.prlimit(before, resource.RLIMIT_NOFILE, old)
        assert get(h.url + "/healthz")[0] == 200
        ends_well(h, keeper)
        assert not keeper.codes
        print(f"ok no descriptors: {spent:.1f} s of CPU in 4 s, {logged} bytes of log")


# ---- the n-th call ------------------------------------------------------------------------------

def fails(call, error, nth, how):
    """A whole campaign on a disk whose nth call fails. What the lives ended with, or None when it never
    came to the nth."""
    with house(30) as h:
        begin(h)
        flag = h.path("flag")
        h.write("flag", "")
        keeper = h.keep(env={"LD_PRELOAD": os.path.abspath(sys.argv[2]),
                             "BAD_DISK": f"{call} {error} {nth} {how} {flag}",
                             "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")})

        def over():
            return os.path.exists(flag + ".hit") or h.states("một") == {"delivered": 30}
        wait_for("the fault", over, 30)
        hit = os.path.exists(flag + ".hit")
        if hit and how == "ever":
            time.sleep(1.5)
        os.unlink(flag)
        try:
            ends_well(h, keeper)
        except AssertionError as e:
            raise AssertionError(f"{call} {errno.errorcode.get(error)} at {nth} {how}: {e}; "
                                 f"{keeper.codes}\n{h.read('moidan.log')[-3000:]}") from None
        assert all(code > 0 for code in keeper.codes), keeper.codes
        return keeper.codes if hit else None


def every_nth():
    points = {"write": (2, 15, 60, 200), "short": (2, 60), "sync": (2, 7, 14, 25)}
    if "--all" in sys.argv:
        points = dict.fromkeys(points, range(1, 300))
    kinds = [("write", errno.EIO, "once"), ("write", errno.EIO, "ever"), ("sync", errno.EIO, "once"),
             ("sync", errno.EIO, "ever"), ("write", errno.ENOSPC, "once"), ("write", errno.ENOSPC, "ever"),
             ("short", 0, "ever")]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = {(kind, n): pool.submit(fails, kind[0], kind[1], n, kind[2]) for kind in kinds
                for n in points[kind[0]]}
        for kind in kinds:
            codes = [jobs[kind, n].result() for n in points[kind[0]]]
            hit = [c for c in codes if c is not None]
            assert hit, kind
            print(f"ok {kind[0]} {errno.errorcode.get(kind[1], 'half')} {kind[2]}: {len(hit)} of {len(codes)} hit, "
                  f"ended {sum(bool(c) for c in hit)} times with {sorted(set(sum(hit, [])))}")


if own_mounts():
    for test in (full, full_at_start, no_files_more, read_only):
        test()
else:
    print("skipped: no disk of its own may be mounted here")
for test in (file_too_large, no_descriptors, every_nth):
    test()
