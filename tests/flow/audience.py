#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Audiences by command and at the console: counted with the reason of each exclusion, composed by name, saved, used by a campaign; one
number of two households gets one message that names both. Usage: audience.py MOIDAN"""
import sys
from urllib.parse import urlencode

from console_lib import add_user
from lib import HEADINGS, House, Provider, wait_for

EX_USAGE, EX_DATAERR, EX_NOINPUT = 64, 65, 66
ROWS = ["1;H-1;Lê Thị Lan;Nữ;1970;Tân Phú;Tổ 1;0912000001;Chưa tạo;;",
        "2;H-2;Trần Văn Hậu;Nam;1971;Tân Phú;Tổ 1;0912000001;Chưa tạo;;",
        "3;H-3;Võ Thị Mai;Nữ;1972;Tân Mỹ;Tổ 2;0912000003;Chưa tạo;;",
        "4;H-4;Phạm Văn Bảy;Nam;1973;Tân Mỹ;Tổ 2;;Chưa tạo;;",
        "5;H-5;Đỗ Thị Sáu;Nữ;1974;Tân Mỹ;Tổ 2;0912000005;Đã tạo;Chưa;",
        "6;H-6;Ngô Văn Tám;Nam;1975;Tân Mỹ;Tổ 2;0912000006;Chưa tạo;;đã mất"]


def count(h, predicate, *options):
    return h.json("audience", "count", "vneid", predicate, *options)


def who_is_counted_and_why_not(h):
    a1 = count(h, "A1", "--samples")
    assert (a1["recipients"], a1["members"], a1["reachable"], a1["shared"]) == (6, 4, 3, 2), a1
    assert {k: n for k, n in a1["excluded"].items() if n} == {"not_in_audience": 2, "no_phone": 1}, a1["excluded"]
    assert {u["unit"]: (u["members"], u["reachable"]) for u in a1["units"]} == {"Tân Phú": (2, 2), "Tân Mỹ": (2, 1)}, a1
    assert [s["key"] for s in a1["samples"]] == ["H-1", "H-2", "H-3"] and "0912" not in str(a1["samples"]), a1
    assert not a1["by_rows"] and count(h, 'group = "Tổ 2"')["by_rows"]
    assert count(h, "A7")["excluded"]["deceased"] == 1
    assert [count(h, a)["members"] for a in ("A2", "A16", "A18", "A19")] == [1, 1, 2, 0]
    h.run("recipient", "set", "vneid", "H-3", "wrong-person")
    h.run("recipient", "set", "vneid", "H-5", "opted-out")
    assert count(h, "A19")["members"] == 1 and count(h, "A2")["excluded"]["opted_out"] == 1
    assert "audience.samples" in [a["what"] for a in h.json("audit", "list")]


def names_are_made_of_names(h):
    h.run("audience", "save", "vneid", "bờ đông", 'unit = "Tân Phú"')
    h.run("audience", "save", "vneid", "mời trước", 'A1 and "bờ đông"')
    assert count(h, '"mời trước"')["members"] == 2
    shown = h.json("audience", "show", "vneid", "mời trước")["when"]
    assert "bờ đông" not in shown and count(h, shown)["members"] == 2, shown
    assert {a["name"] for a in h.json("audience", "list") if a["kind"] == "saved"} == {"bờ đông", "mời trước"}
    h.run("audience", "save", "vneid", "bờ đông", 'not "mời trước"', code=EX_DATAERR)
    h.run("audience", "save", "vneid", "A1", "state = none", code=EX_DATAERR)
    h.run("audience", "remove", "vneid", "bờ đông", code=EX_DATAERR)
    h.run("audience", "count", "vneid", "tuoi = 3", code=EX_DATAERR)
    assert "fact.NAME" in h.errors, h.errors
    h.run("audience", "count", "khong-co", "A1", code=EX_USAGE)
    h.run("audience", "show", "vneid", "khong co", code=EX_NOINPUT)


def a_campaign_for_those_only(h, provider):
    h.campaign("chỉ bờ đông", "--only", '"mời trước"', audience="A1")
    wait_for("one message", lambda: len(provider.seen()) == 1)
    text = provider.seen()[0]["Content"]
    assert "Ba Le Thi Lan va Ong Tran Van Hau" in text, text
    assert h.states("chỉ bờ đông") == {"sent": 1, "linked": 1}, h.states("chỉ bờ đông")


def the_same_at_the_console(h):
    """As by command: composed, counted, ten shown and noted, saved, used by a campaign, taken away."""
    author, viewer = add_user(h, "soan", "author"), add_user(h, "xem", "viewer")
    page = viewer.get("/audiences?programme=vneid")
    assert page.has("mời trước") and not page.has("Soạn chiến dịch cho") and not page.has("Bỏ<"), page.text
    page = author.get("/audiences?" + urlencode({"programme": "vneid", "when": 'A1 and not "bờ đông"'}))
    assert page.has("không có số điện thoại") and page.has("Lưu điều kiện này") and not page.has("Võ Thị Mai"), page.text
    ask = {"programme": "vneid", "when": "A1", "samples": "yes"}
    looked = [a["what"] for a in h.json("audit", "list")].count("audience.samples")
    page = viewer.get("/audiences?" + urlencode(ask))
    assert page.has("Lê Thị Lan") and "0912000001" not in page.text, page.text
    assert [a["what"] for a in h.json("audit", "list")].count("audience.samples") == looked + 1
    model = viewer.get("/api/v1/audiences?" + urlencode(ask)).json()
    same = {k: v for k, v in count(h, "A1", "--samples").items() if k != "ms"}
    assert {k: model["count"][k] for k in same} == same, (model["count"], same)
    bad = author.get("/audiences?" + urlencode({"programme": "vneid", "when": "tuoi = 3"}))
    assert bad.status == 422 and bad.has("fact.TÊN") and bad.has('value="tuoi = 3"'), bad.text
    assert viewer.get("/audiences?programme=khac").status == 404
    fields = {"programme": "vneid", "name": "bờ tây", "when": 'A1 and not "bờ đông"'}
    assert viewer.post("/audiences", fields).status == 403
    author.get("/audiences")
    assert author.post("/audiences", {**fields, "name": "A1"}).status == 422
    assert author.post("/audiences", fields).status == 303
    assert [a["when"] for a in h.json("audience", "list") if a["name"] == "bờ tây"] == [fields["when"]]
    page = author.get("/campaigns/new?" + urlencode({"programme": "vneid", "only": '"bờ tây"'}))
    assert page.has('name="only" maxlength="1000" value=""bờ tây""'), page.text
    draft = {"name": "chỉ bờ tây", "programme": "vneid", "audience": "A1", "only": '"bờ tây"'}
    assert author.post("/campaigns", {**draft, "only": '"bờ bắc"'}).status == 422
    a = author.post("/campaigns", draft)
    assert a.status == 303, a.text
    shown = author.get(a.headers["Location"])
    assert shown.has("chỉ những ai trong số đó") and shown.has('unit = "Tân Phú"'), shown.text
    author.get("/audiences")
    assert author.post("/audiences/remove", {"programme": "vneid", "name": "bờ đông"}).status == 422
    # at the day's quota, with its arithmetic; who got the same text today is pointed out to whoever approves
    a = author.post("/campaigns", {"name": "mỗi ngày", "programme": "vneid", "audience": "A1", "quota": "yes"})
    shown = author.get(a.headers["Location"])
    assert shown.has("1.056 ÷ 5 ngày = 211,2 → 212") and shown.has("hôm nay đã nhận đúng tin này"), shown.text
    assert [k["quota"] for k in [author.get("/api/v1" + a.headers["Location"].split("?")[0]).json()]][0]["quota"] > 0
    assert author.post("/audiences/remove", {"programme": "vneid", "name": "bờ tây"}).status == 303
    assert author.post("/audiences/remove", {"programme": "vneid", "name": "bờ tây"}).status == 404
    assert "bờ tây" not in {a["name"] for a in h.json("audience", "list")}


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.run("init")
        h.run("import", "vneid", h.write("ho.csv", "\n".join([HEADINGS, *ROWS]) + "\n"))
        who_is_counted_and_why_not(h)
        names_are_made_of_names(h)
        h.serve()
        a_campaign_for_those_only(h, provider)
        the_same_at_the_console(h)
        assert h.stop() == 0


main()
