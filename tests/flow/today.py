# SPDX-License-Identifier: Apache-2.0
"""The first page says what today brings: what goes out and went out, who is on duty, the next sessions and whom to
expect; a hamlet's officer is told of the own hamlet. Its picture of progress shows what its table says.
Usage: today.py MOIDAN"""
import re
import sys

from console_lib import add_user
from lib import CLOCK, HEADINGS, House, Provider, wait_for

OWN, OTHER = "Tân Mỹ", "Tân Phú"
PEOPLE = [("Lê Thị Riêng", OWN), ("Ngô Văn Nhà", OWN), ("Bùi Văn Khác", OTHER), ("Đỗ Thị Xa", OTHER), ("Mai Văn Lạ", OTHER)]


def home(v):
    a = v.get("/api/v1/", browser=False)
    assert a.status == 200, a.text
    return a.json()


def later(h, who, clock):
    """Time goes on, and those who were in come in again."""
    h.set_clock(clock)
    for v in who.values():
        v.shift = int(h.env["MOIDAN_TEST_SHIFT"])
        assert v.sign_in(v.name).status == 303
        v.get("/")


def nothing_yet(who):
    o = home(who["viewer"])
    assert "next" not in o and "duty" not in o, o
    today = o["today"]
    assert (today["due"], today["sent"], today["delivered"], today["campaigns"]) == (0, 0, 0, []), today
    assert today["day"] == "2023-06-14" and today["hours"] == "07:30–19:00", today
    assert today["open"] is False and today["opens_at"] == "2023-06-14T00:30:00.000Z" and today["over"] is False, today
    page = who["viewer"].get("/")
    assert page.has("Hôm nay không có tin nào phải gửi") and page.has("Chưa có buổi nào sắp tới"), page.text
    assert page.has("Chưa có lịch trực từ hôm nay") and page.has("Giờ gửi tin: 07:30–19:00. Gửi lại từ 07:30"), page.text
    own = who["hamlet"].get("/")
    assert not own.has("Hôm nay không có tin nào phải gửi") and own.has("Chưa có buổi nào sắp tới"), own.text
    assert 'href="/sessions"' not in own.text and 'href="/duty"' not in own.text, own.text


def messages(h, who, provider):
    """Two go to a provider that hangs up and are not known to have gone; three are accepted, one of them delivered."""
    wait_for("messages", lambda: len(provider.seen()) >= 5)
    wait_for("three accepted", lambda: home(who["viewer"])["today"]["sent"] == 3)
    accepted = [r for r in provider.seen() if not r["Phone"].endswith(("1", "2"))]
    h.receipt(accepted[0])
    today = wait_for("one delivered", lambda: (t := home(who["viewer"])["today"])["delivered"] == 1 and t)
    assert (today["due"], today["sent"]) == (0, 3), today
    assert [(k["name"], k["sent"], k["delivered"]) for k in today["campaigns"]] == [("một", 3, 1)], today
    page = who["author"].get("/")
    assert re.search(r"<td[^>]*>3</td><td[^>]*>1</td></tr>", page.text), page.text
    # what an officer finds out today is of today
    number = re.search(r'href="/messages/(\d+)"', who["author"].get("/messages?state=uncertain").text)[1]
    who["approver"].get("/")
    assert who["approver"].post(f"/messages/{number}/settle", {"as": "sent"}).status == 303
    assert home(who["viewer"])["today"]["sent"] == 4
    assert "today" not in home(who["hamlet"])


def due(h, who, provider):
    """What waits for the first hour is due today, unless it is paused."""
    h.campaign("một", audience="A1")
    today = wait_for("five due", lambda: (t := home(who["viewer"])["today"])["due"] == 5 and t)
    assert [(k["name"], k["due"], k["sent"]) for k in today["campaigns"]] == [("một", 5, 0)], today
    h.run("campaign", "pause", "một")
    assert home(who["viewer"])["today"]["due"] == 0
    h.run("campaign", "resume", "một")
    assert home(who["viewer"])["today"]["due"] == 5 and not provider.seen()
    later(h, who, CLOCK)


def in_the_evening(h, who):
    """Nothing more goes out once the hours are over; what comes late is due tomorrow."""
    later(h, who, "2023-06-14T19:30:00+07:00")
    h.import_people(3, 60)
    h.campaign("hai", audience="A1")
    wait_for("planned", lambda: h.states("hai").get("queued"))
    today = home(who["viewer"])["today"]
    assert today["over"] is True and today["due"] == 0 and today["opens_at"] == "2023-06-15T00:30:00.000Z", today
    assert who["viewer"].get("/").has("hôm nay không gửi thêm nữa. Gửi lại từ 07:30 15/06/2023")


def people_come(h, who):
    for hours, place, seats in (("07:30-08:30", "Văn phòng ấp Tân Mỹ", 9), ("13:30-16:30", "Văn phòng ấp Tân Mỹ", 5),
                                ("09:30-10:30", "Văn phòng ấp Tân Phú", 7), ("15:00-16:00", "Bộ phận Một cửa", 3)):
        h.run("session", "add", "--day", "14/06/2023", "--hours", hours, "--place", place, "--seats", str(seats), "--programme", "vneid")
    with h.store() as db:
        sessions = {(opens, place): i for i, opens, place in db.execute("SELECT id, opens, place FROM session")}
    person = {name: f"H-{i}" for i, (name, _) in enumerate(PEOPLE, 1)}
    afternoon, everybody = sessions[13 * 60 + 30, "Văn phòng ấp Tân Mỹ"], sessions[15 * 60, "Bộ phận Một cửa"]
    h.run("session", "seat", str(afternoon), person["Lê Thị Riêng"])
    h.run("session", "seat", str(everybody), person["Bùi Văn Khác"])
    for day, place, name in (("14/06/2023", "Bộ phận Một cửa", "Võ Thị Mai"), ("15/06/2023", "Văn phòng ấp Tân Mỹ", "Cao Văn Trực")):
        h.run("duty", "add", "--day", day, "--hours", "07:30-11:00", "--place", place, "--name", name)
    o = home(who["viewer"])
    # it is nine: the first is over
    assert [(s["hours"], s["place"], s["expected"]) for s in o["next"]["items"]] == [
        ("09:30–10:30", "Văn phòng ấp Tân Phú", 0), ("13:30–16:30", "Văn phòng ấp Tân Mỹ", 1), ("15:00–16:00", "Bộ phận Một cửa", 1)], o["next"]
    assert o["duty"]["is_today"] and [d["name"] for d in o["duty"]["items"]] == ["Võ Thị Mai"], o["duty"]
    page = who["author"].get("/")
    assert f'href="/sessions/{afternoon}/sheet"' in page.text and f'href="/sessions/{afternoon}"' in page.text, page.text
    assert f'href="/sessions/{afternoon}/sheet"' not in who["viewer"].get("/").text
    assert who["author"].get(f"/sessions/{afternoon}/sheet").body.startswith(b"%PDF-")
    # the hamlet's: its own session alone, since nobody from there is expected at the one for everybody
    o = home(who["hamlet"])
    assert [(s["hours"], s["expected"], "seats" in s, "id" in s) for s in o["next"]["items"]] == [("13:30–16:30", 1, False, False)], o["next"]
    assert (o["duty"]["day"], [d["name"] for d in o["duty"]["items"]]) == ("2023-06-15", ["Cao Văn Trực"]), o["duty"]
    page = who["hamlet"].get("/")
    assert page.has("Hôm nay không ai trực. Ca tới: 15/06/2023") and "/sessions/" not in page.text and OTHER not in page.text, page.text
    h.run("session", "seat", str(everybody), person["Ngô Văn Nhà"])
    assert [s["place"] for s in home(who["hamlet"])["next"]["items"]] == ["Văn phòng ấp Tân Mỹ", "Bộ phận Một cửa"]
    h.run("session", "cancel", str(afternoon), "--reason", "máy hỏng")
    assert [s["place"] for s in home(who["viewer"])["next"]["items"]] == ["Văn phòng ấp Tân Phú", "Bộ phận Một cửa"]


def pictures(who):
    page = who["viewer"].get("/")
    shown = set(re.findall(r'src="(/progress/[^"]+)"', page.text))
    assert shown == {"/progress/vneid/vneid"}, shown
    whole = who["viewer"].get("/progress/vneid/vneid")
    assert whole.status == 200 and whole.headers["Content-Type"].startswith("image/svg+xml") and whole.body.startswith(b"<?xml")
    own = who["hamlet"].get("/progress/vneid/vneid")
    high = [float(re.search(r'<svg[^>]*height="([\d.]+)', a.text)[1]) for a in (whole, own)]
    assert own.status == 200 and high[0] > high[1] + 30, high  # a bar a hamlet
    for path in ("/progress/vneid/none", "/progress/none/vneid", "/api/v1/progress/x/y"):
        assert who["viewer"].get(path).status == 404, path


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider(lambda request: None if request["Phone"].endswith(("1", "2")) else Provider.accept(request)))
        h.configure(provider.url)
        rows = [f"{i};H-{i};{name};Nam;1970;{unit};Tổ 1;09120010{i:02d};Chưa tạo;;" for i, (name, unit) in enumerate(PEOPLE, 1)]
        h.run("import", "vneid", h.write("list.csv", "\n".join([HEADINGS, *rows]) + "\n"))
        h.set_clock("2023-06-14T07:00:00+07:00")
        h.serve()
        who = {role: add_user(h, role, role, *(("--unit", OWN) if role == "hamlet" else ()))
               for role in ("viewer", "author", "approver", "hamlet")}
        nothing_yet(who)
        due(h, who, provider)
        messages(h, who, provider)
        people_come(h, who)
        pictures(who)
        in_the_evening(h, who)
        assert h.stop() == 0


main()
