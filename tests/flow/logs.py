#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nobody can read what it says: standard error is full, closed, or a pipe that nobody reads. Sending goes on,
and no line of the log gets where it does not belong. What cannot be audited is not done.
Usage: logs.py MOIDAN"""
import glob
import os
import signal
import sqlite3
import subprocess
import sys
import time

from lib import House, Provider, listens, wait_for

EX_DATAERR = 65


def house(n, **more):
    h = House(sys.argv[1])
    h.provider = h.add(Provider()).remember().sends_receipts(h)
    h.configure(h.provider.url, **more)
    h.run("init")
    h.import_people(n)
    return h


def serve(h, redirections):
    """As the shell does it: "2>/dev/full", "0<&- 1>&- 2>&-"."""
    h.daemon = subprocess.Popen(["sh", "-c", f'exec "$0" serve {redirections}', h.moidan], env=h.env,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("serve", lambda: h.daemon.poll() is not None or listens(h.port))
    assert h.daemon.poll() is None, h.daemon.returncode


def works(h, name):
    assert h.daemon.poll() is None, h.daemon.returncode
    h.campaign(name)
    n = len(h.imported)
    h.wait_states(name, {"delivered": n})
    assert h.stop() == 0
    assert h.check(h.provider)["delivered"] == len(h.started) * n


def without_a_log():
    for redirections in ("2>/dev/full", "2>&-", "0<&- 1>&- 2>&-"):
        with house(5, extra="log_level: debug\ncaps: {per_day: 3, per_week: 6}") as h:
            serve(h, redirections)
            works(h, "một")
            # Lock files hold a pid or nothing, and no server of ours or theirs was told a line of log.
            for path in glob.glob(h.home + "/*"):
                if os.path.basename(path) not in ("moidan.yaml", "list.csv"):
                    with open(path, "rb") as f:
                        assert b"level=" not in f.read(), (redirections, path)
        print("ok sends with", redirections)


def commands_without_a_log():
    """The same for a command: what it opens first must not become its standard error."""
    with house(2) as h:
        for redirections in ("2>&-", "0<&- 1>&- 2>&-"):
            done = subprocess.run(["sh", "-c", f'exec "$0" recipient set vneid H-1 none-such {redirections}',
                                   h.moidan], env=h.env, check=False, stdout=subprocess.DEVNULL)
            assert done.returncode != 0
            for path in glob.glob(h.home + "/moidan.db*"):
                with open(path, "rb") as f:
                    assert b"moidan:" not in f.read(), (redirections, path)
        assert h.check(h.provider) == {}
        print("ok a command that may not speak harms nothing")


def a_pipe_that_nobody_reads():
    """The reader of the log ended; a write to it is an error, not a signal."""
    with house(5) as h:
        read, write = os.pipe()
        os.close(read)
        h.daemon = subprocess.Popen([h.moidan, "serve"], env=h.env, stdout=write, stderr=write)
        os.close(write)
        wait_for("serve", lambda: h.daemon.poll() is not None or listens(h.port))
        works(h, "một")
        print("ok sends though its log's reader is gone")


def a_pipe_that_is_full():
    """The reader of the log hangs: lines are lost, and counted once there is room again."""
    with house(40, extra="log_level: debug\ncaps: {per_day: 3, per_week: 6}") as h:
        read, write = os.pipe()
        os.set_blocking(write, False)
        try:
            while True:
                os.write(write, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(write, True)
        h.daemon = subprocess.Popen([h.moidan, "serve"], env=h.env, stdout=write, stderr=write)
        os.close(write)
        wait_for("serve", lambda: h.daemon.poll() is not None or listens(h.port))
        assert h.daemon.poll() is None, h.daemon.returncode
        h.campaign("một")
        h.wait_states("một", {"delivered": 40})
        lines = b""
        while b"event=lost lines=" not in lines:
            lines += os.read(read, 65536)
            h.daemon.send_signal(signal.SIGHUP)  # gives it something to say
            time.sleep(0.05)
        h.daemon.send_signal(signal.SIGTERM)
        while os.read(read, 65536):
            pass
        assert h.daemon.wait() == 0
        os.close(read)
        h.check(h.provider)
        print("ok sends though its log's reader hangs")


def what_cannot_be_audited_is_not_done():
    with house(3) as h:
        db = sqlite3.connect(h.path("moidan.db"))
        db.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END")
        db.commit()
        before = db.execute("SELECT state, hold, rev FROM recipient").fetchall()
        h.run("campaign", "create", "một", "--programme", "vneid", "--audience", "A1", code=EX_DATAERR)
        for words in (("hold", "vneid", "H-1"), ("set", "vneid", "H-2", "account"), ("set", "vneid", "H-3", "opted-out")):
            h.run("recipient", *words, code=EX_DATAERR)
        assert db.execute("SELECT state, hold, rev FROM recipient").fetchall() == before
        assert not db.execute("SELECT 1 FROM campaign").fetchall()
        db.execute("DROP TRIGGER full")
        db.commit()
        h.run("campaign", "create", "một", "--programme", "vneid", "--audience", "A1")
        db.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END")
        db.commit()
        for verb in ("approve", "cancel"):
            h.run("campaign", verb, "một", code=EX_DATAERR)
        assert db.execute("SELECT approved_by FROM campaign").fetchall() == [(None,)]
        db.close()
        print("ok what cannot be audited is not done")


for test in (without_a_log, commands_without_a_log, a_pipe_that_nobody_reads, a_pipe_that_is_full,
             what_cannot_be_audited_is_not_done):
    test()
