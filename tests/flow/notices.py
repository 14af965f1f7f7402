# SPDX-License-Identifier: Apache-2.0
"""Single notices of another system: durable before their answer, once for each Idempotency-Key however often it is
asked and whatever is killed, in the office's words alone, never to whom nobody writes. Usage: notices.py MOIDAN"""
import concurrent.futures
import http.client
import json
import re
import sys
import threading
import time

from console_lib import Visitor, add_user
from lib import HEADINGS, House, Provider, wait_for

ASK = {"programme": "vneid", "key": "H-1", "text": "ho-so-xong", "values": {"noi": "Bộ phận Một cửa xã"}}


def key_of(h, admin, name, **scopes):
    page = admin.post("/keys", {"name": name, **scopes})
    return Visitor(h, key=re.search(r'<code class="key">([\w-]+)</code>', page.text)[1])


def one(h, api, provider):
    a = api.post("/api/v1/notices", ASK, {"Idempotency-Key": "a"})
    assert a.status == 201 and a.json()["state"] == "queued", a.text
    assert api.post("/api/v1/notices", ASK, {"Idempotency-Key": "a"}).json() == a.json()
    sent = wait_for("the notice", lambda: provider.seen())[0]["Content"]
    assert sent.startswith("UBND xa My Phu Dong: ho so cua ") and "Bo phan Mot cua xa" in sent, sent
    b = api.post("/api/v1/notices", ASK, {"Idempotency-Key": "b"})
    assert b.status == 201 and b.json()["id"] != a.json()["id"], b.text  # another notice to the same person
    assert api.post("/api/v1/notices", {**ASK, "key": "H-2"}, {"Idempotency-Key": "a"}).status == 422
    assert json.loads(h.run("message", "show", str(a.json()["id"]), "--json"))["id"] == a.json()["id"]


def a_child(h, api, provider):
    """Nobody under age is called Ông or Bà, here as in an invitation."""
    h.run("import", "vneid", h.write("con.csv", HEADINGS + "\n1;H-900;Lê Văn Bé;Nam;2010;Tân Phú;Tổ 1;0912555000;"
                                     "Chưa tạo;;\n"))
    seen = len(provider.seen())
    assert api.post("/api/v1/notices", {**ASK, "key": "H-900"}, {"Idempotency-Key": "be"}).status == 201
    sent = wait_for("the notice", lambda: provider.seen()[seen:])[0]["Content"]
    assert sent.startswith("UBND xa My Phu Dong: ho so cua cong dan Le Van Be "), sent


def refused(h, api, others):
    def status(change, key="r", v=api):
        return v.post("/api/v1/notices", {**ASK, **change}, {"Idempotency-Key": key} if key else None).status

    assert status({}, key=None) == 400
    for v, code in others:
        assert status({}, v=v) == code
    assert status({"key": "H-999"}) == 404 and status({"text": "khong-co"}) == 404
    for bad in ({"text": "../a"}, {"values": {"noi": 1}}, {"values": []}, {"x": 1}, {"expires": "mai"},
                {"expires": "2020-01-01"}, {"values": {}}, {"values": {"noi": "http://lua-dao.example/x"}},
                {"values": {"noi": "y y" * 66}}, {"values": {"noi": "z" * 300}}):
        assert status(bad) == 422, bad
    h.run("recipient", "hold", "vneid", "H-3", "--deceased")
    h.run("recipient", "set", "vneid", "H-4", "opted-out")
    assert status({"key": "H-3"}) == 422 and status({"key": "H-4"}) == 422
    # what was refused was not kept: the same key works once it is right
    assert status({"key": "H-2"}) == 201


def killed(h, api):
    """Clients ask until they are answered, the daemon is killed under them: one message a key."""
    n, done, stop = 400, {}, threading.Event()

    def client(i):
        while not stop.is_set():
            try:
                a = api.post("/api/v1/notices", {**ASK, "key": f"H-{10 + i % 40}"}, {"Idempotency-Key": f"k-{i}"})
                if a.status == 201:
                    done.setdefault(i, set()).add(a.json()["id"])
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for i in range(n):
            pool.submit(client, i)
        try:
            wait_for("some answers", lambda: len(done) > 60, 60)
            h.daemon.kill()
            h.daemon.wait()
            h.serve()
            wait_for("all answers", lambda: len(done) == n, 90)
        finally:
            stop.set()
    # asked again, each is told of the same message
    for i in range(0, n, 7):
        a = api.post("/api/v1/notices", {**ASK, "key": f"H-{10 + i % 40}"}, {"Idempotency-Key": f"k-{i}"})
        done[i].add(a.json()["id"])
    assert all(len(ids) == 1 for ids in done.values()), [i for i in done.items() if len(i[1]) != 1]
    assert len(set.union(*done.values())) == n


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.import_people(60)
        h.serve()
        admin = add_user(h, "quantri", "administrator")
        author = add_user(h, "soan", "author")
        api = key_of(h, admin, "một cửa", send="yes")
        reads = key_of(h, admin, "chỉ đọc", read="yes", write="yes")
        one(h, api, provider)
        a_child(h, api, provider)
        refused(h, api, ((reads, 403), (author, 403), (Visitor(h, key="x" * 43), 401), (Visitor(h), 401)))
        killed(h, api)
        assert "level=error" not in h.read("moidan.log"), h.read("moidan.log")[-2000:]
        assert h.stop() == 0


main()
