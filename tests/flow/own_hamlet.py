# SPDX-License-Identifier: Apache-2.0
"""A hamlet's officer sees the own hamlet and no other, wherever they look: every address of the console is asked for,
plain and through the API, with every number that there is, and every link of every page is followed. Nothing of it
may name another hamlet, or anybody who lives there, or say a number that only the others' make.
Usage: own_hamlet.py MOIDAN"""
import csv
import html
import re
import sys
import time

from console_lib import add_user
from lib import HEADINGS, House, Provider, ROOT, wait_for

QUERIES = ("?unit=1", "?unit=2", "?unit=3", "?q=khac", "?q=H-3", "?held=yes", "?week=2023-W24")
OWN, OTHERS = "Tân Mỹ", ("Tân Phú", "Tân Đông")
PEOPLE = {"Tân Mỹ": ["Lê Thị Riêng", "Ngô Văn Nhà"], "Tân Phú": ["Bùi Văn Khác", "Đỗ Thị Xa"], "Tân Đông": ["Mai Văn Lạ"] * 7}


def people():
    rows, i = [HEADINGS], 0
    for unit, names in PEOPLE.items():
        for name in names:
            i += 1
            rows.append(f"{i};H-{i};{name};Nam;1970;{unit};Tổ {i};09120010{i:02d};Chưa tạo;;ghi chú của {unit}")
    return "\n".join(rows) + "\n"


def routes():
    """(method, pattern) of all that a hamlet's officer might ask for, permitted or not."""
    with open(ROOT + "/tests/data/permissions.csv", encoding="utf-8") as f:
        return [(r["method"], r["path"]) for r in csv.DictReader(f) if r["path"] not in ("/logout", "/login")]


def check(what, answer):
    text = html.unescape(answer.text)
    for secret in (*OTHERS, *(n for u in OTHERS for n in PEOPLE[u]), "0912001003", "+84912001003"):
        assert secret not in text, (what, answer.status, secret, text[:3000])


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.run("import", "vneid", h.write("list.csv", people()))
        h.run("import", "officials", f"{ROOT}/tests/data/my-phu-dong/can-bo.csv")
        h.campaign("một", audience="A1")
        h.serve()
        wait_for("messages", lambda: len(provider.seen()) == 11)
        own = add_user(h, "ap", "hamlet", "--unit", OWN)
        author = add_user(h, "soan", "author")
        author.post("/recipients/3/hold", {"kind": "officer", "reason": "ở Tân Phú", "rev": "1"})
        asked, pages, seen = 0, ["/"], set()
        for method, pattern in routes():
            for number in ([str(i) for i in range(0, 13)] if ":" in pattern else [""]):
                path = re.sub(r":\w+", number, pattern)
                for base in ("", "/api/v1"):
                    for query in ("",) + (QUERIES if pattern in ("/recipients", "/hand-in", "/") else ()):
                        if method == "POST":
                            a = own.post(base + path, {"unit": "1", "week": "2023-W24", "figure": "1"}) if not query else None
                        else:
                            a = own.get(base + path + query, browser=not base)
                        while a is not None and a.status == 429:
                            time.sleep(0.2)
                            a = own.get(base + path + query, browser=not base) if method == "GET" else None
                        if a is not None:
                            asked += 1
                            check((method, base + path + query), a)
                    if ":" in pattern:
                        break
        while pages:
            path = pages.pop()
            if path in seen or not path.startswith("/") or path.startswith("/static"):
                continue
            seen.add(path)
            a = own.get(path)
            assert a.status in (200, 303), (path, a.status)
            check(("link", path), a)
            pages += [html.unescape(x) for x in re.findall(r'href="([^"#]+)"', a.text)]
        # whom it does not bind sees them all: the check can fail
        for path in ("/", "/recipients", "/recipients/3", "/hand-in"):
            try:
                check(path, author.get(path))
            except AssertionError:
                continue
            raise AssertionError(path + " names no other hamlet at all")
        # and what is the own hamlet's is there
        assert own.get("/recipients").has("Lê Thị Riêng") and own.get("/recipients/1").has("Lê Thị Riêng")
        assert own.get("/recipients/3").status == 404
        home = own.get("/")
        assert home.has("Tân Mỹ") and ">2<" in home.text and "11" not in re.sub(r"\d\d:\d\d|\d+/\d+(/\d+)?|<[^>]+>", "", home.text), home.text
        print(f"{asked} requests, {len(seen)} pages")
        assert h.stop() == 0


main()
