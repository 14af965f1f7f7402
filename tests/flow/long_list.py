#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is long to count is counted behind the page that asks for it: a campaign's preview, the week's figures. What is
approved is what was counted: when a list changes before it is written, it is counted anew. Usage: long_list.py MOIDAN"""
import contextlib
import sqlite3
import subprocess
import sys

from console_lib import add_user
from lib import EX_DATAERR, House, Provider, wait_for


def drawn(v, path, words):
    """The page once it is counted; what it said meanwhile."""
    first = v.get(path)
    page = wait_for("the count", lambda: (a := v.get(path)).has(words) and a)
    return first, page


def counted_behind(h, author):
    h.run("campaign", "create", "một", "--programme", "vneid", "--audience", "A1")
    first, page = drawn(author, "/campaigns/1", "Trình duyệt<")
    assert first.status == 200 and first.has("đang đếm") and 'data-again="2"' in first.text, first.text
    assert "data-again" not in page.text and page.has("kinh moi"), page.text
    assert author.get("/campaigns/1").headers["ETag"] == page.headers["ETag"]
    other = author.get("/api/v1/campaigns/1", browser=False)
    assert other.json()["preview"]["messages"] == 40
    h.import_people(1, first=40)  # what is counted is not what there is any more
    assert author.get("/api/v1/campaigns/1", browser=False).json()["counting"]
    wait_for("41", lambda: author.get("/api/v1/campaigns/1", browser=False).json().get("preview", {}).get("messages") == 41)


def the_weeks_figures(author):
    first, page = drawn(author, "/reports", "chưa chốt")
    assert first.status == 503 and first.headers["Retry-After"] == "2" and first.has("đang được đếm"), first.text
    assert page.status == 200
    assert author.get("/reports").status == 200  # it stays


def approved_as_counted(h, author):
    """The list changes while the approval waits for its turn to write."""
    assert author.post("/campaigns/1/submit").status == 303
    with h.writer():
        approval = subprocess.Popen([h.moidan, "campaign", "approve", "một"], env=h.env, text=True, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)
        wait_for("the approval to wait", h.somebody_waits_to_write)
        with contextlib.closing(sqlite3.connect(h.path(h.database))) as db:
            db.execute("UPDATE recipient SET name = 'Trần Thị Khác', rev = rev + 1 WHERE id = 1")
            db.execute("""INSERT INTO import(programme, at, rows_read, accepted, rejected, added, updated, same, held, total_stated)
                VALUES ('vneid', 1, 0, 0, 0, 0, 0, 0, 0, 0)""")
            db.commit()
    _, errors = approval.communicate(timeout=60)
    assert approval.returncode == EX_DATAERR and "đã thay đổi sau khi trình" in errors, (approval.returncode, errors)
    shown = author.get("/api/v1/campaigns/1", browser=False).json()
    assert shown["state"] == "submitted", shown
    page = wait_for("the count", lambda: (a := author.get("/campaigns/1")).has("Trần") or a.has("Tran Thi Khac") and a)
    assert page


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.import_people(40)
        h.env["MOIDAN_TEST_DEAR"] = "0"
        h.serve()
        author = add_user(h, "soan", "author")
        counted_behind(h, author)
        h.campaign("hai")
        h.wait_states("hai", {"sent": 41})
        the_weeks_figures(author)
        approved_as_counted(h, author)
        assert "level=error" not in h.read("moidan.log"), h.read("moidan.log")[-2000:]
        assert h.stop() == 0


main()
