#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many messages in one request: each has a text and an end of its own. Some are refused, one spoils the whole
request, the answer gets lost, and the gateway is killed in the middle; nobody is left out, nobody gets it twice.
Usage: batch.py MOIDAN"""
import collections
import json
import sqlite3
import sys

from lib import CLOCK, House, Provider, STATES, get

MAX = 10
LATER = CLOCK.replace("T09:00", "T09:12")  # what is uncertain is looked at after ten minutes


class Infobip(Provider):
    """Speaks as Infobip does: {"messages": [...]}. sent is what went out, by our id: (number, text); bad are
    numbers that it refuses, poison those for which it refuses the whole request."""

    def __init__(self, bad=(), poison=(), lose=0):
        super().__init__(self.answer)
        self.bad, self.poison, self.lose = set(bad), set(poison), lose
        self.sent, self.again, self.alone = collections.OrderedDict(), collections.Counter(), 0

    def element(self, m):
        to, ref = m["destinations"][0]["to"], m["destinations"][0]["messageId"]
        if to in self.bad | self.poison:
            group, number = 5, 51
        elif ref in self.sent:
            self.again[ref] += 1
            group, number = 5, 23
        else:
            self.sent[ref] = (to, m["content"]["text"])
            group, number = 1, 26
        return {"messageId": ref, "destination": to, "status": {"groupId": group, "id": number, "name": f"S{number}"}}

    def answer(self, request):
        messages = request["messages"]
        with self.lock:
            self.alone += len(messages) == 1
            if len(messages) > 1 and self.poison & {m["destinations"][0]["to"] for m in messages}:
                return 400, {}, b'{"status": {"groupId": 5, "id": 51, "name": "REJECTED_DESTINATION"}}'
            answer = {"bulkId": "b", "messages": [self.element(m) for m in messages]}
            answer["messages"].reverse()  # its order is nobody's business
            self.lose -= 1
            return None if self.lose >= 0 else answer

    def sizes(self):
        return [len(r["messages"]) for r in self.seen()]


def house(provider, people):
    h = House(sys.argv[1])
    h.provider = h.add(provider)
    h.describe("  max: 100\n", f"  max: {MAX}\n", "infobip")
    h.write("moidan.yaml", f"""
database: {h.database}
listen: 127.0.0.1:{h.port}
public_url: {h.url}
two_person: false
unit: {{name: xã Mỹ Phú Đông, office: UBND xã Mỹ Phú Đông, phone: "02963 000 000", card_name: CCCD}}
providers:
  - {{name: many, description: infobip, base_url: "{provider.url}", in_flight: 2, settings: {{sender: MYPHUDONG}},
     secrets: {{api_key: flow-api-key, callback_token: flow-callback-token}}, price_per_segment: 350}}
caps: {{per_day: 3, per_week: 6}}
""")
    h.run("init")
    h.import_people(people)
    h.set_clock(CLOCK)
    return h


def rows(h):
    """number: state, as the store has it."""
    db = sqlite3.connect(f"file:{h.path('moidan.db')}?mode=ro", uri=True)
    try:
        return {str(n): STATES[s] for n, s in db.execute(
            "SELECT c.number, m.state FROM message m JOIN contact c ON c.id = m.contact_id")}
    finally:
        db.close()


def receipt(h, request, refs):
    url = request["messages"][0]["webhooks"]["delivery"]["url"]
    results = [{"messageId": r, "callbackData": r, "status": {"groupId": 3, "id": 5, "name": "DELIVERED"}} for r in refs]
    return get(url, json.dumps({"results": results}).encode(),
               {"Content-Type": "application/json", "Authorization": "Bearer flow-callback-token"})[0]


def goes_together():
    with house(Infobip(bad=["84912000007"]), 35) as h:
        h.serve()
        h.campaign("một")
        h.wait_states("một", {"sent": 34, "rejected": 1})
        assert max(h.provider.sizes()) == MAX and len(h.provider.sizes()) < 10, h.provider.sizes()
        assert len({to for to, _ in h.provider.sent.values()}) == 34
        # Each got the text with his own name.
        for to, text in h.provider.sent.values():
            i = int(to[5:])
            assert f"Nguyen Van {chr(65 + i % 26)}{chr(97 + i // 26 % 26)}" in text, (to, text)
        assert rows(h)["84912000007"] == "rejected"
        # A report is of one message, whatever it went out with.
        refs = list(h.provider.sent)
        assert receipt(h, h.provider.seen()[0], refs[:5]) == 200
        h.wait_states("một", {"sent": 29, "delivered": 5, "rejected": 1})
        assert {to for to, s in rows(h).items() if s == "delivered"} == {h.provider.sent[r][0] for r in refs[:5]}
        assert h.stop() == 0
        print(f"ok 35 messages in {len(h.provider.sizes())} requests, one number refused")


def one_spoils_all():
    with house(Infobip(poison=["84912000003"]), 20) as h:
        h.serve()
        h.campaign("một")
        h.wait_states("một", {"sent": 19, "rejected": 1})
        assert rows(h)["84912000003"] == "rejected"
        assert len(h.provider.sent) == 19 and not h.provider.again, h.provider.again
        # Those that were refused with it were tried alone, and by a new reference; the others not.
        assert h.provider.alone == MAX, h.provider.sizes()
        assert h.stop() == 0
        print("ok one spoils a request: all of it go alone, one is refused")


def answer_is_lost():
    with house(Infobip(lose=1), 20) as h:
        h.serve()
        h.campaign("một")
        h.wait_states("một", {"sent": 10, "uncertain": 10})
        assert len(h.provider.sent) == 20
        h.set_clock(LATER)
        h.wait_states("một", {"sent": 20})
        # Again under the same references, which it knew.
        assert len(h.provider.sent) == 20 and sum(h.provider.again.values()) == 10, h.provider.again
        assert h.stop() == 0
        print("ok a lost answer: the whole request is uncertain, and settled one by one")


def killed(point):
    with house(Infobip(), 30) as h:
        daemon = h.serve(env={"MOIDAN_CRASH_AT": point})
        h.run("campaign", "create", "một", "--programme", "vneid", "--audience", "A1")
        h.run("campaign", "approve", "một")
        h.run("campaign", "start", "một")
        assert daemon.wait(30) == -9, point
        before = h.states("một")
        h.set_clock(LATER)
        h.serve()
        h.wait_states("một", {"sent": 30})
        assert sorted(to for to, _ in h.provider.sent.values()) == sorted(rows(h)), point
        assert len(h.provider.sent) == 30, point
        assert h.stop() == 0
        return f"{point}: {before.get('sending', 0)} under way, {sum(h.provider.again.values())} known again"


goes_together()
one_spoils_all()
answer_is_lost()
for where in ("batch.before:1", "batch.after:1", "batch.reply:1", "result.before:1", "result.after:1", "finish.done:1"):
    print("ok killed at", killed(where))
