#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who it talks to: no server without a good certificate of its name and today's TLS is given our key, and no
public name leads into a private network, however its address comes about. Runs in a mount namespace, with
trusted certificates and a name server of its own. Usage: names.py MOIDAN"""
import concurrent.futures
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import warnings

from lib import House, Provider, own_mounts, wait_for

SKIPPED = 77
warnings.simplefilter("ignore", DeprecationWarning)  # old TLS is what is shown


def sign(folder, name, *, days="2", at=None, signed=True, subject="/CN=localhost", san="DNS:localhost"):
    """A certificate: (its file, its key's)."""
    key, request, cert = (f"{folder}/{name}.{end}" for end in ("key", "csr", "pem"))

    def openssl(*argv):
        command = (["faketime", at] if at else []) + ["openssl", *argv]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", subject, "-keyout", key)
    if not signed:
        openssl("req", "-x509", *curve, "-days", days, "-addext", f"subjectAltName={san}", "-out", cert)
        return cert, key
    openssl("req", *curve, "-out", request)
    with open(f"{folder}/{name}.ext", "w", encoding="ascii") as f:
        f.write(f"subjectAltName={san}\n")
    openssl("x509", "-req", "-in", request, "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key",
            "-CAcreateserial", "-days", days, "-extfile", f"{folder}/{name}.ext", "-out", cert)
    return cert, key


def context(pair, version=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if version:
        c.set_ciphers("ALL:@SECLEVEL=0")
        c.minimum_version = ssl.TLSVersion.TLSv1
        c.maximum_version = version
    c.load_cert_chain(*pair)
    return c


def house(provider, **more):
    h = House(sys.argv[1])
    h.provider = h.add(provider)
    h.describe("limits:\n", "limits:\n  connect_timeout: 2s\n  total_timeout: 4s\n")
    for old, new in more.pop("describe", ()):
        h.describe(old, new)
    h.configure(more.pop("url", provider.url), extra="caps: {per_day: 3, per_week: 6}\ndispatch: {backoff: 1s}")
    return h


def begin(h):
    h.run("init")
    h.import_people(1)
    h.serve()
    h.campaign("một")


def tried(h):
    """How often sending was tried and proved not to have happened; with the last reason."""
    shown = h.json("message", "list", "--campaign", "một")["items"][0]
    return shown["attempts"], shown.get("reason") or ""


def is_refused(h, within=6):
    begin(h)
    began = time.monotonic()
    wait_for("two tries", lambda: tried(h)[0] >= 2, 2 * within)
    took = time.monotonic() - began
    assert not h.provider.seen(), "our key went to a stranger"
    assert set(h.states("một")) <= {"queued", "sending"}, h.states("một")
    assert h.stop() == 0
    assert h.check(h.provider) == {"queued": 1}
    return took


def bad_certificates(folder):
    expired = sign(folder, "expired", days="1", at="2020-01-01 00:00:00")
    future = sign(folder, "future", at="2045-01-01 00:00:00")
    own = sign(folder, "own", signed=False)
    other = sign(folder, "other", subject="/CN=other.example", san="DNS:other.example")
    good = sign(folder, "good")
    old = context(good, ssl.TLSVersion.TLSv1_1)
    cases = {"good": context(good), "expired": context(expired), "not yet valid": context(future),
             "self-signed": context(own), "of another name": context(other), "TLS 1.1": old}

    def case(name):
        with house(Provider(tls=cases[name])) as h:
            if name == "good":  # what makes the others worth something
                begin(h)
                h.wait_states("một", {"sent": 1})
                assert h.stop() == 0
                return
            if name == "TLS 1.1":
                eager = ssl.create_default_context(cafile=f"{folder}/ca.pem")
                eager.set_ciphers("ALL:@SECLEVEL=0")
                eager.minimum_version = ssl.TLSVersion.TLSv1
                with socket.create_connection(("127.0.0.1", h.provider.port)) as s:
                    assert eager.wrap_socket(s, server_hostname="localhost").version() == "TLSv1.1"
            is_refused(h)
    run(case, cases)
    print("ok no key for servers whose certificate is", ", ".join(c for c in cases if c != "good"))


def run(case, cases):
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        jobs = {name: pool.submit(case, name) for name in cases}
    failed = {name: job.exception() for name, job in jobs.items() if job.exception()}
    for name, why in failed.items():
        print(f"{name}: {why!r}")
    assert not failed


class NameServer:
    """Answers for .example: private, rebind (first public, then private), slow (never). Nothing else exists."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.46.46.46", 53))
        self.asked = {}
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            kind, = struct.unpack(">H", query[at + 1:at + 3])
            name = ".".join(labels)
            if name.startswith("slow"):
                continue
            address = None
            if name.startswith(("private", "allowed")):
                address = "127.0.0.1"
            elif name.startswith("rebind"):
                self.asked[name] = self.asked.get(name, 0) + (kind == 1)
                address = "127.0.0.1" if self.asked[name] > 1 else "192.0.2.1"
            elif name.startswith("meta"):
                address = "169.254.169.254"
            answers = b""
            if address and kind == 1:
                answers = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
            code = 0x8180 if address else 0x8183
            self.socket.sendto(query[:2] + struct.pack(">HHHHH", code, 1, len(answers) // 16, 0, 0) +
                               query[12:at + 5] + answers, peer)


def names(folder):
    NameServer()
    hosts = ("allowed", "private", "rebind", "meta", "none", "slow")
    tls = context(sign(folder, "hosts", san=",".join(f"DNS:{n}.example" for n in hosts)))
    took = {}

    def case(name):
        provider = Provider(tls=tls)
        change = [("settings:\n", "allow_private: true\n\nsettings:\n")] if name == "allowed" else []
        with house(provider, url=f"https://{name}.example:{provider.port}", describe=change) as h:
            if name == "allowed":
                begin(h)
                h.wait_states("một", {"sent": 1})
                assert h.stop() == 0
                return
            took[name] = is_refused(h)
            reason = "private" if name in ("private", "rebind", "meta") else ""
            assert reason in tried(h)[1], tried(h)
    run(case, hosts)
    print("ok no way into a private network;", ", ".join(f"{n} {t:.1f} s" for n, t in sorted(took.items())))


def main():
    if not own_mounts():
        print("skipped: nothing may be mounted here")
        sys.exit(SKIPPED)
    with House(sys.argv[1]) as h:
        folder = h.home
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "20000", "-subj", "/CN=Flow CA", "-keyout", folder + "/ca.key",
                        "-out", folder + "/ca.pem"], check=True, stderr=subprocess.DEVNULL,
                       env=dict(os.environ))
        trusted = "/etc/ssl/certs/ca-certificates.crt"
        subprocess.run(["mount", "--bind", folder + "/ca.pem", trusted], check=True)
        subprocess.run(["mount", "--bind", h.write("resolv.conf", "nameserver 127.46.46.46\noptions timeout:10\n"),
                        os.path.realpath("/etc/resolv.conf")], check=True)
        bad_certificates(folder)
        names(folder)


main()
