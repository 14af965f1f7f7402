#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A list taken back: who came with it goes, what it changed is as it was, what was built on it stays and is
counted; by command and in the console. Usage: undo.py MOIDAN"""
import sys

from console_lib import add_user
from lib import House, Provider, ROOT

REAL = ROOT + "/tests/data/my-phu-dong/ho-dan.xlsx"
EX_DATAERR, EX_NOINPUT = 65, 66
# Everything of a row but where it stands in which list and its revision, which only grows.
ROWS = """SELECT list_key, state, hold, hold_reason, u.name, number, r.name, facts, sex, birth_year, phone_status, phone_flags,
    numbers_more, group_name, r.name_fold, facts_kind, reach, state_set_at FROM recipient r LEFT JOIN unit u ON u.id = r.unit_id
    WHERE programme = 'vneid' ORDER BY list_key"""
KINDS = "SELECT programme, unit_id, state, hold, sex, birth_year, phone_status, reach, facts, n FROM recipient_kind WHERE n > 0 AND programme <> '' ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9"


def stand(h):
    """What can be seen of all people: their rows, how they are counted, how often each number is had."""
    with h.store() as db:
        return (db.execute(ROWS).fetchall(), db.execute(KINDS).fetchall(),
                db.execute("SELECT number, recipients FROM contact WHERE recipients > 0 ORDER BY number").fetchall())


def sound(h):
    with h.store() as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)] and not db.execute("PRAGMA foreign_key_check").fetchall()
        assert not db.execute("""SELECT c.id FROM contact c WHERE recipients <>
            (SELECT count(*) FROM recipient r WHERE r.contact_id = c.id)""").fetchall()
        real = db.execute("SELECT count(*) FROM recipient WHERE programme = 'vneid'").fetchone()[0]
        assert db.execute("SELECT sum(n) FROM recipient_kind WHERE programme = 'vneid'").fetchone()[0] in (real, None)


def last(h):
    return h.json("import", "list")[0]["id"]


def undo(h, number, *more):
    return h.json("import", "undo", str(number), *more)


def line(key, name="Nguyễn Văn Mẫu", unit="Tân Phú", number="0912777001", done="Chưa tạo", note=""):
    return f"1;{key};{name};Nam;1970;{unit};Tổ 1;{number};{done};;{note}\n"


def take_in(h, text):
    h.run("import", "vneid", h.write("list.csv", h.people(0) + text))
    return last(h)


def the_whole_list_goes(h):
    """The real list, taken back, leaves nothing that anybody finds or counts; then it can come in again."""
    h.run("import", "vneid", REAL)
    number, full = last(h), stand(h)
    before = h.json("report", "figures")["programmes"][0]["total"]["total"]
    tried = undo(h, number, "--dry-run")
    assert tried["removed"] == len(full[0]) and stand(h) == full, tried
    assert undo(h, number) == tried
    assert stand(h) == ([], [], []) and h.json("report", "figures")["programmes"][0]["total"]["total"] == 0
    again = undo(h, number)  # once is enough
    assert again["already"] and again["removed"] == again["restored"] == 0, again
    assert h.json("import", "list")[0]["undone_at"] and not h.json("import", "list")[0]["undoable"]
    with h.store() as db:
        assert db.execute("SELECT count(*) FROM recipient WHERE name IS NOT NULL OR raw IS NOT NULL OR number <> 0").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM recipient_search WHERE recipient_search MATCH 'name:nguyen*'").fetchone() == (0,)
        assert db.execute("SELECT who, detail FROM audit WHERE what = 'import.undo'").fetchone()[1].startswith(f"removed={len(full[0])} ")
    sound(h)
    h.run("import", "vneid", REAL)
    assert stand(h) == full and h.json("report", "figures")["programmes"][0]["total"]["total"] == before
    sound(h)


def what_a_list_changed_is_as_it_was(h):
    """Names, numbers, hamlets, states, suspicions; a number that two have; then the other list below it."""
    base = take_in(h, line("U-1") + line("U-2", number="0912777002") + line("U-3", number="0912777003"))
    old = stand(h)
    second = take_in(h, line("U-1", name="Trần Thị Khác", number="0912777002") + line("U-2", unit="Tân Mỹ", number="0912777002", done="Đã tạo")
                     + line("U-3", number="0912777003", note="đã mất") + line("U-4", number="0912777009"))
    new = stand(h)
    assert new != old
    # the older one is what the newer one stands on
    assert "danh sách nhập sau" in h.run("import", "undo", str(base), code=EX_DATAERR) + h.errors and stand(h) == new
    done = undo(h, second)
    assert (done["removed"], done["restored"]) == (1, 3), done
    assert stand(h) == old, (old, stand(h))
    sound(h)
    assert len(h.run("recipient", "show", "vneid", "U-1")) > 0
    with h.store() as db:
        found = db.execute("SELECT count(*) FROM recipient_search WHERE recipient_search MATCH 'name:khac'").fetchone()
        assert found == (0,), found
    done = undo(h, base)
    assert done["removed"] == 3 and not [r for r in stand(h)[0] if r[0].startswith("U-")], done
    sound(h)


def a_later_list_keeps_what_it_names(h):
    first = take_in(h, line("V-1", number="0912777011") + line("V-2", number="0912777012") + line("V-3", number="0912777013"))
    later = take_in(h, line("V-2", number="0912777012") + line("V-3", name="Lê Văn Mới", number="0912777013"))
    done = undo(h, first)
    assert (done["removed"], done["kept_listed"]) == (1, 2), done
    assert [r[0] for r in stand(h)[0] if r[0].startswith("V-")] == ["V-2", "V-3"]
    # once the later one is taken back, so can be the rest
    assert undo(h, later)["restored"] == 1
    done = undo(h, first)
    assert (done["removed"], done["kept_listed"], done["already"]) == (2, 0, False), done
    assert not [r for r in stand(h)[0] if r[0].startswith("V-")]
    sound(h)


def what_two_lists_undone_had_comes_back_no_more(h):
    """Three lists change one row; taken back from the middle, the last, the first: as it was, however often."""
    take_in(h, line("X-1") + line("X-2", number="0912777002"))
    old = stand(h)
    a = take_in(h, line("X-1", name="Danh Sách A"))
    b = take_in(h, line("X-1", name="Danh Sách B") + line("X-2", name="Tên Khác", number="0912777002"))
    c = take_in(h, line("X-1", name="Danh Sách C"))
    assert undo(h, b)["kept_listed"] == 1
    listed = {i["id"]: i["undoable"] for i in h.json("import", "list")}
    assert listed[b], "one row of it is still to be had back"
    for number in (c, a):
        undo(h, number)
    assert stand(h) == old, (old, stand(h))
    assert undo(h, b)["already"] and stand(h) == old, (old, stand(h))
    assert not {i["id"]: i["undoable"] for i in h.json("import", "list")}[b]
    sound(h)


def who_is_gone_leaves_the_index_once(h):
    """Taken back, and later purged; erased, and erased again: the index of names still holds and still finds."""
    h.run("import", "undo", str(take_in(h, "".join(line(f"Y-{i}", number=f"0912777{i}") for i in range(100, 105)))))
    h.set_clock("2025-08-20T09:00:00+07:00")
    h.run("purge")
    h.run("purge")
    take_in(h, line("Z-1", name="Trương Văn Còn", number="0912777201") + line("Z-2", number="0912777202"))
    h.run("recipient", "erase", "vneid", "Z-2")
    with h.store() as db:
        gone = db.execute("SELECT list_key FROM recipient WHERE list_key LIKE 'purged-%' ORDER BY id DESC").fetchone()[0]
    h.run("recipient", "erase", "vneid", gone, code=None)
    take_in(h, line("Z-1", name="Trương Văn Đổi", number="0912777201"))
    with h.store() as db:
        found = [db.execute(f"SELECT count(*) FROM recipient_search WHERE recipient_search MATCH 'name:{w}'").fetchone()[0]
                 for w in ("con", "doi")]
    assert found == [0, 1], found
    sound(h)


def what_was_built_on_it_stays(h, provider):
    """Written to, held by an officer: in the console, by who may."""
    number = take_in(h, "".join(line(f"W-{i}", number=f"09127770{i}") for i in range(21, 25)))
    h.serve()
    h.run("recipient", "hold", "vneid", "W-24", "--reason", "đi vắng")
    h.campaign("hai")
    h.wait_states("hai", {"sent": 3})
    fifth = take_in(h, line("W-24", number="0912777024") + line("W-25", number="0912777025"))
    viewer, author = add_user(h, "xem", "viewer"), add_user(h, "lan", "author")
    assert viewer.get(f"/imports/{number}/undo").status == 403 and viewer.post(f"/imports/{number}/undo").status == 403
    page = author.get("/imports")
    assert page.has("Hoàn tác…"), page.text
    page = author.get(f"/imports/{number}/undo")
    assert page.has("không hoàn tác được dòng nào") and not page.has("Hoàn tác lần nhập này"), page.text
    assert author.post(f"/imports/{number}/undo").status == 422
    assert author.get("/imports/9999/undo").status == 404 and author.post("/imports/9999/undo").status == 404
    page = author.get(f"/imports/{fifth}/undo")
    assert page.has("Bỏ khỏi danh sách") and page.has("Hoàn tác lần nhập này"), page.text
    with h.writer():  # looking waits for nobody, and keeps nobody waiting
        model = author.get(f"/imports/{fifth}/undo", browser=False).json()
        assert undo(h, fifth, "--dry-run")["removed"] == 1
    assert model["would"]["removed"] == 1 and model["would"]["kept_listed"] == 0, model
    person = author.get("/recipients?q=W-25", browser=False).json()["items"][0]["id"]
    a = author.post(f"/imports/{fifth}/undo")
    assert a.status == 303 and author.get(a.headers["Location"]).has("Đã hoàn tác lần nhập"), a.text
    assert author.get("/imports").has("Đã hoàn tác")
    assert author.get(f"/recipients/{person}").status == 404
    assert author.get("/recipients?q=W-25", browser=False).json()["items"] == []
    sound(h)
    assert h.stop() == 0
    # who was only held, not written to, stays for that alone
    h.run("import", "undo", str(number), code=EX_DATAERR)
    assert "1 cán bộ đã ghi khác, 3 đã được nhắn" in h.errors, h.errors
    h.check(provider)


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.run("init")
        h.run("import", "undo", "1", code=EX_NOINPUT)
        the_whole_list_goes(h)
        what_a_list_changed_is_as_it_was(h)
        a_later_list_keeps_what_it_names(h)
        what_two_lists_undone_had_comes_back_no_more(h)
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.run("init")
        who_is_gone_leaves_the_index_once(h)
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.run("init")
        what_was_built_on_it_stays(h, provider)


main()
