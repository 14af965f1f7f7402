#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Receipts that are not the provider's, not for us, not for this, or come again: none of them changes anything.
And a "STOP" of somebody who cannot show that he is the provider. Usage: forged.py MOIDAN"""
import json
import random
import signal
import string
import sys
import urllib.parse

from lib import House, Provider, get, wait_for

LETTERS = string.ascii_letters + string.digits + "-_"


def everything(h):
    """All that a receipt or a reply could move."""
    with h.store() as db:
        return [db.execute(sql).fetchall() for sql in (
            "SELECT id, state, attempts, generation, provider_id, provider_ref, final_at FROM message",
            "SELECT id, state, hold, rev FROM recipient", "SELECT id, flags, day_count, week_count FROM contact",
            "SELECT id, state FROM campaign", "SELECT campaign_id, state, n FROM message_count WHERE n > 0",
            "SELECT message_id, event, fate FROM receipt")]


def delivered(ref):
    return f"SMSID=S-{ref}&SendStatus=5&SendSuccess=1&SendFailed=0&RequestId={ref}"


def tokens(token, luck):
    """A right one spoilt in every way."""
    for i, c in enumerate(token):
        yield token[:i] + luck.choice([x for x in LETTERS if x != c]) + token[i + 1:]
    for i in range(len(token)):
        yield token[:i]
    yield from (token + "A", token * 2, token.swapcase(), token[::-1], token + "%00", "%00" + token, token + "/",
                token + ";a", " " + token, token + "%20", "%2e%2e/sms/" + token, "", "*", "%", "null", "undefined", "0" * 32)
    for _ in range(500):
        yield "".join(luck.choice(LETTERS) for _ in token)


def ask(url, data=None):
    """The status; 0 when the door was shut."""
    try:
        return get(url.replace(" ", "%20"), data)[0]
    except OSError:
        return 0


def main():
    luck = random.Random(46)
    with House(sys.argv[1]) as h:
        first, second = h.add(Provider()), h.add(Provider())
        h.configure(first.url)
        h.write("moidan.yaml", h.read("moidan.yaml").replace("price_per_segment: 350}\n", f"""price_per_segment: 350}}
  - {{name: sms2, weight: 0, description: esms, base_url: "{second.url}", settings: {{brandname: MYPHUDONG}},
     secrets: {{api_key: second-api-key, secret_key: second-secret-key}}}}
  - {{name: nhan, weight: 0, description: speedsms, base_url: "{second.url}", settings: {{sender: MYPHUDONG}},
     secrets: {{access_token: third-access-token}}}}
"""))
        h.run("init")
        h.import_people(20)
        h.serve()
        h.campaign("một")
        h.wait_states("một", {"sent": 20})
        assert len(first.seen()) == 20 and not second.seen()
        # The second one's own path, as it is told to it: the first must not be used any more.
        first.reply = lambda r: {"CodeResult": "103", "ErrorMessage": "out of money"}
        h.import_people(1, first=20)
        h.campaign("hai")
        wait_for("the second is used", second.seen)
        wait_for("quiet", lambda: not {"queued", "sending"} & set(h.states("hai")))
        for request in second.seen()[:3] + first.seen()[:3]:
            assert h.receipt(request)[0] == 200
        wait_for("receipts", lambda: h.states("một").get("delivered") == 3)
        url = first.seen()[0]["CallbackUrl"]
        place, token = url.rsplit("/", 1)
        foreign = second.seen()[0]["CallbackUrl"].rsplit("/", 1)[1]
        assert place.endswith("/callbacks/sms") and token != foreign and len(token) == 32
        instance = first.seen()[0]["RequestId"].split("-")[0]
        targets = [r["RequestId"] for r in first.seen()[:20]]  # the campaign that only the first had
        before, n = everything(h), 0

        # Not the provider's.
        for wrong in tokens(token, luck):
            n += 1
            status = ask(f"{place}/{wrong}?{delivered(luck.choice(targets))}")
            assert status in (0, 400, 404), (wrong, status)
        for path in (f"/callbacks/sms2/{token}", f"/callbacks/sms/{foreign}", f"/callbacks/nhan/{token}", f"/callbacks/SMS/{token}",
                     f"/callbacks//{token}", f"/callbacks/{token}", f"/callbacks/sms%2f{token}", f"/callbacks/../callbacks/sms/{token}"):
            n += 1
            assert ask(f"{h.url}{path}?{delivered(luck.choice(targets))}") in (0, 400, 404), path
        assert everything(h) == before
        print(f"ok {n} receipts with tokens that are not the provider's")

        # Another provider's word about a message that it never had.
        for ref in targets:
            assert ask(f"{h.url}/callbacks/sms2/{foreign}?{delivered(ref)}") in (200, 400, 404)
        assert everything(h)[:5] == before[:5], "one provider spoke for another"
        print(f"ok {len(targets)} receipts of one provider for another's messages")

        # Not for us: another house, nobody, nonsense.
        before = everything(h)
        for ref in [f"{i}-{t.split('-', 1)[1]}" for i in ("zzzzzz", instance[::-1], instance.upper(), instance[:5]) for t in targets[:5]
                    if i != instance] + [f"{instance}-{x}-1" for x in (0, -1, 10 ** 9, 2 ** 63, 2 ** 64, "1e1", "0x1", "", "a")] + ["", "-", "--", "'"]:
            ask(f"{url}?SMSID=unheard-of&SendStatus=5&SendSuccess=1&RequestId={urllib.parse.quote(str(ref))}")
        assert everything(h) == before
        print("ok receipts for another house's messages, and for nobody's")

        # The same again, and with a word changed.
        known = targets[0]
        for _ in range(50):
            assert ask(f"{url}?{delivered(known)}&TypeId=2") == 200
        for change in (("SendStatus=5", "SendStatus=4"), ("SendSuccess=1", "SendSuccess=0"), ("SendStatus=5", "SendStatus=5%00"),
                       ("SendStatus=5", "SendStatus="), ("SendSuccess=1", "SendSuccess=-1"), ("SendStatus=5", "SendStatus=5&SendStatus=4")):
            ask(f"{url}?{delivered(known).replace(*change)}")
        assert everything(h)[:5] == before[:5]
        print("ok replayed and tampered receipts of a final message")

        # Whoever does not know the path cannot make anybody unheard.
        for number in ("0912000000", "84912000001"):
            stop = json.dumps({"type": "sms", "phone": number, "content": "STOP"}).encode()
            for wrong in ("A" * 32, token, foreign, ""):
                assert ask(f"{h.url}/callbacks/nhan/{wrong}", stop) in (400, 404)
            for query in (f"SMSID=1&phonenumber={number}&Content=STOP", f"type=sms&phone={number}&content=TU%20CHOI"):
                ask(f"{place}/{'A' * 32}?{query}")
        assert everything(h)[:5] == before[:5]
        print("ok forged replies")

        # The right path, from where the provider does not call.
        h.write("moidan.yaml", h.read("moidan.yaml").replace("{name: sms,", "{name: sms, callback_from: [203.0.113.0/24],", 1))
        h.daemon.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: ask(f"{url}?{delivered(known)}&TypeId=2") == 403)
        there = {"X-Forwarded-For": "203.0.113.9"}
        assert get(f"{url}?{delivered(known)}&TypeId=2", headers=there)[0] == 200
        for elsewhere in ("203.0.114.9", "203.0.113.9, 203.0.114.9", "", "x"):
            assert get(f"{url}?{delivered(known)}&TypeId=2", headers={"X-Forwarded-For": elsewhere})[0] == 403, elsewhere
        assert get(f"{place}/{'A' * 32}?{delivered(known)}", headers=there)[0] == 404
        assert 'callbacks_refused_total{reason="address"} ' in get(f"{h.url}/metrics")[2].decode()
        print("ok receipts from elsewhere")
        assert h.stop() == 0


main()
