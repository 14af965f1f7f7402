#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends people down a ladder of three rungs over real HTTP servers for both channels, killing the
gateway in between: nobody is passed over, nobody is given to a provider twice on a rung. Then one of two
providers of a channel runs out of money, and the other takes over. Usage: ladder.py MOIDAN [PEOPLE]"""
import collections
import random
import shutil
import signal
import sys
import time

from lib import ROOT, STATES, House, Provider, wait_for

PEOPLE = int(sys.argv[2]) if len(sys.argv) > 2 else 300
NO_ACCOUNT = {"CodeResult": "141", "ErrorMessage": "no account"}


def house_files(h, zalo, sms, more=""):
    shutil.copytree(ROOT + "/config/providers", h.path("providers"))
    shutil.copytree(ROOT + "/config/programmes", h.path("programmes"))
    shutil.copytree(ROOT + "/templates", h.path("templates"))
    text = h.read("providers/esms.yaml")
    assert "channel: sms" in text
    # The same words on another channel, which knows who has no account.
    h.write("providers/oa.yaml", text.replace("channel: sms", "channel: zalo").replace(
        "  rules:\n", "  rules:\n    - when: {code: \"141\"}\n      class: fallback\n", 1))
    form = h.read("templates/zalo/vneid/a1.yaml").replace('template: "000000"', 'template: "123456"')
    h.write("templates/zalo/vneid/a1.yaml", form)
    account = "settings: {brandname: MYPHUDONG}, secrets: {api_key: k, secret_key: s}, in_flight: 32"
    h.write("moidan.yaml", f"""
database: moidan.db
listen: 127.0.0.1:{h.port}
public_url: {h.url}
two_person: false
unit: {{name: xã Mỹ Phú Đông, office: UBND xã Mỹ Phú Đông, phone: "02963 000 000", card_name: CCCD}}
providers:
  - {{name: oa, description: oa, base_url: "{zalo.url}", {account}, price_per_segment: 200}}
  - {{name: sms, description: esms, base_url: "{sms.url}", {account}, price_per_segment: 350}}
{more}
caps: {{per_day: 3, per_week: 6}}
dispatch: {{settle_after: 1s}}
""")


def kind(request):
    return int(request["Phone"][-1])


def rows(h, sql):
    with h.store() as db:
        return db.execute(sql).fetchall()


def rungs_of(h):
    """{recipient: {rung: state}}"""
    rungs = collections.defaultdict(dict)
    for recipient, rung, state in rows(h, "SELECT recipient_id, rung, state FROM message"):
        assert rung not in rungs[recipient], (recipient, rung)
        rungs[recipient][rung] = STATES[state]
    return rungs


def down_the_ladder(h):
    zalo, sms = h.add(Provider().remember()), h.add(Provider().remember())
    known = zalo.reply
    zalo.reply = lambda request: NO_ACCOUNT if kind(request) >= 5 else known(request)
    house_files(h, zalo, sms)
    h.import_people(PEOPLE)
    h.run("campaign", "create", "bậc thang", "--programme", "vneid", "--audience", "A1",
          "--ladder", "zalo:2s,sms:1h,letter,visit")
    preview = h.json("campaign", "preview", "bậc thang")
    assert preview["cost"] == PEOPLE * 200 and preview["cost_worst"] == PEOPLE * 550, preview
    h.run("campaign", "approve", "bậc thang")
    h.run("campaign", "start", "bậc thang")
    luck, kills = random.Random(46), 0
    for _ in range(8):
        h.serve()
        time.sleep(luck.uniform(0.3, 2))
        h.daemon.send_signal(signal.SIGKILL)
        h.daemon.wait()
        kills += 1
    h.serve()

    def told():
        # Receipts for what arrived: half of the people, on either channel.
        for requests, reached in ((zalo.seen(), (0, 1, 2)), (sms.seen(), (3, 5))):
            for request in requests:
                if kind(request) in reached and request["RequestId"] not in h.receipts:
                    h.receipt(request)
        by = rungs_of(h)
        return all((by[who][0] == "delivered" if k < 3 else len(by[who]) == 2) and
                   not {"queued", "sending", "uncertain"} & set(by[who].values()) and
                   ("delivered" in by[who].values()) == (k in (0, 1, 2, 3, 5)) for who, k in people)
    people = [(who, n % 10) for who, n in rows(h, "SELECT id, number FROM recipient")]
    wait_for("everybody has come to their rung", told, 60 + PEOPLE // 5)
    sent = collections.Counter((name, r["Phone"]) for name, p in (("zalo", zalo), ("sms", sms))
                               for r in {r["RequestId"]: r for r in p.seen()}.values())
    # Each reference was worked on once, and each person has one reference on a rung.
    assert len(people) == PEOPLE and max(sent.values()) == 1, sent.most_common(3)
    by = rungs_of(h)
    for who, k in people:
        # While the gateway was dead no receipt could come: then silence sent the next message.
        want = by[who] if k < 3 else {0: "rejected" if k >= 5 else by[who][0],
                                      1: "delivered" if k in (3, 5) else "sent"}
        assert by[who] == want, (k, by[who])
    shown = h.json("campaign", "show", "bậc thang")["rungs"]
    assert [x["channel"] for x in shown] == ["zalo", "sms", "letter", "visit"], shown
    assert shown[0]["total"] == PEOPLE and PEOPLE * 7 // 10 <= shown[1]["total"] <= PEOPLE, shown
    assert h.stop() == 0
    print(f"ok {PEOPLE} people down their ladder, {kills} times killed, {len(sent)} messages")


def one_out_of_money(h):
    zalo, first, second = h.add(Provider()), h.add(Provider()), h.add(Provider())
    first.reply = lambda request: {"CodeResult": "103", "ErrorMessage": "het tien"}
    account = "settings: {brandname: MYPHUDONG}, secrets: {api_key: k, secret_key: s}"
    house_files(h, zalo, first, f"""  - {{name: phu, description: esms, base_url: "{second.url}", {account},
     price_per_segment: 400}}""")
    h.import_people(60)
    h.serve()
    h.campaign("hai nhà")
    wait_for("all sent by the other", lambda: h.states("hai nhà") == {"sent": 60}, 60)
    assert len({r["Phone"] for r in second.seen()}) == 60 == len(second.seen())
    stopped = [p for p in h.json("status")["providers"] if p["stopped"]]
    assert [p["name"] for p in stopped] == ["sms"] and "money" in stopped[0]["reason"], stopped
    assert h.stop() == 0
    print(f"ok one out of money after {len(first.seen())} requests, the other sent all")


for part in (down_the_ladder, one_out_of_money):
    with House(sys.argv[1]) as house:
        part(house)
