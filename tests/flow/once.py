#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing leaves twice. A server that takes a request on a kept-alive connection and then closes it
makes HTTP libraries send it again without a word; here each request arrives once and what has no
answer is uncertain. And: imported twice, started twice, shared numbers, one bad number in the middle.
Usage: once.py MOIDAN"""
import collections
import sys
import time

from lib import HEADINGS, House, Provider, wait_for


def counts(provider):
    return collections.Counter(r["RequestId"] for r in provider.seen())


def no_silent_second_send(h, provider):
    """Every second request is read and its connection closed. One in flight: connections are kept."""
    provider.reply = lambda r: Provider.accept(r) if len(provider.seen()) % 2 else None
    h.import_people(20)
    h.campaign("giữ kết nối")
    h.wait_states("giữ kết nối", {"sent": 10, "uncertain": 10})
    assert set(counts(provider).values()) == {1}, counts(provider)
    # An officer who asked the provider settles them; the last word is recorded.
    for m in h.json("message", "list", "--campaign", "giữ kết nối", "--state", "uncertain")["items"]:
        h.run("message", "settle", str(m["id"]), "sent")
    h.wait_states("giữ kết nối", {"sent": 20})
    provider.reply = Provider.accept
    provider.requests.clear()


def import_and_start_twice(h, provider):
    for _ in range(2):
        h.import_people(20)
    h.campaign("hai lần")
    h.run("campaign", "start", "hai lần")
    h.run("campaign", "create", "hai lần", "--programme", "vneid", "--audience", "A1", code=65)
    h.wait_states("hai lần", {"sent": 20})
    h.import_people(20)
    time.sleep(0.5)
    assert h.states("hai lần") == {"sent": 20}
    assert set(counts(provider).values()) == {1} and len(provider.seen()) == 20
    provider.requests.clear()


def one_bad_number_blocks_nobody(h, provider):
    def reply(r):
        if r["Phone"].endswith("5"):
            return {"CodeResult": "99", "ErrorMessage": "blocked"}
        if r["Phone"].endswith("7"):
            return 429, {"Retry-After": "1"}, b"later"
        return Provider.accept(r)
    provider.reply = reply
    h.campaign("số hỏng")
    wait_for("the others", lambda: h.states("số hỏng").get("sent") == 16)
    states = h.states("số hỏng")
    assert states["rejected"] == 2 and states.get("queued", 0) + states.get("sending", 0) == 2, states
    provider.reply = Provider.accept
    h.wait_states("số hỏng", {"sent": 18, "rejected": 2}, 60)
    provider.requests.clear()


def a_shared_number_gets_one(h, provider):
    rows = [HEADINGS]
    for i in range(4):
        rows.append(f"{i + 1};C-{i + 1};Lê Thị {chr(66 + i)};Nữ;1980;Tân Phú;Tổ 1;0913 555 000;Chưa tạo;;")
    h.run("import", "vneid", h.write("list.csv", "\n".join(rows) + "\n"))
    h.campaign("chung số")
    wait_for("sent", lambda: len([r for r in provider.seen() if r["Phone"].endswith("913555000")]))
    time.sleep(1)
    assert len([r for r in provider.seen() if r["Phone"].endswith("913555000")]) == 1
    assert h.states("chung số").get("linked") == 3, h.states("chung số")


with House(sys.argv[1]) as h:
    provider = h.add(Provider())
    h.configure(provider.url, provider="in_flight: 1,",
                extra="caps: {per_day: 3, per_week: 6}\ndispatch: {backoff: 1s}")
    h.serve()
    for test in (no_silent_second_send, import_and_start_twice, one_bad_number_blocks_nobody,
                 a_shared_number_gets_one):
        test(h, provider)
        print("ok", test.__name__.replace("_", " "))
    assert h.stop() == 0
