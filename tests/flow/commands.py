#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each command as somebody types it: what it says, in words and as JSON, and how it ends when it is asked for
what does not exist. Usage: commands.py MOIDAN"""
import json
import os
import re
import shutil
import subprocess
import sys

from lib import House, Provider, ROOT, get

EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_CANTCREAT, EX_TEMPFAIL, EX_CONFIG = 64, 65, 66, 73, 75, 78
NAME = "Nguyễn Văn A"


def piped(h, text, *argv, code=0):
    done = subprocess.run([h.moidan, *argv], env=h.env, input=text, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == code, done
    return done.stdout or done.stderr


def inspect(h):
    """What the gateway makes of a number, a text, a list."""
    p = h.json("inspect", "phone", "01234.567.890 (con trai)")
    assert p["status"] == "ok" and p["e164"] == "+84834567890" and "migrated_2018" in p["flags"], p
    assert "+84834567890" in h.run("inspect", "phone", "01234567890")
    assert h.json("inspect", "phone", "không có")["status"] == "missing"
    assert h.json("inspect", "phone", "123")["e164"] is None
    assert h.json("inspect", "phone", "0296 3847 123")["e164"] == "+842963847123"
    assert h.json("inspect", "phone", "0891234567")["e164"] == "+84891234567"  # no table knows the range
    two = h.json("inspect", "phone", "0912000111/0912000222")
    assert two["e164"] == "+84912000111" and two["others"] == ["+84912000222"], two
    t = h.json("inspect", "text", "Kính mời ông đến")
    assert t["encoding"] == "UCS-2" and t["unaccented"]["encoding"] == "GSM-7", t
    assert t["folded"] == "Kinh moi ong den"
    assert "không dấu: GSM-7, 3 đơn vị, 1 đoạn tin" in h.run("inspect", "text", "abc")
    for end in ("", "\n"):
        assert json.loads(piped(h, "Xin chào" + end, "inspect", "text", "-", "--json"))["units"] == 8
    assert "byte NUL" in piped(h, "a\0b", "inspect", "text", "-", code=EX_DATAERR)
    assert "byte NUL" in piped(h, "0912345678\0", "inspect", "phone", "-", code=EX_DATAERR)
    h.write("people.csv", h.people(3))
    f = h.json("inspect", "file", h.path("people.csv"))
    assert (f["programme"], f["rows"], f["accepted"], f["total_assigned"]) == ("vneid", 3, 3, 1057), f
    h.write("old.csv", h.people(1).replace("0912000000", "0771234567"))
    assert h.json("inspect", "file", h.path("old.csv"))["phones"]["confirm"] == 0
    assert h.json("inspect", "file", h.path("old.csv"), "--list-year", "2017")["phones"]["confirm"] == 1
    h.run("inspect", "file", h.path("old.csv"), "--list-year", "17", code=EX_USAGE)
    h.write("twice.csv", h.people(1) + h.people(1).split("\n", 1)[1])
    assert "dòng 3, cột B: mã “H-1” đã có ở dòng 2" in h.run("inspect", "file", h.path("twice.csv"))
    assert "VNeID" in h.run("inspect", "file", h.path("people.csv"), "--encoding", "utf-8")
    h.run("inspect", "file", h.path("people.csv"), "--encoding", "klingon", code=EX_USAGE)
    h.run("inspect", "file", h.path("none.csv"), code=EX_NOINPUT)
    assert "“none.csv”: không mở được tệp: không có tệp" in h.errors, h.errors
    h.run("inspect", "file", h.home + "/", code=EX_NOINPUT)
    assert h.home in h.errors and "thư mục" in h.errors, h.errors
    h.run("inspect", "file", h.write("prose.csv", "chỉ là văn xuôi\n"), code=EX_DATAERR)
    h.run("inspect", "weather", "x", code=EX_USAGE)
    h.run("inspect", "phone", code=EX_USAGE)


def lists(h):
    """The wrong list under the right command, and refused rows that cannot be written: nothing is taken in."""
    officials = ROOT + "/tests/data/my-phu-dong/can-bo.csv"
    tried = h.json("import", "vneid", officials, "--dry-run")
    note, = [n for n in tried["notes"] if "(officials) hơn" in n["reason"]]
    assert note["row"] == 1 and "Cán bộ, đơn vị" in note["reason"], note
    assert not [n for n in h.json("import", "officials", officials, "--dry-run")["notes"] if "hơn" in n["reason"]]
    for place in ("/proc/x.xlsx", h.path("none") + "/x.xlsx", h.home):
        h.run("import", "vneid", h.path("twice.csv"), "--rejects", place, code=None)
        assert "không" in h.errors and "[ERROR]" not in h.errors and place in h.errors, h.errors
    assert h.json("import", "vneid", h.path("twice.csv"), "--dry-run")["added"] == 1
    h.run("import", "vneid", h.path("twice.csv"), "--list-year", "99999", code=EX_USAGE)
    h.run("import", "nobody", h.path("twice.csv"), code=EX_USAGE)
    assert "officials" in h.errors and "sessions" in h.errors, h.errors


def templates(h):
    listed = h.run("template", "list")
    assert "sms/vneid/a1.txt" in listed and "vneid" in listed, listed
    assert "{{" in h.run("template", "show", "sms/vneid/a1.txt")
    checked = h.run("template", "check")
    assert "LỖI" not in checked and len(re.findall("đạt +sms/", checked)) == len(listed.splitlines()), checked
    assert "letter/cccd/a3.txt" in checked and "visit/vneid/a1.txt" in checked, checked
    os.makedirs(h.path("templates"), exist_ok=True)
    shutil.copytree(ROOT + "/templates", h.path("templates"), dirs_exist_ok=True)
    h.write("templates/letter/vneid/a1.txt", "Kính gửi {{tên}}\n")
    assert re.search("LỖI +letter/vneid/a1.txt", h.run("template", "check", code=EX_DATAERR))
    shutil.rmtree(h.path("templates"))
    h.run("template", "show", "sms/none.txt", code=EX_NOINPUT)
    h.run("template", "burn", code=EX_USAGE)


def providers(h, provider):
    listed = h.json("provider", "list")
    assert {"esms", "kannel", "speedsms"} <= {p["name"] for p in listed}, listed
    assert not [p for p in listed if p["error"]], listed
    assert "eSMS.vn" in h.run("provider", "list")
    # The house's own copy is what is listed, also when the configured provider is broken by it.
    h.describe("class: ok\n", "class: fine\n")
    broken = [p for p in json.loads(h.run("provider", "list", "--json", code=EX_CONFIG)) if p["error"]]
    assert [p["name"] for p in broken] == ["esms"] and "providers/esms.yaml:" in broken[0]["error"], broken
    assert "LỖI" in h.run("provider", "list", code=EX_CONFIG)
    h.run("provider", "check", code=EX_CONFIG)
    shutil.rmtree(h.path("providers"))
    shutil.rmtree(h.path("programmes"))
    assert "LỖI" not in h.run("provider", "list")
    h.run("provider", "list", code=EX_NOINPUT, env={"MOIDAN_CONFIG": h.path("none.yaml")})
    checked = h.run("provider", "check")
    assert provider.url in checked and "flow-api-key" not in checked and "flow-secret-key" not in checked
    assert h.run("provider", "check", "sms").startswith("đạt")
    h.run("provider", "send-test", "sms", "0912 999 999", "--text", "Thử một tin")
    sent = provider.seen()[-1]
    assert (sent["Phone"], sent["Content"]) == ("0912999999", "Thu mot tin"), sent
    h.run("provider", "send-test", "sms", "113", code=EX_USAGE)
    h.run("provider", "send-test", "nobody", "0912999999", code=EX_USAGE)
    h.run("provider", "check", "nobody", code=EX_USAGE)


def a_description_that_is_wrong(h):
    h.describe("provider: esms", "provider: [esms")
    h.run("provider", "check", code=EX_CONFIG)
    assert "providers/esms.yaml:5:" in h.errors, h.errors
    h.describe("provider: [esms", "provider: esms")
    h.run("provider", "check")


def a_campaign_from_draft_to_end(h, provider):
    h.run("campaign", "create", "một", "--programme", "vneid", "--audience", "A1")
    assert "một" in h.run("campaign", "list")
    assert h.json("campaign", "preview", "một")["messages"] == 6
    assert "Tin sẽ gửi" in h.run("campaign", "preview", "một")
    h.run("campaign", "start", "một", code=EX_DATAERR)  # nobody has approved
    h.run("campaign", "create", "một", "--programme", "vneid", "--audience", "A1", code=EX_DATAERR)
    h.run("campaign", "create", "hai", "--programme", "none", "--audience", "A1", code=EX_NOINPUT)
    h.run("campaign", "create", "hai", "--programme", "vneid", "--audience", "Z9", code=EX_DATAERR)
    h.run("campaign", "show", "none", code=EX_NOINPUT)
    h.run("campaign", "approve", "một")
    provider.reply = lambda r: None if r["Phone"].endswith("3") else (
        {"CodeResult": "99"} if r["Phone"].endswith("4") else Provider.accept(r))
    h.run("campaign", "start", "một")
    h.run("campaign", "pause", "một")
    h.run("campaign", "resume", "một")
    h.wait_states("một", {"sent": 4, "uncertain": 1, "rejected": 1})
    assert "đã gửi" in h.run("campaign", "show", "một")


def its_messages(h):
    everything = h.json("message", "list", "--campaign", "một")
    assert len(everything["items"]) == 6
    first = h.json("message", "list", "--limit", "2")
    rest = h.json("message", "list", "--after", str(first["next"]))
    assert [m["id"] for m in first["items"] + rest["items"]] == [m["id"] for m in everything["items"]]
    unsure, = h.json("message", "list", "--state", "uncertain")["items"]
    one, = h.json("message", "list", "--number", "0912000003")["items"]
    assert one["id"] == unsure["id"]
    shown = h.json("message", "show", str(one["id"]))
    assert "Nguyen Van Da" in shown["text"], shown
    assert shown["attempts_log"][0]["class"] == "uncertain", shown
    assert "chưa rõ" in h.run("message", "show", str(one["id"]))
    assert "chưa rõ" in h.run("message", "list")
    h.run("message", "settle", str(one["id"]), "perhaps", code=EX_USAGE)
    h.run("message", "settle", str(one["id"]), "abandon")
    h.run("message", "settle", str(one["id"]), "sent", code=EX_DATAERR)
    h.run("message", "retry", str(one["id"]), code=EX_DATAERR)
    assert "”: chỉ gửi lại được" in h.errors, h.errors
    for verb in ("retry", "release", "cancel"):
        h.run("message", verb, "99999", code=EX_NOINPUT)
    h.run("message", "release", str(one["id"]), code=EX_DATAERR)
    h.run("message", "cancel", str(one["id"]), code=EX_DATAERR)
    assert "--after 2" in h.run("message", "list", "--limit", "2")
    assert "--after" not in h.run("message", "list")
    assert "Không có tin nào" in h.run("message", "list", "--state", "expired")
    h.run("message", "list", "--limit", "0", code=EX_USAGE)
    h.run("message", "show", "99999", code=EX_NOINPUT)
    h.run("message", "show", "x", code=EX_USAGE)
    h.run("message", "list", "--state", "gone", code=EX_USAGE)
    assert "uncertain" in h.errors and "?" not in h.errors, h.errors
    h.run("message", "list", "--number", "abc", code=EX_USAGE)
    assert "0912000" not in h.run("message", "list"), "a number in full"


def people(h):
    r = h.json("recipient", "show", "vneid", "H-1")
    assert r["name"].startswith(NAME) and r["hold"] == "none", r
    h.run("recipient", "hold", "vneid", "H-1", "--reason", "đang kiểm tra")
    assert "TẠM GIỮ: đang kiểm tra" in h.run("recipient", "show", "vneid", "H-1")
    h.run("recipient", "release", "vneid", "H-1")
    assert h.json("recipient", "show", "vneid", "H-1")["hold"] == "none"
    h.run("recipient", "set", "vneid", "H-1", "account")
    assert h.json("recipient", "show", "vneid", "H-1")["state"] == 1
    for word in ("opted-out", "not-opted-out", "wrong-person", "not-wrong-person", "confirmed"):
        h.run("recipient", "set", "vneid", "H-2", word)
        flags = set(h.json("recipient", "show", "vneid", "H-2")["number_flags"]) - {"reached"}
        assert flags == ({word} if word in ("opted-out", "wrong-person") else set()), (word, flags)
        assert ("không nhắn" in h.run("recipient", "show", "vneid", "H-2")) == bool(flags)
    h.run("recipient", "hold", "vneid", "H-3", "--deceased")
    assert h.json("recipient", "show", "vneid", "H-3")["hold"] == "deceased"
    h.run("recipient", "hold", "vneid", "H-3", "--reason", "kiểm tra", code=EX_DATAERR)  # weaker
    assert h.json("recipient", "show", "vneid", "H-3")["hold"] == "deceased"
    assert "không bị giữ" in h.run("recipient", "release", "vneid", "H-1")
    h.run("recipient", "set", "vneid", "H-1", "happy", code=EX_USAGE)
    h.run("recipient", "show", "vneid", "H-99", code=EX_NOINPUT)
    h.run("recipient", "show", "none", "H-1", code=EX_NOINPUT)


def reports(h):
    assert h.json("report", "figures")["programmes"]
    for kind in ("figures", "weekly", "digest"):
        assert h.run("report", kind).strip()
    h.run("report", "weekly", "--week", "2023-W99", code=EX_USAGE)
    h.run("report", "fortune", code=EX_USAGE)
    h.run("report", "final", code=EX_USAGE)
    assert h.path("f.pdf") in h.run("report", "final", "--pdf", h.path("f.pdf"))


def copies(h):
    h.run("backup", h.path("copy.db"))
    h.run("restore", h.path("copy.db"), code=EX_TEMPFAIL)  # the daemon runs
    assert h.stop() == 0
    h.run("restore", h.path("copy.db"), code=EX_CANTCREAT)  # there is one already
    h.run("restore", h.path("none.db"), "--force", code=EX_NOINPUT)
    h.run("restore", h.write("no.db", "no database"), "--force", code=EX_DATAERR)
    h.run("restore", h.path("copy.db"), "--force")
    assert sum(h.states("một").values()) == 6
    h.run("purge")


def users(h):
    """In words, as an administrator types it on the machine."""
    said = h.run("user", "add", "an.nguyen", "--role", "approver", "--title", "Nguyễn Văn An")
    assert "dùng một lần" in said and re.search(r"/setup/\S{43}\n", said), said
    assert h.url + "/setup/" in said and "điền console_url" in said, said
    office = h.run("user", "password", "an.nguyen", env={"MOIDAN_CONSOLE_URL": "https://console.xa.example/"})
    assert "\nhttps://console.xa.example/setup/" in office and "console_url" not in office, office
    h.run("user", "add", "an.nguyen", "--role", "viewer", code=EX_DATAERR)
    h.run("user", "add", "An Nguyễn", "--role", "viewer", code=EX_DATAERR)
    h.run("user", "add", "binh", "--role", "king", code=EX_USAGE)
    h.run("user", "add", "binh", code=EX_USAGE)
    h.run("user", "add", "binh", "--role", "hamlet", code=EX_DATAERR)  # of which?
    h.run("user", "add", "binh", "--role", "hamlet", "--unit", "Ấp Không Có", code=EX_NOINPUT)
    h.run("user", "add", "binh", "--role", "hamlet", "--unit", "Tân Phú")
    lines = h.run("user", "list").splitlines()
    assert len(lines) == 2 and all(line.endswith("chưa đặt mật khẩu") for line in lines), lines
    again = h.run("user", "password", "an.nguyen")
    assert "/setup/" in again and again.split()[-1] not in said  # the first way in is closed
    h.run("user", "disable", "binh")
    assert [line for line in h.run("user", "list").splitlines() if line.startswith("binh")][0].endswith("đã khóa")
    h.run("user", "enable", "binh")
    assert not any(a["disabled"] for a in h.json("user", "list"))
    h.run("user", "disable", "nobody", code=EX_NOINPUT)


def first_configuration(h):
    """init writes the shipped file where there is none, once, for its owner and group alone."""
    path = h.path("new/moidan.yaml")
    h.run("--config", path, "init", code=EX_CANTCREAT)  # no such directory
    os.mkdir(h.path("new"))
    own = {"MOIDAN_DATABASE": h.path("new/first.db")}  # not where an installation has it
    assert "first.db" in h.run("--config", path, "init", env=own)
    assert os.stat(path).st_mode & 0o777 == 0o640
    with open(path, encoding="utf-8") as f, open(ROOT + "/config/moidan.yaml", encoding="utf-8") as shipped:
        assert f.read() == shipped.read()
    h.write("new/moidan.yaml", "unit: {name: xã Thử, office: UBND xã Thử}\ndatabase: other.db\n")
    assert "other.db" in h.run("--config", path, "init")
    assert "xã Thử" in h.read("new/moidan.yaml")  # what is there is not written over


def words(h):
    assert "moidan" in h.run("help") and "campaign" in h.run("--help")
    lines = h.run("help", "campaign").splitlines()
    assert any(line.startswith("  moidan campaign create NAME") for line in lines), lines
    assert not [line for line in lines if line.startswith("  moidan  ")], lines
    assert h.run("version").startswith("moidan ")
    h.run(code=0)
    h.run("dance", code=EX_USAGE)
    h.run("help", "dance", code=EX_USAGE)
    h.run("simulate", "--seed", "x", code=EX_USAGE)
    h.run("report", "weekly", "--pdf", "/proc/x.pdf", code=EX_CANTCREAT)
    assert h.errors.rstrip().endswith("moidan: không tạo được tệp /proc/x.pdf: không có tệp hoặc thư mục này"), h.errors
    h.run("--config", code=EX_USAGE)
    h.run("campaign", "create", "x", "--programme", "vneid", "--audience", "A1", "--accents", "some", code=EX_USAGE)
    assert "with, without hoặc cheapest" in h.errors, h.errors
    h.run("status", "--colour", code=EX_USAGE)
    h.run("status", "too", "much", code=EX_USAGE)
    assert h.json("status")["messages"]
    h.run("--config", h.path("none.yaml"), "status", code=EX_NOINPUT)
    h.run("--config=" + h.file, "status")


def metrics(h):
    status, headers, body = get(h.url + "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain")
    assert b'moidan_messages{state="sent"}' in body and b"moidan_build_info" in body


with House(sys.argv[1]) as h:
    provider = h.add(Provider())
    h.configure(provider.url, extra="caps: {per_day: 3, per_week: 6}\ndispatch: {settle_after: 1h}")
    os.chmod(h.file, 0o600)
    h.run("status", code=EX_NOINPUT)
    assert "moidan init" in h.errors, h.errors
    h.run("init")
    assert "level=info" not in h.errors, h.errors
    inspect(h)
    lists(h)
    templates(h)
    providers(h, provider)
    h.import_people(6)
    h.serve()
    for test in (a_campaign_from_draft_to_end,):
        test(h, provider)
        print("ok", test.__name__.replace("_", " "))
    for test in (its_messages, people, users, reports, metrics, words, first_configuration, copies, a_description_that_is_wrong):
        test(h)
        print("ok", test.__name__.replace("_", " "))
