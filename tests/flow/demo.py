#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What somebody who has just come runs first: the whole of it, in one process and on invented people. What it tells
is what is in its store and in the provider's book; what it says to type next works; and without --keep nothing of it
is left. Usage: demo.py MOIDAN"""
import collections
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile

from lib import listens, shift_to, wait_for

EX_USAGE, EX_CANTCREAT, EX_TEMPFAIL = 64, 73, 75
MOIDAN = os.path.abspath(sys.argv[1])


def run(*argv, code=0, env=None):
    done = subprocess.run([MOIDAN, *argv], env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == code, (argv, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout + done.stderr


def left_running(home):
    """Processes that were started with the house's files."""
    out = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if home.encode() in f.read() and int(pid) != os.getpid():
                    out.append(pid)
        except OSError:
            pass
    return out


def goes_on(home, sandbox):
    """Somebody tries a campaign of their own in the kept house, with the provider that it was told of."""
    env = dict(os.environ, MOIDAN_CONFIG=home + "/moidan.yaml", MOIDAN_TEST_SHIFT=str(shift_to("2023-06-15T09:00:00+07:00")))
    running = [subprocess.Popen([MOIDAN, *argv.split()], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for argv in (sandbox, "serve")]
    try:
        wait_for("the provider", lambda: listens(int(sandbox.split()[-1])))
        run("campaign", "create", "thêm", "--programme", "vneid", "--audience", "A2", env=env)
        for verb in ("approve", "start"):
            run("campaign", verb, "thêm", env={**env, "MOIDAN_TWO_PERSON": "false"})
        wait_for("what arrived", lambda: json.loads(run("campaign", "show", "thêm", "--json", env=env))["messages"].get("delivered"))
    finally:
        for p in running:
            p.terminate()
        ends = [p.wait(60) for p in running]
    assert ends == [0, 0], ends


def kept(home):
    said = run("demo", "--keep", home, "--seed", "7")
    assert "DỮ LIỆU THỬ" in said and home in said
    db = sqlite3.connect(f"file:{home}/moidan.db?mode=ro", uri=True)
    rows = dict(db.execute("SELECT programme, count(*) FROM recipient GROUP BY programme"))
    for programme, n in rows.items():
        assert re.search(rf"\b{n:,}\b".replace(",", r"\."), said), (programme, n)
    # Nothing is open, nothing went twice, and the provider's book has what the store says.
    states = dict(db.execute("SELECT state, count(*) FROM message GROUP BY state"))
    assert not set(states) & {1, 2, 3}, states
    book = collections.Counter()
    with open(home + "/sandbox-ledger", encoding="utf-8") as f:
        for line in f:
            book[line.split()[0]] += 1
    unsure, = db.execute("SELECT count(*) FROM attempt WHERE event = 7").fetchone()
    sent, = db.execute("SELECT count(*) FROM message WHERE sent_at > 0").fetchone()
    assert sum(book.values()) >= sent > 500, (sum(book.values()), sent)
    assert sum(n - 1 for n in book.values()) <= unsure, (unsure, [k for k, n in book.items() if n > 1][:3])
    invited, delivered = map(int, re.search(r"Đã mời (\d+), tin đến máy (\d+)", said).groups())
    assert delivered == db.execute("SELECT count(DISTINCT m.recipient_id) FROM message m LEFT JOIN message o ON o.id = m.linked_to "
                                   "JOIN campaign k ON k.id = m.campaign_id WHERE k.stream = 0 AND (m.state = 10 OR m.state = 17 AND "
                                   "o.state = 10)").fetchone()[0] and invited >= delivered
    db.close()
    # What it says to type next.
    typed = re.findall(r"^  (\S+moidan --config \S+ .*)$", said, re.M)
    assert len(typed) == 6 and typed[-1].endswith(" serve"), typed
    for line in typed[:-1]:
        assert run(*line.split()[1:]).strip(), line
    assert "đã gửi xong" in run("--config", home + "/moidan.yaml", "campaign", "show", "1")
    assert json.loads(run("--config", home + "/moidan.yaml", "status", "--json"))["messages"]
    goes_on(home, re.search(r"^  \S+moidan (sandbox --port \d+)$", said, re.M)[1])
    # Each head carries one page along, and no code of a household is broken in two.
    for hamlet in ("Tân Phú", "Tân Mỹ", "Tân Đông"):
        run("--config", home + "/moidan.yaml", "report", "digest", "--unit", hamlet, "--pdf", home + "/page.pdf")
        info, text = (subprocess.run(argv, check=True, capture_output=True, text=True).stdout for argv in
                      (["pdfinfo", home + "/page.pdf"], ["pdftotext", "-layout", home + "/page.pdf", "-"]))
        assert re.search(r"^Pages: +1$", info, re.M), (hamlet, info)
        assert len(re.findall(r" (?:T[PMD]-\d{4}|CC-\d{3})\b", text)) == int(re.search(r"đến nhà: (\d+)", text)[1]), text
    # A second time into the same directory would mix two houses.
    assert "thư mục mới" in run("demo", "--keep", home, code=EX_CANTCREAT)
    assert not left_running(home)
    return sent


def broken_off():
    """Ctrl-C goes to the whole group: nobody goes on, nothing is left."""
    for group in (False, True):
        p = subprocess.Popen([MOIDAN, "demo"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        said = ""
        for line in p.stdout:
            said += line
            if "Nhập danh sách" in line:
                break
        if group:
            os.killpg(p.pid, signal.SIGINT)
        else:
            p.send_signal(signal.SIGTERM)
        said += p.stdout.read()
        home = re.search(r"Thư mục: (\S+)", said)[1]
        assert p.wait(60) == EX_TEMPFAIL and "theo yêu cầu" in said, (p.returncode, said[-500:])
        assert not os.path.exists(home) and not left_running(home), home


def main():
    run("demo", "--seed", "x", code=EX_USAGE)
    run("demo", "more", code=EX_USAGE)
    run("sandbox", code=EX_USAGE)
    with tempfile.TemporaryDirectory(prefix="moidan-flow-") as base:
        sent = kept(os.path.realpath(base) + "/house")
    broken_off()
    said = run("demo")
    home = re.search(r"Thư mục: (\S+)", said)[1]
    assert not os.path.exists(home) and not left_running(home), home
    assert "--keep" in said
    print(f"ok {sent} messages to invented people, and nothing left")


main()
