#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What providers answer when they should not: errors, refusals for now, silence, half answers, nonsense, far
too much, ways elsewhere. Each message is asked for once, and is where its answer puts it.
Usage: answers.py MOIDAN"""
import concurrent.futures
import gzip
import socket
import struct
import sys
import time

from lib import House, Provider, wait_for

TIMEOUT = 2  # seconds, in all
GOOD = b'{"CodeResult":"100","SMSID":"S-1"}'
HOUR = 3600


def status(code, body=b"", **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    return lambda r: (code, headers, body)


def raw(data, then="close"):
    """Writes data and closes, resets or hangs."""
    def on(connection):
        try:
            connection.sendall(data)
            if then == "hang":
                time.sleep(TIMEOUT + 3)
            if then == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        except OSError:
            pass
    return lambda r: on


def stream(head, piece, pause=0.0):
    """Writes head, then piece after piece until the other side has had enough."""
    def on(connection):
        until = time.monotonic() + TIMEOUT + 20
        try:
            connection.sendall(head)
            while time.monotonic() < until:
                connection.sendall(piece)
                time.sleep(pause)
        except OSError:
            pass
    return lambda r: on


def ok(length=None):
    return b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: %d\r\n" % length if length else b"") + b"\r\n"


def chunked(body):
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body


UNCERTAIN = {
    "500": status(500), "501": status(501, b"{}"), "502": status(502, b"<html>Bad Gateway</html>"),
    "503": status(503), "503 with patience": status(503, Retry_After="1"), "504": status(504), "599": status(599),
    "nothing": lambda r: None,
    "silence": raw(b"", "hang"),
    "silence after the head": raw(ok(100), "hang"),
    "silence in the body": raw(ok(len(GOOD)) + GOOD[:20], "hang"),
    "reset": raw(b"", "reset"),
    "reset in the body": raw(ok(len(GOOD)) + GOOD[:20], "reset"),
    "truncated": raw(ok(len(GOOD)) + GOOD[:-5]),
    "truncated chunk": raw(chunked(b"40\r\n" + GOOD)),
    "bad chunk": raw(chunked(b"xyz\r\n" + GOOD + b"\r\n0\r\n\r\n")),
    "not HTTP": raw(b"220 mail.example ESMTP\r\n"),
    "empty": status(200, b""), "a page": status(200, b"<html>OK</html>", Content_Type="text/html"),
    "a list": status(200, b"[100]"), "a number": status(200, b"100"), "null": status(200, b"null"),
    "bad UTF-8": status(200, b'{"CodeResult":"100","SMSID":"\xff\xfe"}'),
    "NUL": status(200, b'{"CodeResult":"10\x000"}'),
    "a key twice": status(200, b'{"CodeResult":"100","CodeResult":"103"}'),
    "two answers": status(200, GOOD + GOOD),
    "deep": status(200, b'{"CodeResult":' + b"[" * 30000 + b"]" * 30000 + b"}"),
    "half of it": status(200, GOOD[:17]),
    "a code unheard of": status(200, b'{"CodeResult":"777"}'),
    "drip": stream(ok(1000), b"a", 0.05),
    "drip of headers": stream(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.05),
    "1 GB": stream(ok(10 ** 9), b"a" * 65536),
    "1 GB without length": stream(ok(), b"a" * 65536),
    "1 GB in chunks": stream(chunked(b""), b"10000\r\n" + b"a" * 65536 + b"\r\n"),
    "300 KB of headers": raw(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"b" * 1000 + b"\r\n" * 1 +
                             b"".join(b"X-%d: " % i + b"b" * 1000 + b"\r\n" for i in range(300)) +
                             b"Content-Length: 2\r\n\r\n{}"),
    "gzip bomb": status(200, gzip.compress(b"\0" * 30_000_000), Content_Encoding="gzip"),
    "gzip": status(200, gzip.compress(GOOD), Content_Encoding="gzip"),
}

# What 429 asks for, and the wait that comes of it, in seconds. Without a readable wish the house's own: 60 s.
REFUSED_FOR_NOW = {
    "0": (1, 1), "1": (1, 1), "100": (100, 100), "1000000000": (6 * HOUR, 6 * HOUR),
    "99999999999999999999": (6 * HOUR, 6 * HOUR), "Wed, 14 Jun 2023 00:00:00 GMT": (1, 1),
    "Wed, 14 Jun 2023 03:00:00 GMT": (HOUR - 90, HOUR), "Fri, 01 Jan 2038 00:00:00 GMT": (6 * HOUR, 6 * HOUR),
    "soon": (48, 72), "-5": (48, 72), "1e9": (48, 72), "": (48, 72), None: (48, 72),
}


def one(reply):
    """A house of one household and a provider that answers its first request so. The house, asked."""
    h = House(sys.argv[1])
    h.provider = h.add(Provider())
    answers = iter([reply])
    h.provider.reply = lambda r: next(answers, Provider.accept)(r)
    h.describe("limits:\n", f"limits:\n  total_timeout: {TIMEOUT}s\n")
    h.configure(h.provider.url)
    h.run("init")
    h.import_people(1)
    h.serve()
    h.campaign("một")
    return h


def row(h, sql):
    with h.store() as db:
        return db.execute(sql).fetchone()


def is_uncertain(name):
    with one(UNCERTAIN[name]) as h:
        before = h.resources()[0]
        began = time.monotonic()
        h.wait_states("một", {"uncertain": 1}, TIMEOUT + 8)
        took = time.monotonic() - began
        time.sleep(0.5)
        assert took < TIMEOUT + 5, took
        assert h.resources()[0] - before < 100_000, (before, h.resources())
        assert len(h.provider.seen()) == 1
        assert h.stop() == 0
        assert h.check(h.provider) == {"uncertain": 1}


def is_tried_later(wish):
    headers = {} if wish is None else {"Retry_After": wish}
    low, high = REFUSED_FOR_NOW[wish]
    with one(status(429, b"slow down", **headers)) as h:
        refused = wait_for("the refusal", lambda: row(h, "SELECT ended_at FROM attempt"))[0]
        if high == 1:
            wait_for("the second", lambda: len(h.provider.seen()) == 2)
            h.wait_states("một", {"sent": 1})
            due = row(h, "SELECT claimed_at FROM message")[0]
            high += 1
        else:
            due = row(h, "SELECT due_at FROM message WHERE state = 1")[0]
            assert len(h.provider.seen()) == 1
        assert low * 1000 <= due - refused <= high * 1000, (due - refused, low, high)
        assert h.stop() == 0
        h.check(h.provider)


def is_not_led_away(location):
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.1)
        target = location.replace("PORT", str(trap.getsockname()[1]))
        with one(status(302 if "ftp" in target else 307, b"", Location=target)) as h:
            h.wait_states("một", {"uncertain": 1})
            try:
                trap.accept()
                raise AssertionError(f"{target} was followed")
            except TimeoutError:
                pass
            assert len(h.provider.seen()) == 1
            assert h.stop() == 0
            assert h.check(h.provider) == {"uncertain": 1}


LOCATIONS = ("file:///etc/passwd", "ftp://127.0.0.1:PORT/a", "http://127.0.0.1:PORT/", "https://127.0.0.1:PORT/",
             "http://169.254.169.254/latest/meta-data/", "//127.0.0.1:PORT/", "/MainService.svc/json/other")


def all_of(what, test, cases):
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        jobs = {case: pool.submit(test, case) for case in cases}
        failed = {case: job.exception() for case, job in jobs.items() if job.exception()}
    for case, why in failed.items():
        print(f"{what}: {case}: {why!r}")
    assert not failed
    print(f"ok {what}: {len(cases)} answers")


all_of("uncertain", is_uncertain, UNCERTAIN)
all_of("tried later", is_tried_later, REFUSED_FOR_NOW)
all_of("not led away", is_not_led_away, LOCATIONS)
