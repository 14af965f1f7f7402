#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the operator is told: status, doctor, and a provider that stopped itself. Usage: operate.py MOIDAN"""
import json
import os
import signal
import sys

from lib import House, Provider, wait_for

EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_NOPERM, EX_CONFIG = 65, 66, 69, 77, 78


def doctor(h, code=0):
    """What the doctor says by check: {"config": [(status, what), …]}."""
    said = json.loads(h.run("doctor", "--json", code=code))
    assert said["ok"] == (code == 0)
    found = {}
    for row in said["checks"]:
        assert row["status"] == "ok" or row["todo"], row  # whatever is wrong, there is something to do
        found.setdefault(row["check"], []).append((row["status"], row["what"]))
    return found


def status_of(found, check):
    order = ["ok", "warning", "failure"]
    return max((status for status, _ in found[check]), key=order.index)


def before_anything(h):
    found = doctor(h, EX_NOINPUT)
    assert status_of(found, "database") == "failure"
    assert status_of(found, "config") == "ok"
    assert status_of(found, "clock") != "failure"
    assert "moidan init" in h.run("doctor", code=EX_NOINPUT)
    h.run("status", code=EX_NOINPUT)


def all_is_well(h, provider):
    h.run("init")
    close_hamlet(h, "Tân Phố")
    h.run("config", "check")  # nobody knows any hamlet yet
    assert status_of(doctor(h), "hamlets") == "warning"
    close_hamlet(h, None)
    h.import_people(4)
    found = doctor(h)
    assert status_of(found, "provider") == "ok", found
    assert status_of(found, "database") == "ok"
    assert status_of(found, "calendar") == "ok"
    assert status_of(found, "daemon") == "warning"  # not running is no fault of the house
    assert status_of(found, "officials") == "warning"
    assert not h.json("status")["daemon"]["running"]
    digest, = h.json("report", "digest")  # of each hamlet, when none is named
    assert digest["unit"] == "Tân Phú" and 0 < len(digest["text"]) <= 160, digest
    assert digest["text"] in h.run("report", "digest", "--unit", "Tân Phú")
    h.run("report", "digest", "--unit", "Tân Xa", code=EX_NOINPUT)
    h.serve()
    assert status_of(doctor(h), "daemon") == "ok"
    assert h.json("status")["daemon"] == {"running": True, "pid": h.daemon.pid}


def close_hamlet(h, unit):
    """Writes days off of a hamlet into the configuration; the line that names it."""
    text = h.read("moidan.yaml").split("\nhours:\n")[0]
    h.write("moidan.yaml", text + (f"\nhours:\n  hamlets:\n    - {{unit: {unit}, closed: [2023-06-20]}}\n" if unit else ""))
    os.utime(h.file, (0, 0))
    return text.count("\n") + 4


def a_hamlet_that_there_is_not(h):
    """A misspelt hamlet would be open on all its days off: said with file, line and the names that there are."""
    close_hamlet(h, "Ấp Tân Phú")
    h.run("config", "check")
    assert "hamlets" not in doctor(h)
    line = close_hamlet(h, "Tân Phố")
    h.run("config", "check", code=EX_CONFIG)
    for words in (f"moidan.yaml:{line}:", '"Tân Phố"', 'there are "Tân Phú"'):
        assert words in h.errors, (line, h.errors)
    assert status_of(doctor(h, EX_CONFIG), "hamlets") == "failure"
    h.daemon.send_signal(signal.SIGHUP)
    wait_for("the refusal", lambda: "reload_refused" in h.read("moidan.log"))
    # Nobody may be there to see to it: who starts again goes on.
    h.stop()
    h.serve()
    assert "hamlet_unknown" in h.read("moidan.log"), h.read("moidan.log")
    close_hamlet(h, None)


def a_provider_stops_itself_and_is_used_again(h, provider):
    provider.reply = lambda r: {"CodeResult": "103", "ErrorMessage": "out of money"}
    h.campaign("hết tiền")

    def stopped():
        return h.json("status")["providers"][0]["stopped"]
    wait_for("the provider stops", stopped)
    s = h.json("status")
    assert s["messages"] == {"queued": 4}, s["messages"]
    assert [c["name"] for c in s["campaigns"]] == ["hết tiền"] and s["campaigns"][0]["open"] == 4
    assert "103" in s["providers"][0]["reason"] and s["providers"][0]["since"]
    assert status_of(doctor(h, EX_UNAVAILABLE), "provider") == "failure"
    assert "moidan provider resume sms" in h.run("doctor", code=EX_UNAVAILABLE)
    assert "DỪNG" in h.run("status")
    provider.reply = Provider.accept
    h.run("provider", "resume", "sms")
    h.run("provider", "resume", "nobody", code=EX_NOINPUT)
    h.wait_states("hết tiền", {"sent": 4}, seconds=100)
    assert not stopped()
    assert status_of(doctor(h), "provider") == "ok"
    for r in provider.seen()[-4:]:
        assert h.receipt(r)[0] == 200
    h.wait_states("hết tiền", {"delivered": 4})
    listed = next(line for line in h.run("campaign", "list").splitlines() if "hết tiền" in line)
    assert listed.endswith("đã gửi xong"), listed
    assert {k["name"]: k["finished"] for k in h.json("campaign", "list")}["hết tiền"]
    assert h.json("status")["campaigns"] == []


def an_uncertain_message_is_pointed_out(h, provider):
    provider.reply = lambda r: None  # taken, and the connection is closed
    h.import_people(1, first=50)
    h.campaign("chưa rõ")
    wait_for("uncertain", lambda: h.json("status")["messages"].get("uncertain"))
    assert status_of(doctor(h), "officer") == "warning"
    assert "message settle" in h.run("doctor")
    provider.reply = Provider.accept


def faults_are_found(h, provider):
    os.chmod(h.file, 0o644)  # it holds the secrets
    found = doctor(h, EX_CONFIG)
    assert status_of(found, "secrets") == "failure" and h.file in found["secrets"][0][1]
    os.chmod(h.file, 0o600)
    provider.stop()
    assert status_of(doctor(h, EX_UNAVAILABLE), "provider") == "failure"
    h.stop()
    db = h.path("moidan.db")
    os.chmod(db, 0o644)
    assert status_of(doctor(h, EX_NOPERM), "files") == "failure"
    os.chmod(db, 0o600)
    with open(db, "r+b") as f:  # the middle of a page in the middle
        f.seek(os.path.getsize(db) // 2 // 4096 * 4096)
        f.write(b"\xff" * 4096)
    assert status_of(doctor(h, EX_DATAERR), "database") == "failure"
    h.write("moidan.yaml", "databse: x\n")
    found = doctor(h, EX_CONFIG)
    assert status_of(found, "config") == "failure" and ":1:" in found["config"][0][1]


def main():
    with House(sys.argv[1]) as h:
        provider = Provider()
        h.configure(provider.url)
        os.chmod(h.file, 0o600)
        # The house lives in 2023: a file of today is one that was written after its clock.
        assert status_of(doctor(h, EX_NOINPUT), "clock") == "failure"
        os.utime(h.file, (0, 0))
        before_anything(h)
        all_is_well(h, provider)
        a_hamlet_that_there_is_not(h)
        a_provider_stops_itself_and_is_used_again(h, provider)
        an_uncertain_message_is_pointed_out(h, provider)
        assert h.stop() == 0
        h.serve()
        faults_are_found(h, provider)


main()
