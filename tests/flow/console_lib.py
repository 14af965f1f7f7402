# SPDX-License-Identifier: Apache-2.0
"""A browser as far as HTTP goes: cookies, forms, where a form comes from."""
import base64
import hashlib
import hmac
import html
import http.client
import itertools
import json
import re
import selectors
import socket
import struct
import threading
import time
import urllib.parse

from lib import ROOT

PASSWORD = "con trâu đi trước cái cày"


def words(language):
    """{"area.key": word} of a catalogue."""
    found, area = {}, None
    with open(f"{ROOT}/templates/console/{language}.yaml", encoding="utf-8") as f:
        for line in f:
            if m := re.match(r"(\w+):$", line):
                area = m[1]
            elif m := re.match(r'  "?([\w-]+)"?: (.+)$', line):
                found[f"{area}.{m[1]}"] = m[2].strip("\"'")
    return found


def totp_step(shift):
    """The step of RFC 6238 that it is on the house's clock."""
    return int((time.time() + shift) // 30)


def totp(secret, step):
    """The code of a base32 key in a step, RFC 6238."""
    key = base64.b32decode(secret.replace(" ", ""))
    mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.text = body.decode(errors="replace")

    def json(self):
        return json.loads(self.body)

    def has(self, words):
        return words in html.unescape(self.text)


class Visitor:
    """Somebody at the console of a house. Every page it gets tells the next form's token."""

    def __init__(self, house, address=None, key=None):
        self.house, self.address, self.key = house, address, key
        self.cookies, self.form, self.secret = {}, None, None
        self.shift = int(house.env["MOIDAN_TEST_SHIFT"])
        self.step = 0  # of the last code that was used

    def ask(self, method, path, body=None, headers=None, browser=True):
        c = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=60)
        sent = {"Accept": "text/html" if browser and not self.key else "application/json"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if self.key:
            sent["Authorization"] = f"Bearer {self.key}"
        if self.address:
            sent["X-Forwarded-For"] = self.address
        if method == "POST" and browser and not self.key:
            sent["Sec-Fetch-Site"] = "same-origin"
        sent.update(headers or {})
        c.request(method, path, body, {k: v for k, v in sent.items() if v is not None})
        r = c.getresponse()
        answer = Answer(r.status, r.headers, r.read())
        c.close()
        for line in r.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        found = re.search(r'name="form" value="([^"]+)"', answer.text)
        if found:
            self.form = html.unescape(found[1])
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, fields=None, headers=None, **more):
        """A form; a list of pairs where a field comes several times."""
        fields = list(fields.items()) if isinstance(fields, dict) else list(fields or [])
        if self.key:
            data = json.dumps(dict(fields)).encode()
            return self.ask("POST", path, data, {"Content-Type": "application/json", **(headers or {})}, **more)
        if self.form and "form" not in dict(fields):
            fields.append(("form", self.form))
        return self.ask("POST", path, urllib.parse.urlencode(fields).encode(),
                        {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}, **more)

    def upload(self, path, fields, name, data):
        mark = "----moidan-test"
        parts = b""
        for key, value in {**fields, "form": self.form or ""}.items():
            parts += f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        parts += (f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                  "Content-Type: application/octet-stream\r\n\r\n").encode() + data + f"\r\n--{mark}--\r\n".encode()
        return self.ask("POST", path, parts, {"Content-Type": f"multipart/form-data; boundary={mark}"})

    def code(self):
        """A code that was not used yet: each step counts once, so the next may have to be taken."""
        self.step = max(self.step + 1, totp_step(self.shift))
        return self.last_code() if self.secret else ""

    def last_code(self):
        return totp(self.secret, self.step)

    def set_up(self, link, password=PASSWORD):
        path = urllib.parse.urlparse(link).path
        page = self.get(path)
        assert page.status == 200, page.text
        found = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page.text)
        self.secret = found[1] if found else None
        return self.post(path, {"password": password, "again": password, "code": self.code()})

    def sign_in(self, name, password=PASSWORD, code=None):
        self.form = None
        return self.post("/login", {"name": name, "password": password,
                                    "code": self.code() if code is None else code})


def is_closed(a, path):
    """What every answer says to a browser: load nothing but ours, keep nothing, guess nothing, in no frame; and no page
    has a script or a style in it."""
    csp, kind = a.headers["Content-Security-Policy"], a.headers["Content-Type"]
    assert csp.startswith("default-src 'none'") and "frame-ancestors 'none'" in csp and "unsafe" not in csp, (path, csp)
    assert a.headers["X-Content-Type-Options"] == "nosniff" and a.headers["X-Frame-Options"] == "DENY", path
    assert a.headers["Strict-Transport-Security"] and a.headers["Referrer-Policy"] in ("no-referrer", "same-origin"), path
    if not path.startswith("/static"):
        assert a.headers["Cache-Control"] == "no-store", path
    assert "charset=utf-8" in kind.lower() or kind.startswith(("application/pdf", "application/vnd.")), (path, kind)
    if kind.startswith("text/html"):
        assert not re.search(r"<script(?![^>]*src=)|<style| style=| on[a-z]+=", a.text), path


def add_user(house, name, role, *more):
    """A user of the house who has come in by the link, and is in."""
    link = house.json("user", "add", name, "--role", role, *more)["link"]
    v = Visitor(house)
    answer = v.set_up(link)
    assert answer.status == 303, answer.text
    v.name = name
    v.get("/")
    return v


class Listeners:
    """Connections of these visitors that listen to the progress of a campaign, read by one thread; those that are opened
    deaf are never read."""

    def __init__(self, visitors, path):
        self.port, self.path = visitors[0].house.port, path
        self.cookies = itertools.cycle("; ".join(f"{k}={c}" for k, c in v.cookies.items()) for v in visitors)
        self.select, self.text = selectors.DefaultSelector(), {}
        self.refused, self.deaf, self.stopped = 0, [], False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _connect(self, room=None):
        s = socket.socket()
        if room:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        s.connect(("127.0.0.1", self.port))
        s.sendall(f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept: text/event-stream\r\n"
                  f"Cookie: {next(self.cookies)}\r\n\r\n".encode())
        return s

    def open(self, n):
        for _ in range(n):
            s = self._connect()
            s.setblocking(False)
            self.text[s] = b""
            self.select.register(s, selectors.EVENT_READ)
            time.sleep(0.002)

    def open_deaf(self, n):
        self.deaf += [self._connect(1) for _ in range(n)]

    def _read(self):
        while not self.stopped:
            for key, _ in self.select.select(0.1):
                s = key.fileobj
                try:
                    data = s.recv(65536)
                except OSError:
                    data = b""
                if data:
                    self.text[s] += data
                    continue
                self.select.unregister(s)
                s.close()
                again = self.text[s].startswith(b"HTTP/1.1 429") or self.text[s].startswith(b"HTTP/1.1 503")
                if again:  # as the page does, but sooner
                    self.refused += 1
                    del self.text[s]
                    time.sleep(0.02)
                    self.open(1)

    def events(self):
        """What each heard, a list a connection."""
        return [[json.loads(m) for m in re.findall(rb"\ndata: ({.*?})\n", text)] for text in list(self.text.values())]

    def over(self):
        """How many streams have come to their end."""
        return sum(text.endswith(b"\r\n0\r\n\r\n") for text in list(self.text.values()))

    def close(self):
        self.stopped = True
        self.thread.join()
        for s in [*self.text, *self.deaf]:
            s.close()
