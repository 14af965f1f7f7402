#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many single notices a second are durable before their answer. Needs wrk.
Usage: notices.py MOIDAN [SECONDS]   (a Release build; TMPDIR on the disk that is meant)"""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../flow")
from console_lib import add_user  # noqa: E402
from lib import House, Provider  # noqa: E402

SCRIPT = """
local n = 0
local next = 0
function setup(thread) thread:set("id", next); next = next + 1 end
function request()
  n = n + 1
  local body = '{"programme":"vneid","key":"H-' .. (1 + (n * 7 + id) %% %d) ..
    '","text":"ho-so-xong","values":{"noi":"Bo phan Mot cua xa"}}'
  return wrk.format("POST", "/api/v1/notices", {["Authorization"] = "Bearer %s", ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = "%s-" .. id .. "-" .. n}, body)
end
"""


def main():
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2].isdigit() else 10
    people = 2000
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        # a release has the real clock; little is sent: what is measured is taking in
        h.env["MOIDAN_TEST_SHIFT"] = "0"
        h.configure(provider.url, provider="rate_per_second: 1, ")
        h.import_people(people)
        h.serve()
        admin = add_user(h, "quantri", "administrator")
        page = admin.post("/keys", {"name": "tải", "send": "yes"})
        key = re.search(r'<code class="key">([\w-]+)</code>', page.text)[1]
        script = h.write("notices.lua", SCRIPT % (people, key, "b"))
        out = subprocess.run(["wrk", "-t2", "-c64", f"-d{seconds}s", "--latency", "-s", script, f"http://127.0.0.1:{h.port}"],
                             check=True, capture_output=True, text=True).stdout
        print(out)
        done = sum(h.states("API: tải").values())
        print(f"{done} notices durable, {done / seconds:.0f}/s")
        with open(f"/proc/{h.daemon.pid}/stat", encoding="ascii") as f:
            ticks = f.read().split()
        cpu = (int(ticks[13]) + int(ticks[14])) / os.sysconf("SC_CLK_TCK")
        print(json.dumps({"notices": done, "seconds": seconds, "daemon_cpu_s": round(cpu, 2), "us_each": round(cpu * 1e6 / max(done, 1), 1)}))


main()
