#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Anybody may write a text message with another's number on it, and a provider hands it on by its own, genuine
path. What can that do? Stop messages to the number that stands on it, and nothing else: bring nobody back, touch
no other number, enter no result. Each change is in the audit. Where a provider signs, the path alone does nothing.
Usage: spoofed.py MOIDAN"""
import base64
import collections
import hmac
import random
import sys
import urllib.parse

from lib import House, Provider, get, wait_for
from replies import OFFICIALS, Smsbox

PEOPLE, TEXTS = 40, 600
STOPS = ("TC", "tu choi", "Từ chối", "STOP", "dừng", "  Dừng tin ", "HUỶ TIN", "T\u200bC", "TC?")
WRONG = ("Nhầm số", "sai nguoi")
# What begins, ends or sounds like an order; what would bring somebody back; what belongs to officials.
OTHERS = ("START", "UNSTOP", "YES", "DK", "dang ky", "không từ chối", "toi khong tu choi", "TC TC", "xin dung", "STOPP", "S T O P",
          "huy hen", "đồng ý nhận tin", "KQ", "KQ H-1", "KQ H-2 account", "KQ H-3 installed", "KQ H-1 not-opted-out", "kq h-5 account extra",
          "; DROP TABLE contact", "{{ten}}", "' OR 1=1 --", "", " ", "Sẽ đến", "\u202eCT", "STOP 0912000001", "TC H-2",
          "release H-1", "%53%54%4f%50")


def number(i):
    return f"0912{i:06d}"


def snapshot(h):
    """(flags by number, all else that a reply could move)."""
    with h.store() as db:
        return dict(db.execute("SELECT number, flags FROM contact WHERE id > 0")), [db.execute(sql).fetchall() for sql in (
            "SELECT id, state, hold, list_state, number, hold_reason FROM recipient", "SELECT id, approved_by, hash FROM campaign WHERE stream = 0",
            "SELECT m.id, m.state, m.attempts FROM message m JOIN campaign k ON k.id = m.campaign_id WHERE k.stream = 0",
            "SELECT session_id, recipient_id, state FROM seat", "SELECT name, stopped_reason FROM provider")]


def by_a_path_that_needs_nothing_more(h, box, luck):
    path = box.sent[0]["dlr-url"].split("?")[0]

    def answer(to, text, mo):
        query = urllib.parse.urlencode({"from": "+84" + to[1:], "to": "8088", "text": text, "id": mo, "t": "1686710000"})
        return get(f"{path}?{query}")[0]
    stopped, wrong, said = set(), set(), collections.defaultdict(list)
    flags, rest = snapshot(h)
    assert not any(flags.values())
    for i in range(TEXTS):
        # Of people in the lists, of an official, of strangers.
        who = luck.choice([number(luck.randrange(PEOPLE)), number(luck.randrange(PEOPLE)), "0912900001", f"0987{luck.randrange(10 ** 6):06d}"])
        text = luck.choice(OTHERS if luck.random() < 0.9 else STOPS if luck.random() < 0.7 else WRONG)
        if who == "0912900001" and (text in STOPS + WRONG or text.startswith(("KQ", "kq"))):
            continue  # an official may; see replies.py
        status = answer(who, text, f"MO-{i}")
        # An answer without words is none.
        assert status in ((200, 400) if text.strip() == "" else (200,)), (who, text, status)
        said[int("84" + who[1:])].append(text)
        (stopped if text in STOPS else wrong if text in WRONG else set()).add(int("84" + who[1:]))
    after, still = snapshot(h)
    assert still == rest, "a reply moved more than a flag"
    # So many complaints halt the campaign until an officer has looked: less is sent, not more.
    assert h.json("campaign", "show", "một")["state"] in ("running", "halted")
    assert stopped & set(flags) and wrong & set(flags) and len(stopped & set(flags)) < PEOPLE
    for who in set(after) | set(flags):
        want = (1 if who in stopped else 0) | (2 if who in wrong else 0)
        assert after.get(who, 0) == want, (who, after.get(who, 0), want, said[who])
    with h.store() as db:
        changes = dict(db.execute("SELECT who, count(*) FROM audit WHERE what = 'contact.flags' GROUP BY who"))
    assert changes["tin trả lời"] == 1 + len(stopped) + len(wrong), changes
    # No word brings anybody back, whoever asks: only staff do.
    for text in OTHERS + ("nhận tin", "DONG Y"):
        for who in sorted(stopped & set(flags))[:3]:
            answer("0" + str(who)[2:], text, f"BACK-{text}-{who}")
    assert snapshot(h) == (after, still)
    print(f"ok {TEXTS} texts with others' numbers: {len(stopped)} numbers are not written to, {len(wrong)} are wrong, all else is as it was")


def genuine_path(h, provider):
    """As the daemon derives it from the key in the store."""
    with h.store() as db:
        key, = db.execute("SELECT value FROM meta WHERE name = 'callback_key'").fetchone()
    mac = hmac.new(bytes.fromhex(key), provider.encode(), "sha512").digest()[:24]
    return f"{h.url}/callbacks/{provider}/{base64.urlsafe_b64encode(mac).decode()}"


def by_a_path_and_no_signature(h):
    url, before = genuine_path(h, "twilio"), snapshot(h)
    for headers in ({}, {"X-Twilio-Signature": ""}, {"X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, {"X-Twilio-Signature": "x" * 5000}):
        for text in STOPS[:3]:
            body = urllib.parse.urlencode({"MessageSid": f"SM{abs(hash((str(headers), text)))}", "From": "+84912000039", "To": "+15005550006",
                                           "Body": text}).encode()
            status = get(url, body, dict(headers, **{"Content-Type": "application/x-www-form-urlencoded"}))[0]
            assert status == 404, (headers, status)
    assert snapshot(h) == before
    # The same words, signed: it is the signature that was missing.
    said = {"Body": "STOP", "From": "+84912000039", "MessageSid": "SM1", "To": "+15005550006"}
    signed = url + "".join(name + said[name] for name in sorted(said))
    signature = base64.b64encode(hmac.new(b"twilio-auth-token", signed.encode(), "sha1").digest()).decode()
    assert get(url, urllib.parse.urlencode(said).encode(), {"X-Twilio-Signature": signature})[0] == 200
    flags, rest = snapshot(h)
    assert rest == before[1] and flags == {**before[0], 84912000039: 1}, flags
    h.run("recipient", "set", "vneid", "H-40", "not-opted-out")
    assert snapshot(h)[0] == before[0]
    print("ok a provider that signs: its path alone stops nobody")


def main():
    with House(sys.argv[1]) as h:
        box, other = h.add(Smsbox()), h.add(Provider())
        h.write("moidan.yaml", f"""
database: moidan.db
listen: 127.0.0.1:{h.port}
public_url: {h.url}
two_person: false
unit: {{name: xã Mỹ Phú Đông, office: UBND xã Mỹ Phú Đông, card_name: CCCD}}
providers:
  - {{name: kannel, description: kannel, base_url: "{box.url}", settings: {{username: moidan, from: MYPHUDONG}},
     secrets: {{password: secret}}, price_per_segment: 350}}
  - {{name: twilio, weight: 0, description: twilio, base_url: "{other.url}",
     settings: {{account_sid: AC00000000000000000000000000000000, from: "+15005550006"}},
     secrets: {{auth_token: twilio-auth-token}}}}
""")
        h.run("init")
        h.import_people(PEOPLE)
        h.run("import", "officials", h.write("can-bo.csv", OFFICIALS))
        h.serve()
        h.campaign("một")
        wait_for("all sent", lambda: len(box.sent) == PEOPLE)
        h.wait_states("một", {"sent": PEOPLE})
        by_a_path_and_no_signature(h)
        by_a_path_that_needs_nothing_more(h, box, random.Random(46))
        assert h.stop() == 0


main()
