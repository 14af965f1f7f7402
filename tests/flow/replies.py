#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""People answer over real HTTP, as Kannel hands it on: who declines is told so once and gets nothing more,
an official enters a result, the rest waits for an officer. Usage: replies.py MOIDAN"""
import http.server
import sys
import threading
import urllib.parse

from console_lib import add_user
from lib import House, get, wait_for

OFFICIALS = ("Mã cán bộ;Họ và tên;Chức vụ;Đơn vị;Số điện thoại\n"
             "CB-1;Nguyễn Văn Trưởng;Trưởng ấp;Ấp Tân Phú;0912900001\n"
             "CB-2;Trần Văn Khác;Trưởng ấp;Ấp Tân Đông;0912900002\n")


class Smsbox:
    """Takes everything, as smsbox does."""

    def __init__(self):
        self.sent, outer = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                outer.sent.append({k: v[0] for k, v in query.items()})
                body = b"0: Accepted for delivery"
                self.send_response(202)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def the_officer_s_word(h, first, second, people):
    """At the console and by command: as it came, with the number masked; each is settled once."""
    v, looks = add_user(h, "canbo", "author"), add_user(h, "xem", "viewer")
    page = v.get("/replies")
    assert page.has("hôm khác được không") and page.has("mã này thuộc ấp khác") and not page.has("Không phải tôi"), page.text
    assert not any(p[1:] in page.text for p in people)
    assert v.get("/replies?all=yes").has("Không phải tôi")
    assert looks.get("/replies").status == 200 and looks.post(f"/replies/{first}", {"as": "nothing"}).status == 403
    assert v.post(f"/replies/{first}", {"as": "dance"}).status in (400, 422)
    assert v.post("/replies/99999", {"as": "nothing"}).status == 422
    assert h.json("status")["officer"]["replies"] == 2
    shown = h.run("reply", "show", str(second))
    assert "KQ H-2 account" in shown and "chờ cán bộ" in shown and "mã này thuộc ấp khác" in shown, shown
    assert h.json("reply", "show", str(first))["text"] == "hôm khác được không"
    assert v.post(f"/replies/{first}", {"as": "nothing"}).status == 303
    assert v.post(f"/replies/{first}", {"as": "opt-out"}).status == 422  # it was somebody's word already
    assert not v.get("/replies").has("hôm khác được không")
    h.run("reply", "settle", str(first), "opt-out", code=65)
    h.run("reply", "settle", str(second), "dance", code=64)
    h.run("reply", "settle", str(second), "nothing")
    h.run("reply", "show", "99999", code=66)
    assert "Không có tin trả lời nào chờ cán bộ" in h.run("reply", "list") and "đã xong" in h.run("reply", "show", str(second))
    assert len(h.json("reply", "list", "--all", "--limit", "2")["items"]) == 2
    assert {"canbo", "moidan"} & {a["who"] for a in audit(h, "reply.settle")}


def audit(h, what):
    with h.store() as db:
        return [{"who": who, "subject": subject} for who, subject in
                db.execute("SELECT who, subject FROM audit WHERE what = ?", (what,))]


def main(h):
    box = h.add(Smsbox())
    h.write("moidan.yaml", f"""
database: moidan.db
listen: 127.0.0.1:{h.port}
public_url: {h.url}
two_person: false
unit: {{name: xã Mỹ Phú Đông, office: UBND xã Mỹ Phú Đông, card_name: CCCD}}
providers:
  - {{name: kannel, description: kannel, base_url: "{box.url}", settings: {{username: moidan, from: MYPHUDONG}},
     secrets: {{password: secret}}, price_per_segment: 350}}
caps: {{per_day: 1, per_week: 6}}
""")
    h.import_people(4)
    h.run("import", "officials", h.write("can-bo.csv", OFFICIALS))
    h.serve()
    h.campaign("một")
    wait_for("all sent", lambda: len(box.sent) == 4)
    path = box.sent[0]["dlr-url"].split("?")[0]
    ids = iter(range(1000, 2000))

    def answer(number, text, mo=None, token=path):
        query = urllib.parse.urlencode({"from": "+84" + number[1:], "to": "8088", "text": text,
                                        "id": mo or f"MO-{next(ids)}", "t": "1686710000"})
        return get(f"{token}?{query}")[0]

    people = [f"0912{i:06d}" for i in range(4)]
    # Somebody who does not know the path changes nothing.
    assert answer(people[1], "TC", token=path[:-4] + "AAAA") == 404
    # The same answer handed on three times is one.
    for _ in range(3):
        assert answer(people[0], "từ chối", mo="MO-1") == 200
    wait_for("the confirmation", lambda: len(box.sent) == 5)
    assert box.sent[4]["to"].endswith(people[0][1:]) and "da ghi nhan de nghi" in box.sent[4]["text"], box.sent[4]
    assert answer(people[0], "TC") == 200
    assert answer(people[1], "hôm khác được không") == 200
    assert answer(people[2], "Không phải tôi") == 200
    assert answer("0912900001", "KQ H-4 account") == 200
    assert answer("0912900002", "KQ H-2 account") == 200
    replies = h.json("reply", "list", "--all")["items"]
    assert [r["kind"] for r in replies] == ["opt_out", "opt_out", "unknown", "wrong_person", "result", "refused"], replies
    waiting = h.json("reply", "list")["items"]
    assert [r["kind"] for r in waiting] == ["unknown", "refused"] and waiting[1]["note"] == "mã này thuộc ấp khác"
    assert h.json("status")["officer"]["replies"] == 2
    assert h.json("recipient", "show", "vneid", "H-4")["state"] == 1
    the_officer_s_word(h, waiting[0]["id"], waiting[1]["id"], people)
    # The next day's campaign finds one left: the second; and only staff undo it.
    h.run("campaign", "create", "hai", "--programme", "vneid", "--audience", "A1")
    preview = h.json("campaign", "preview", "hai")
    assert preview["messages"] == 1 and preview["excluded"]["opted_out"] == 1 and \
        preview["excluded"]["wrong_person"] == 1, preview
    h.run("recipient", "set", "vneid", "H-1", "not-opted-out")
    assert h.json("campaign", "preview", "hai")["messages"] == 2
    assert h.stop() == 0
    assert len(box.sent) == 5, box.sent[5:]
    text = h.read("moidan.log")
    assert not any(p in text or p[1:] in text for p in people) and "hôm khác" not in text
    print(f"ok {len(replies)} answers, one confirmation, {len(waiting)} for the officer")


if __name__ == "__main__":
    with House(sys.argv[1]) as house:
        main(house)
