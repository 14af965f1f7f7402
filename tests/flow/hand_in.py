# SPDX-License-Identifier: Apache-2.0
"""Wednesday and Thursday by people at the console: a hamlet's officer hands in the own hamlet's figures and no
other's, an author brings a sheet for all, the approver reads what differs and confirms what was read.
Usage: hand_in.py MOIDAN"""
import re
import sys

from console_lib import add_user
from lib import House, Provider, Receiver, wait_for

SECRET = "whsec_bWkgZGFuIHRodSBuZ2hpZW0ga2hvYSBreQ=="


def wednesday(h, author, viewer, hamlet):
    page = hamlet.get("/hand-in")
    assert page.status == 200 and page.has("ấp Tân Mỹ") and page.has("Đã tạo (đại diện 01 người/hộ)"), page.text
    for other in ("Tân Phú", "Tân Đông", "443", "339"):
        assert not page.has(other), other
    week = re.search(r'name="week" value="([\w-]+)"', page.text)[1]
    fields = [("week", week), ("figure", "375"), ("figure", "17o"), ("figure", ""), ("figure", "60"),
              ("difficulties", "<b>thiếu</b> máy")]
    a = hamlet.post("/hand-in", fields)
    assert a.status == 422 and a.has("không phải số đếm") and a.has("17o"), a.text
    fields[2] = ("figure", "170")
    # whoever writes another hamlet's number into the form still hands in for the own
    a = hamlet.post("/hand-in", fields + [("unit", "1")])
    assert a.status == 303, a.text
    assert viewer.post("/hand-in", fields).status == 403
    page = author.get("/hand-in")
    assert page.text.count("Chưa báo") == 3 and page.has("Đã báo lúc"), page.text
    unit = re.search(r'href="/hand-in\?week=[\w-]+&amp;unit=(\d+)">ấp Tân Mỹ', page.text)[1]
    page = author.get(f"/hand-in?unit={unit}")
    assert page.has("khác danh sách") and "&lt;b&gt;thiếu&lt;/b&gt; máy" in page.text, page.text
    # the form goes out, and comes back filled in
    form = author.get("/hand-in/form")
    assert form.body[:2] == b"PK" and "attachment" in form.headers["Content-Disposition"]
    sheet = "Đơn vị;Tổng số hộ;Đã tạo (đại diện 01 người/hộ);Chưa tạo;Đã cài đặt VNeID\nTân Phú;339;186;153;50\nTân Đông;{};;;\n"
    a = author.upload("/hand-in/sheet", {"week": week}, "so.csv", sheet.format("nhiều").encode())
    assert a.status == 422 and a.has("hàng 3") and author.get("/hand-in").text.count("Chưa báo") == 3, a.text
    assert author.upload("/hand-in/sheet", {"week": week}, "so.csv", sheet.format("443").encode()).status == 303
    assert author.get("/hand-in").text.count("Chưa báo") == 1
    assert "Tân Đông" in h.run("report", "teams") and h.json("report", "teams")[1]["differs"] == 1


def paper(h, author, viewer):
    """Letters, visit lists, a hamlet head's week: only for who may edit, and written down."""
    h.run("campaign", "create", "một", "--programme", "vneid", "--audience", "A1,A2")
    one = f"/campaigns/{h.json('campaign', 'show', 'một')['id']}/papers"
    for path, begins in ((one + "?as=letters&unit=T%C3%A2n+M%E1%BB%B9", b"%PDF-"),
                         (one + "?as=visits", b"%PDF-"), (one + "?as=visits-xlsx", b"PK"),
                         ("/reports/hamlet?unit=T%C3%A2n+M%E1%BB%B9", b"%PDF-")):
        a = author.get(path)
        assert a.status == 200 and a.body.startswith(begins), (path, a.status, a.body[:300])
        assert "attachment" in a.headers["Content-Disposition"]
        assert viewer.get(path).status == 403
    assert author.get(one + "?as=letters&unit=X").status == 404
    assert author.get("/campaigns/9/papers?as=letters").status == 404
    kept = open(h.path("moidan.db-wal"), "rb").read() + open(h.path("moidan.db"), "rb").read()
    assert all(what in kept for what in (b"letter.print", b"visit.print", b"report.hamlet"))


def sessions(h, author, viewer):
    h.run("session", "add", "--day", "14/06/2023", "--hours", "15:00-17:00", "--place", "Văn phòng ấp Tân Mỹ",
          "--seats", "5", "--programme", "cccd")
    key = next(r["key"] for r in (author.get(f"/api/v1/recipients/{i}").json() for i in range(1158, 1300))
               if r.get("unit", "").endswith("Tân Mỹ") and not r["held"])
    h.run("session", "seat", "1", key)
    assert author.get("/sessions").has("1/5") and author.get("/sessions/1").has(key)
    person = author.get("/api/v1/sessions/1").json()["people"][0]
    assert person["state"] == "invited" and viewer.get("/sessions/1").status == 200
    author.get("/sessions/1")
    fields = {"is": "came", "recipient": str(person["recipient"])}
    assert viewer.post("/sessions/1/attend", fields).status == 403
    assert author.post("/sessions/1/attend", {"is": "came"}).status == 422
    assert author.post("/sessions/1/attend", fields).status == 303
    assert author.get("/sessions/1").has("đã đến") and author.get("/sessions/77").status == 404
    assert author.get("/api/v1/sessions/1").json()["people"][0]["state"] == "came"


def thursday(h, author, approver, viewer, webhook):
    page = approver.get("/")
    assert page.has("Báo cáo tuần chờ xác nhận"), page.text
    page = approver.get("/reports")
    assert page.has("ấp Tân Mỹ báo khác hệ thống") and page.has("Chưa ai xác nhận"), page.text
    week, seen = (re.search(rf'name="{n}" value="([\w-]+)"', page.text)[1] for n in ("week", "seen"))
    assert not author.get("/reports").has("Xác nhận và giao")
    assert author.post("/reports/confirm", {"week": week, "seen": seen}).status == 403
    # something comes in after the page was drawn: what was read is no longer what would go
    h.run("report", "hand-in", "--unit", "Tân Đông", "--difficulties", "mất điện")
    assert approver.post("/reports/confirm", {"week": week, "seen": seen}).status == 412
    page = approver.get("/reports")
    assert page.has("mất điện")
    seen = re.search(r'name="seen" value="([\w-]+)"', page.text)[1]
    assert webhook.received == []
    a = approver.post("/reports/confirm", {"week": week, "seen": seen})
    assert a.status == 303, a.text
    first = wait_for("the summary", lambda: webhook.received)[0]
    assert first["week"] == week, first
    wait_for("it is known to be handed over", lambda: viewer.get("/reports").has("127.0.0.1:" + str(webhook.port) + ": đã giao"))
    assert approver.post("/reports/confirm", {"week": week, "seen": seen}).status == 422
    assert not approver.get("/").has("chờ xác nhận")


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        webhook = h.add(Receiver("webhook.py", "200", env={"WEBHOOK_SECRET": SECRET}))
        h.configure(provider.url, f"""
reports:
  push: [{{url: "http://127.0.0.1:{webhook.port}/nhan", secret: "{SECRET}"}}]
""")
        h.set_clock("2023-06-12T09:00:00+07:00")
        h.run("init")
        h.import_lists()
        h.serve()
        h.stop()
        h.set_clock("2023-06-14T14:59:58+07:00")
        h.serve()
        wait_for("reminders", lambda: len(provider.seen()) == 3)
        assert all("Nhan lai: SL va 4 so" in m["Content"] and len(m["Content"]) <= 160 for m in provider.seen())
        who = {role: add_user(h, role, role, *(("--unit", "Tân Mỹ") if role == "hamlet" else ()))
               for role in ("viewer", "author", "approver", "hamlet")}
        wednesday(h, who["author"], who["viewer"], who["hamlet"])
        paper(h, who["author"], who["viewer"])
        sessions(h, who["author"], who["viewer"])
        h.stop()
        h.set_clock("2023-06-14T17:30:01+07:00")
        h.serve()
        # the digests, and to the police that the commune's own team is late
        wait_for("the late list", lambda: len(provider.seen()) == 7)
        late = [m["Content"] for m in provider.seen() if "chua bao" in m["Content"]]
        assert len(late) == 1 and "chua bao: xa My Phu Dong. 1 to co so khac he thong." in late[0], late
        h.stop()
        h.set_clock("2023-06-15T07:00:01+07:00")
        h.serve()
        wait_for("the draft", lambda: "draft_ready" in h.read("moidan.log"))
        for v in who.values():
            v.shift = int(h.env["MOIDAN_TEST_SHIFT"])
            a = v.sign_in(v.name)
            assert a.status == 303, a.text
            v.get("/")
        thursday(h, who["author"], who["approver"], who["viewer"], webhook)
        assert h.stop() == 0


main()
