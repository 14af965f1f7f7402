#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokens that a provider lends, against a real HTTP server that lets each refresh token be used once and
knows what it lent: processes race for the next, die between answer and commit and after it, a token is refused
early, a dead one is an alarm until a person consents again, and the daemon renews by itself."""
import json
import os
import re
import signal
import shutil
import sqlite3
import subprocess
import sys
import urllib.parse

from lib import House, ROOT, http, threading, wait_for

NUMBER = "0912000111"


class Lender:
    """Zalo's two addresses. Refresh tokens are for one use; a new pair makes the access token before it
    invalid at once, which is the strictest reading."""

    def __init__(self):
        self.lock = threading.Lock()
        self.n = 0
        self.access = None          # the only one that opens the door
        self.refresh = None         # the only one that is good
        self.fetches, self.reused, self.refused = 0, 0, 0
        self.sent = []
        self.plain = 0
        self.lifetime = 90000
        self.delay = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                if self.path == "/oauth2/token":
                    answer = {"access_token": "plain-1", "expires_in": 3600}
                    outer.plain += 1
                elif self.path == "/api/push-brandname-otp":
                    answer = {"MessageId": 1} if json.loads(body)["access_token"] == "plain-1" else {"error": 1011}
                elif self.path == "/v4/oa/access_token":
                    answer = outer.lend(dict(urllib.parse.parse_qsl(body)), self.headers.get("secret_key"))
                else:
                    answer = outer.take(json.loads(body), self.headers)
                data = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def lend(self, form, secret):
        if secret != "flow-app-secret":
            return {"error": -14004, "error_name": "Invalid secret"}
        with self.lock:
            if form["grant_type"] == "authorization_code":
                if form["code"] != "good-code" or len(form["code_verifier"]) != 43:
                    return {"error": -14003, "error_name": "Invalid code"}
            elif form["refresh_token"] != self.refresh:
                self.reused += 1
                return {"error": -14020, "error_name": "Invalid refresh token"}
            self.n += 1
            self.fetches += 1
            self.access, self.refresh = f"access-{self.n}", f"refresh-{self.n}"
            answer = {"access_token": self.access, "refresh_token": self.refresh,
                      "expires_in": str(self.lifetime)}
        threading.Event().wait(0.3)  # a race has time to happen
        return answer

    def take(self, message, headers):
        with self.lock:
            if headers["access_token"] != self.access:
                self.refused += 1
                return {"error": -124, "message": "Access token is invalid"}
            self.sent.append(message)
        return {"error": 0, "message": "Success",
                "data": {"msg_id": f"id-{len(self.sent)}", "quota": {"remainingQuota": "10"}}}

    def stop(self):
        self.server.shutdown()


def configure(h, lender, extra=""):
    h.write("moidan.yaml", f"""
database: moidan.db
listen: 127.0.0.1:{h.port}
two_person: false
unit: {{name: xã Mỹ Phú Đông, office: UBND xã Mỹ Phú Đông, phone: "02963 000 000", card_name: CCCD}}
providers:
  - {{name: zalo, description: zalo-zns, base_url: "{lender.url}",
     settings: {{app_id: "111", oauth_url: "{lender.url}"}},
     secrets: {{app_secret: flow-app-secret, oa_secret: flow-oa-secret}}, price_per_segment: 200}}
  - {{name: fpt, base_url: "{lender.url}", settings: {{brandname: XA, client_id: c1}},
     secrets: {{client_secret: flow-client-secret}}}}
caps: {{per_day: 3, per_week: 6}}
{extra}
""")


def send_test(h, **popen):
    return subprocess.Popen([h.moidan, "provider", "send-test", "zalo", NUMBER, "--template", "123",
                             "--parameter", "ten=Bà Hai"], env=dict(h.env, **popen.pop("env", {})), text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def authorize(h, pasted, code=0):
    done = subprocess.run([h.moidan, "provider", "authorize", "zalo", "--redirect", "https://gw.example/"],
                          env=h.env, input=pasted + "\n", text=True, capture_output=True, timeout=60)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def token_state(h):
    return next(t["state"] for t in h.json("status")["tokens"] if t["provider"] == "zalo")


def doctor(h):
    return subprocess.run([h.moidan, "doctor"], env=h.env, text=True, capture_output=True, timeout=60).stdout


def age(h, column="expires_at = 0, fetched_at = 0"):
    """What is lent is used up, as after a day."""
    db = sqlite3.connect(h.path("moidan.db"))
    with db:
        db.execute("UPDATE token SET " + column + " WHERE provider = 'zalo'")
    db.close()


def nothing_before_consent(h, lender):
    done = send_test(h)
    out, err = done.communicate(timeout=60)
    assert done.returncode != 0 and "authorised" in err, (out, err)
    assert token_state(h) == "missing" and lender.fetches == 0
    assert "moidan provider authorize zalo" in doctor(h), "the alarm says what to do"


def a_person_consents(h, lender):
    done = authorize(h, "wrong-code", code=77)
    assert token_state(h) in ("missing", "dead")
    url = re.search(r"http\S+/v4/oa/permission\S+", done.stdout).group(0)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    assert query["app_id"] == "111" and query["redirect_uri"] == "https://gw.example/"
    assert len(query["code_challenge"]) == 43 and query["state"]
    authorize(h, "https://gw.example/?code=good-code&state=of-somebody-else", code=65)
    authorize(h, "good-code")
    assert token_state(h) == "good"
    done = send_test(h)
    out, err = done.communicate(timeout=60)
    assert done.returncode == 0 and out.startswith("ok"), (out, err)
    assert lender.sent[-1]["template_data"] == {"ten": "Bà Hai"} and lender.sent[-1]["phone"] == "84912000111"


def processes_race_for_the_next(h, lender):
    for _ in range(3):
        age(h)
        before, sent = lender.fetches, len(lender.sent)
        racers = [send_test(h) for _ in range(4)]
        for r in racers:
            out, err = r.communicate(timeout=120)
            assert r.returncode == 0, (out, err)
        assert lender.fetches == before + 1, (before, lender.fetches)
        assert len(lender.sent) == sent + 4
    assert lender.reused == 0


def killed_between_answer_and_commit(h, lender):
    age(h)
    done = send_test(h, env={"MOIDAN_CRASH_AT": "token.answered:1"})
    done.communicate(timeout=60)
    assert done.returncode == -signal.SIGKILL
    # The pair is lost with the process: the next finds the old one used, and says so instead of trying on.
    done = send_test(h)
    out, err = done.communicate(timeout=60)
    assert done.returncode == 77, (done.returncode, out, err)
    assert lender.reused == 1 and token_state(h) == "dead"
    done = send_test(h)
    done.communicate(timeout=60)
    assert done.returncode == 77 and lender.reused == 1, "a dead token is not tried again"
    assert "moidan provider authorize zalo" in doctor(h)
    assert "cần người ủy quyền" in h.run("status")
    authorize(h, "good-code")
    assert token_state(h) == "good"


def killed_after_the_commit(h, lender):
    age(h)
    before = lender.fetches
    done = send_test(h, env={"MOIDAN_CRASH_AT": "token.committed:1"})
    done.communicate(timeout=60)
    assert done.returncode == -signal.SIGKILL
    done = send_test(h)
    out, err = done.communicate(timeout=60)
    assert done.returncode == 0, (out, err)
    assert lender.fetches == before + 1, "what was committed is used, nothing is fetched again"


def the_daemon_renews(h, lender):
    """It fetches what is due, races with commands, and when a token is refused early it fetches once and
    sends again."""
    age(h)
    before = lender.fetches
    h.serve()
    racers = [send_test(h) for _ in range(3)]
    for r in racers:
        out, err = r.communicate(timeout=120)
        assert r.returncode == 0, (out, err)
    wait_for("a token", lambda: token_state(h) == "good")
    assert lender.fetches == before + 1 and lender.reused == 1, (before, lender.fetches, lender.reused)

    # Refused although the clock says it is good: one new token, and each message arrives once.
    age(h, "fetched_at = 0")
    os.kill(h.daemon.pid, signal.SIGUSR1)
    with lender.lock:
        lender.access = "another"
    before, sent = lender.fetches, len(lender.sent)
    h.campaign("một", "--ladder", "zalo")
    wait_for("messages", lambda: len(lender.sent) - sent == 5, 60)
    assert lender.fetches == before + 1 and lender.refused >= 1
    phones = [m["phone"] for m in lender.sent[sent:]]
    assert len(set(phones)) == 5, phones
    assert h.stop() == 0


def a_daemon_killed_with_the_answer(h, lender):
    age(h)
    h.serve(env={"MOIDAN_CRASH_AT": "token.answered:1"}, wait=False)
    wait_for("the end", lambda: h.daemon.poll() is not None)
    assert h.daemon.returncode == -signal.SIGKILL
    reused = lender.reused
    h.serve()
    wait_for("the alarm", lambda: token_state(h) == "dead")
    assert lender.reused == reused + 1
    authorize(h, "good-code")
    wait_for("a token", lambda: token_state(h) == "good")
    assert h.stop() == 0
    log = h.read("moidan.log")
    for secret in ("access-", "refresh-", "flow-app-secret", "good-code"):
        assert secret not in log, secret


def one_that_nobody_consents_to(h, lender):
    """Its token is had for the account's own secret; a dead one is tried anew when an officer says so."""
    h.run("provider", "send-test", "fpt", NUMBER)
    h.run("provider", "send-test", "fpt", NUMBER)
    assert lender.plain == 1, "a token is kept while it is good"
    db = sqlite3.connect(h.path("moidan.db"))
    with db:
        db.execute("UPDATE token SET dead_at = 1, reason = 'x' WHERE provider = 'fpt'")
    db.close()
    h.run("provider", "send-test", "fpt", NUMBER, code=77)
    assert "moidan provider authorize fpt" in doctor(h)
    h.run("provider", "authorize", "fpt")
    h.run("provider", "send-test", "fpt", NUMBER)
    assert lender.plain == 2


def main():
    with House(sys.argv[1]) as h:
        lender = h.add(Lender())
        configure(h, lender)
        shutil.copytree(ROOT + "/templates", h.path("templates"))
        for name in ("a1", "a2"):
            text = h.read(f"templates/zalo/vneid/{name}.yaml")
            h.write(f"templates/zalo/vneid/{name}.yaml", text.replace('"000000"', '"123"'))
        h.import_people(5)
        nothing_before_consent(h, lender)
        a_person_consents(h, lender)
        processes_race_for_the_next(h, lender)
        killed_between_answer_and_commit(h, lender)
        killed_after_the_commit(h, lender)
        the_daemon_renews(h, lender)
        a_daemon_killed_with_the_answer(h, lender)
        one_that_nobody_consents_to(h, lender)


main()
