# SPDX-License-Identifier: Apache-2.0
"""Two gateways, each a real daemon: a commune's pushes its confirmed week to its superior's, which shows who has
handed up and who is late. What comes again is known, another summary of the week is refused, and so is whoever
does not have the secret. Usage: rollup.py MOIDAN"""
import base64
import hashlib
import hmac
import http.client
import json
import sys
import time

from console_lib import add_user
from lib import House, Provider, ROOT, wait_for

SECRET = "whsec_bWkgZGFuIHRodSBuZ2hpZW0ga2hvYSBreQ=="
COMMUNE, OTHER = "xã Mỹ Phú Đông", "xã Vĩnh Phú"


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
    for programme, name in (("vneid", "ho-dan"), ("cccd", "cccd-ton"), ("officials", "can-bo")):
        h.run("import", programme, f"{ROOT}/tests/data/my-phu-dong/{name}.csv")
    h.serve()
    h.stop()
    h.set_clock("2023-06-15T08:20:00+07:00")


def superior(h, provider):
    h.configure(provider.url, f"""
reports:
  communes:
    - {{name: {COMMUNE}, secret: "{SECRET}"}}
    - {{name: {OTHER}, secret: "whsec_bWkgZGFuIGtob2Ega2hhYyBraGFjIGtoYWM="}}
""")
    h.set_clock("2023-06-15T08:20:00+07:00")


def states(h):
    return {c["name"]: (c["missing"], c["late"]) for c in h.json("report", "communes")["communes"]}


def handed_up(below, above):
    below.serve()
    wait_for("the draft", lambda: "draft_ready" in below.read("moidan.log"))
    # nobody is there yet: it stays in the queue of the commune
    below.run("report", "confirm")
    wait_for("a try", lambda: "report_not_delivered" in below.read("moidan.log"))
    above.serve()
    assert states(above) == {COMMUNE: (True, False), OTHER: (True, False)}
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
    assert push(above, body, secret="whsec_bWkgZGFuIGtob2Ega2hhYyBraGFjIGtoYWM=") == 404  # the other commune's secret
    assert push(above, json.dumps({"type": "x", "data": {"figures": figures}}).encode()) == 422
    assert push(above, b"{") == 404
    assert push(above, body) == 200 and push(above, body) == 200
    # hundreds of hamlets: larger than other bodies may be
    figures["week"], figures["note"] = "2023-W22", "x" * 200000
    assert push(above, json.dumps({"type": "report.weekly", "data": {"figures": figures, "text": ""}}).encode()) == 200


def on_the_page(above):
    viewer = add_user(above, "viewer", "viewer")
    page = viewer.get("/communes?week=2023-W24")
    assert page.has("614") and page.has(COMMUNE) and page.has(OTHER) and page.text.count("chưa gửi") == 2, page.text
    assert viewer.get("/communes?week=2023-W23&commune=x%C3%A3+M%E1%BB%B9+Ph%C3%BA+%C4%90%C3%B4ng").has("tuần 23")
    assert viewer.get("/communes?week=2023-W24&commune=x%C3%A3+V%C4%A9nh+Ph%C3%BA").status == 404
    above.stop()
    above.set_clock("2023-06-15T09:00:01+07:00")
    assert states(above) == {COMMUNE: (False, False), OTHER: (True, True)}


def main():
    with House(sys.argv[1]) as below, House(sys.argv[1]) as above:
        provider = below.add(Provider())
        superior(above, provider)
        commune(below, provider, above)
        handed_up(below, above)
        by_hand(below, above)
        on_the_page(above)
        assert below.stop() == 0
        for h in (below, above):
            assert SECRET not in h.read("moidan.log") and "level=error" not in h.read("moidan.log"), h.read("moidan.log")[-3000:]


main()
