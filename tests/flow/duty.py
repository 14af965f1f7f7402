#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The duty rota through the real daemon: read from a workbook and from csv, corrected by hand, said to those on it
the evening before, corrected, named in invitations. Usage: duty.py MOIDAN"""
import sys
import zipfile
from xml.sax.saxutils import escape

from console_lib import add_user
from lib import HEADINGS, House, Provider, wait_for

EX_USAGE, EX_DATAERR, EX_NOINPUT = 64, 65, 66
OFFICIALS = ("STT,Họ và tên,Giới tính,Đơn vị,Chức vụ,Số điện thoại\n"
             "1,Lê Thị Lan,Nữ,Ấp Tân Phú,Thành viên,0912345678\n"
             "2,Trần Văn Hậu,Nam,Ấp Tân Mỹ,Thành viên,0912345679\n"
             "3,Võ Thị Mai,Nữ,Ấp Tân Phú,Thành viên,\n")
ROTA = [["LỊCH TRỰC TUẦN 24"],
        ["STT", "Ngày trực", "Giờ trực", "Địa điểm", "Người trực"],
        ["1", "15/06/2023", "7h30 - 11h00", "Văn phòng ấp Tân Phú", "Lê Thị Lan"],
        ["2", "15/06/2023", "13h30 - 17h00", "Bộ phận Một cửa", "Lê Thị Lan"],
        ["3", "16/06/2023", "7h30 - 11h00", "Văn phòng ấp Tân Phú", "Võ Thị Mai"],
        ["", "Người lập biểu"]]


def workbook(path, rows):
    """As small as a workbook can be."""
    body = "".join("<row>" + "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in row) + "</row>"
                   for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    pack = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("[Content_Types].xml", f'<Types xmlns="{pack}/content-types"><Default Extension="xml" ContentType='
                   '"application/xml"/></Types>')
        z.writestr("_rels/.rels", f'<Relationships xmlns="{pack}/relationships"><Relationship Id="r1" Type='
                   f'"{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        z.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="a" sheetId="1" '
                   'r:id="r1"/></sheets></workbook>')
        z.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{pack}/relationships"><Relationship Id="r1" '
                   f'Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>')
        z.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>')
    return path


def rota(h):
    return [(d["day"], d["opens"], d["place"], d["name"]) for d in h.json("duty", "list")]


def the_rota_is_read_and_corrected(h):
    first = h.json("import", "duty", workbook(h.path("truc.xlsx"), ROTA))
    assert first == {"added": 3, "same": 0, "removed": 0, "unreached": ["Võ Thị Mai"]}, first
    assert rota(h) == [("2023-06-15", "07:30", "Văn phòng ấp Tân Phú", "Lê Thị Lan"),
                       ("2023-06-15", "13:30", "Bộ phận Một cửa", "Lê Thị Lan"),
                       ("2023-06-16", "07:30", "Văn phòng ấp Tân Phú", "Võ Thị Mai")], rota(h)
    head = "Ngày,Từ,Đến,Nơi trực,Họ và tên\n"
    h.run("import", "duty", h.write("a.csv", head + "17/06/2023,7h30,11h,Một cửa,Lê Thị Lan\n"), code=EX_DATAERR)
    assert "dòng 2" in h.errors and "17/06/2023" in h.errors and "không mở cửa" in h.errors, h.errors
    h.run("import", "duty", h.write("b.csv", "Ngày,Từ,Đến,Nơi trực\n16/06/2023,7h30,11h,Một cửa\n"), code=EX_DATAERR)
    assert "Người trực" in h.errors, h.errors
    assert len(rota(h)) == 3
    # somebody else takes the morning of the 16th
    swap = h.json("import", "duty", h.write("c.csv", head + "16/06/2023,7h30,11h,Văn phòng ấp Tân Phú,Trần Văn Hậu\n"))
    assert swap == {"added": 1, "same": 0, "removed": 1, "unreached": []}, swap
    h.run("duty", "add", "--day", "16/06/2023", "--hours", "13h-17h", "--place", "Bộ phận Một cửa", "--name", "Lê Thị Lan")
    h.run("duty", "add", "--day", "16/06/2023", "--hours", "chiều", "--place", "x", "--name", "y", code=EX_USAGE)
    last = h.json("duty", "list")[-1]
    assert (last["day"], last["opens"]) == ("2023-06-16", "13:00"), last
    h.run("duty", "remove", str(last["id"]))
    h.run("duty", "remove", str(last["id"]), code=EX_NOINPUT)
    assert "Trần Văn Hậu" in h.run("duty", "list")


def the_invitation_says_whom_to_ask(h, provider):
    h.run("import", "vneid", h.write("ho.csv", HEADINGS + "\n1;H-1;Nguyễn Văn An;Nam;1970;Tân Phú;Tổ 1;0912000001;"
                                     "Đã tạo;Chưa;\n"))
    h.campaign("cài", audience="A2")
    wait_for("the invitation", lambda: len(provider.seen()) == 1)
    assert ("den Van phong ap Tan Phu gap Le Thi Lan (7h30-11h thu Nam 15/6)" in provider.seen()[0]["Content"]), \
        provider.seen()[0]


def those_on_duty_tomorrow_are_reminded(h, provider):
    """The daemon comes back at 17:30 of the 14th."""
    h.stop()
    h.env["MOIDAN_TEST_SHIFT"] = str(int(h.env["MOIDAN_TEST_SHIFT"]) + 8 * 3600 + 1800)
    h.serve()
    wait_for("the reminder", lambda: len(provider.seen()) == 2)
    r = provider.seen()[1]
    assert r["Phone"].endswith("912345678"), r
    assert "nhac Ba Le Thi Lan truc thu Nam 15/6: 7h30-11h tai Van phong ap Tan Phu; 13h30-17h tai Bo phan Mot cua" \
        in r["Content"], r
    assert h.states("nhắc lịch trực") == {"sent": 1}, h.states("nhắc lịch trực")


def the_same_at_the_console(h):
    """The 19th and 20th, which nothing else here looks at: a list, a line by hand, one less; what is wrong and where."""
    author, viewer = add_user(h, "soan", "author"), add_user(h, "xem", "viewer")
    page = viewer.get("/duty")
    assert page.has("Trần Văn Hậu") and not page.has("Nhận lịch") and not page.has(">Bỏ<"), page.text
    head = "Ngày,Từ,Đến,Nơi trực,Họ và tên\n"
    sheet = head + "19/06/2023,7h30,11h,Một cửa,Lê Thị Lan\n20/06/2023,7h30,11h,Một cửa,Không Ai Biết\n"
    assert viewer.upload("/duty/list", {}, "lich.csv", sheet.encode()).status == 403
    author.get("/duty")
    assert author.upload("/duty/list", {}, "lich.csv", sheet.encode()).status == 303
    page = author.get("/duty?done=duty_saved")
    assert page.has("Đã ghi lịch trực") and page.has("19/06/2023") and page.has("<li>Không Ai Biết</li>"), page.text
    a = author.upload("/duty/list", {}, "lich.csv", (head + "17/06/2023,7h30,11h,Một cửa,Lê Thị Lan\n").encode())
    assert a.status == 422 and a.has("dòng 2") and a.has("không mở cửa"), a.text
    a = author.upload("/duty/list", {}, "lich.csv", b"Ten,Tuoi\nLan,3\n")
    assert a.status == 422 and a.has("“lich.csv”"), a.text
    # a name so long that what is said of it is cut, in the middle of a character
    for path in ("/duty/list", "/api/v1/duty/list"):
        a = author.upload(path, {}, "\U00020000" * 254 + "é", b"Ten,Tuoi\nLan,3\n")
        assert a.status == 422 and a.has("“\U00020000\U00020000"), (path, a.status, a.text)
    line = {"day": "20/06/2023", "hours": "13h30-17h", "place": "Một cửa", "name": "Lê Thị Lan", "phone": "12"}
    a = author.post("/duty", line)
    assert a.status == 422 and a.has("không phải là số di động") and a.has('value="13h30-17h"'), a.text
    assert author.post("/duty", {**line, "phone": ""}).status == 303
    items = viewer.get("/api/v1/duty").json()["items"]
    one = [d for d in items if d["day"] == "2023-06-20" and d["opens"] == "13:30"]
    assert len(one) == 1 and one[0]["name"] == "Lê Thị Lan", items
    author.get("/duty")
    assert author.post(f"/duty/{one[0]['id']}/remove").status == 303
    assert author.post(f"/duty/{one[0]['id']}/remove").status == 404
    assert rota(h)[-1] == ("2023-06-20", "07:30", "Một cửa", "Không Ai Biết"), rota(h)
    what = [a["what"] for a in h.json("audit", "list") if a["who"] == "soan"]
    assert what.count("duty.put") == 2 and what.count("duty.remove") == 1, what


def a_change_after_that_is_said_to_those_whom_it_concerns(h, provider):
    """Hậu takes both of Lan's shifts: he is told, and so is she; nobody a second time."""
    head = "Ngày,Từ,Đến,Nơi trực,Họ và tên\n"
    h.run("import", "duty", h.write("d.csv", head + "15/06/2023,7h30,11h,Văn phòng ấp Tân Phú,Trần Văn Hậu\n"
                                    "15/06/2023,13h30,17h,Bộ phận Một cửa,Trần Văn Hậu\n"))
    wait_for("both are told", lambda: len(provider.seen()) == 4)
    told = {r["Phone"][-9:]: r["Content"] for r in provider.seen()[2:]}
    assert "nhac Ong Tran Van Hau truc thu Nam 15/6: 7h30-11h" in told["912345679"], told
    assert "Ba khong con truc 7h30-11h tai Van phong ap Tan Phu; 13h30-17h" in told["912345678"], told
    h.run("import", "duty", h.path("d.csv"))
    h.run("duty", "add", "--day", "19/06/2023", "--hours", "13h-17h", "--place", "Bộ phận Một cửa", "--name", "Lê Thị Lan")
    assert h.states("nhắc lịch trực") == {"sent": 3}, h.states("nhắc lịch trực")


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.run("init")
        h.run("import", "officials", h.write("can-bo.csv", OFFICIALS))
        the_rota_is_read_and_corrected(h)
        h.serve()
        the_invitation_says_whom_to_ask(h, provider)
        the_same_at_the_console(h)
        those_on_duty_tomorrow_are_reminded(h, provider)
        a_change_after_that_is_said_to_those_whom_it_concerns(h, provider)
        assert h.stop() == 0


main()
