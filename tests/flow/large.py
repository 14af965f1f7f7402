#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A large list on its way in lies in a file without a name, and a large file on its way out is sent as it is read: the
daemon's memory does not grow with either. Usage: large.py MOIDAN"""
import os
import re
import socket
import stat
import sys

from console_lib import add_user
from lib import HEADINGS, House, wait_for

SIZE, GROWTH_KB = 30 << 20, 8 << 10
MARK = "----moidan-large"


def anonymous_kb(h):
    """Memory of the daemon that is no file's."""
    with open(f"/proc/{h.daemon.pid}/status", encoding="ascii") as f:
        return int(re.search(r"RssAnon:\s+(\d+)", f.read())[1])


def grown(h, before):
    kb = anonymous_kb(h) - before
    assert kb < GROWTH_KB, f"{kb} kB more"


def upload_file(h):
    """The daemon's file of an upload, as os.stat_result; None: there is none."""
    for fd in os.listdir(f"/proc/{h.daemon.pid}/fd"):
        try:
            if "moidan.db-upload-" in os.readlink(f"/proc/{h.daemon.pid}/fd/{fd}"):
                return os.stat(f"/proc/{h.daemon.pid}/fd/{fd}")
        except OSError:
            pass
    return None


def cookies(v):
    return "; ".join(f"{k}={c}" for k, c in v.cookies.items())


def comes_in(h, author):
    body = (f'--{MARK}\r\nContent-Disposition: form-data; name="form"\r\n\r\n{author.form}\r\n--{MARK}\r\n'
            'Content-Disposition: form-data; name="file"; filename="to.csv"\r\nContent-Type: text/csv\r\n\r\n').encode()
    body += b"x" * SIZE + f"\r\n--{MARK}--\r\n".encode()
    before = anonymous_kb(h)
    with socket.create_connection(("127.0.0.1", h.port)) as s:
        s.sendall(f"POST /imports HTTP/1.1\r\nHost: 127.0.0.1:{h.port}\r\nAccept: text/html\r\nCookie: {cookies(author)}\r\n"
                  f"Sec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary={MARK}\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:-2000])
        there = wait_for("the file", lambda: (f := upload_file(h)) and f.st_size == len(body) - 2000 and f, 60)
        assert stat.S_IMODE(there.st_mode) == 0o600 and there.st_nlink == 0, there
        grown(h, before)
        s.sendall(body[-2000:])
        answer = s.recv(65536).decode(errors="replace")
        assert answer.startswith("HTTP/1.1 422 "), answer[:300]  # it says nothing of a programme, and was read whole
        grown(h, before)
        # what follows on the connection is another request
        s.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{h.port}\r\n\r\n".encode())
        more = b""
        while b"HTTP/1.1 200 OK" not in more:
            part = s.recv(65536)
            assert part, more[-300:]
            more += part
    wait_for("the file's end", lambda: upload_file(h) is None)
    with socket.create_connection(("127.0.0.1", h.port)) as s:  # who goes in the middle leaves nothing
        s.sendall(f"POST /imports HTTP/1.1\r\nHost: 127.0.0.1:{h.port}\r\nCookie: {cookies(author)}\r\n"
                  f"Content-Type: multipart/form-data; boundary={MARK}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:1 << 20])
        wait_for("the file", lambda: upload_file(h))
    wait_for("its end", lambda: upload_file(h) is None)
    assert not [n for n in os.listdir(h.home) if "-upload-" in n]


def goes_out(h, author):
    """The faulty rows of a list, replaced by something large."""
    author.get("/imports")
    bad = (HEADINGS + "\n1;;Nguyễn Văn A;Nam;1970;Tân Phú;Tổ 1;0912000001;Chưa tạo;;\n").encode()
    where = author.upload("/imports", {"programme": "vneid"}, "sai.csv", bad).headers["Location"]
    wait_for("what was found", lambda: author.get(where + "/rejects").status == 200)
    file = f"{h.path('moidan.db-uploads')}/{where.split('/')[-1]}/.rejects"
    large = os.urandom(1 << 16) * (SIZE >> 16)
    with open(file + ".new", "wb") as f:
        f.write(large)
    os.rename(file + ".new", file)
    before = anonymous_kb(h)
    with socket.create_connection(("127.0.0.1", h.port)) as s:
        s.sendall(f"GET {where}/rejects HTTP/1.1\r\nHost: 127.0.0.1:{h.port}\r\nCookie: {cookies(author)}\r\n\r\n".encode())
        got = s.recv(1000)
        assert got.startswith(b"HTTP/1.1 200 OK"), got[:300]
        grown(h, before)
        head, got = got.split(b"\r\n\r\n", 1)
        assert f"Content-Length: {SIZE}".encode() in head, head
        parts, n = [got], len(got)
        while n < SIZE:
            part = s.recv(1 << 20)
            assert part, n
            parts.append(part)
            n += len(part)
        grown(h, before)
    assert b"".join(parts) == large
    a = author.ask("HEAD", where + "/rejects")
    assert (a.status, a.headers["Content-Length"], a.body) == (200, str(SIZE), b""), (a.status, a.headers)


def main():
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.import_people(3)
        # what the sanitizer keeps of freed memory is not the daemon's
        h.serve({"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"})
        author = add_user(h, "soan", "author")
        for _ in range(8):
            author.get("/imports")  # each clerk has opened the store
        comes_in(h, author)
        goes_out(h, author)
        assert "level=error" not in h.read("moidan.log"), h.read("moidan.log")[-2000:]
        assert h.stop() == 0


main()
