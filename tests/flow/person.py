#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One person's rights: all that is kept is shown, who looked is written down, and what is erased is nowhere in the
file any more while the figures stay. Usage: person.py MOIDAN"""
import json
import sqlite3
import sys

from lib import House, Provider, wait_for

EX_DATAERR, EX_NOINPUT = 65, 66


def figures(h):
    total = h.json("report", "figures")["programmes"][0]["total"]
    return {key: total[key] for key in ("total", "invited", "messages", "segments")}


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.run("init")
        # What a list changed stays as it was for a while, so that the list can be taken back: it is theirs as well.
        h.import_people(3)
        h.run("import", "vneid", h.write("cu.csv", h.people(3).replace("Nguyễn Văn Ba;Nam;1970", "Trần Thị Cũ;Nữ;1971")
                                         .replace("0912000001", "0987000001")))
        h.import_people(3)
        h.serve()
        h.campaign("một")
        h.wait_states("một", {"sent": 3})
        for r in provider.seen():
            h.receipt(r)
        h.wait_states("một", {"delivered": 3})
        before = figures(h)
        h.run("recipient", "show", "vneid", "H-2")
        kept = json.loads(h.run("recipient", "export", "vneid", "H-2"))
        assert kept["name"] == "Nguyễn Văn Ba" and kept["number"] == "+84912000001", kept
        assert [m["state"] for m in kept["messages"]] == ["delivered"] and "Ba" in kept["messages"][0]["text"], kept
        assert {"recipient.show", "recipient.export"} <= {a["what"] for a in kept["audit"]}, kept["audit"]
        was = kept["before"][-1]
        assert (was["name"], was["number"], was["birth"]["year"]) == ("Trần Thị Cũ", "+84987000001", 1971), kept["before"]
        assert was["list_cells"] and was["until"] and "list.csv" in was["changed_by"], was
        assert json.loads(h.run("recipient", "export", "vneid", "H-1"))["before"] == []
        message, = [m["id"] for m in kept["messages"]]
        h.run("message", "show", str(message))
        looked = [a["what"] for a in h.json("audit", "person", "vneid", "H-2")]
        assert looked == ["recipient.show", "recipient.export", "message.show"], looked
        noted = h.json("audit", "verify")
        h.run("recipient", "erase", "vneid", "H-2")
        h.run("recipient", "show", "vneid", "H-2", code=EX_NOINPUT)
        assert figures(h) == before, (figures(h), before)
        with h.store() as db:
            tables = [name for name, sql in db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
                      if "VIRTUAL" not in sql]
            dump = "\n".join(str(row) for name in tables for row in db.execute(f"SELECT * FROM {name}"))
        assert "Trần Thị Cũ" not in dump and "987000001" not in dump
        assert "Nguyễn Văn Ba" not in dump and "912000001" not in dump and "Nguyen Van Ba" not in dump
        assert "Nguyễn Văn Ca" in dump
        # Nobody writes to what is left of the row.
        h.campaign("hai", "--step", "1")
        wait_for("the others", lambda: h.states("hai").get("sent") == 2)
        assert sum(h.states("hai").values()) == 2
        h.imported.discard("H-2")
        assert h.stop() == 0
        note = f"{noted['rows']}:{noted['hash']}"
        h.run("audit", "verify", "--noted", note)
        assert h.json("audit", "list", "--limit", "1")[0]["id"] > noted["rows"]
        with sqlite3.connect(h.path(h.database)) as db:  # somebody with the file
            db.execute("DROP TRIGGER audit_no_delete")
            db.execute("DELETE FROM audit WHERE id >= ?", (noted["rows"],))
        db.close()
        h.run("audit", "verify")
        h.run("audit", "verify", "--noted", note, code=EX_DATAERR)


main()
