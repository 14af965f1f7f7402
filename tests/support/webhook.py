#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A receiver of webhooks that gives the answers named on its command line, the last one for ever:
a status (302 with a Location to itself), "429:SECONDS" with Retry-After, "close" (no answer), "hang"
(no answer for as long as anybody waits).

Prints its port, then a line of JSON for each request, judged by the Standard Webhooks specification
with the secret of the environment (WEBHOOK_SECRET). Serves until its standard input ends.
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time

answers = sys.argv[1:]
lock = threading.Lock()


def signature(headers, body):
    secret = base64.b64decode(os.environ['WEBHOOK_SECRET'].removeprefix('whsec_'))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return 'v1,' + base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        data = json.loads(body)
        with lock:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            print(json.dumps({
                'path': self.path, 'id': self.headers['webhook-id'],
                'timestamp': int(self.headers['webhook-timestamp']),
                'type': self.headers['Content-Type'],
                'signed': self.headers['webhook-signature'] == signature(self.headers, body),
                'body': hashlib.sha256(body).hexdigest(), 'kind': data['type'],
                'week': data['data']['figures']['week'], 'text': data['data']['text'][:60],
            }), flush=True)
        if answer == 'hang':
            time.sleep(60)
        if answer in ('close', 'hang'):
            self.close_connection = True
            return
        status, _, wait = answer.partition(':')
        self.send_response(int(status))
        if wait:
            self.send_header('Retry-After', wait)
        if status == '302':
            self.send_header('Location', '/elsewhere')
        self.send_header('Content-Length', '0')
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Receiver)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
