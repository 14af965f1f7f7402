#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The console behind the shipped nginx: what an old machine on a slow line has to wait for. A page, its styles, its
script and its icon come compressed and are 60 kB together at most, whichever page it is; a chart, which repeats the
table beside it, comes when there is time.
Usage: console.py MOIDAN NGINX MOIDAN_CONF CONSOLE_CONF"""
import gzip
import html
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../flow"))
from console_lib import add_user  # noqa: E402
from lib import House, Provider, wait_for  # noqa: E402
from nginx import Nginx  # noqa: E402

MOST, WITH_CHARTS = 60 * 1000, 100 * 1000
HOST = "console.xa.example"
PAGES = ("/login", "/", "/recipients", "/recipients/1", "/imports", "/campaigns", "/campaigns/new?programme=vneid",
         "/campaigns/:one", "/audiences?programme=vneid&when=A1&samples=yes", "/sessions", "/duty", "/messages", "/messages/:two", "/replies",
         "/reports", "/templates", "/templates/vneid/A1", "/providers", "/hand-in")
RULED = ("/", "/users", "/keys", "/settings", "/audit", "/providers/check")


def load(front, path, cookie):
    """(status, what it weighs on the line, text); nothing of ours may come uncompressed."""
    status, headers, data = front.get(path, host=HOST, Accept_Encoding="gzip", Accept="text/html,*/*", Cookie=cookie)
    assert headers["Content-Encoding"] == "gzip" or len(data) < 1000, (path, len(data), headers["Content-Encoding"])
    return status, len(data), (gzip.decompress(data) if headers["Content-Encoding"] else data).decode()


def weigh(front, path, cookie, assets):
    """What has to come before the page can be used the first time."""
    status, page, text = load(front, path, cookie)
    assert status == 200 and "data-screen=" in text and 'class="missing"' not in text, (path, status, text[:500])
    total = charts = 0
    found = re.findall(r'<(link|script|img)\b([^>]*) (?:href|src)="([^"]+)"', text)
    for tag, how, link in {(tag, 'loading="lazy"' in how, html.unescape(link)) for tag, how, link in found}:
        assert how == (tag == "img"), (path, link)
        if link not in assets:
            status, assets[link], _ = load(front, link, cookie)
            assert status == 200, (path, link, status)
        total, charts = total + (not how) * assets[link], charts + how * assets[link]
    return page, page + total, page + total + charts


def main():
    with House(sys.argv[1]) as h:
        h.configure(h.add(Provider()).url)
        h.run("init")
        h.import_lists()
        h.serve()
        front = h.add(Nginx(h, sys.argv[2], *sys.argv[3:], more=(
            ("/etc/letsencrypt/live/console.xa.example/", h.home + "/"), ("allow 10.0.0.0/8;", "allow 127.0.0.0/8;"),
            ("/var/log/nginx/moidan-console-error.log", h.path("error.log")))))
        h.campaign("một")
        wait_for("what went out", lambda: h.states("một").get("sent", 0) > 100)
        author, admin = add_user(h, "lan", "author"), add_user(h, "chi", "administrator")
        with h.store() as db:
            two = db.execute("SELECT id FROM message WHERE state = 4 LIMIT 1").fetchone()[0]
        one = h.json("campaign", "show", "một")["id"]
        assets, weights = {}, []
        for who, pages in ((None, PAGES[:1]), (author, PAGES[1:]), (admin, RULED)):
            cookie = "; ".join(f"{k}={v}" for k, v in who.cookies.items()) if who else ""
            for path in pages:
                weights.append((*weigh(front, path.replace(":one", str(one)).replace(":two", str(two)), cookie, assets), path))
        for link, size in sorted(assets.items()):
            print(f"{size:7} {link}")
        for page, total, charts, path in weights:
            print(f"{total:7} in all, {page:6} of it the page {path}" + (f"; {charts} with its charts" if charts > total else ""))
        assert len(assets) >= 4 and any("bootstrap" in link for link in assets), assets
        heaviest = max(weights, key=lambda w: w[1])
        assert heaviest[1] <= MOST and all(w[2] <= WITH_CHARTS for w in weights), weights
        # Only the office, and no machine's door.
        for path in ("/callbacks/sms/x", "/metrics", "/readyz"):
            assert front.get(path, host=HOST)[0] == 404, path
        print(f"heaviest: {heaviest[3]}, {heaviest[1]} bytes")


main()
