#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests that are wrong in every way that two parsers could read differently, with a genuine receipt in and
behind them, against the daemon itself: none is handled, all are counted, others are answered meanwhile.
Usage: malformed.py MOIDAN BAD_CLIENT [COUNT]"""
import subprocess
import sys
import time
import urllib.parse

from lib import House, Provider, get, wait_for

COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 6000


def counted(h):
    """(requests handled, requests refused) so far."""
    handled = refused = 0
    for line in get(h.url + "/metrics")[2].decode().split("\n"):
        if line.startswith("moidan_http_requests_total"):
            handled += int(line.rsplit(" ", 1)[1])
        elif line.startswith("moidan_http_refused_total"):
            refused += int(line.rsplit(" ", 1)[1])
    return handled, refused


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.run("init")
        h.import_people(3)
        h.serve()
        h.campaign("một")
        h.wait_states("một", {"sent": 3})
        first = provider.seen()[0]
        ref = first["RequestId"]
        target = urllib.parse.urlsplit(first["CallbackUrl"]).path + \
            f"?SMSID=S-{ref}&SendStatus=5&SendSuccess=1&SendFailed=0&RequestId={ref}"
        get(h.url + "/healthz")
        before, (rss, files), began, asked, worst = counted(h), h.resources(), time.monotonic(), 0, 0.0
        client = subprocess.Popen([sys.argv[2], str(h.port), str(COUNT), "46", target], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        while client.poll() is None:
            at = time.monotonic()
            assert get(h.url + "/healthz")[0] == 200
            worst, asked = max(worst, time.monotonic() - at), asked + 1
            time.sleep(0.1)
        out, err = client.communicate()
        assert client.returncode == 0, (client.returncode, err[-3000:])
        refused, closed = map(int, out.split())
        assert refused + closed == COUNT, out
        took = time.monotonic() - began
        handled, shut = counted(h)
        # Ours: those above, and the first look at the numbers.
        assert handled == before[0] + asked + 1, ("handled", handled - before[0] - asked - 1)
        assert shut == before[1] + COUNT, (shut - before[1], COUNT)
        assert h.states("một") == {"sent": 3}
        now = wait_for("connections closed", lambda: h.resources()[1] <= files + 4 and h.resources())
        with open(f"/proc/{h.daemon.pid}/maps", encoding="utf-8") as f:
            sanitized = "libasan" in f.read()  # it keeps what was freed
        assert sanitized or now[0] - rss < 16 * 1024, (rss, now)
        assert h.receipt(first)[0] == 200
        h.wait_states("một", {"sent": 2, "delivered": 1})
        assert h.stop() == 0
        print(f"ok {COUNT} malformed requests in {took:.0f} s: {refused} refused, {closed} cut off, none handled; "
              f"{asked} others answered meanwhile, at most {worst * 1000:.0f} ms; resident {rss} → {now[0]} KiB")


main()
