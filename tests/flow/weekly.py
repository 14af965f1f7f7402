#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wednesday evening and Thursday morning of the real daemon: digests to the hamlet heads, the summary by
HTTP POST and by e-mail, by themselves, once, through kill -9. Usage: weekly.py MOIDAN"""
import sys
import time
import urllib.parse

from lib import House, Provider, Receiver, get, wait_for

SECRET = "whsec_bWkgZGFuIHRodSBuZ2hpZW0ga2hvYSBreQ=="


def people_answer(h):
    """Through the short code of eSMS: two that nobody understands."""
    address = h.run("provider", "callback", "sms").strip()
    for i, text in enumerate(("Mai toi di lam xa, khi khac duoc khong", "Alo", "Không phải tôi")):
        query = urllib.parse.urlencode({"sender": f"8491200000{i}", "content": text, "serviceNumber": "8041",
                                        "smsid": f"in-{i}", "receiverTime": "20230612090000"})
        assert get(f"{address}?{query}")[0] == 200


def wednesday_evening(h, provider):
    h.set_clock("2023-06-14T17:29:57+07:00")
    h.serve()
    time.sleep(1)
    assert provider.seen() == []  # not before its moment
    wait_for("digests", lambda: len(provider.seen()) == 4)
    texts = sorted(m["Content"] for m in provider.seen())
    # The chief of police is told that two answers wait; not what they say, and not of the one that was understood.
    told, = [m for m in provider.seen() if m["Phone"] == "0980000253"]
    assert told["Content"] == ("UBND xa My Phu Dong: 2 tin tra loi cua nguoi dan cho can bo xem (2 tin trong tuan, "
                               "cu nhat tu 12/6). Xin mo muc Tra loi."), told
    texts.remove(told["Content"])
    for hamlet, text in zip(("Tan Dong", "Tan My", "Tan Phu"), texts):
        assert text.startswith(f"Kinh gui Truong ap {hamlet}, den 14/6: "), text
        assert text.isascii() and len(text) <= 160, text
    h.daemon.kill()
    h.daemon.wait()


def thursday_morning(h, provider, webhook, smtp):
    h.set_clock("2023-06-15T06:59:57+07:00")
    h.serve()
    time.sleep(1)
    wait_for("the draft", lambda: "draft_ready" in h.read("moidan.log"))
    assert "/1.157 hộ" in h.run("status")
    h.run("report", "confirm", "--week", "2023-W25", code=66)  # not frozen yet
    assert webhook.received == smtp.received == []
    h.run("report", "confirm")
    h.run("report", "confirm", code=65)
    first = wait_for("the summary by HTTP", lambda: webhook.received)[0]
    mail = wait_for("the summary by e-mail", lambda: smtp.received)[0]
    assert first["signed"] and first["week"] == "2023-W24", first
    assert mail["subject"] == "UBND xã Mỹ Phú Đông: tổng hợp số liệu tuần 24 năm 2023"
    assert "Chỉ tiêu giao 1.057" in mail["text"] and "Danh sách 1.157" in mail["text"]
    assert [a["filename"] for a in mail["attachments"]] == [
        "Số liệu tuần 2023-24.json", "Báo cáo tuần 2023-W24.pdf", "Báo cáo tuần 2023-W24.xlsx"], mail
    assert [a["data"][:4] for a in mail["attachments"][1:]] == ["%PDF", "PK\x03\x04"]
    assert mail["defects"] == [] and all(a["bytes"] > 5000 for a in mail["attachments"]), mail["defects"]
    # the receiver did not answer: killed while it is waited for, the same is told again
    h.daemon.kill()
    h.daemon.wait()
    h.set_clock("2023-06-15T07:10:00+07:00")
    h.serve()
    again = wait_for("the summary again", lambda: webhook.received[1:])[0]
    assert (again["id"], again["body"]) == (first["id"], first["body"]), again
    assert again["signed"]


def and_nothing_twice(h, provider, webhook, smtp):
    h.stop()
    for clock in ("2023-06-15T08:31:00+07:00", "2023-06-16T10:00:00+07:00"):
        h.set_clock(clock)
        h.serve()
        time.sleep(1)
        h.stop()
    # what was uncertain after the kill is asked again under its own reference; beside the digests and the answers
    # that wait, the police were told that there was a draft
    assert len({m["RequestId"] for m in provider.seen()}) == 5
    assert len(webhook.received) == 2
    assert len({m["message_id"] for m in smtp.received}) == 1
    assert "report_late" not in h.read("moidan.log")


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        webhook = h.add(Receiver("webhook.py", "hang", "200", env={"WEBHOOK_SECRET": SECRET}))
        smtp = h.add(Receiver("smtp_server.py"))
        h.configure(provider.url, f"""
reports:
  collect: false
  push: [{{url: "http://127.0.0.1:{webhook.port}/nhan", secret: "{SECRET}"}}]
  email: {{server: "smtp://127.0.0.1:{smtp.port}", from: moidan@xa.example, to: [cong-an@huyen.example]}}
""")
        h.set_clock("2023-06-12T09:00:00+07:00")
        h.run("init")
        h.import_lists()
        h.serve()  # since Monday
        people_answer(h)
        h.stop()
        wednesday_evening(h, provider)
        thursday_morning(h, provider, webhook, smtp)
        and_nothing_twice(h, provider, webhook, smtp)
        for secret in (SECRET, "cong-an@huyen.example"):
            assert secret not in h.read("moidan.log")


main()
