#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many single notices a second are durable before their answer, and what each costs the gateway.
Usage: notices.py BUILD [NOTICES [CONNECTIONS]]   (a Release BUILD, its target `bench`; TMPDIR on the disk that is meant)"""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../flow")
from console_lib import add_user  # noqa: E402
from lib import House, Provider  # noqa: E402

PEOPLE = 2000
REQUEST = """Authorization: Bearer %s
Content-Type: application/json
Idempotency-Key: b-{n}

{"programme":"vneid","key":"H-{p}","text":"ho-so-xong","values":{"noi":"Bo phan Mot cua xa"}}"""


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        ticks = f.read().rsplit(")", 1)[1].split()[11:13]
    return sum(int(t) for t in ticks) / os.sysconf("SC_CLK_TCK")


def main():
    build = sys.argv[1]
    notices, connections = (sys.argv[2:] + ["30000", "256"][len(sys.argv) - 2:])[:2]
    with House(build + "/moidan") as h:
        provider = h.add(Provider())
        # a release has the real clock; little is sent: what is measured is taking in
        h.env["MOIDAN_TEST_SHIFT"] = "0"
        h.configure(provider.url, provider="rate_per_second: 1, ")
        h.import_people(PEOPLE)
        h.serve()
        admin = add_user(h, "quantri", "administrator")
        page = admin.post("/keys", {"name": "tải", "send": "yes"})
        key = re.search(r'<code class="key">([\w-]+)</code>', page.text)[1]
        before = cpu(h.daemon.pid)
        out = subprocess.run([build + "/tests/load_client", str(h.port), "/api/v1/notices?n={n}", connections, notices, "1",
                              h.write("request", REQUEST % key), str(PEOPLE)], capture_output=True, text=True, check=False)
        used = cpu(h.daemon.pid) - before
        client = json.loads(out.stdout)
        done = sum(h.states("API: tải").values())
        print(json.dumps({**client, "durable": done, "daemon_cpu_s": round(used, 2), "daemon_us_each": round(used * 1e6 / max(done, 1), 1)}))


main()
