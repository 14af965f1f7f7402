# SPDX-License-Identifier: Apache-2.0
"""The console's work over HTTP: people found and held, a campaign written, submitted, approved by somebody
else over what was shown, its messages looked up and settled; a hamlet's officer and another system."""
import html
import os
import re
import sys

from console_lib import Visitor, add_user
from lib import House, Provider, ROOT, wait_for


def people(author, viewer, hamlet):
    page = author.get("/recipients?q=nguyen+van+ab")
    assert page.status == 200 and page.has("Nguyễn Văn Ab") is False
    page = author.get("/recipients?q=0003")
    assert page.has("H-4") and "0912000003" not in page.text, page.text[:3000]
    number = re.search(r'href="/recipients/(\d+)"', page.text)[1]
    page = author.get(f"/recipients/{number}")
    rev = re.search(r'name="rev" value="(\d+)"', page.text)[1]
    assert author.post(f"/recipients/{number}/hold", {"kind": "officer", "rev": "99", "reason": "x"}).status == 412
    a = author.post(f"/recipients/{number}/hold", {"kind": "officer", "reason": "<b>đi vắng</b>", "rev": rev})
    assert a.status == 303, a.text
    page = author.get(a.headers["Location"])
    assert "&lt;b&gt;đi vắng" in page.text and page.has("Đã giữ lại: không nhắn"), page.text
    assert author.get("/recipients?held=yes").has("H-4")
    # the whole number is a permission, and is written down
    assert viewer.post(f"/recipients/{number}/number").status == 403
    a = author.post(f"/recipients/{number}/number")
    assert a.status == 200 and a.has("0912000003"), a.text
    # a hamlet's officer sees the own hamlet
    assert hamlet.get("/recipients").status == 200 and hamlet.get("/campaigns").status == 403
    return number


def decide(v, number, what, **fields):
    page = v.get(f"/recipients/{number}")
    rev = re.search(r'name="rev" value="(\d+)"', page.text)[1]
    a = v.post(f"/recipients/{number}/{what}", {"rev": rev, **fields})
    assert a.status == 303, a.text


def it_changes_while_it_waits(author, approver, where):
    """Somebody of the list dies, or does not after all: who approves is not led to a refusal, and who wrote it gets on."""
    number = re.search(r'href="/recipients/(\d+)"', author.get("/recipients?q=H-5").text)[1]
    for what in ("hold", "release"):
        assert not author.get(where).has("Trình lại") and approver.get(where).has("Duyệt và gửi")
        decide(author, number, what, **({"kind": "officer"} if what == "hold" else {}))
        page = approver.get(where)
        assert page.has("đã đổi sau khi trình") and not page.has("Duyệt và gửi") and not page.has("Trình lại"), page.text
        assert author.get(where).has("đã đổi sau khi trình") and author.get(where).has("Trình lại")
        assert author.post(where + "/submit").status == 303


def a_campaign(h, author, approver):
    page = author.get("/campaigns/new")
    assert page.has("Chương trình nào?"), page.text
    assert author.get("/campaigns/new?programme=vneid").has("gửi cho ai")
    assert author.get("/campaigns/new?programme=vneid&step=what").has("hãy chọn ít nhất một nhóm người")
    assert author.get("/campaigns/new?programme=vneid&audience=A1&step=what").has("Tên chiến dịch")
    page = author.get("/campaigns/new?programme=vneid&audience=A1&step=when&name=%C4%90%E1%BB%A3t+1&until=20/06/2023")
    assert page.has("Đợt 1") and page.has("Xem lại"), page.text
    fields = {"name": "Đợt 1", "programme": "vneid", "audience": "A1", "until": "20/06/2023", "starts": "31/02/2023"}
    a = author.post("/campaigns", fields)
    assert a.status == 422 and a.has("Bắt đầu từ ngày: ngày phải viết như"), a.text
    # what was typed is still there, before and after what is wrong
    assert 'value="31/02/2023"' in a.text and 'name="until" value="2023-06-20"' in a.text and a.has("Đợt 1"), a.text
    a = author.get("/campaigns/new?programme=vneid&audience=A1&step=when&until=31/02/2023&name=Mai&day=20/06/2023")
    assert a.status == 422 and a.has("Hạn: ngày phải viết như") and a.has("Nơi làm việc"), a.text
    assert all(f'value="{typed}"' in a.text for typed in ("31/02/2023", "Mai", "20/06/2023")), a.text
    a = author.post("/campaigns", {**fields, "starts": ""})
    assert a.status == 303, a.text
    where = a.headers["Location"].split("?")[0]
    assert author.post("/campaigns", {**fields, "starts": ""}).status == 422  # the name is taken
    page = author.get(where)
    again = html.unescape(re.search(r'href="(/campaigns/new[^"]*)"', page.text)[1])
    assert author.get(again).text.count(" checked") == 1 and 'value="A1" checked' in author.get(again).text, again
    assert page.has("Trình duyệt") and page.has("UBND xa My Phu Dong"), page.text
    assert approver.get(where).has("Trình duyệt") is False
    a = author.post(where + "/submit")
    assert a.status == 303, a.text
    assert author.get(where).has("cần một người khác duyệt")
    assert approver.get("/").has("Xem và duyệt")
    it_changes_while_it_waits(author, approver, where)
    page = approver.get(where)
    seen = re.search(r'name="hash" value="(\w+)"', page.text)[1]
    assert author.post(where + "/approve", {"hash": seen}).status == 403
    a = approver.post(where + "/approve", {"hash": "0" * 64})
    assert a.status == 412 and f'href="{where}"' in a.text, a.text  # back to what is to be looked at again
    a = approver.post(where + "/approve", {"hash": seen})
    assert a.status == 303, a.text
    assert approver.post(where + "/approve", {"hash": seen}).status in (412, 422)  # twice is once
    wait_for("messages", lambda: approver.get(where, browser=False).json()["counts"]["finished"] == 3)
    return where


def messages(author, approver, provider):
    page = author.get("/messages?state=uncertain")
    number = re.search(r'href="/messages/(\d+)"', page.text)[1]
    page = author.get(f"/messages/{number}")
    assert page.has("không biết chắc") and page.has("nhà cung cấp ngắt giữa chừng"), page.text
    assert author.post(f"/messages/{number}/settle", {"as": "sent"}).status == 403
    before = len(provider.seen())
    a = approver.post(f"/messages/{number}/settle", {"as": "sent"})
    assert a.status == 303, a.text
    assert approver.get(f"/messages/{number}").has("đã gửi")
    assert approver.post(f"/messages/{number}/settle", {"as": "sent"}).status == 422
    assert len(provider.seen()) == before
    page = author.get("/messages?number=0912000001")
    assert page.status == 200
    rejected = author.get("/messages?state=rejected")  # which were neither sent nor are to be
    assert rejected.status == 200 and rejected.has("số này bị chặn ở nhà cung cấp"), rejected.text
    options = re.findall(r'<option value="(\w*)"[^>]*>([^<]*)', page.text)
    assert len(options) == 15 and "?" not in page.text.split("</form>")[1], options
    assert author.get("/messages?number=12").status == 422


def a_list(h, author, viewer):
    assert viewer.get("/imports").status == 403
    with open(ROOT + "/tests/data/my-phu-dong/ho-dan.xlsx", "rb") as f:
        whole = f.read()
    a = author.upload("/imports", {"programme": "vneid"}, "../../hộ dân.xlsx", whole)
    assert a.status == 303, a.text
    where = a.headers["Location"]
    page = author.get(where)
    assert page.has("1.157") and page.has("hộ dân.xlsx"), page.text[:3000]
    assert viewer.get(where).status == 403
    assert author.post(where + "/drop").status == 303 and author.get(where).status == 404
    bad = h.people(2, 50) + "3;H-99;;Nam;1970;Tân Phú;Tổ 1;0912000099;Chưa tạo;;\n"
    where = author.upload("/imports", {"programme": "vneid"}, "sai.csv", bad.encode()).headers["Location"]
    page = author.get(where)
    assert page.has("Dòng sai") and page.has("Nhập 2 hộ"), page.text
    back = author.get(where + "/rejects")
    assert back.body[:2] == b"PK" and "attachment" in back.headers["Content-Disposition"]
    assert author.post(where).status == 303
    assert author.get("/imports").has("<strong>sai.csv</strong>") and author.get("/recipients?q=H-51").has("H-51")
    for name, data in (("a.xlsx", b"PK\x03\x04junk"), ("a.csv", b"x;y\n1;2\n"), ("a.csv", b"")):
        a = author.upload("/imports", {"programme": "vneid"}, name, data)
        assert a.status == 422 and "alert-danger" in a.text, (name, a.status)
    # the list of another programme is called by its name
    with open(ROOT + "/tests/data/my-phu-dong/cccd-ton.xlsx", "rb") as f:
        a = author.upload("/imports", {"programme": "vneid"}, "cccd-ton.xlsx", f.read())
    assert a.status == 422 and a.has("đây là danh sách “Thu nhận hồ sơ cấp CCCD”") and a.has("hãy chọn đúng chương trình"), a.text
    # a column of a name that nobody knows is put where it belongs by hand
    odd = h.people(2, 60).replace("Số điện thoại", "Số để gọi").encode()
    assert "Số để gọi".encode() in odd
    where = author.upload("/imports", {"programme": "vneid"}, "la.csv", odd).headers["Location"]
    page = author.get(where)
    assert page.has("không thấy cột số điện thoại") and page.has("Cột không dùng đến: “Số để gọi”"), page.text
    found = author.get(where, browser=False).json()
    assert found["phones"]["ok"] == 0 and len(found["about"]) == 1 and found["n_notes"] == 0, found
    a = author.upload("/imports", {"programme": "vneid", "heading": "số để gọi", "column": "không có"}, "la.csv", odd)
    assert a.status == 422 and a.has("cột là một trong") and a.has("số để gọi"), a.text
    by_hand = {"programme": "vneid", "heading": "số để gọi", "column": "SĐT"}
    where = author.upload("/imports", by_hand, "la.csv", odd).headers["Location"]
    assert author.get(where, browser=False).json()["phones"]["ok"] == 2
    author.get(where)
    assert author.post(where).status == 303
    assert author.get("/recipients?q=H-61").has("•••")
    big = b"x" * (200 << 10)
    for path, v in (("/imports", viewer), ("/campaigns", author)):
        try:
            assert v.upload(path, {}, "a.csv", big).status == 413
        except (BrokenPipeError, ConnectionResetError):
            pass  # the answer was out before all was sent
    assert author.upload("/imports", {"programme": "vneid"}, "a.csv", big).status == 422


def reports(author, admin):
    assert author.get("/reports").has("chưa chốt") and author.get("/reports?week=2020-W01").status == 404
    assert author.get("/reports?week=x").status == 422
    a = author.get("/reports/weekly")
    assert a.status == 200 and "attachment" in a.headers["Content-Disposition"]
    for kind, begins in (("pdf", b"%PDF-"), ("xlsx", b"PK"), ("svg", b"<?xml")):
        a = author.get("/reports/weekly?as=" + kind)
        assert a.status == 200 and a.body.startswith(begins), (kind, a.status, a.body[:300])
    assert author.get("/reports/weekly?as=exe").status == 422
    assert author.get("/templates").has("Tin dài nhất") and author.get("/providers").has("hoạt động")
    a = author.get("/campaigns/1/live")
    assert a.headers["Content-Type"].startswith("text/event-stream") and "event: progress" in a.text
    assert admin.get("/audit").has("recipient.unmask")
    page = admin.get("/settings")
    assert page.has("reports.weekly_deadline") and page.has("09:00") and page.has("providers[0].secrets"), page.text[:3000]
    assert "flow-api-key" not in page.text and "flow-secret-key" not in page.text and author.get("/settings").status == 403


def providers(author, approver, provider):
    before = len(provider.seen())
    assert author.post("/providers/sms/test", {"number": "0912000001"}).status == 403
    approver.get("/providers")
    a = approver.post("/providers/sms/test", {"number": "12"})
    assert a.status == 422 and a.has("không nhắn tin được"), a.text
    assert approver.post("/providers/none/test", {"number": "0912000002"}).status == 404
    a = approver.post("/providers/sms/test", {"number": "0912000002"})
    assert a.status == 303 and approver.get(a.headers["Location"]).has("đã nhận tin thử"), a.text
    assert len(provider.seen()) == before + 1 and "tin thu cua he thong" in provider.seen()[-1]["Content"]
    a = approver.post("/providers/sms/test", {"number": "0912000001"})  # hangs up: nobody knows
    assert a.status == 422 and a.has("tin thử không đi được"), a.text
    assert approver.post("/providers/sms/resume").status == 404  # it is not stopped


def a_description_is_tried(h, provider, admin, approver):
    """Before an operator places it: read, shown, judged; nothing of it stays and nothing leaves."""
    assert approver.get("/providers/check").status == 403 and not approver.get("/providers").has("Thử một tệp mô tả")
    assert admin.get("/providers").has("Thử một tệp mô tả") and admin.get("/providers/check").has("Nội dung câu trả lời")
    with open(ROOT + "/config/providers/esms.yaml", encoding="utf-8") as f:
        good = f.read()
    before, there = len(provider.seen()), set(os.listdir(h.home))
    mine = good.replace("https://rest.esms.vn/MainService.svc/json", provider.url).replace("channel: sms", "channel: sms\nallow_http: true\nallow_private: true")
    assert provider.url in mine
    a = admin.upload("/providers/check", {}, "esms (1).yaml", mine.encode())
    assert a.status == 200 and a.has("</strong> esms (1).yaml: eSMS"), a.text
    assert a.has('"ApiKey":"[api_key]"') and a.has("[brandname]") and provider.url in a.text, a.text
    assert "flow-api-key" not in a.text and "flow-secret-key" not in a.text, a.text
    assert a.has("providers/esms.yaml") and a.has("moidan provider send-test esms") and a.has("secrets.api_key_file"), a.text
    said = {"status": "200", "answer": '{"CodeResult":"103","SMSID":"S-7"}',
            "receipt": "https://gw.example/callbacks/x?SMSID=S-7&RequestId=m-1-1&SendStatus=5&SendSuccess=1"}
    a = admin.upload("/api/v1/providers/check", said, "a.yaml", good.encode())
    assert a.status == 200, a.text
    shown = a.json()["shown"]
    assert (shown["judged"]["class"], shown["judged"]["code"]) == ("money", "103"), shown["judged"]
    assert [(r["state"], r["ref"]) for r in shown["called"]["items"]] == [("delivered", "m-1-1")], shown["called"]
    a = admin.upload("/providers/check", {**said, "answer": "<b>oops", "status": "500", "receipt": "sender=1"}, "a.yaml", good.encode())
    assert a.has("không biết chắc đã gửi hay chưa") and a.has("Không phải là báo kết quả") and "<b>oops" not in a.text, a.text
    wrong = good.replace("class: ok_dup", "class: fine", 1)
    line = wrong[:wrong.index("class: fine")].count("\n") + 1
    a = admin.upload("/providers/check", said, "sai <1>.yaml", wrong.encode())
    assert a.status == 422 and a.has(f"sai <1>.yaml:{line}:") and a.has("ok_dup") and a.has("S-7"), a.text
    for bad in (b"", b"\xff\xfe", b"provider: x\ntitle: !!binary /etc/passwd\n", b"a: &a [*a]\n", b"[" * 5000):
        assert admin.upload("/providers/check", {}, "a.yaml", bad).status == 422, bad
    assert admin.post("/providers/check", {}).status == 422
    assert approver.upload("/providers/check", {}, "a.yaml", good.encode()).status == 403
    assert len(provider.seen()) == before and set(os.listdir(h.home)) == there


def another_system(h, admin):
    page = admin.post("/keys", {"name": "một cửa", "read": "yes", "write": "yes", "send": "yes"})
    api = Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])
    new = {"name": "Đợt 2", "programme": "vneid", "audience": ["A1"], "until": "2023-06-20"}
    assert api.post("/api/v1/campaigns", new).status == 400  # no Idempotency-Key
    once = {"Idempotency-Key": "k-1"}
    a = api.post("/api/v1/campaigns", new, once)
    assert a.status == 201, a.text
    again = api.post("/api/v1/campaigns", new, once)
    assert (again.status, again.json()) == (201, a.json())
    assert api.post("/api/v1/campaigns", {**new, "name": "Đợt 3"}, once).status == 422
    number = a.json()["id"]
    assert len([c for c in api.get("/api/v1/campaigns").json()["items"] if c["name"].startswith("Đợt")]) == 2
    assert api.post(f"/api/v1/campaigns/{number}/approve", {"hash": "0" * 64}).status == 403
    assert api.post(f"/api/v1/campaigns/{number}/submit", {}, {"Idempotency-Key": "k-2"}).json()["state"] == "submitted"
    one = api.get("/api/v1/recipients/1")
    etag = one.headers["ETag"]
    assert one.json()["number"].startswith("+84•••••"), one.json()
    assert api.post("/api/v1/recipients/1/hold", {"kind": "deceased"}).status == 428
    assert api.post("/api/v1/recipients/1/hold", {"kind": "deceased"}, {"If-Match": '"77"'}).status == 412
    assert api.post("/api/v1/recipients/1/hold", {"kind": "deceased"}, {"If-Match": etag}).status == 200
    assert api.get("/api/v1/recipients/1").json()["held"] is True
    assert api.post("/api/v1/recipients/1/number").status == 403
    for bad in (b"{", b"[]", b'{"kind": {"a": 1}}', b'{"kind": "officer", "kind": "officer"}', b"\xff"):
        r = api.ask("POST", "/api/v1/recipients/1/hold", bad, {"Content-Type": "application/json", "If-Match": "x"})
        assert r.status == 422 and r.headers["Content-Type"].startswith("application/problem+json"), (bad, r.text)


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider(lambda request: None if request["Phone"].endswith("1") else
                                  {"CodeResult": "99"} if request["Phone"].endswith("000004") else Provider.accept(request)))
        h.configure(provider.url)
        h.write("moidan.yaml", h.read("moidan.yaml").replace("two_person: false", "two_person: true"))
        h.import_people(5)
        h.serve()
        who = {role: add_user(h, role, role, *(("--unit", "Tân Phú") if role == "hamlet" else ()))
               for role in ("viewer", "author", "approver", "administrator", "hamlet")}
        people(who["author"], who["viewer"], who["hamlet"])
        a_campaign(h, who["author"], who["approver"])
        messages(who["author"], who["approver"], provider)
        providers(who["author"], who["approver"], provider)
        a_description_is_tried(h, provider, who["administrator"], who["approver"])
        another_system(h, who["administrator"])
        a_list(h, who["author"], who["viewer"])
        reports(who["author"], who["administrator"])
        assert "0912000003" not in h.read("moidan.log")
        assert h.stop() == 0




main()
