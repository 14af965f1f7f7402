#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A provider that counts down what may still be sent today: at 0 it is left alone until its quota begins anew, also
by the next process; status and doctor say so; whoever knows better resumes it. Usage: quota.py MOIDAN"""
import sys

from lib import House, Provider, wait_for

TODAY, TOMORROW = "2023-06-14T09:00:00+07:00", "2023-06-15T09:00:00+07:00"


class Counting(Provider):
    """Takes so many, says how many are left, and refuses the rest."""

    def __init__(self, left):
        super().__init__(self.count)
        self.left, self.refused = left, 0

    def count(self, request):
        with self.lock:
            if self.left == 0:
                self.refused += 1
                return {"CodeResult": "144"}
            self.left -= 1
            return dict(self.accept(request), Left=self.left)


def main(h):
    provider = h.add(Counting(3))
    h.describe("      error: /error\n", "      error: /error\n      quota: /Left\n")
    h.describe("limits:\n", 'limits:\n  quota_renews: "00:00"\n')
    h.describe('    - when: {code: "99"}\n', '    - {when: {code: "144"}, class: rate, wait_until: "00:00", rest: true, '
               'reason: over the daily limit}\n    - when: {code: "99"}\n')
    h.configure(provider.url, provider="in_flight: 1,")
    h.run("init")
    h.import_people(8)
    h.set_clock(TODAY)
    h.serve()
    h.campaign("một")
    h.wait_states("một", {"sent": 3, "queued": 5})
    row, = h.json("status")["providers"]
    assert row["rests_until"].startswith("2023-06-14T17:00:00") and "quota" in row["rest_reason"], row
    assert "nghỉ đến" in h.run("status") and "nghỉ đến" in h.run("doctor", code=None)
    # Whoever knows better: one is tried, and says that it is not so.
    h.run("provider", "resume", "sms")
    wait_for("one try", lambda: provider.refused == 1)
    wait_for("the rest", lambda: "rests_until" in h.json("status")["providers"][0])
    h.daemon.kill()
    h.daemon.wait()
    h.serve()
    assert h.json("status")["providers"][0]["rest_reason"].endswith("over the daily limit")
    h.states("một")
    with provider.lock:
        provider.left = 10
    h.set_clock(TOMORROW)
    h.wait_states("một", {"sent": 8})
    assert provider.refused == 1, provider.refused
    assert "rests_until" not in h.json("status")["providers"][0]
    assert h.stop() == 0
    print("ok a quota of 3: 3 sent, one try on a person's word, the rest the next day")


with House(sys.argv[1]) as house:
    main(house)
