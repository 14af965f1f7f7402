#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends through Debian's Kannel (bearerbox, smsbox and its test SMSC) and gets real receipts back:
plain, accented, and in several parts. Then people answer. Usage: kannel.py MOIDAN"""
import glob
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

from lib import HEADINGS, House, free_port, listens, wait_for

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"


class Process:
    """A program beside the house, its output in NAME.log."""

    def __init__(self, h, name, *argv):
        with open(h.path(name + ".log"), "ab") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Handset:
    """The test SMSC: takes what is sent and, started with a text, has somebody send that first."""

    def __init__(self, h, port):
        self.h, self.port, self.process = h, port, None
        h.add(self)

    def sends(self, *message):
        """message: from, to, text; none: it only receives."""
        if self.process:
            self.stop()
        self.process = Process(self.h, f"fakesmsc-{len(message) and message[0]}", FAKESMSC, "-H", "127.0.0.1",
                               "-r", str(self.port), "-i", "0.1", "-m", str(bool(message) + 0),
                               "{} {} text {}".format(*message or (1, 2, "x")))

    def stop(self):
        self.process.stop()


def kannel(h, sendsms, answers):
    admin, boxes, smsc = free_port(), free_port(), free_port()
    conf = h.write("kannel.conf", f"""
group = core
admin-port = {admin}
admin-password = admin
admin-allow-ip = "127.0.0.1"
smsbox-port = {boxes}
box-allow-ip = "127.0.0.1"
log-level = 1
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = FAKE
port = {smsc}
connect-allow-ip = "127.0.0.1"

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = "127.0.0.1"
log-level = 1

group = sendsms-user
username = moidan
password = kannel-secret
max-messages = 10
concatenation = true

group = sms-service
keyword = default
max-messages = 0
get-url = "{answers}?from=%p&to=%P&text=%a&id=%I&t=%T"
omit-empty = true
""")
    h.add(Process(h, "bearerbox", "bearerbox", conf))
    wait_for("bearerbox", lambda: listens(boxes) and listens(smsc))
    handset = Handset(h, smsc)
    handset.sends()
    h.add(Process(h, "smsbox", "smsbox", conf))
    wait_for("smsbox", lambda: listens(sendsms))
    return handset


def received(h):
    """What the test SMSC got: [(number, text, parts)], parts put together by their header."""
    whole, parts = [], {}
    logs = "".join(h.read(os.path.basename(log)) for log in glob.glob(h.path("fakesmsc-*.log")))
    for line in logs.splitlines():
        m = re.search(r"Got message \d+: <\S+ (\d+) (text|ucs-2|udh) (.*)>$", line)
        if not m:
            continue
        number, kind, rest = m.groups()
        if kind == "text":
            whole.append((number, urllib.parse.unquote_plus(rest), 1))
        elif kind == "ucs-2":
            whole.append((number, urllib.parse.unquote_to_bytes(rest.replace("+", " ")).decode("utf-16-be"), 1))
        else:
            m = re.match(r"(\S+) (text|data|ucs-2) (.*)$", rest)
            header = urllib.parse.unquote_to_bytes(m.group(1).replace("+", " "))
            body = urllib.parse.unquote_to_bytes(m.group(3).replace("+", " "))
            parts.setdefault((number, header[3]), {})[header[5]] = (m.group(2), body)
    for (number, _), found in parts.items():
        raw = b"".join(found[k][1] for k in sorted(found))
        kind = next(iter(found.values()))[0]
        whole.append((number, raw.decode("utf-8" if kind == "text" else "utf-16-be"), len(found)))
    return whole


def main(h):
    sendsms = free_port()
    h.write("moidan.yaml", f"""
database: moidan.db
listen: 127.0.0.1:{h.port}
public_url: {h.url}
two_person: false
unit: {{name: xã Mỹ Phú Đông, office: UBND xã Mỹ Phú Đông, card_name: CCCD}}
providers:
  - name: kannel
    description: kannel
    base_url: http://127.0.0.1:{sendsms}
    settings: {{username: moidan, from: MYPHUDONG}}
    secrets: {{password: kannel-secret}}
    price_per_segment: 350
caps: {{per_day: 3, per_week: 6}}
""")
    rows = [HEADINGS]
    names = ["Nguyễn Văn Bình", "Trần Thị Đẹp", "Lê Hữu Phước", "Phạm Thị Ngọc Ánh"]
    for i, name in enumerate(names):
        rows.append(f"{i + 1};K-{i + 1};{name};{'Nữ' if 'Thị' in name else 'Nam'};1970;Tân Phú;Tổ 1;"
                    f"09120001{i:02d};Chưa tạo;;")
    h.run("import", "vneid", h.write("list.csv", "\n".join(rows) + "\n"))
    handset = kannel(h, sendsms, h.run("provider", "callback", "kannel").split()[-1])
    h.serve()
    for name, accents in (("không dấu", "without"), ("có dấu", "with")):
        h.campaign(name, "--accents", accents)
        assert h.wait_finished(name) == {"delivered": len(names)}

    got = received(h)
    assert len(got) == 2 * len(names), got
    ascii_texts = [g for g in got if g[1].isascii()]
    marked = [g for g in got if not g[1].isascii()]
    assert len(ascii_texts) == len(names) and all(g[2] == 1 for g in ascii_texts), ascii_texts
    # Every number got its own name, whole, in one text however many parts carried it.
    for i, name in enumerate(names):
        assert sum(name in g[1] and g[0] == f"849120001{i:02d}" for g in marked) == 1, (name, marked)
    assert sum(g[2] for g in marked) > len(names), marked
    print(f"ok {len(got)} messages through Kannel, {sum(g[2] for g in got)} parts, all with receipts")

    for number, text, kind in (("84912000100", "TU+CHOI", "opt_out"), ("84912000101", "toi+se+den", "will_come"),
                               ("84912000102", "may+gio+mo+cua", "unknown")):
        handset.sends(number, "8079", text)
        wait_for(text, lambda: kind in [r["kind"] for r in h.json("reply", "list", "--all")["items"]])
    handset.sends()
    # Who declined is told once that it was heard, and never written to again.
    wait_for("the confirmation", lambda: len(received(h)) == len(got) + 1)
    h.campaign("sau đó")
    assert h.wait_finished("sau đó") == {"delivered": len(names) - 1}
    assert sum(g[0] == "84912000100" for g in received(h)) == 3, received(h)
    print("ok answers through Kannel")


if not (shutil.which("bearerbox") and os.path.exists(FAKESMSC)):
    raise SystemExit("Debian's kannel and kannel-extras are not installed")
with House(sys.argv[1]) as house:
    main(house)
