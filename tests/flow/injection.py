#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What citizens, offices, officers, providers and the names of files say stays text. Every cell of a list, every field
of the forms, an answer by SMS and the code of a provider's refusal are markup and a formula; then each page that there
is, each link of it, each workbook and chart is fetched by each role. Nothing of it becomes an element, an attribute or a
formula, and it stands there as it was written. Usage: injection.py MOIDAN"""
import collections
import html
import html.parser
import http.client
import io
import re
import sys
import time
import urllib.parse
import zipfile
from xml.etree import ElementTree

from console_lib import add_user
from lib import HEADINGS, ROOT, House, Provider, get, wait_for
from replies import Smsbox

BAD = "=1+1 <x-mark onx=\"1\">'\"><script src=//x.example></script>"
SHORT = "=<x-mark onx=1>"
# Formulas of ours: sums of the table of a decree.
SUM = re.compile(r"<f>SUM\([A-Z]+\d+:[A-Z]+\d+\)</f>")
SVG = {"svg", "g", "path", "rect", "use", "defs", "symbol", "clipPath", "text", "tspan", "line", "title"}
OTHERS = ("application/pdf", "text/plain", "text/event-stream", "application/problem+json")
# Where some of it has to stand: else nothing was shown.
SHOWS = ("/", "/audiences", "/audit", "/campaigns", "/duty", "/hand-in", "/imports", "/imports/N/undo", "/keys", "/messages/N", "/recipients",
         "/recipients/N", "/replies", "/reports", "/templates/vneid/AN", "/users", "answer /audiences", "answer /campaigns", "answer /duty",
         "answer /hand-in", "answer /keys", "answer /templates/vneid/AN", "answer /users", "import", "xlsx /campaigns/N/papers",
         "xlsx /hand-in/form", "xlsx /reports/weekly", "xlsx rejects")
seen_in = collections.Counter()


def names_it(text):
    return "<x-mark" in text.lower()


class Page(html.parser.HTMLParser):
    """A page as a browser reads it; refuses what is none of ours."""

    def __init__(self, what, text):
        super().__init__(convert_charrefs=True)
        self.what, self.links, self.said = what, [], []
        self.feed(text)
        assert not re.search(r"<\s*/?x-mark", text, re.I), what

    def handle_starttag(self, tag, attrs):
        assert tag != "x-mark" and (tag != "script" or dict(attrs).get("src", "").startswith("/static/")), (self.what, tag)
        for name, value in attrs:
            assert not name.startswith("on") and name != "style", (self.what, tag, name)
            if name in ("src", "href", "action", "formaction", "poster") and value:
                assert value[0] in "/?#" and not value.startswith("//"), (self.what, tag, value)
                assert "x.example" not in value.split("?")[0], (self.what, tag, value)
            if name == "href":
                self.links.append(value)
            self.said.append(value or "")

    def handle_data(self, data):
        self.said.append(data)

    def count(self, place):
        seen_in[place] += sum(names_it(s) for s in self.said)


def workbook(what, data):
    """All that its cells say; no cell is a formula but our sums, and no text was taken for a number or an address."""
    whole = ""
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        for name in z.namelist():
            text = z.read(name).decode()
            ElementTree.fromstring(text)
            assert "externalLink" not in name and not re.search(r'<hyperlink|<definedName (?!name="_xlnm\.)|ddeLink', text), (what, name)
            assert all(SUM.fullmatch(f) for f in re.findall(r"<f[ >/].*?(?:</f>|/>)", text)), (what, name)
            whole += html.unescape(text)
    return whole


def fetch(house, v, path):
    while True:
        c = http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)
        c.request("GET", path, headers={"Accept": "text/html", "Cookie": "; ".join(f"{k}={w}" for k, w in v.cookies.items())})
        r = c.getresponse()
        status, kind, sniff, data = r.status, r.headers["Content-Type"], r.headers["X-Content-Type-Options"], r.read()
        c.close()
        if status != 429:
            break
        time.sleep(0.2)
    assert status in (200, 303, 403, 404, 422) and sniff == "nosniff", (path, status)
    return kind, data


def look_everywhere(h, role, v):
    seen, alike, todo = set(), collections.Counter(), ["/", "/users", "/keys", "/audit", "/imports", "/hand-in", "/duty", "/replies?all=yes", "/providers", "/reports",
                         "/reports/weekly?as=svg", "/communes", "/audiences?programme=vneid&when=%22A1%22&samples=yes", "/recipients?q=mark"]
    while todo:
        path = todo.pop()
        if path in seen or not path.startswith("/") or path.startswith("/static"):
            continue
        seen.add(path)
        what, place = (role, path), re.sub(r"\d+", "N", path.split("?")[0])
        # Of pages that are alike a few are looked at.
        alike[place, re.sub(r"=[^&]*", "", path.partition("?")[2])] += 1
        if alike[place, re.sub(r"=[^&]*", "", path.partition("?")[2])] > 3:
            continue
        kind, data = fetch(h, v, path)
        if kind.startswith("text/html"):
            page = Page(what, data.decode())
            page.count(place)
            todo += [html.unescape(x) for x in page.links if x]
        elif "spreadsheet" in kind:
            seen_in["xlsx " + place] += names_it(workbook(what, data))
        elif "svg" in kind:
            assert {e.tag.split("}")[1] for e in ElementTree.fromstring(data.decode()).iter()} <= SVG and not names_it(data.decode()), what
        else:
            assert kind.split(";")[0] in OTHERS, (what, kind)
    return len(seen)


def people():
    bad, rows = '"' + BAD.replace('"', '""') + '"', []
    for i in range(4):
        unit = bad if i % 2 else "Tân Phú"
        rows.append(f"{i + 1};=H-{i + 1};{bad};Nam;1970;{unit};{bad};0912{i:06d};Chưa tạo;;{bad};{bad}")
    rows.append("5" + f";{bad}" * 11)
    return "\n".join([HEADINGS + ";" + bad, *rows]) + "\n"


def write_everywhere(h, author, admin, approver):
    for v, path, fields, status in (
            (author, "/recipients/{id}/hold", {"kind": "officer", "reason": BAD, "rev": "1"}, 303),
            (author, "/audiences", {"programme": "vneid", "name": "ai <x-mark>", "when": '"A1"'}, 303),
            (author, "/audiences", {"programme": "vneid", "name": SHORT, "when": BAD}, 422),
            (author, "/campaigns", {"name": BAD, "programme": "vneid", "audience": "A1"}, 303),
            (author, "/campaigns", {"name": BAD, "programme": "vneid", "audience": "A1", "only": BAD, "place": BAD}, 422),
            (author, "/duty", {"day": "16/06/2023", "hours": "7h30 - 11h", "place": BAD, "name": BAD, "phone": ""}, 303),
            (author, "/duty", {"day": BAD, "hours": SHORT, "place": BAD, "name": BAD, "phone": SHORT}, 422),
            (author, "/hand-in", {"week": "2023-W24", "unit": "0", "difficulties": BAD, "proposals": BAD}, 303),
            (author, "/hand-in", {"week": "2023-W24", "unit": "0", "figure": SHORT[:12]}, 422),
            (author, "/templates/vneid/A1", {"do": "check", "text": BAD}, 200),
            (author, "/recipients/{id}/state", {"to": SHORT, "rev": "2"}, 422),
            (admin, "/users", {"name": "x", "title": BAD, "role": "viewer"}, 422),
            (admin, "/users", {"name": "ten.la", "title": BAD, "role": "viewer"}, 200),
            (admin, "/keys", {"name": BAD[:60], "read": "yes"}, 200),
            (admin, "/keys", {"name": BAD[:60], "read": "yes"}, 422),
            (approver, "/providers/sms/test", {"number": "0912000001"}, 422),
            (approver, "/providers/sms/test", {"number": SHORT}, 422),
            (approver, "/reports/confirm", {"week": SHORT[:8], "seen": BAD}, 422)):
        with h.store() as db:
            path = path.replace("{id}", str(db.execute("SELECT id FROM recipient WHERE list_key = '=H-4'").fetchone()[0]))
        a = v.post(path, fields)
        assert a.status == status, (path, fields, a.status, re.sub(r"<[^>]+>", "", a.text)[-800:])
        if status != 303:
            Page((path, "answer"), a.text).count("answer " + re.sub(r"\d+", "N", path))


def main():
    with House(sys.argv[1]) as h:
        provider, box = h.add(Provider(lambda r: {"CodeResult": BAD, "ErrorMessage": BAD})), h.add(Smsbox())
        h.configure(provider.url)
        h.write("moidan.yaml", h.read("moidan.yaml").replace("providers:\n", f"""providers:
  - {{name: kannel, weight: 0, description: kannel, base_url: "{box.url}", settings: {{username: moidan, from: MYPHUDONG}},
     secrets: {{password: secret}}, price_per_segment: 350}}
"""))
        h.run("init")
        h.run("import", "officials", f"{ROOT}/tests/data/my-phu-dong/can-bo.csv")
        h.run("import", "sessions", f"{ROOT}/tests/data/my-phu-dong/lich-thu-nhan.csv")
        h.serve()
        admin, author, approver = (add_user(h, n, r) for n, r in (("qtri", "administrator"), ("soan", "author"), ("duyet", "approver")))
        where = author.upload("/imports", {"programme": "vneid"}, BAD + ".csv", people().encode()).headers["Location"]
        Page("import", fetch(h, author, where)[1].decode()).count("import")
        seen_in["xlsx rejects"] += names_it(workbook("rejects", fetch(h, author, where + "/rejects")[1]))
        assert author.post(where).status == 303
        write_everywhere(h, author, admin, approver)
        path = urllib.parse.urlsplit(h.run("provider", "callback", "kannel").split()[-1]).path
        for i, text in enumerate((BAD, "KQ " + BAD, "hỏi " + SHORT)):
            asked = urllib.parse.urlencode({"from": "+84912000001", "to": "8088", "text": text, "id": f"MO-{i}", "t": "1686710000"})
            assert get(f"{h.url}{path}?{asked}")[0] == 200
        h.campaign("hai", audience="A1")
        wait_for("a try", lambda: len(provider.seen()) > 1)
        hamlet = add_user(h, "ap", "hamlet", "--unit", "Tân Phú")
        pages = sum(look_everywhere(h, role, v) for role, v in
                    (("author", author), ("approver", approver), ("administrator", admin), ("hamlet", hamlet)))
        print(f"ok {pages} pages; said in {dict(sorted(seen_in.items()))}")
        missing = [p for p in SHOWS if not seen_in[p]]
        assert not missing, missing
        log = h.read("moidan.log")
        assert "x-mark" not in log.lower() and "level=error" not in log, [x for x in log.split("\n") if "mark" in x or "level=error" in x]
        assert h.stop() == 0


main()
