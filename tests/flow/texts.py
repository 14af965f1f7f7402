#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Texts written in the console: tried, refused, saved as versions that an approval covers, and what goes out then.
Usage: texts.py MOIDAN"""
import re
import sys

from console_lib import Visitor, add_user
from lib import House, Provider

WHERE, FILE = "/templates/vneid/A1", "sms/vneid/a1.txt"
NEW = ("{{co_quan}} kính mời {{danh_xung}} {{ten}} mang {{ten_the}} đến {{noi_lam}} làm định danh mức 2{{#han}}, hạn "
       "{{han|date:d/M}}{{/han}}. Bản sửa.")


def rev(page):
    return re.search(r'name="rev" value="(\d+)"', page.text)[1]


def what_is_wrong_is_said(author, viewer):
    page = author.get(WHERE)
    assert page.status == 200 and page.has("Mẫu này dùng được") and page.has("Tin dài nhất") and rev(page) == "0", page.text
    assert page.has("UBND xa My Phu Dong")
    assert author.get("/templates").has(WHERE)
    looked = viewer.get(WHERE)
    assert looked.status == 200 and not looked.has("Lưu thành bản mới")
    assert viewer.post(WHERE, {"do": "save", "text": NEW, "rev": "0"}).status == 403
    for bad, why in (("{{co_quan}} moi {{khong_co}}", "khong_co"), ("{{#han}} mở", "han"), (" ", "chưa có chữ"),
                     (NEW + " Bấm vào đây để nhận quà.", "không mời bấm"), (NEW.replace("{{co_quan}}", "Chúng tôi"), "Chưa nêu tên cơ quan")):
        tried = author.post(WHERE, {"do": "check", "text": bad, "rev": "0"})
        assert tried.status == 200 and tried.has("Mẫu này chưa dùng được") and tried.has(why), (bad, tried.text)
        a = author.post(WHERE, {"do": "save", "text": bad, "rev": "0"})
        assert a.status == 422 and a.has(why) and (a.has(bad) or bad == " "), (bad, a.text)  # what was typed is not lost
    tried = author.post(WHERE, {"do": "check", "text": NEW.replace("\n", "\r\n"), "rev": "0"})
    assert tried.has("Mẫu này dùng được") and tried.has("Ban sua."), tried.text
    model = author.post(WHERE, {"do": "check", "text": NEW, "rev": "0"}, headers={"Accept": "application/json"}).json()
    assert model["segments_with"] > model["segments_without"] > 0 and model["cost_with"] == 350 * model["segments_with"], model
    assert model["longest"]["text"] and len(model["samples"]) > 1, model
    assert author.get(WHERE, browser=False).json()["version"] == 0
    assert author.get("/templates/vneid/A99").status == 404 and author.get(WHERE + "?step=99").status == 404


def what_is_saved_counts(h, author, approver, provider):
    """An approval covers the text; another text wants another."""
    for name in ("một", "hai"):
        a = author.post("/campaigns", {"name": name, "programme": "vneid", "audience": "A1"})
        assert a.status == 303, a.text
        where = a.headers["Location"].split("?")[0]
        assert author.post(where + "/submit").status == 303
    seen = re.search(r'name="hash" value="(\w+)"', approver.get(where).text)[1]
    page = author.get(WHERE)
    assert page.has("hai") and page.has("chờ duyệt"), page.text
    a = author.post(WHERE, {"do": "save", "text": NEW.replace("\n", "\r\n"), "rev": "0"})
    assert a.status == 303 and author.get(a.headers["Location"]).has("Đã lưu mẫu tin"), a.text
    # two at once: the second is told
    assert author.post(WHERE, {"do": "save", "text": NEW + " Khác.", "rev": "0"}).status == 412
    assert approver.post(where + "/approve", {"hash": seen}).status == 412  # another text than was seen
    # not what was submitted: nobody is offered to approve it until it is submitted again
    page = approver.get(where)
    assert page.has("Ban sua.") and 'name="hash"' not in page.text, page.text
    assert author.post(where + "/submit").status == 303
    seen = re.search(r'name="hash" value="(\w+)"', approver.get(where).text)[1]
    assert approver.post(where + "/approve", {"hash": seen}).status == 303
    h.wait_states("hai", {"sent": 3})
    assert all("Ban sua." in r["Content"] for r in provider.seen()), provider.seen()
    with h.store() as db:
        assert db.execute("SELECT DISTINCT t.text FROM message m JOIN template t ON t.id = m.template_id").fetchall() == [(NEW,)]
        assert db.execute("SELECT who, subject, detail FROM audit WHERE what = 'text.save'").fetchall() == [
            ("author", "text/" + FILE, "version=1")]


def versions_come_back(h, author, admin):
    assert author.post(WHERE, {"do": "save", "text": NEW + " Hai.", "rev": "1"}).status == 303
    page = author.get(WHERE)
    assert page.has("Bản 2") and page.has("Bản 1") and page.has("đang dùng"), page.text
    page = author.get(WHERE + "?from=1")
    assert page.has("Bản sửa.</textarea>") and rev(page) == "2"
    assert h.run("template", "show", FILE) == NEW + " Hai."
    assert "bản 2" in h.run("template", "list") and h.run("template", "check")
    h.run("template", "export", h.path("out"))
    assert h.read("out/" + FILE) == NEW + " Hai."
    assert author.post(WHERE, {"do": "file", "rev": "2"}).status == 303
    assert h.run("template", "show", FILE) != NEW + " Hai." and author.get(WHERE).has("trở về bản của tệp")
    page = admin.post("/keys", {"name": "k", "read": "yes", "write": "yes"})
    api = Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])
    at = api.get("/api/v1" + WHERE)
    assert at.headers["ETag"] == '"3"', at.headers
    assert api.post("/api/v1" + WHERE, {"do": "save", "text": NEW}).status == 428
    assert api.post("/api/v1" + WHERE, {"do": "save", "text": NEW}, {"If-Match": '"2"'}).status == 412
    a = api.post("/api/v1" + WHERE, {"do": "save", "text": NEW}, {"If-Match": '"3"'})
    assert a.status == 200 and a.json()["version"] == 4, a.text
    # a reminder has a text of its own
    page = author.get("/templates/cccd/A3?step=1")
    assert page.status == 200 and page.has("Mẫu này dùng được"), page.text
    # what is saved is in the copy
    h.run("backup", h.path("copy.db"))
    assert "Bản sửa".encode() in open(h.path("copy.db"), "rb").read()


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.write("moidan.yaml", h.read("moidan.yaml").replace("two_person: false", "two_person: true"))
        h.import_people(3)
        h.serve()
        who = {role: add_user(h, role, role) for role in ("viewer", "author", "approver", "administrator")}
        what_is_wrong_is_said(who["author"], who["viewer"])
        what_is_saved_counts(h, who["author"], who["approver"], provider)
        versions_come_back(h, who["author"], who["administrator"])
        assert h.stop() == 0


main()
