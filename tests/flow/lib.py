# SPDX-License-Identifier: Apache-2.0
"""What the flow tests share: a house of its own in a temporary directory, the real program in it,
real servers around it. Nothing here knows what a test wants to show.

    with House(sys.argv[1]) as h:            # MOIDAN, a build with fail-points
        provider = h.add(Provider(reply))    # a real HTTP server
        h.configure(provider.url)
        h.import_people(5)
        h.serve()
        h.campaign("một")
"""
import datetime
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

CLOCK = "2023-06-14T09:00:00+07:00"  # a Wednesday of the plan, within the hours
HEADINGS = ("STT;Mã hộ;Họ và tên chủ hộ;Giới tính;Năm sinh;Ấp;Tổ;Số điện thoại;"
            "TK định danh mức 2;Đã cài VNeID;Ghi chú")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def wait_for(what, condition, seconds=30):
    """The first truthy value of condition(), asked every 50 ms."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def get(url, data=None, headers=None, method=None):
    """(status, headers, body) of a request, whatever the status."""
    request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read()


class Provider:
    """An HTTP server in the eSMS dialect. reply(request) -> (status, headers, body) or a dict (JSON,
    200) or None (the connection is closed without an answer); request is the parsed JSON body.
    What arrived is in .requests, in order."""

    def __init__(self, reply=None):
        self.requests = []
        self.lock = threading.Lock()
        self.reply = reply or self.accept
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = json.loads(body)
                with outer.lock:
                    outer.requests.append(request)
                answer = outer.reply(request)
                if answer is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                if isinstance(answer, dict):
                    answer = (200, {}, json.dumps(answer).encode())
                status, headers, data = answer
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *args):
                pass  # the other side may be killed at any moment

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def accept(request):
        return {"CodeResult": "100", "CountRegenerate": 0, "SMSID": "S-" + request["RequestId"]}

    def seen(self):
        with self.lock:
            return list(self.requests)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class House:
    def __init__(self, moidan, clock=CLOCK):
        self.moidan = os.path.abspath(moidan)
        self.home = tempfile.mkdtemp(prefix="moidan-flow-")
        self.file = self.home + "/moidan.yaml"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        shift = round(datetime.datetime.fromisoformat(clock).timestamp() - time.time())
        self.env = dict(os.environ, MOIDAN_CONFIG=self.file, MOIDAN_TEST_SHIFT=str(shift))
        self.daemon = None
        self.things = []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.daemon and self.daemon.poll() is None:
            self.stop()
        for thing in reversed(self.things):
            thing.stop()
        if kind:
            for name in sorted(os.listdir(self.home)):
                if name.endswith(".log"):
                    print(f"---- {name}\n{self.read(name)[-4000:]}", file=sys.stderr)
        shutil.rmtree(self.home, ignore_errors=True)

    def add(self, thing):
        self.things.append(thing)
        return thing

    def path(self, name):
        return f"{self.home}/{name}"

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as f:
            return f.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def configure(self, provider_url, extra="", provider=""):
        """moidan.yaml with one provider, "sms", that speaks as eSMS does. provider: more of its keys
        ("rate_per_second: 5, "); extra: more of the file."""
        self.write("moidan.yaml", f"""
database: moidan.db
listen: 127.0.0.1:{self.port}
public_url: {self.url}
two_person: false
unit: {{name: xã Mỹ Phú Đông, office: UBND xã Mỹ Phú Đông, phone: "02963 000 000", card_name: CCCD}}
providers:
  - {{name: sms, description: esms, base_url: "{provider_url}", {provider}
     settings: {{brandname: MYPHUDONG}}, secrets: {{api_key: flow-api-key, secret_key: flow-secret-key}},
     price_per_segment: 350}}
{extra or 'caps: {per_day: 3, per_week: 6}'}
""")

    def run(self, *argv, code=0, env=None):
        """Standard output of the command; its exit code must be code."""
        done = subprocess.run([self.moidan, *argv], env=dict(self.env, **(env or {})),
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == code, (argv, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        self.errors = done.stderr
        return done.stdout

    def json(self, *argv):
        return json.loads(self.run(*argv, "--json"))

    def people(self, n, first=0):
        """A household list: name i has the number 09 1200 iiii."""
        rows = [HEADINGS]
        for i in range(first, first + n):
            rows.append(f"{i + 1};H-{i + 1};Nguyễn Văn {chr(65 + i % 26)}{chr(97 + i // 26 % 26)};Nam;1970;"
                        f"Tân Phú;Tổ 1;0912{i:06d};Chưa tạo;;")
        return "\n".join(rows) + "\n"

    def import_people(self, n, first=0):
        self.run("import", "vneid", self.write("list.csv", self.people(n, first)))

    def serve(self, env=None, wait=True):
        log = open(self.path("moidan.log"), "ab")
        self.daemon = subprocess.Popen([self.moidan, "serve"], env=dict(self.env, **(env or {})),
                                       stdout=log, stderr=subprocess.STDOUT)
        log.close()
        if wait:
            wait_for("serve", lambda: self.daemon.poll() is not None or listens(self.port))
            assert self.daemon.poll() is None, "the daemon ended: " + self.read("moidan.log")[-2000:]
        return self.daemon

    def stop(self, sig=signal.SIGTERM, seconds=40):
        """Sends the daemon sig and returns its exit code."""
        self.daemon.send_signal(sig)
        try:
            return self.daemon.wait(seconds)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
            raise AssertionError("the daemon does not end") from None

    def campaign(self, name, *options, audience="A1"):
        """Composes, approves and starts a campaign."""
        self.run("campaign", "create", name, "--programme", "vneid", "--audience", audience, *options)
        self.run("campaign", "approve", name)
        self.run("campaign", "start", name)

    def states(self, name):
        """Messages of the campaign by state, {"delivered": 5}."""
        return self.json("campaign", "show", name)["messages"]

    def wait_states(self, name, want, seconds=30):
        last = {}

        def same():
            last.update(now=self.states(name))
            return last["now"] == want
        try:
            wait_for(f"states {want}", same, seconds)
        except AssertionError as e:
            raise AssertionError(f"{e}; there are {last['now']}") from None

    def wait_finished(self, name, seconds=60):
        wait_for(f"{name} finished", lambda: self.json("campaign", "show", name)["finished"], seconds)
        return self.states(name)

    def receipt(self, request, status="5", sms_id=None, **more):
        """Sends the receipt of a request as eSMS does: GET, to the URL that came with it."""
        query = {"SMSID": sms_id or "S-" + request["RequestId"], "SendStatus": status,
                 "RequestId": request["RequestId"], "TypeId": "2", "SendFailed": "0", "SendSuccess": "1",
                 **more}
        return get(request["CallbackUrl"] + "?" + urllib.parse.urlencode(query))
