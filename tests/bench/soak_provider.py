# SPDX-License-Identifier: Apache-2.0
"""A provider in the eSMS dialect that is cheap enough to stand beside what is measured: one thread, keeps
connections, knows each reference again, and sends a receipt for what it accepted until it is acknowledged.
Its manners can be changed while it runs."""
import asyncio
import collections
import heapq
import json
import random
import re
import socket
import struct
import threading
import time
import urllib.parse

LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *(\d+)")
COURIERS = 8
ANSWERS_AFTER = 0.02  # seconds
AGAIN_AFTER = 0.5


class Connection(asyncio.Protocol):
    def __init__(self, provider):
        self.provider, self.data, self.transport = provider, b"", None

    def connection_made(self, transport):
        self.transport = transport
        self.provider.connections.add(self)

    def connection_lost(self, exc):
        self.provider.connections.discard(self)

    def data_received(self, data):
        self.data += data
        while True:
            end = self.data.find(b"\r\n\r\n")
            if end < 0:
                return
            length = LENGTH.search(self.data, 0, end + 2)
            whole = end + 4 + (int(length.group(1)) if length else 0)
            if len(self.data) < whole:
                return
            body, self.data = self.data[end + 4:whole], self.data[whole:]
            self.provider.arrived(self, body)

    def answer(self, status, body):
        if not self.transport.is_closing():
            data = json.dumps(body).encode()
            self.transport.write(b"HTTP/1.1 %d .\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                                 % (status, len(data)) + data)

    def reset(self):
        """A reset, not an orderly end."""
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class Provider:
    """manners: "good"; "hangs", "errors", "resets": half of what comes is worked on and nobody hears of it;
    "busy": 429. receipts_held keeps receipts back; letting go of them brings them in reverse and up to
    three times."""

    def __init__(self, seed):
        self.luck = random.Random(seed)
        self.manners, self.receipts_held = "good", False
        self.arrivals = collections.Counter()  # requests by reference, worked on or not
        self.accepted, self.acknowledged = set(), set()  # references
        self.connections = set()
        self.waiting = []  # a heap: when, a tie-breaker, the receipt's query
        self.url_of_receipts, self.n, self.under_way, self.repeated = None, 0, 0, 0
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(started,), daemon=True)
        self.thread.start()
        started.wait()
        self.url = f"http://127.0.0.1:{self.port}"

    def run(self, started):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            self.loop.create_server(lambda: Connection(self), "127.0.0.1", 0, backlog=256))
        self.port = server.sockets[0].getsockname()[1]
        couriers = [self.loop.create_task(self.courier()) for _ in range(COURIERS)]
        started.set()
        self.loop.run_forever()
        for c in couriers:
            c.cancel()
        self.loop.run_until_complete(asyncio.gather(*couriers, return_exceptions=True))
        server.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    # ---- requests

    def arrived(self, connection, body):
        request = json.loads(body)
        ref = request["RequestId"]
        self.arrivals[ref] += 1
        self.url_of_receipts = request["CallbackUrl"]
        manners = self.manners
        if manners == "busy":
            connection.answer(429, {})
            return
        if manners != "good":
            if self.luck.random() < 0.5:
                self.accept(ref)
            if manners == "errors":
                connection.answer(self.luck.choice((500, 502, 503)), {})
            elif manners == "resets":
                connection.reset()
            return
        known = ref in self.accepted
        self.accept(ref)
        answer = ({"CodeResult": "124", "ErrorMessage": "duplicate"} if known else
                  {"CodeResult": "100", "CountRegenerate": 0, "SMSID": "S-" + ref})
        self.loop.call_later(ANSWERS_AFTER, connection.answer, 200, answer)

    def accept(self, ref):
        if ref in self.accepted:
            return
        self.accepted.add(ref)
        if self.luck.random() < 0.1:
            self.later(ref, "1", self.luck.random())  # under way
        self.later(ref, "5", self.luck.choice((0.0, 0.3, 2.0, 5.0)))

    def behave(self, manners):
        """Changes its manners; what hung until now loses its connection."""
        def change():
            if self.manners == "hangs":
                for c in list(self.connections):
                    c.reset()
            self.manners = manners
        self.loop.call_soon_threadsafe(change)

    # ---- receipts

    def later(self, ref, status, seconds):
        self.n += 1
        heapq.heappush(self.waiting, (time.monotonic() + seconds, self.n, ref, status))

    def hold_receipts(self):
        self.receipts_held = True

    def release_receipts(self):
        def release():
            self.receipts_held = False
            twisted, self.waiting = sorted(self.waiting, reverse=True), []
            for i, (_, _, ref, status) in enumerate(twisted):
                times = self.luck.choice((1, 1, 2, 3))
                self.repeated += times - 1
                for _ in range(times):
                    self.later(ref, status, i * 1e-4)
        self.loop.call_soon_threadsafe(release)

    def receipts_left(self):
        return len(self.waiting) + self.under_way

    async def courier(self):
        streams = None
        while True:
            if self.receipts_held or not self.waiting or self.waiting[0][0] > time.monotonic():
                await asyncio.sleep(0.02)
                continue
            _, _, ref, status = heapq.heappop(self.waiting)
            self.under_way += 1
            try:
                url = urllib.parse.urlsplit(self.url_of_receipts)
                if streams is None:
                    streams = await asyncio.open_connection(url.hostname, url.port)
                code = await asyncio.wait_for(self.tell(streams, url, ref, status), 20)
            except (OSError, EOFError, asyncio.TimeoutError, ValueError):
                code = 0
            if code == 200:
                self.acknowledged.add(ref)
            else:
                self.later(ref, status, AGAIN_AFTER)
            if code == 0 and streams:
                streams[1].transport.abort()
                streams = None
            self.under_way -= 1

    @staticmethod
    async def tell(streams, url, ref, status):
        reader, writer = streams
        query = f"SMSID=S-{ref}&SendStatus={status}&RequestId={ref}&TypeId=2&SendFailed=0&SendSuccess=1"
        writer.write(f"GET {url.path}?{query} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        await reader.readexactly(int(length.group(1)) if length else 0)
        return int(head.split(b" ", 2)[1])
