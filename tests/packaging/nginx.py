#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shipped nginx.conf in front of the real daemon: receipts come through, nothing else does, and no
token is in a log. Usage: nginx.py MOIDAN MOIDAN_CONF NGINX"""
import http.client
import os
import ssl
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../flow"))
from lib import House, Provider, free_port, listens, wait_for  # noqa: E402


class Nginx:
    """The shipped files with only their addresses and paths changed; more: of a file, what else is changed."""

    def __init__(self, h, nginx, *confs, more=()):
        self.port = free_port()
        site = ""
        for conf in confs:
            with open(conf, encoding="utf-8") as f:
                site += f.read()
        for old, new in (
                ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
                ("listen [::]:443 ssl;", ""),
                ("server 127.0.0.1:8080;", f"server 127.0.0.1:{h.port};"),
                ("/etc/letsencrypt/live/moidan.xa.example/", h.home + "/"),
                ("/var/log/nginx/moidan.log", h.path("access.log")),
                ("/var/log/nginx/moidan-error.log", h.path("error.log")), *more):
            assert old in site, old
            site = site.replace(old, new)
        h.write("site.conf", site)
        h.write("nginx.conf", ("user root;\n" if os.geteuid() == 0 else "") + f"""
worker_processes 1;
pid {h.path('nginx.pid')};
events {{}}
http {{
{''.join(f'  {t}_temp_path {h.home}/{t};' for t in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))}
  include {h.path('site.conf')};
}}
""")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=moidan.xa.example", "-keyout", h.path("privkey.pem"), "-out",
                        h.path("fullchain.pem")], check=True, capture_output=True)
        self.argv = [nginx, "-p", h.home, "-c", h.path("nginx.conf"), "-e", h.path("error.log")]
        done = subprocess.run([*self.argv, "-t"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "[warn]" not in done.stderr, done.stderr
        self.process = subprocess.Popen([*self.argv, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
        wait_for("nginx", lambda: listens(self.port))

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def get(self, path, method="GET", body=None, host="moidan.xa.example", **headers):
        """Status, headers, body as it came."""
        c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20,
                                        context=ssl._create_unverified_context())
        c.request(method, path, body, {"Host": host, **{k.replace("_", "-"): v for k, v in headers.items()}})
        answer = c.getresponse()
        data = answer.read()
        c.close()
        return answer.status, answer.headers, data

    def ask(self, path, method="GET", body=None):
        return self.get(path, method, body)[0]


def main():
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url)
        h.import_people(2)
        h.serve()
        front = h.add(Nginx(h, sys.argv[3], sys.argv[2]))
        h.campaign("một")
        h.wait_states("một", {"sent": 2})
        first, second = provider.seen()
        url = urllib.parse.urlsplit(first["CallbackUrl"])
        token = url.path.rsplit("/", 1)[1]
        receipt = f"?SMSID=S-{first['RequestId']}&SendStatus=5&SendSuccess=1&RequestId={first['RequestId']}"
        assert front.ask(url.path + receipt) == 200
        h.wait_states("một", {"sent": 1, "delivered": 1})

        for path in ("/", "/healthz", "/readyz", "/metrics", "/callbacks", "/callbacks/../metrics",
                     "/callbacks/%2e%2e/metrics", "//metrics"):
            assert front.ask(path) in (400, 404), (path, front.ask(path))
        assert front.ask(url.path, "DELETE") == 403
        assert front.ask(url.path, "POST", b"x" * 70000) == 413
        assert front.ask("/callbacks/sms/" + "x" * 9000) == 414

        # Not even when the daemon is away or a limit is met does the token get into a log.
        h.stop()
        assert front.ask(url.path + receipt.replace(first["RequestId"], second["RequestId"])) == 502
        logs = h.read("access.log") + h.read("error.log")
        assert "GET /callbacks/sms/ 200 " in logs, logs
        assert token not in logs, logs
        assert first["RequestId"] not in logs, logs


if __name__ == "__main__":
    main()
