#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends through Debian's Kannel (bearerbox, smsbox and its test SMSC) and gets real receipts back:
plain, accented, and in several parts. Usage: kannel.py MOIDAN"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

MOIDAN = os.path.abspath(sys.argv[1])
FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
HOME = tempfile.mkdtemp(prefix="moidan-kannel-")
ENV = dict(os.environ, MOIDAN_TEST_CLOCK="2023-06-14 09:00", MOIDAN_CONFIG=HOME + "/moidan.yaml")
running = []


def free_ports(n):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def start(name, *argv):
    log = open(f"{HOME}/{name}.log", "wb")
    process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT, env=ENV)
    running.append(process)
    return process


def wait_port(port, seconds=15):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nobody listens on {port}")


def moidan(*argv):
    done = subprocess.run([MOIDAN, *argv], env=ENV, capture_output=True, text=True)
    assert done.returncode == 0, (argv, done.returncode, done.stdout, done.stderr)
    return done.stdout


def kannel(admin, boxes, smsc, sendsms):
    with open(f"{HOME}/kannel.conf", "w") as f:
        f.write(f"""
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
    start("bearerbox", "bearerbox", f"{HOME}/kannel.conf")
    wait_port(boxes)
    wait_port(smsc)
    start("fakesmsc", FAKESMSC, "-H", "127.0.0.1", "-r", str(smsc), "-m", "0", "1 2 text x")
    start("smsbox", "smsbox", f"{HOME}/kannel.conf")
    wait_port(sendsms)


def received():
    """What the test SMSC got: [(number, text, parts)], parts put together by their header."""
    whole, parts = [], {}
    with open(f"{HOME}/fakesmsc.log", "rb") as f:
        lines = f.read().decode("utf-8", "replace").splitlines()
    for line in lines:
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


def campaign(name, accents):
    moidan("campaign", "create", name, "--programme", "vneid", "--audience", "A1", "--accents", accents)
    preview = json.loads(moidan("campaign", "preview", name, "--json"))
    moidan("campaign", "approve", name)
    moidan("campaign", "start", name)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        shown = json.loads(moidan("campaign", "show", name, "--json"))
        if shown["finished"]:
            return preview, shown
        time.sleep(0.2)
    raise SystemExit(f"{name}: not finished: {shown}")


def main():
    if not (shutil.which("bearerbox") and os.path.exists(FAKESMSC)):
        raise SystemExit("Debian's kannel and kannel-extras are not installed")
    admin, boxes, smsc, sendsms, port = free_ports(5)
    kannel(admin, boxes, smsc, sendsms)
    with open(f"{HOME}/moidan.yaml", "w") as f:
        f.write(f"""
database: moidan.db
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
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
    rows = ["STT;Mã hộ;Họ và tên chủ hộ;Giới tính;Năm sinh;Ấp;Tổ;Số điện thoại;TK định danh mức 2;Đã cài VNeID;Ghi chú"]
    names = ["Nguyễn Văn Bình", "Trần Thị Đẹp", "Lê Hữu Phước", "Phạm Thị Ngọc Ánh"]
    for i, name in enumerate(names):
        rows.append(f"{i + 1};K-{i + 1};{name};{'Nữ' if 'Thị' in name else 'Nam'};1970;Tân Phú;Tổ 1;09120001{i:02d};Chưa tạo;;")
    with open(f"{HOME}/list.csv", "w", encoding="utf-8") as f:
        f.write("\n".join(rows) + "\n")
    moidan("import", "vneid", f"{HOME}/list.csv")
    start("moidan", MOIDAN, "serve")
    wait_port(port)

    plain, shown = campaign("không dấu", "without")
    assert shown["messages"] == {"delivered": len(names)}, shown
    accented, shown = campaign("có dấu", "with")
    assert shown["messages"] == {"delivered": len(names)}, shown

    got = received()
    assert len(got) == 2 * len(names), got
    ascii_texts = [g for g in got if g[1].isascii()]
    marked = [g for g in got if not g[1].isascii()]
    assert len(ascii_texts) == len(names) and all(g[2] == 1 for g in ascii_texts), ascii_texts
    # Every number got its own name, whole, in one text however many parts carried it.
    for i, name in enumerate(names):
        assert sum(name in g[1] and g[0] == f"849120001{i:02d}" for g in marked) == 1, (name, marked)
    assert sum(g[2] for g in marked) == accented["segments"] > len(names), (accented, marked)
    assert plain["segments"] == len(names), plain
    print(f"{len(got)} messages through Kannel, {sum(g[2] for g in got)} parts, all with receipts")


try:
    main()
except BaseException:
    for name in sorted(os.listdir(HOME)):
        if name.endswith(".log"):
            print(f"---- {name}")
            print(open(f"{HOME}/{name}", errors="replace").read()[-3000:])
    raise
finally:
    for process in reversed(running):
        process.terminate()
    for process in running:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    shutil.rmtree(HOME, ignore_errors=True)
