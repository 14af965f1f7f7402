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
import collections
import contextlib
import datetime
import fcntl
import glob
import http.server
import json
import math
import os
import queue
import random
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLOCK = "2023-06-14T09:00:00+07:00"  # a Wednesday of the plan, within the hours
HEADINGS = ("STT;Mã hộ;Họ và tên chủ hộ;Giới tính;Năm sinh;Ấp;Tổ;Số điện thoại;"
            "TK định danh mức 2;Đã cài VNeID;Ghi chú")
STATES = {0: "held", 1: "queued", 2: "sending", 3: "uncertain", 4: "sent", 5: "no_receipt", 10: "delivered",
          11: "undelivered", 12: "rejected", 13: "failed", 14: "cancelled", 15: "expired", 16: "abandoned",
          17: "linked"}
LEFT = ("uncertain", "sent", "no_receipt", "delivered", "undelivered")  # or may have
FINAL = ("delivered", "undelivered", "rejected", "cancelled", "expired", "abandoned")
EX_DATAERR = 65
UNKNOWN, ACCEPTED = 7, ("sent", "no_receipt", "delivered", "undelivered")


def free_port():
    """None of those that the kernel gives to whoever connects: one of them may be taken again by the time that the
    daemon listens."""
    while True:
        port = random.SystemRandom().randrange(10240, 32000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            pass


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


def own_mounts():
    """Runs the test again in a namespace of its own, where it may mount; False where that is not allowed."""
    if os.environ.get("FLOW_MOUNTS") == "yes":
        return True
    for flags in ("-m", "-rm"):
        if subprocess.run(["unshare", flags, "mount", "-t", "tmpfs", "none", "/mnt"],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0:
            os.environ["FLOW_MOUNTS"] = "yes"
            os.execvp("unshare", ["unshare", flags, sys.executable, *sys.argv])
    return False


class Provider:
    """An HTTP server in the eSMS dialect. reply(request) -> (status, headers, body) or a dict (JSON,
    200) or None (the connection is closed without an answer) or a function that is given the connection
    to misbehave on; request is the parsed JSON body. What arrived is in .requests, in order; tls is
    an ssl.SSLContext."""

    def __init__(self, reply=None, tls=None):
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
                if callable(answer):
                    self.close_connection = True
                    answer(self.connection)
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
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.url = f"https://localhost:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def accept(request):
        return {"CodeResult": "100", "CountRegenerate": 0, "SMSID": "S-" + request["RequestId"]}

    def remember(self):
        """From now on each reference is worked on once and known again, as eSMS does."""
        done = set()

        def reply(request):
            with self.lock:
                known = request["RequestId"] in done
                done.add(request["RequestId"])
            return {"CodeResult": "124", "ErrorMessage": "duplicate"} if known else self.accept(request)
        self.reply = reply
        return self

    def sends_receipts(self, house):
        """From now on what was accepted is delivered, and said so again until that is acknowledged."""
        reply, waiting = self.reply, queue.Queue()

        def tell():
            while True:
                request = waiting.get()
                try:
                    if house.receipt(request)[0] == 200:
                        continue
                except OSError:
                    pass
                time.sleep(0.02)
                waiting.put(request)

        def and_tell(request):
            answer = reply(request)
            if isinstance(answer, dict):
                waiting.put(request)
            return answer
        self.reply = and_tell
        threading.Thread(target=tell, daemon=True).start()
        return self

    def seen(self):
        with self.lock:
            return list(self.requests)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Receiver:
    """A program of tests/support that prints its port, then a line of JSON for what it received."""

    def __init__(self, script, *argv, env=None):
        self.process = subprocess.Popen(
            [sys.executable, f"{ROOT}/tests/support/{script}", *argv], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=dict(os.environ, **(env or {})))
        self.port = int(self.process.stdout.readline().split()[0])
        self.received = []
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        for line in self.process.stdout:
            self.received.append(json.loads(line))

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def shift_to(clock):
    """Whole seconds from this machine's clock to that one; never to before it, so that what begins at nine
    has begun."""
    return math.ceil(datetime.datetime.fromisoformat(clock).timestamp() - time.time())


class House:
    def __init__(self, moidan, clock=CLOCK):
        self.moidan = os.path.abspath(moidan)
        self.home = tempfile.mkdtemp(prefix="moidan-flow-")
        self.file = self.home + "/moidan.yaml"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        shift = shift_to(clock)
        self.env = dict(os.environ, MOIDAN_CONFIG=self.file, MOIDAN_TEST_SHIFT=str(shift))
        self.database = "moidan.db"
        self.daemon = None
        self.things = []
        self.imported, self.started, self.receipts = set(), set(), []  # what was acknowledged
        self.finals = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.daemon and self.daemon.poll() is None:
            if kind:  # the failure that is already told, not how one that may be stopped ends
                self.daemon.kill()
                self.daemon.wait()
            else:
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
database: {self.database}
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

    def describe(self, old, new, name="esms"):
        """A description of our own beside moidan.yaml: the shipped one with old replaced by new."""
        if not os.path.exists(self.path("providers")):
            shutil.copytree(ROOT + "/config/providers", self.path("providers"))
            shutil.copytree(ROOT + "/config/programmes", self.path("programmes"))
        text = self.read(f"providers/{name}.yaml")
        assert old in text, old
        self.write(f"providers/{name}.yaml", text.replace(old, new))

    def run(self, *argv, code=0, env=None):
        """Standard output of the command; its exit code must be code, or any (None)."""
        done = subprocess.run([self.moidan, *argv], env=dict(self.env, **(env or {})),
                              capture_output=True, text=True, timeout=120)
        assert code is None or done.returncode == code, (argv, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
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
        self.imported.update(f"H-{i + 1}" for i in range(first, first + n))

    def import_lists(self):
        """The invented lists of Mỹ Phú Đông: households, people without a card, officials."""
        for programme, name in (("vneid", "ho-dan"), ("cccd", "cccd-ton"), ("officials", "can-bo")):
            self.run("import", programme, f"{ROOT}/tests/data/my-phu-dong/{name}.csv")

    def serve(self, env=None, wait=True):
        log = open(self.path("moidan.log"), "ab")
        self.daemon = subprocess.Popen([self.moidan, "serve"], env=dict(self.env, **(env or {})),
                                       stdout=log, stderr=subprocess.STDOUT)
        log.close()
        if wait:
            wait_for("serve", lambda: self.daemon.poll() is not None or listens(self.port))
            assert self.daemon.poll() is None, "the daemon ended: " + self.read("moidan.log")[-2000:]
        return self.daemon

    def set_clock(self, clock):
        """What time it is from now on, for the daemon too; then it is woken, as by a clock that was set. The
        daemon must have been started after a first call of this."""
        shift = shift_to(clock)
        self.write("clock", str(shift))
        self.env.update(MOIDAN_TEST_SHIFT=str(shift), MOIDAN_TEST_CLOCK=self.path("clock"))
        if self.daemon and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGUSR2)
            self.daemon.send_signal(signal.SIGUSR1)

    @contextlib.contextmanager
    def frozen(self):
        """The daemon stands still, between two transactions: others may write meanwhile."""
        def stands():
            states = set()
            for thread in glob.glob(f"/proc/{self.daemon.pid}/task/*/stat"):
                with open(thread, encoding="utf-8") as f:
                    states.add(f.read().rsplit(")", 1)[1].split()[0])
            return states == {"T"}

        def writable():
            self.daemon.send_signal(signal.SIGSTOP)
            wait_for("each thread to stand", stands)
            try:
                with contextlib.closing(sqlite3.connect(self.path(self.database), timeout=0)) as db:
                    db.execute("BEGIN IMMEDIATE")
                    return True
            except sqlite3.OperationalError:
                self.daemon.send_signal(signal.SIGCONT)
                return False
        wait_for("a moment when nothing is being written", writable)
        try:
            yield
        finally:
            self.daemon.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def writer(self):
        """Somebody holds the right to write, which all wait for."""
        def take():
            try:
                fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0))  # F_OFD_SETLK
                return True
            except OSError:
                return False
        with open(self.path(self.database + "-writer"), "r+b") as f:
            wait_for("the right to write", take)
            yield

    def somebody_waits_to_write(self):
        """Whether the next in turn is there."""
        turn = struct.Struct("hhqqi4x")
        with open(self.path(self.database + "-writer"), "r+b") as f:
            kind = turn.unpack(fcntl.fcntl(f, 36, turn.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)))[0]  # F_OFD_GETLK
        return kind != fcntl.F_UNLCK

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
        self.started.add(name)

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
        answer = get(request["CallbackUrl"] + "?" + urllib.parse.urlencode(query))
        if answer[0] == 200:
            self.receipts.append(request["RequestId"])
        return answer

    def keep(self, env=None, pause=0.2):
        """Does as systemd is told to: serves again whenever the daemon ends by anything but our hand. What
        is returned ends it, and knows how the lives ended."""
        keeper = Keeper(self, env, pause)
        self.things.append(keeper)
        return keeper

    def resources(self):
        """(resident KiB, descriptors) of the daemon."""
        with open(f"/proc/{self.daemon.pid}/status", encoding="ascii") as f:
            rss = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
        return rss, len(os.listdir(f"/proc/{self.daemon.pid}/fd"))

    def check(self, *providers):
        """The invariants, whatever happened before: the store beside what providers got and what was
        acknowledged. When nothing is under way. Returns the messages by state."""
        return self.check_ledger(r["RequestId"] for p in providers for r in p.seen())

    def check_ledger(self, references):
        """The same; references: of all requests that arrived anywhere."""
        with self.store() as db:
            return check(self, db, references)

    def store(self):
        """The store, to be read only: with h.store() as db."""
        return contextlib.closing(sqlite3.connect(f"file:{self.path(self.database)}?mode=ro", uri=True))


class Keeper:
    def __init__(self, house, env, pause):
        self.house, self.env, self.pause, self.codes, self.ending = house, env, pause, [], False
        with open(ROOT + "/contrib/systemd/moidan.service", encoding="utf-8") as f:
            line = next(line for line in f if line.startswith("RestartPreventExitStatus="))
        self.last = [int(code) for code in line.split("=")[1].split()]
        house.serve(env=env, wait=False)
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while True:
            code = self.house.daemon.wait()
            if self.ending:
                return
            self.codes.append(code)
            time.sleep(self.pause)
            if self.ending or code == 0 or code in self.last:
                return
            self.house.serve(env=self.env, wait=False)

    def stop(self):
        """The exit code of the last life."""
        self.ending = True
        code = self.house.stop() if self.house.daemon.poll() is None else self.house.daemon.returncode
        self.thread.join()
        return code


def check(h, db, ledger):
    def column(sql, *values):
        return [row[0] for row in db.execute(sql, values)]

    # The file is sound.
    assert column("PRAGMA integrity_check") == ["ok"], column("PRAGMA integrity_check")
    assert not db.execute("PRAGMA foreign_key_check").fetchall()
    rows = {i: (STATES[s], n, g) for i, s, n, g in
            db.execute("SELECT id, state, attempts, generation FROM message")}
    # What was acknowledged is there.
    lost = h.imported - set(column("SELECT list_key FROM recipient"))
    assert not lost, ("recipients lost", sorted(lost)[:5])
    lost = h.started - set(column("SELECT name FROM campaign WHERE started_at > 0"))
    assert not lost, ("campaigns lost", lost)
    kept = set(column("SELECT message_id FROM receipt UNION SELECT message_id FROM receipt_orphan"))
    lost = [r for r in h.receipts if int(r.split("-")[1]) not in kept]
    assert not lost, ("receipts lost", lost[:5])
    # Nothing went twice that was not uncertain before; nothing went that is not known.
    instance, = column("SELECT value FROM meta WHERE name = 'instance'")
    unsure = collections.Counter(db.execute("SELECT message_id, generation FROM attempt WHERE event = ?", (UNKNOWN,)))
    refused = set(db.execute("SELECT message_id, generation FROM attempt WHERE event IN (4, 5, 6) AND http_status > 0"))
    arrived = collections.Counter()
    for ref, n in collections.Counter(ledger).items():
        house, number, generation = ref.split("-")
        key = int(number), int(generation)
        assert house == instance and key[0] in rows, ("unknown reference", ref)
        assert n <= 1 + unsure[key], ("sent twice, never uncertain", ref, n, unsure[key])
        arrived[key[0]] += n
        state, attempts, current = rows[key[0]]
        assert attempts >= 1, ("sent, not known", ref, state)
        assert key[1] == current or key in refused, ("a new reference without a refusal", ref, current)
        assert state in LEFT or key in refused, ("sent, then forgotten", ref, state)
    ghosts = [i for i, (state, _, _) in rows.items() if state in ACCEPTED and i not in arrived]
    assert not ghosts, ("accepted here, not known there", ghosts[:5])
    # Three ways of counting agree, and attempts are what arrived, or what nobody can know.
    states = collections.Counter(state for state, _, _ in rows.values())
    kept = {STATES[s]: n for s, n in db.execute("SELECT state, sum(n) FROM message_count GROUP BY state") if n}
    assert kept == dict(states), (kept, states)
    days = {i: (sent, delivered) for i, sent, delivered in
            db.execute("SELECT campaign_id, sum(sent), sum(delivered) FROM message_day GROUP BY campaign_id")}
    now = {i: (sent, delivered) for i, sent, delivered in
           db.execute("SELECT campaign_id, sum(state IN (4, 5, 10, 11)), sum(state = 10) FROM message GROUP BY campaign_id")}
    assert {i: n for i, n in days.items() if any(n)} == {i: n for i, n in now.items() if any(n)}, (days, now)
    shown = collections.Counter()
    for name in column("SELECT name FROM campaign WHERE started_at > 0"):
        shown.update(h.states(name))
    assert shown == states, (shown, states)
    figures = h.json("report", "figures")["programmes"][0]["total"]
    assert figures["messages"] == sum(states[s] for s in LEFT), (figures, states)
    reached, bounced = (set(column("SELECT m.recipient_id FROM message m LEFT JOIN message o ON o.id = m.linked_to "
                                   "WHERE m.state = ?1 OR (m.state = 17 AND o.state = ?1)", state)) for state in (10, 11))
    assert figures["delivered"] == len(reached), (figures, states)
    assert figures["undelivered"] == len(bounced - reached), (figures, states)
    for i, (state, attempts, _) in rows.items():
        assert arrived[i] <= attempts, ("more arrived than was tried", i, arrived[i], attempts)
    # What was final is final.
    for i, state in h.finals.items():
        assert rows[i][0] == state, ("final state changed", i, state, rows[i][0])
    h.finals = {i: state for i, (state, _, _) in rows.items() if state in FINAL}
    return dict(states)
