#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Receipts in every order: the answer and four receipts in all of their 120 orders, without and with
contradiction; then a year later all of it again. The state is the same, or the first final one, and stays.
Usage: orders.py MOIDAN"""
import collections
import concurrent.futures
import datetime
import itertools
import sys
import time

from lib import House, Provider, get, wait_for

RECEIPTS = {"delivered": {"status": "5"}, "again": {"status": "5"},
            "failed": {"status": "5", "SendSuccess": "0", "SendFailed": "1"},
            "failed again": {"status": "5", "SendSuccess": "0", "SendFailed": "1"},
            "under way": {"status": "2", "SendSuccess": "0"}, "waiting": {"status": "1", "SendSuccess": "0"}}
AGREED = ("answer", "delivered", "again", "under way", "waiting")
CONTRADICTORY = ("answer", "delivered", "failed", "failed again", "under way")
FINAL = {"delivered": "delivered", "again": "delivered", "failed": "undelivered", "failed again": "undelivered"}


def orders():
    return list(itertools.permutations(AGREED)) + list(itertools.permutations(CONTRADICTORY))


def tell(h, request, names):
    for name in names:
        assert h.receipt(request, **RECEIPTS[name])[0] == 200, name


def want(order):
    return next(FINAL[name] for name in order if name in FINAL)


def shown(h, n):
    """The state of each household's message."""
    items, after = [], 0
    while len(items) < n:
        page = h.json("message", "list", "--campaign", "một", "--after", str(after), "--limit", "200")["items"]
        assert page, items
        items += page
        after = page[-1]["id"]
    return {m["id"]: m["state"] for m in items}


def main():
    plan = orders()
    n = len(plan)
    with House(sys.argv[1]) as h:
        h.provider = h.add(Provider())

        def order_of(request):
            return plan[int(request["Phone"][-6:])]

        def reply(request):
            order = order_of(request)
            tell(h, request, order[:order.index("answer")])
            return Provider.accept(request)
        h.provider.reply = reply
        h.describe("limits:\n", "limits:\n  total_timeout: 100s\n")
        h.configure(h.provider.url, provider="in_flight: 240, rate_per_second: 1000,")
        h.run("init")
        h.import_people(n)
        h.serve()
        h.campaign("một")
        wait_for("answers", lambda: len(h.provider.seen()) == n and not {"queued", "sending"} & set(h.states("một")), 100)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda r: tell(h, r, order_of(r)[order_of(r).index("answer") + 1:]), h.provider.seen()))
        number = {int(r["RequestId"].split("-")[1]): order_of(r) for r in h.provider.seen()}

        def right(states):
            wrong = [(number[i], s) for i, s in states.items() if s != want(number[i])]
            assert len(states) == n and not wrong, wrong[:5]
            return collections.Counter(states.values())
        counted = right(shown(h, n))
        unknown = h.provider.seen()[0]["CallbackUrl"] + "?SMSID=never&SendStatus=5&SendSuccess=1&RequestId=never"
        assert get(unknown)[0] == 200
        assert h.stop() == 0
        h.check(h.provider)
        print(f"ok {n} orders of five: {dict(counted)}")

        # A year later they come again, each with its contrary.
        later = datetime.datetime.fromisoformat("2024-06-14T09:00:00+07:00").timestamp() - time.time()
        h.env["MOIDAN_TEST_SHIFT"] = str(round(later))
        h.serve()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda r: tell(h, r, ("failed", "delivered", "under way")), h.provider.seen()))
        assert right(shown(h, n)) == counted
        assert h.stop() == 0
        h.check(h.provider)  # what was final is final
        print("ok a year later nothing changes")


main()
