#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An SMTP server that behaves as the receiver's address says.

Prints "PORT OTHER_PORT TLS_PORT" (127.0.0.1, 127.0.0.2 and TLS with a certificate nobody knows) and
serves until its standard input ends. Each message it takes is parsed by Python's email package and
printed as a line of JSON.
    later@…   451 to RCPT        never@…    550 to RCPT
    full@…    452 to the text    refused@…  554 to the text    slow@…  taken after 2 s
    silent@…  no answer to RCPT  gone@…     the connection ends instead of an answer to the text
"""
import base64
import email
import email.policy
import json
import os
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time

RCPT = {'later': '451 4.3.0 try again', 'never': '550 5.1.1 nobody here'}
TEXT = {'full': '452 4.3.1 no room', 'refused': '554 5.7.1 refused'}
lock = threading.Lock()


def words(data):
    """Text whole, of anything else how it begins."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data[:4].decode('latin-1')


def describe(sender, receivers, login, raw):
    m = email.message_from_bytes(raw, policy=email.policy.default)
    text = m.get_body(('plain',))
    return {'mail_from': sender, 'rcpt_to': receivers, 'login': login,
            'from': m['From'].addresses[0].addr_spec,
            'to': [a.addr_spec for a in m['To'].addresses],
            'subject': m['Subject'], 'message_id': m['Message-ID'], 'date': m['Date'],
            'text': text.get_content(),
            'attachments': [{'filename': a.get_filename(), 'type': a.get_content_type(),
                             'bytes': len(a.get_payload(decode=True)),
                             'data': words(a.get_payload(decode=True))}
                            for a in m.iter_attachments()],
            'defects': [repr(d) for p in m.walk() for d in p.defects] +
                       [repr(d) for h in m.values() for d in getattr(h, 'defects', ())],
            'longest': max(len(line) for line in raw.split(b'\r\n')),
            'bare': raw.count(b'\n') != raw.count(b'\r\n') or not raw.isascii()}


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b'\r\n')

    def take_text(self):
        lines = []
        self.say('354 go on')
        while (line := self.rfile.readline()) not in (b'.\r\n', b''):
            lines.append(line[1:] if line.startswith(b'.') else line)
        return b''.join(lines)

    def handle(self):
        sender, receivers, login = '', [], None
        self.say('220 mail.example ESMTP')
        while line := self.rfile.readline().decode().rstrip('\r\n'):
            verb = line.upper().split(':')[0].split(' ')[0]
            local = line.partition('<')[2].partition('@')[0]
            if verb == 'EHLO':
                self.say('250-mail.example')
                self.say('250 AUTH PLAIN')
            elif verb == 'AUTH':
                blob = line.split(' ')[2] if line.count(' ') > 1 else self.ask()
                login = base64.b64decode(blob).decode().split('\0')[1:]
                self.say('235 welcome' if login[1] == 'mat-khau' else '535 5.7.8 wrong')
            elif verb == 'MAIL':
                sender = line.partition('<')[2].partition('>')[0]
                self.say('250 ok')
            elif verb == 'RCPT':
                if local == 'slow':
                    time.sleep(2)
                if local == 'silent':
                    time.sleep(30)
                if local not in RCPT:
                    receivers.append(line.partition('<')[2].partition('>')[0])
                self.say(RCPT.get(local, '250 ok'))
            elif verb == 'DATA':
                raw = self.take_text()
                local = receivers[0].partition('@')[0]
                if local == 'gone':
                    return
                if local not in TEXT:
                    with lock:
                        print(json.dumps(describe(sender, receivers, login, raw)), flush=True)
                self.say(TEXT.get(local, '250 taken'))
            elif verb == 'QUIT':
                self.say('221 bye')
                return
            else:
                self.say('250 ok')

    def ask(self):
        self.say('334 ')
        return self.rfile.readline().decode().strip()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, address, context=None):
        super().__init__((address, 0), Session)
        self.context = context
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        try:
            if self.context:
                request = self.context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)
        except OSError:
            pass


def tls():
    with tempfile.TemporaryDirectory() as d:
        pem = os.path.join(d, 'pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost',
                        '-days', '2', '-keyout', pem, '-out', pem + '.crt'],
                       check=True, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem + '.crt', pem)
        return context


servers = [Server('127.0.0.1'), Server('127.0.0.2'), Server('127.0.0.1', tls())]
print(*(s.server_address[1] for s in servers), flush=True)
sys.stdin.read()
