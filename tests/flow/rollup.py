# SPDX-License-Identifier: Apache-2.0
"""Three gateways, each a real daemon: a commune's pushes its confirmed week to its superior's, which shows who has
handed up and who is late, adds them up in figures of its own, and pushes those on to the province's. What comes
again is known, another summary of the week is refused, and so is whoever does not have the secret.
Usage: rollup.py MOIDAN"""
import base64
import hashlib
import hmac
import http.client
import json
import sqlite3
import subprocess
import sys
import time

from console_lib import add_user
from lib import House, Provider, wait_for

SECRET = "whsec_bWkgZGFuIHRodSBuZ2hpZW0ga2hvYSBreQ=="
OTHER_SECRET = "whsec_bWkgZGFuIGtob2Ega2hhYyBraGFjIGtoYWM="
COMMUNE, OTHER, THIRD = "xã Mỹ Phú Đông", "xã Vĩnh Phú", "xã Tây Phú"
DISTRICT = "huyện Thoại Sơn"


def sign(ident, stamp, body, secret=SECRET):
    mac = hmac.new(base64.b64decode(secret[6:]), f"{ident}.{stamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def push(h, body, ident="x-weekly-202324-1", age=0, secret=SECRET):
    """A summary handed to a superior by hand."""
    stamp = int(time.time()) + int(h.env["MOIDAN_TEST_SHIFT"]) - age
    c = http.client.HTTPConnection("127.0.0.1", h.port, timeout=30)
    c.request("POST", "/rollup", body, {"Content-Type": "application/json", "webhook-id": ident,
                                        "webhook-timestamp": str(stamp), "webhook-signature": sign(ident, stamp, body, secret)})
    r = c.getresponse()
    r.read()
    c.close()
    return r.status


def commune(h, provider, above):
    h.configure(provider.url, f"""
reports:
  collect: false
  police_audience: ""
  push: [{{url: "http://127.0.0.1:{above.port}/rollup", secret: "{SECRET}"}}]
""")
    h.set_clock("2023-06-12T09:00:00+07:00")
    h.run("init")
    h.import_lists()
    h.serve()
    h.stop()
    h.set_clock("2023-06-15T08:20:00+07:00")


def becomes(h, name, office):
    h.write("moidan.yaml", h.read("moidan.yaml").replace("name: xã Mỹ Phú Đông, office: UBND xã Mỹ Phú Đông",
                                                         f"name: {name}, office: {office}"))


def superior(h, provider, above):
    h.configure(provider.url, f"""
reports:
  collect: false
  police_audience: ""
  weekly_ready_at: "09:15"
  weekly_push_by: "09:30"
  weekly_deadline: "10:00"
  push: [{{url: "http://127.0.0.1:{above.port}/rollup", secret: "{SECRET}"}}]
  communes:
    - {{name: {COMMUNE}, secret: "{SECRET}"}}
    - {{name: {OTHER}, secret: "{OTHER_SECRET}"}}
    - {{name: {THIRD}, secret: "{OTHER_SECRET}"}}
""")
    becomes(h, DISTRICT, "Công an huyện Thoại Sơn")
    h.set_clock("2023-06-15T08:20:00+07:00")


def province(h, provider):
    h.configure(provider.url, f"""
reports:
  collect: false
  police_audience: ""
  communes_by: "10:00"
  weekly_ready_at: "10:15"
  weekly_push_by: "10:30"
  weekly_deadline: "11:00"
  communes: [{{name: {DISTRICT}, secret: "{SECRET}"}}]
""")
    becomes(h, "tỉnh An Giang", "Công an tỉnh An Giang")
    h.set_clock("2023-06-12T08:20:00+07:00")
    h.serve()
    h.stop()


def states(h):
    return {c["name"]: (c["missing"], c["late"]) for c in h.json("report", "communes")["communes"]}


def handed_up(below, above):
    below.serve()
    wait_for("the draft", lambda: "draft_ready" in below.read("moidan.log"))
    # nobody is there yet: it stays in the queue of the commune
    below.run("report", "confirm")
    wait_for("a try", lambda: "report_not_delivered" in below.read("moidan.log"))
    above.serve()
    assert states(above) == {name: (True, False) for name in (COMMUNE, OTHER, THIRD)}
    below.set_clock("2023-06-15T08:22:00+07:00")
    wait_for("the summary above", lambda: states(above)[COMMUNE] == (False, False))
    wait_for("it is known below", lambda: "report_delivered" in below.read("moidan.log"))
    total = above.json("report", "communes")["totals"][0]
    assert (total["assigned"], total["count"], total["reached"]) == (1057, 1157, 614), total


def by_hand(below, above):
    figures = below.json("report", "weekly", "--week", "2023-W24")
    body = json.dumps({"type": "report.weekly", "data": {"figures": figures, "text": "khác"}}).encode()
    assert push(above, body) == 409  # another of the same week: the first stays
    figures["week"] = "2023-W23"
    body = json.dumps({"type": "report.weekly", "data": {"figures": figures, "text": "tuần 23"}}).encode()
    assert push(above, body, age=600) == 404  # recorded long ago
    assert push(above, body, secret=OTHER_SECRET) == 404  # the other commune's secret
    assert push(above, json.dumps({"type": "x", "data": {"figures": figures}}).encode()) == 422
    assert push(above, b"{") == 404
    # what is signed is theirs, whatever it is; what is not is nobody's, and not read
    assert push(above, body[:-1]) == 422 and push(above, body[:-1], secret=OTHER_SECRET) == 404
    named = json.dumps({"commune": COMMUNE, "type": "report.weekly", "data": {"figures": {**figures, "commune": OTHER}}}).encode()
    assert push(above, named) == 422  # signed by one, of the other
    assert push(above, json.dumps({"type": "report.weekly", "data": {"commune": COMMUNE}}).encode()) == 422
    assert push(above, body) == 200 and push(above, body) == 200
    figures["programmes"][0]["total"]["total"] = 10 ** 18  # nobody could add to that
    assert push(above, json.dumps({"type": "report.weekly", "data": {"figures": figures, "text": ""}}).encode()) == 422
    figures["programmes"][0]["total"]["total"] = 1157
    # hundreds of hamlets: larger than other bodies may be
    figures["week"], figures["note"] = "2023-W22", "x" * 1200000
    assert push(above, json.dumps({"type": "report.weekly", "data": {"figures": figures, "text": ""}}).encode()) == 200


def on_the_page(above):
    viewer = add_user(above, "viewer", "viewer")
    assert viewer.get("/").status == 200
    page = viewer.get("/communes?week=2023-W24")
    assert page.has("614") and page.has(COMMUNE) and page.has(OTHER) and page.text.count("chưa gửi") == 3, page.text
    assert viewer.get("/communes?week=2023-W23&commune=x%C3%A3+M%E1%BB%B9+Ph%C3%BA+%C4%90%C3%B4ng").has("tuần 23")
    assert viewer.get("/communes?week=2023-W24&commune=x%C3%A3+V%C4%A9nh+Ph%C3%BA").status == 404


def week_of(h):
    figures = h.json("report", "weekly", "--week", "2023-W24")
    figures.pop("teams")
    return figures


def another_commune(below, above):
    """As large, half an hour later; and one that comes when everything is drawn."""
    figures = below.json("report", "weekly", "--week", "2023-W24")
    figures["commune"] = OTHER
    body = json.dumps({"type": "report.weekly", "data": {"figures": figures, "text": "như trên"}}).encode()
    assert push(above, body, secret=OTHER_SECRET) == 200
    above.set_clock("2023-06-15T09:00:01+07:00")
    assert states(above) == {COMMUNE: (False, False), OTHER: (False, False), THIRD: (True, True)}
    above.set_clock("2023-06-15T09:15:01+07:00")
    wait_for("the draft above", lambda: "draft_ready" in above.read("moidan.log"))
    frozen = week_of(above)
    figures["commune"] = THIRD
    body = json.dumps({"type": "report.weekly", "data": {"figures": figures, "text": "muộn"}}).encode()
    assert push(above, body, secret=OTHER_SECRET) == 200
    assert states(above)[THIRD] == (False, True)
    assert week_of(above) == frozen  # what is drawn stays
    return frozen


def adds_up(frozen):
    vneid, cccd = frozen["programmes"]
    assert [(u["unit"], u["total"], u["states"]) for u in vneid["units"]] == [
        (name, 1157, {"none": 543, "account": 446, "app": 168}) for name in (COMMUNE, OTHER)], vneid["units"]
    assert vneid["total"]["total"] == 2314 and vneid["total"]["no_phone"] == 280
    assert vneid["total"]["states"] == {"none": 1086, "account": 892, "app": 336}, vneid["total"]
    target = vneid["targets"][0]
    assert (target["assigned"], target["assigned_sum"], target["count"], target["reached"]) == (2114, 2114, 2314, 1228), target
    assert (target["percent_of_assigned"], target["percent_of_count"]) == (58.1, 53.1), target
    assert cccd["total"]["birth"] == {"day": 146, "month": 0, "year": 30, "none": 20}, cccd["total"]
    one, two, three = frozen["appendices"]
    assert [r["counts"][:9] for r in one["rows"]] == [[94, 22, 72, 1, 0, 1, 3, 3, 0]] * 2, one["rows"]
    assert [(r["unit"], r["counts"][:4]) for r in two["rows"]] == [
        ("Xã Mỹ Phú Đông", [63, 63, 0, 63]), ("Xã Vĩnh Phú", [63, 63, 0, 63])], two["rows"]
    assert [r["counts"][:4] for r in three["rows"]] == [[1157, 614, 543, 168]] * 2, three["rows"]
    assert [(c["name"], c["missing"]) for c in frozen["communes"]] == [(COMMUNE, False), (OTHER, False), (THIRD, True)]


def on_paper(above):
    above.run("report", "weekly", "--week", "2023-W24", "--pdf", above.path("w.pdf"))
    text = subprocess.run(["pdftotext", "-layout", above.path("w.pdf"), "-"], check=True, capture_output=True, text=True).stdout
    text = " ".join(text.split())
    for words in ("CÔNG AN HUYỆN THOẠI SƠN", "đạt 1.228 hộ", "58,1% chỉ tiêu giao (2.114)", "kế hoạch giao 2.114, cộng theo danh sách 2.314",
                  "2/3 đơn vị cấp dưới. Chưa nhận được báo cáo của: xã Tây Phú;", "94 22 72 1 0 1 3 3 0",
                  "188 44 144 2 0 2 6 6 0", "1 Xã Mỹ Phú Đông 1.157 614 543 168", "Tổng cộng 2.314 1.228 1.086 336"):
        assert words in text, (words, text)
    assert "Chưa nhận được báo cáo của: xã Tây Phú; không có trong số trên." in above.run("report", "weekly", "--week", "2023-W24")


def further_up(above, top, frozen):
    """What was drawn of all goes on as it was frozen, and is a row of the province's own."""
    above.run("report", "confirm")
    wait_for("it is known to be handed on", lambda: "report_delivered" in above.read("moidan.log"))
    wait_for("the district above", lambda: states(top) == {DISTRICT: (False, False)})
    db = sqlite3.connect(top.path("moidan.db"))
    came = json.loads(db.execute("SELECT body FROM subordinate WHERE week = 202324").fetchone()[0])["data"]["figures"]
    db.close()
    came.pop("teams")
    assert came == frozen
    total = top.json("report", "communes")["totals"][0]
    assert (total["assigned"], total["count"], total["reached"]) == (2114, 2314, 1228), total
    top.set_clock("2023-06-15T10:15:01+07:00")
    wait_for("the province's draft", lambda: "draft_ready" in top.read("moidan.log"))
    vneid = week_of(top)["programmes"][0]
    assert [(u["unit"], u["total"]) for u in vneid["units"]] == [(DISTRICT, 2314)]
    assert vneid["total"]["states"] == frozen["programmes"][0]["total"]["states"]
    standing = [s for s in (h.json("report", "figures", "--week", "2023-W24") for h in (above, top))]
    assert standing[0]["programmes"][0]["targets"][0]["reached"] == standing[1]["programmes"][0]["targets"][0]["reached"]


def main():
    with House(sys.argv[1]) as below, House(sys.argv[1]) as above, House(sys.argv[1]) as top:
        provider = below.add(Provider())
        province(top, provider)
        superior(above, provider, top)
        commune(below, provider, above)
        handed_up(below, above)
        by_hand(below, above)
        on_the_page(above)
        frozen = another_commune(below, above)
        adds_up(frozen)
        on_paper(above)
        top.set_clock("2023-06-15T09:15:05+07:00")
        top.serve()
        further_up(above, top, frozen)
        for h in (below, above, top):
            assert h.stop() == 0
            log = h.read("moidan.log")
            assert SECRET not in log and OTHER_SECRET not in log and "level=error" not in log, log[-3000:]


if __name__ == "__main__":
    main()
