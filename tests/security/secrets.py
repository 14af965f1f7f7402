#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys stay where they belong: each provider gets its own and no other's, whatever the environment says of
proxies and .netrc; none is in arguments, environment, log, database or a core file.
Usage: secrets.py MOIDAN"""
import collections
import json
import os
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../flow"))
from lib import House, Provider, wait_for  # noqa: E402

KEYS = {"sms": ("first-api-key-46", "first-secret-key-46"), "sms2": ("second-api-key-46", "second-secret-key-46"),
        "sms3": ("third-api-key-46", "third-secret-key-46")}


class Trap:
    """Whoever connects has fallen for it."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        self.caught = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            self.socket.accept()[0].close()
            self.caught += 1


class Recorder(Provider):
    """Keeps all bytes of each request: a key may be in a header as well as in a body. Odd and even requests
    fail, are dropped or are answered, so that connections are kept, broken and made again."""

    def __init__(self):
        super().__init__()
        self.raw = []
        outer, plain = self, self.server.RequestHandlerClass.do_POST

        class Handler(self.server.RequestHandlerClass):
            def do_POST(self):
                with outer.lock:
                    outer.raw.append(str(self.headers) + self.path)
                plain(self)
        self.server.RequestHandlerClass = Handler


def configure(h, providers):
    h.configure(providers[0].url, extra="caps: {per_day: 3, per_week: 6}\nlog_level: debug\n"
                                        "dispatch: {backoff: 1s, settle_after: 1s}")
    rows = ""
    for (name, (api, secret)), provider in zip(KEYS.items(), providers):
        for key, value in (("api", api), ("secret", secret)):
            os.chmod(h.write(f"{name}-{key}", value), 0o600)
        rows += f"""
  - {{name: {name}, description: esms, base_url: "{provider.url}", settings: {{brandname: MYPHUDONG}},
     secrets: {{api_key_file: {name}-api, secret_key_file: {name}-secret}}}}"""
    text = h.read("moidan.yaml")
    start, end = text.index("  - {name: sms,"), text.index("caps:")
    os.chmod(h.write("moidan.yaml", text[:start] + rows[1:] + "\n" + text[end:]), 0o600)


def main():
    with House(sys.argv[1]) as h:
        providers, trap = [h.add(Recorder()) for _ in KEYS], Trap()
        for provider in providers:
            def reply(r, provider=provider):
                n = len(provider.seen())
                if n > 40 and provider is not providers[-1]:
                    return {"CodeResult": "101", "ErrorMessage": json.dumps(r)}
                return None if n % 7 == 3 else (500, {}, b"") if n % 7 == 5 else provider.accept(r)
            provider.reply = reply
        configure(h, providers)
        h.write(".netrc", f"default login {KEYS['sms'][0]} password trap\n")
        h.env.update(HOME=h.home, http_proxy=trap.url, https_proxy=trap.url, all_proxy=trap.url, HTTP_PROXY=trap.url,
                     ALL_PROXY=trap.url, CURL_HOME=h.home, NETRC=h.path(".netrc"))
        for name in ("no_proxy", "NO_PROXY"):
            h.env.pop(name, None)
        h.run("init")
        h.import_people(150)
        h.serve()
        # They share the work until two have stopped themselves; the third goes on beside the memory of them.
        h.campaign("một")
        wait_for("all three are used", lambda: len(providers[-1].seen()) > 40 and
                 h.read("moidan.log").count("event=provider_stopped") == 2, 90)
        alive = {"argv": open(f"/proc/{h.daemon.pid}/cmdline", "rb").read(),
                 "environment": open(f"/proc/{h.daemon.pid}/environ", "rb").read()}
        limits = open(f"/proc/{h.daemon.pid}/limits", encoding="ascii").read()
        core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"], core
        # Whose memory may not be read is root's in /proc, and who is not root cannot attach.
        if os.geteuid() != 0:
            assert os.stat(f"/proc/{h.daemon.pid}/environ").st_uid == 0
        h.run("provider", "check")
        h.run("status")
        h.run("doctor", code=None)
        assert h.stop(signal.SIGTERM) == 0

        sent = collections.Counter()
        for (name, own), provider in zip(KEYS.items(), providers):
            whole = json.dumps(provider.seen()) + "".join(provider.raw)
            sent[name] = whole.count(own[0])
            assert all(r["ApiKey"] == own[0] and r["SecretKey"] == own[1] for r in provider.seen()), name
            for other, keys in KEYS.items():
                assert other == name or not any(k in whole for k in keys), f"{other}'s key went to {name}"
        assert min(sent.values()) > 30 and trap.caught == 0, (sent, trap.caught)
        secret = [k for keys in KEYS.values() for k in keys]
        for name in os.listdir(h.home):
            if not name.startswith("sms") and name != ".netrc":
                with open(h.path(name), "rb") as f:
                    alive[name] = f.read()
        for where, what in alive.items():
            for key in secret:
                assert key.encode() not in what, (where, key)
        print(f"ok own keys only: {dict(sent)}; nowhere else in {len(alive)} places; {trap.caught} fell into the trap")


main()
