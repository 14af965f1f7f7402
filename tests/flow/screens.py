# SPDX-License-Identifier: Apache-2.0
"""Every screen of the console in a real browser at three widths, in both languages, empty, filled and refusing: none
is wider than the window, none is left out, and axe-core, where it is found, has nothing to say.
Usage: screens.py MOIDAN PICTURES"""
import glob
import json
import os
import re
import shutil
import sys
import time

from browser_lib import PHONE, TABLET, WIDE, Browser, By, axe_source, looked_over
from console_lib import PASSWORD, Visitor, add_user, words
from lib import House, Provider, ROOT, wait_for
from rollup import SECRET, push

TEMPLATES = ROOT + "/templates/console"
THREE = (WIDE, TABLET, PHONE)
LIST = ROOT + "/tests/data/my-phu-dong/"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


VI, EN = words("vi"), words("en")
# What must not be left in English; what is short may be in a name.
ONLY_VI = {w for w in VI.values() if len(w) > 14} - set(EN.values())


NO_PAGE = ("nothing", "forbidden")


class Looker:
    """One browser, whoever looks; it remembers what was seen."""

    def __init__(self, h, pictures):
        self.b = h.add(Browser(h, pictures, WIDE))
        self.screens, self.refused, self.said = set(), set(), ""
        self.language = "vi"

    def house(self, h):
        self.b.h = h

    def become(self, who):
        d = self.b.driver
        d.execute_cdp_cmd("Network.clearBrowserCookies", {})
        for name, value in {**(who.cookies if who else {}), "lang": self.language}.items():
            assert d.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": self.b.h.url,
                                                           "path": "/", "secure": True, "httpOnly": True})["success"]

    def see(self, name, refused=False):
        """The page that is open."""
        d = self.b.driver
        screen = d.execute_script("return document.querySelector('main').dataset.screen")
        error = d.execute_script("const e = document.querySelector('main > .alert-danger[role=alert]'); return e && e.innerText")
        assert bool(error) == refused and (screen == "problem") == (name in NO_PAGE), (name, screen, error, self.b.text()[:1500])
        self.screens.add(screen)
        if refused:
            self.refused.add(screen)
        text = self.b.text()
        if self.language == "vi":
            self.said += text
            self.b.picture(name, THREE)
        else:
            assert d.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en", name
            left = [w for w in ONLY_VI if w in text]
            assert not left, (name, left)
            self.b.picture(name + "-en", (WIDE, PHONE))

    def go(self, name, path, refused=False):
        self.b.open(path)
        self.see(name, refused)

    def post(self, name, path, fields, refused=False, see=True):
        """A form as the page that is open would send it."""
        b = self.b
        b.driver.execute_script("""const [path, fields] = arguments, form = document.createElement("form");
            const token = document.querySelector("input[name=form]");
            form.method = "post"; form.action = path;
            for (const [name, value] of [...fields, ...(token ? [["form", token.value]] : [])]) {
                const input = document.createElement("textarea");
                input.name = name; input.value = value; form.append(input);
            }
            document.body.append(form); window.stay = true; form.submit();""", path, [list(f) for f in fields])
        wait_for(f"the answer to {name}", lambda: b.driver.execute_script("return !window.stay && document.readyState === 'complete'"))
        if see:
            self.see(name, refused)


def everybody(h):
    return {role: add_user(h, role, role, "--title", title, *more) for role, title, more in (
        ("author", "Lê Thị Lan", ()), ("approver", "Trần Văn Duyệt", ()), ("administrator", "Ngô Văn Chí", ()))}


def nothing_yet(see, h):
    """The first morning: no list, no provider, nothing."""
    who = everybody(h)
    see.house(h)
    see.become(None)
    see.go("login", "/login")
    see.post("login-error", "/login", [("name", "lan"), ("password", "x")], refused=True)
    link = h.json("user", "add", "moi", "--role", "approver", "--title", "Phạm Thị Mới")["link"][len(h.url):]
    see.go("setup", link)
    see.post("setup-error", link, [("password", PASSWORD), ("again", "khác"), ("code", "1")], refused=True)
    see.become(who["author"])
    for name, path in (("home", "/"), ("recipients", "/recipients"), ("imports", "/imports"), ("campaigns", "/campaigns"),
                       ("audiences", "/audiences"), ("sessions", "/sessions"), ("duty", "/duty"), ("messages", "/messages"),
                       ("replies", "/replies"), ("reports", "/reports"), ("templates", "/templates"), ("text", "/templates/vneid/A1"),
                       ("providers", "/providers"), ("communes", "/communes"), ("hand-in", "/hand-in")):
        see.go(name + "-empty", path)
    see.become(who["administrator"])
    see.go("keys-empty", "/keys")
    # A house whose programmes have no targets.
    for part in ("programmes", "providers"):
        shutil.copytree(f"{ROOT}/config/{part}", h.path(part))
    text = h.read("programmes/officials.yaml")
    h.write("programmes/officials.yaml", re.sub(r"\ntargets:\n(?:(?: .*|#.*)?\n)+", "\n", text))
    h.write("moidan.yaml", h.read("moidan.yaml") + "reports: {programmes: [officials]}\n")
    h.stop()
    h.serve()
    see.go("home-nothing", "/")


def fill(h, provider):
    """A Thursday's house: lists, a campaign that went out in part, one that waits, sessions, duty, a draft report."""
    h.run("import", "vneid", LIST + "ho-dan.csv")
    h.run("import", "cccd", LIST + "cccd-ton.csv", "--list-year", "2023")
    h.run("import", "sessions", LIST + "lich-thu-nhan.csv")
    h.run("import", "vneid", h.write("them.csv", h.people(2)))
    h.run("duty", "add", "--day", "16/06/2023", "--hours", "07:30-11:00", "--place", "Bộ phận Một cửa", "--name", "Võ Thị Mai")
    h.serve()
    who = everybody(h)
    h.run("campaign", "create", "Mời đợt 1", "--programme", "vneid", "--audience", "A1", "--only", 'unit = "Tân Mỹ"')
    for verb in ("submit", "approve", "start"):
        h.run("campaign", verb, "Mời đợt 1", env={"MOIDAN_USER": "x"} if verb == "approve" else None)
    h.run("campaign", "create", "Mời đợt 2", "--programme", "vneid", "--audience", "A1")
    h.run("campaign", "submit", "Mời đợt 2")
    h.campaign("Mời đợt 3", "--only", 'unit = "Tân Đông"', "--starts", "16/06/2023")
    h.campaign("Mời làm căn cước", "--programme", "cccd", "--quota", audience="A3")
    wait_for("what went out", lambda: not set(h.states("Mời đợt 1")) & {"queued", "sending"})
    wait_for("what waits for tomorrow", lambda: h.states("Mời đợt 3").get("queued"))
    wait_for("invitations", lambda: h.states("Mời làm căn cước").get("sent", 0) > 5)
    wait_for("the draft", lambda: "draft_ready" in h.read("moidan.log"))
    figures = h.json("report", "weekly", "--week", "2023-W24")
    body = json.dumps({"type": "report.weekly", "data": {"figures": figures, "text": "Đã mời 614 trên 1.157 hộ."}}).encode()
    assert push(h, body) == 200
    return who


def last_import(h):
    return h.json("import", "list")[0]["id"]


def campaign(h, name):
    return f"/campaigns/{h.json('campaign', 'show', name)['id']}"


def author_looks(see, h, who):
    see.house(h)
    see.become(who["author"])
    for name, path in (
            ("home", "/"), ("recipients", "/recipients?q=nguyen"), ("recipients-none", "/recipients?q=khong-co-ai"),
            ("recipient", "/recipients/1"), ("campaigns", "/campaigns"), ("campaign", campaign(h, "Mời đợt 1")),
            ("campaign-submitted", campaign(h, "Mời đợt 2")), ("campaign-stream", "/campaigns/1"), ("compose-programme", "/campaigns/new"),
            ("compose-who", "/campaigns/new?programme=vneid"), ("compose-what", "/campaigns/new?programme=vneid&audience=A1&step=what"),
            ("compose-when", "/campaigns/new?programme=vneid&audience=A1&step=when&name=%C4%90%E1%BB%A3t+3"),
            ("audiences", "/audiences?programme=vneid&when=A1&samples=yes"), ("sessions", "/sessions"),
            ("duty", "/duty"), ("messages", "/messages"), ("message", "/messages/1"), ("replies", "/replies?all=yes"),
            ("reports", "/reports"), ("templates", "/templates"), ("text", "/templates/vneid/A1"), ("providers", "/providers"),
            ("communes", "/communes?week=2023-W24"), ("hand-in", "/hand-in"), ("hand-in-team", "/hand-in?unit=1"),
            ("imports", "/imports"), ("import-undo", f"/imports/{last_import(h)}/undo"), ("nothing", "/recipients/999999")):
        see.go(name, path)


def approver_looks(see, h, who):
    see.become(who["approver"])
    see.go("home-approver", "/")
    see.go("campaign-approve", campaign(h, "Mời đợt 2"))
    see.go("reports-confirm", "/reports?week=2023-W24")


def administrator_looks(see, h, who):
    see.become(who["administrator"])
    for name, path in (("users", "/users"), ("keys", "/keys"), ("audit", "/audit"), ("settings", "/settings"),
                       ("provider-check", "/providers/check")):
        see.go(name, path)
        if name == "audit":  # what was done is told in words, the machine's word below
            cells = [e.text.split("\n") for e in see.b.driver.find_elements(By.CSS_SELECTOR, "td:nth-child(3)")]
            assert cells and all(len(c) == 2 and c[0] != c[1] for c in cells), cells
    see.go("forbidden", "/imports")


def they_work(see, h, who):
    """What is shown only after something was done, and what is said when it was done wrongly."""
    b = see.b
    see.become(who["author"])
    b.open("/imports")
    see.post("imports-error", "/imports", [("programme", "vneid")], refused=True)
    b.driver.find_element(By.ID, "p-vneid").click()
    bad = h.write("sai.csv", h.people(3) + "4;H-99;;Nam;1970;Tân Phú;Tổ 1;0912000099;Chưa tạo;;\n")
    b.driver.find_element(By.ID, "file").send_keys(bad)
    b.click("Kiểm tra")
    b.says("Dòng sai")
    see.see("import")
    undo = f"/imports/{last_import(h)}/undo"
    b.open(undo)
    see.post("imports-undone", undo, [])
    see.go("import-undone", undo)
    b.open("/recipients/1")
    see.post("recipient-number", "/recipients/1/number", [])
    see.post("compose-error", "/campaigns", [("name", "Đợt 3"), ("programme", "vneid"), ("audience", "A1"), ("starts", "31/02/2023")], refused=True)
    see.post("audiences-error", "/audiences", [("programme", "vneid"), ("name", "x"), ("when", "không phải")], refused=True)
    see.post("duty-error", "/duty", [("day", "16/06/2023"), ("hours", "sáng"), ("place", "x"), ("name", "y")], refused=True)
    see.post("hand-in-error", "/hand-in", [("week", "2023-W24"), ("unit", "1"), ("figure", "17o")], refused=True)
    see.post("text-error", "/templates/vneid/A1", [("do", "save"), ("rev", "0"), ("text", "{{ten}} ơi, {{la}}")], refused=True)
    with h.store() as db:
        session = db.execute("SELECT session_id FROM seat LIMIT 1").fetchone()[0]
        nobody = db.execute("SELECT id FROM session WHERE id NOT IN (SELECT session_id FROM seat) LIMIT 1").fetchone()[0]
        uncertain, queued = (db.execute("SELECT id FROM message WHERE state = ? LIMIT 1", (state,)).fetchone()[0] for state in (3, 1))
    see.go("session", f"/sessions/{session}")
    see.go("session-empty", f"/sessions/{nobody}")
    see.go("message-queued", f"/messages/{queued}")
    see.become(who["approver"])
    see.go("message-uncertain", f"/messages/{uncertain}")
    see.post("providers-error", "/providers/sms/test", [("number", "113")], refused=True)
    see.post("reports-error", "/reports/confirm", [("week", "2023-W24")], refused=True)
    see.become(who["administrator"])
    b.open("/providers/check")
    see.post("provider-check-error", "/providers/check", [("status", "200")], refused=True)
    b.driver.find_element(By.ID, "file").send_keys(ROOT + "/config/providers/esms.yaml")
    b.click(VI["provider_check.check"])
    b.says(VI["provider_check.good"])
    see.see("provider-checked")
    b.open("/users")
    see.post("users-link", "/users/1", [("do", "link")])
    see.post("users-error", "/users", [("name", "Tên Có Dấu"), ("title", "x"), ("role", "viewer")], refused=True)
    see.post("keys-error", "/keys", [("name", "một cửa")], refused=True)
    see.post("keys-new", "/keys", [("name", "một cửa"), ("read", "yes")])


def none_is_left_out(see):
    """Each template, each text for what is empty, each form that may be refused."""
    screens = {os.path.basename(f)[:-5] for f in glob.glob(TEMPLATES + "/*.html")} - {"layout"}
    assert screens == see.screens, f"not looked at: {screens - see.screens}, unknown: {see.screens - screens}"
    empty = re.findall(r'class="empty">\{\{t\.([\w.]+)\}\}', "".join(map(read, glob.glob(TEMPLATES + "/*.html"))))
    unseen = [key for key in empty if VI[key] not in see.said]
    assert empty and not unseen, f"what is said where there is nothing, and nobody has seen: {unseen}"
    routes = re.split(r"\n    \{", read(ROOT + "/gateway/web/routes.c"))
    again = {m[1] for row in routes if ".again" in row and (m := re.search(r'\.page = "(\w+)"', row))}
    assert len(again) > 8 and again == see.refused, f"not seen refusing: {again - see.refused}"


def main():
    pictures = os.path.abspath(sys.argv[2])
    os.makedirs(pictures, exist_ok=True)
    begin = time.monotonic()
    with House(sys.argv[1]) as bare, House(sys.argv[1], clock="2023-06-15T08:20:00+07:00") as h:
        provider = h.add(Provider(lambda r: None if r["Phone"].endswith("7") else Provider.accept(r)))
        bare.configure("")
        bare.write("moidan.yaml", re.sub(r"providers:\n(?:  .*\n| .*\n)+", "providers: []\n", bare.read("moidan.yaml")))
        bare.run("init")
        bare.serve()
        h.configure(provider.url, f"""
reports:
  collect: false
  communes_by: "07:00"
  communes: [{{name: xã Mỹ Phú Đông, secret: "{SECRET}"}}, {{name: xã Vĩnh Phú, secret: "{SECRET}"}}]
""")
        h.run("init")
        see = Looker(h, pictures)
        nothing_yet(see, bare)
        assert bare.stop() == 0
        who = fill(h, provider)
        author_looks(see, h, who)
        approver_looks(see, h, who)
        administrator_looks(see, h, who)
        # The same pages in other words: they are to be English, and to fit.
        see.language, see.b.looks_over = "en", False
        author_looks(see, h, who)
        approver_looks(see, h, who)
        administrator_looks(see, h, who)
        see.language, see.b.looks_over = "vi", bool(axe_source)
        they_work(see, h, who)
        none_is_left_out(see)
        print(f"{len(see.screens)} screens, {len(looked_over)} looks without a finding of axe-core" if axe_source else "axe-core was not found",
              f"in {time.monotonic() - begin:.0f} s")
        assert "level=error" not in h.read("moidan.log") + bare.read("moidan.log")
        assert h.stop() == 0


main()
