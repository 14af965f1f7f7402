#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Receipts as providers really send them: early, late, twice, contradictory, unknown, after a restart,
beside a kill -9. What was answered is kept; a final state never changes. Usage: receipts.py MOIDAN"""
import signal
import sys
import threading

from lib import House, Provider, get, wait_for


def early(h, provider):
    """The receipt comes before the answer to the request that it is about."""
    def reply(r):
        assert h.receipt(r)[0] == 200
        return Provider.accept(r)
    provider.reply = reply
    h.import_people(1, first=0)
    h.campaign("sớm")
    h.wait_states("sớm", {"delivered": 1})
    provider.reply = Provider.accept


def again_and_contradicting(h, provider):
    provider.requests.clear()
    h.import_people(3, first=1)
    h.campaign("lặp", audience="A1")
    wait_for("sent", lambda: h.states("lặp").get("sent") == 4)
    a, b, c, d = provider.seen()
    for _ in range(3):
        assert h.receipt(a)[0] == 200
    assert h.receipt(b)[0] == 200
    assert h.receipt(b, SendSuccess="0", SendFailed="1")[0] == 200  # contradicts what was final
    assert h.receipt(c, SendSuccess="0", SendFailed="1")[0] == 200
    assert h.receipt(c)[0] == 200
    assert h.receipt(d, status="2")[0] == 200  # still under way
    h.wait_states("lặp", {"delivered": 2, "undelivered": 1, "sent": 1})
    assert h.receipt(d)[0] == 200
    h.wait_states("lặp", {"delivered": 3, "undelivered": 1})


def refused(h, provider):
    """Not the provider's, not understood, not for anybody we know."""
    url = provider.seen()[0]["CallbackUrl"]
    wrong = url[:-1] + ("A" if url[-1] != "A" else "B")
    assert get(wrong + "?SMSID=1&SendStatus=5")[0] == 404
    assert get(h.url + "/callbacks/khac/abc?SMSID=1")[0] == 404
    assert get(url, method="DELETE")[0] == 405
    # Unknown to us: kept, and answered as the others, so that the provider stops.
    assert get(url + "?SMSID=never-seen&SendStatus=5&SendSuccess=1&RequestId=never")[0] == 200
    assert get(url + "?" + "x" * 9000)[0] in (400, 413, 414, 431)
    assert get(h.url + "/metrics")[0] == 200
    h.wait_states("lặp", {"delivered": 3, "undelivered": 1})


def survives(h, provider):
    """Killed while receipts come in: each that was answered with 200 counts after the restart."""
    provider.requests.clear()
    h.import_people(300, first=1000)
    h.campaign("sập")
    wait_for("sent", lambda: h.states("sập").get("sent") == 300 + 4, 60)
    requests = provider.seen()
    answered, lock = [], threading.Lock()

    def post(part):
        for r in part:
            try:
                status = h.receipt(r)[0]
            except OSError:
                return
            with lock:
                if status == 200:
                    answered.append(r["RequestId"])
    threads = [threading.Thread(target=post, args=(requests[k::8],)) for k in range(8)]
    for t in threads:
        t.start()
    wait_for("some receipts", lambda: len(answered) > 40)
    h.daemon.send_signal(signal.SIGKILL)
    h.daemon.wait()
    for t in threads:
        t.join()
    assert 40 < len(answered) < 304, len(answered)
    h.serve()
    delivered = wait_for("receipts", lambda: h.states("sập").get("delivered", 0))
    assert delivered >= len(answered), (delivered, len(answered))
    for r in requests:  # the provider repeats all of them
        assert h.receipt(r)[0] == 200
    h.wait_states("sập", {"delivered": 304})
    print(f"   {len(answered)} answered before the kill, {delivered} delivered after it")


with House(sys.argv[1]) as h:
    provider = h.add(Provider())
    h.configure(provider.url, extra="caps: {per_day: 3, per_week: 6}")
    h.serve()
    for test in (early, again_and_contradicting, refused, survives):
        test(h, provider)
        print("ok", test.__name__.replace("_", " "))
    assert h.stop() == 0
