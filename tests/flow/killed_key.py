#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Another system's request that the daemon was killed over: whenever that was, the same Idempotency-Key does the work once
and then gives the same answer. Usage: killed_key.py MOIDAN"""
import http.client
import re
import sys

from console_lib import Visitor, add_user
from lib import House, wait_for

NEW = {"name": "Đợt một", "programme": "vneid", "audience": ["A1"], "until": "2023-06-20"}
# before any work; in its transaction, with the answer; after the commit, before anybody was answered
POINTS = ("once.begun:1", "once.kept:1", "once.served:1")


def killed_over(h, api, point, path, body, key):
    """The daemon dies over the request; the next one is asked the same, twice."""
    h.stop()
    h.serve(env={"MOIDAN_CRASH_AT": point})
    try:
        a = api.post(path, body, {"Idempotency-Key": key})
        raise AssertionError(f"{point}: answered {a.status} {a.text}")
    except (OSError, http.client.HTTPException):
        pass
    wait_for("its end", lambda: h.daemon.poll() is not None)
    h.serve()
    first = api.post(path, body, {"Idempotency-Key": key})
    again = api.post(path, body, {"Idempotency-Key": key})
    assert first.status in (200, 201), (point, first.status, first.text)
    assert (again.status, again.json()) == (first.status, first.json()), (point, first.text, again.text)
    return first.json()


def main():
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.import_people(3)
        h.serve()
        admin = add_user(h, "quantri", "administrator")
        page = admin.post("/keys", {"name": "một cửa", "read": "yes", "write": "yes", "send": "yes"})
        api = Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])
        for point in POINTS:
            new = {**NEW, "name": f"Đợt {point}"}
            number = killed_over(h, api, point, "/api/v1/campaigns", new, f"create-{point}")["id"]
            assert [c["id"] for c in api.get("/api/v1/campaigns").json()["items"] if c["name"] == new["name"]] == [number]
            sent = killed_over(h, api, point, f"/api/v1/campaigns/{number}/submit", {}, f"submit-{point}")
            assert sent["state"] == "submitted", sent
            with h.store() as db:
                count = db.execute("SELECT count(*) FROM audit WHERE what = 'campaign.submit' AND subject = ?",
                                   (f"campaign:{number}",)).fetchone()[0]
                assert count == 1, (point, count)
                assert db.execute("SELECT count(*) FROM api_call WHERE status = 0").fetchone() == (0,)
        assert h.stop() == 0


main()
