#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends through Debian's Kannel (bearerbox, smsbox and its test SMSC) and gets real receipts back:
plain, accented, and in several parts. Usage: kannel.py MOIDAN"""
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
        with open(h.path(name + ".log"), "wb") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def kannel(h, sendsms):
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
text = ""
""")
    h.add(Process(h, "bearerbox", "bearerbox", conf))
    wait_for("bearerbox", lambda: listens(boxes) and listens(smsc))
    h.add(Process(h, "fakesmsc", FAKESMSC, "-H", "127.0.0.1", "-r", str(smsc), "-m", "0", "1 2 text x"))
    h.add(Process(h, "smsbox", "smsbox", conf))
    wait_for("smsbox", lambda: listens(sendsms))


def received(h):
    """What the test SMSC got: [(number, text, parts)], parts put together by their header."""
    whole, parts = [], {}
    for line in h.read("fakesmsc.log").splitlines():
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
    kannel(h, sendsms)
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


if not (shutil.which("bearerbox") and os.path.exists(FAKESMSC)):
    raise SystemExit("Debian's kannel and kannel-extras are not installed")
with House(sys.argv[1]) as house:
    main(house)
