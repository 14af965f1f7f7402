#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that behaves as the path says, mostly badly.

Prints "PLAIN_PORT TLS_PORT" and serves until its standard input ends. GET /counts/PATH answers how
many requests for PATH were read whole, which is what a provider would have acted upon.
"""
import collections
import gzip
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

counts = collections.Counter()
lock = threading.Lock()
JSON = b'{"ok":"yes"}'


def ok(conn, body=JSON, extra=b''):
    conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n' + extra +
                 b'Content-Length: %d\r\n\r\n' % len(body) + body)


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def drip(conn):
    conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
    for _ in range(1000):
        conn.sendall(b'a')
        time.sleep(0.05)


def chunked(conn):
    conn.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    for _ in range(200):
        conn.sendall(b'10000\r\n' + b'a' * 65536 + b'\r\n')
    conn.sendall(b'0\r\n\r\n')


def headers(conn):
    conn.sendall(b'HTTP/1.1 200 OK\r\n')
    for i in range(2000):
        conn.sendall(b'X-%d: %s\r\n' % (i, b'a' * 1000))
    conn.sendall(b'Content-Length: 2\r\n\r\nok')


def bomb(conn):
    body = gzip.compress(b'\0' * 10_000_000)
    ok(conn, body, b'Content-Encoding: gzip\r\n')


def serve_one(conn, path, nth):
    """Answers one request that was read whole. False when the connection is to be closed."""
    if path.startswith('/counts/'):
        with lock:
            ok(conn, b'%d' % counts[path[len('/counts'):]])
    elif path.split('?')[0] in ('/', '/echo'):
        ok(conn, path.encode())
    elif path in ('/fin-second', '/reset-second'):
        if nth > 1:
            if path == '/reset-second':
                reset(conn)
            return False
        ok(conn)
    elif path == '/drip':
        drip(conn)
    elif path == '/hang':
        time.sleep(30)
    elif path == '/truncated':
        conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"code":0')
        return False
    elif path == '/chunked':
        chunked(conn)
    elif path == '/endless':
        conn.sendall(b'HTTP/1.1 200 OK\r\n\r\n' + b'a' * 6_000_000)
        return False
    elif path == '/claims-huge':
        conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n' + b'a' * 2_000_000)
        return False
    elif path == '/redirect':
        ok_status = b'HTTP/1.1 302 Found\r\nLocation: /redirected\r\nContent-Length: 0\r\n\r\n'
        conn.sendall(ok_status)
    elif path == '/garbage':
        conn.sendall(b'220 mail.example ESMTP\r\n')
        return False
    elif path == '/headers':
        headers(conn)
    elif path == '/gzip':
        bomb(conn)
    elif path == '/early':
        conn.sendall(b'HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n')
        ok(conn, JSON, b'X-Late: 2\r\n')
    elif path == '/nothing':
        return False
    else:
        ok(conn)
    return True


def serve(conn):
    data, nth = b'', 0
    try:
        while True:
            while b'\r\n\r\n' not in data:
                more = conn.recv(65536)
                if not more:
                    return
                data += more
            head, data = data.split(b'\r\n\r\n', 1)
            length = 0
            for line in head.split(b'\r\n')[1:]:
                name, _, value = line.partition(b':')
                if name.lower() == b'content-length':
                    length = int(value)
                if name.lower() == b'expect':
                    counts['/expect'] += 1
            while len(data) < length:
                more = conn.recv(65536)
                if not more:
                    return
                data += more
            data = data[length:]
            nth += 1
            path = head.split(b' ')[1].decode()
            with lock:
                counts[path] += 1
            if not serve_one(conn, path, nth):
                return
    except OSError:
        pass
    finally:
        conn.close()


def listen(wrap=None):
    server = socket.socket()
    server.bind(('127.0.0.1', 0))
    server.listen(64)

    def run(conn):
        try:
            if wrap is not None:
                conn = wrap(conn)
        except OSError:
            return
        serve(conn)

    def accept():
        while True:
            conn, _ = server.accept()
            threading.Thread(target=run, args=(conn,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def tls():
    with tempfile.TemporaryDirectory() as folder:
        key, cert = os.path.join(folder, 'key.pem'), os.path.join(folder, 'cert.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
                        '/CN=localhost', '-keyout', key, '-out', cert],
                       check=True, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
    return lambda conn: context.wrap_socket(conn, server_side=True)


def main():
    print(listen(), listen(tls()), flush=True)
    sys.stdin.read()


main()
