#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plan 46 on a virtual clock: the same seed gives the same bytes, within seconds; the weekly figures are
those that a calendar and a division give. Usage: simulate.py MOIDAN"""
import datetime
import json
import resource
import subprocess
import sys

VNEID, AGAIN, CCCD = 0, 1, 2
LAST = {VNEID: "2023-06-20", AGAIN: "2023-06-29", CCCD: "2023-06-20"}  # "đến 20/6", "trước 30/6", "đến 20/6"


def simulate(*options):
    return subprocess.run([sys.argv[1], "simulate", *options], capture_output=True, check=True, timeout=100).stdout


def date(text):
    return datetime.date.fromisoformat(text)


def working_days(first, last):
    """None of the days between 25/5 and 30/6/2023 is a holiday."""
    return sum((first + datetime.timedelta(n)).weekday() < 5 for n in range((last - first).days + 1))


def each_day_is_a_division(days):
    for d in days:
        left, n = d["left"], working_days(date(d["day"]), date(LAST[d["campaign"]]))
        assert d["working_days"] == n, (d, n)
        assert d["base"] == -(-left // n), d
        known = d["came"] + d["absent"]
        rate = min(1000 * d["absent"] // known, 750) if known >= 10 else 0
        assert d["raised"] == -(-d["base"] * 1000 // (1000 - rate)), (d, rate)
        seats = d["free_seats"]
        assert d["quota"] == (d["raised"] if seats < 0 else min(d["raised"], seats)), d
        assert d["invited"] <= d["quota"], d


def the_weeks_are_the_sum_of_their_days(s):
    """A week's figures are frozen on Wednesday at 17:30: what was invited by that day."""
    for week in s["weeks"]:
        year, number = week["week"].split("-W")
        wednesday = datetime.date.fromisocalendar(int(year), int(number), 3)
        for name, campaigns in (("vneid", (VNEID, AGAIN)), ("cccd", (CCCD,))):
            row, = (p for p in week["programmes"] if p["name"] == name)
            if wednesday > date("2023-06-20"):
                continue  # people invited twice count once
            invited = sum(d["invited"] for d in s["days"]
                          if d["campaign"] in campaigns and date(d["day"]) <= wednesday)
            # Who did not come to a session is invited again, and counts once.
            assert row["invited"] <= invited, (week["week"], name, row["invited"], invited)
            if name == "vneid":
                assert row["invited"] == invited, (week["week"], row["invited"], invited)
            assert row["cost"] == 350 * row["segments"], row
            assert row["delivered"] <= row["messages"], row


def three_weeks_by_hand(s):
    """443 left of 1.057 at 614, 19 working days from 25/5 to 20/6: 23,3 → 24; 443 ÷ 18 = 24,6 → 25; nobody comes
    before the weekend is over. Then 439 ÷ 17 = 25,8 → 26, 431 ÷ 16 → 27, 427 ÷ 15 → 29: by Wednesday 31/5
    24 + 25 + 26 + 27 + 29 = 131. The next week 30 + 32 + 35 + 36 + 39 = 172: 303. Then 43 + 47 + 53 + 56 + 64
    = 263: 566. An invitation is one part of a message at 350 đồng. The first to sessions, on 08/6: 97 ÷ 9 =
    10,8 → 11."""
    vneid = [d["quota"] for d in s["days"] if d["campaign"] == VNEID]
    assert vneid[:15] == [24, 25, 26, 27, 29, 30, 32, 35, 36, 39, 43, 47, 53, 56, 64], vneid
    weeks = {w["week"]: w["programmes"][0] for w in s["weeks"]}
    table = [(week, weeks[week]["invited"], weeks[week]["segments"], weeks[week]["cost"], weeks[week]["assigned"])
             for week in ("2023-W22", "2023-W23", "2023-W24")]
    assert table == [("2023-W22", 131, 131, 45850, 1057), ("2023-W23", 303, 303, 106050, 1057),
                     ("2023-W24", 566, 566, 198100, 1057)], table
    first = next(d for d in s["days"] if d["campaign"] == CCCD)
    assert (first["day"], first["left"], first["working_days"], first["quota"]) == ("2023-06-08", 97, 9, 11), first


def no_hamlet_waits_for_another(s):
    """Each week some of every hamlet are reached, from the first on: not one hamlet after the other."""
    for before, week in zip(s["weeks"], s["weeks"][1:4]):
        done = [{u["unit"]: u["reached"] for u in w["programmes"][0]["units"]} for w in (before, week)]
        assert all(done[1][u] > done[0][u] for u in done[0]), (week["week"], done)


def sessions_are_never_oversold(s):
    assert [k["day"] for k in s["sessions"]] == ["2023-06-12", "2023-06-13", "2023-06-14", "2023-06-16", "2023-06-19"]
    for k in s["sessions"]:
        assert k["invited"] <= k["seats"] and k["came"] + k["absent"] == k["invited"], k


def main():
    text = simulate()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert used.ru_utime + used.ru_stime <= 10, used
    assert simulate("--seed", "46") == text
    s = json.loads(simulate("--json"))
    each_day_is_a_division(s["days"])
    the_weeks_are_the_sum_of_their_days(s)
    three_weeks_by_hand(s)
    sessions_are_never_oversold(s)
    no_hamlet_waits_for_another(s)
    nobody = json.loads(simulate("--seed", "47", "--come", "0", "--absent", "100", "--json"))
    assert nobody != s
    each_day_is_a_division(nobody["days"])
    assert all(k["came"] == 0 for k in nobody["sessions"])


main()
