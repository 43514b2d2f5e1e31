#!/usr/bin/env python3
"""Send hostile requests to the page's server and see that it shrugs.

hostile.py URL DRAWING.png COUNT FOLDER [SEED]: FOLDER is the server's private one (hwdr-serve.*).
DRAWING must read 2. Exit 1 when the server stops answering, a predictor has died or grown by more
than a fifth and 1 MB, an answer is a 5xx, or a file was left in FOLDER.
"""
import collections
import glob
import http.client
import os
import random
import socket
import struct
import sys
import urllib.parse
import zlib

GOOD = b"Content-Type: image/png\r\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, data):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data)
            + chunk(b"IEND", b""))


def post(body, headers=GOOD, length=None, path=b"/predict", host=b"localhost"):
    length = len(body) if length is None else length
    return (b"POST " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n" + headers
            + b"Content-Length: " + str(length).encode() + b"\r\n\r\n" + body)


def get(path, host=b"localhost"):
    return b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n\r\n"


def mutated(r, drawing):
    """A PNG with a few bytes changed; half of them with the sums made right again."""
    data = bytearray(drawing)
    for _ in range(r.randint(1, 8)):
        data[r.randrange(8, len(data))] = r.randrange(256)
    at = 8
    while r.random() < 0.5 and at + 12 <= len(data):
        n = struct.unpack(">I", data[at:at + 4])[0]
        if at + 12 + n > len(data):
            break
        data[at + 8 + n:at + 12 + n] = struct.pack(">I", zlib.crc32(data[at + 4:at + 8 + n]))
        at += 12 + n
    return bytes(data)


def kinds(drawing):
    """Name, weight, and how to make one: bytes to send, and whether to wait for the answer."""
    bomb = png(8192, 8192, zlib.compress(bytes(8193 * 8192), 9))
    paths = [b"/../../../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"/..%2f..%2fmodel",
             b"/data/../../model", b"//etc/passwd", b"/predict/../../model", b"/page.css%00",
             b"/" + b"A" * 7000, b"/predict?" + b"&" * 5000, b"/\xff\xfe", b"*", b"http://evil/"]
    return {
        "cut PNG": (8, lambda r: post(drawing[:r.randrange(len(drawing))])),
        "mutated PNG": (12, lambda r: post(mutated(r, drawing),
                                           path=b"/predict?layers=1&input=1")),
        "random body": (8, lambda r: post(r.randbytes(r.randrange(5000)))),
        "random after signature": (8, lambda r: post(drawing[:8] + r.randbytes(r.randrange(5000)))),
        "bomb, announced": (8, lambda r: post(png(60000, 60000, zlib.compress(bytes(1000))))),
        "bomb, in full": (0.1, lambda r: post(bomb)),
        "bomb, short of data": (4, lambda r: post(png(8192, 8192, zlib.compress(bytes(8193))))),
        "too much data": (4, lambda r: post(png(8, 8, zlib.compress(bytes(1000000))))),
        "oversized": (0.5, lambda r: post(bytes((4 << 20) + r.randint(1, 1 << 20)))),
        "length too large": (4, lambda r: post(drawing,
                                               length=len(drawing) + r.randint(1, 1 << 20))),
        "length too small": (4, lambda r: post(drawing, length=r.randrange(len(drawing)))),
        "length absurd": (4, lambda r: post(drawing, length=r.choice(
            ["-1", "1e9", "0x10", "", "18446744073709551616", 1 << 62, "5, 6"]))),
        "wrong type": (4, lambda r: post(drawing, b"Content-Type: text/html\r\n")),
        "bad Host": (4, lambda r: post(drawing, host=r.choice(
            [b"evil.example", b"localhost@evil", b"", b"[::1", b"a" * 5000, b"localhost\0"]))),
        "no Host": (2, lambda r: b"POST /predict HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
        "path": (8, lambda r: get(r.choice(paths))),
        "method": (4, lambda r: r.choice([b"PUT", b"TRACE", b"CONNECT", b"X" * 100])
                   + get(r.choice([b"/new.html", b"/predict", b"/"]))[3:]),
        "random bytes": (8, lambda r: r.randbytes(r.randrange(1, 2000))),
        "endless header": (2, lambda r: get(b"/")[:-2] + b"X: " + b"y" * 100000),
        "chunked nonsense": (4, lambda r: b"POST /predict HTTP/1.1\r\nHost: localhost\r\n" + GOOD
                             + b"Transfer-Encoding: chunked\r\n\r\n" + r.choice(
                                 [b"zz\r\n", b"ffffffffffffffff\r\n", b"5\r\nab", b"-1\r\n\r\n"])),
        "uninvited correction": (4, lambda r: post(drawing, path=b"/correct?label=1")),
    }


# What never ends by itself is given up by the client.
GIVEN_UP = {"length too large", "random bytes", "endless header", "chunked nonsense", "slow body"}


def send(address, data, wait):
    """Returns the status of the answer, 0 where there was none."""
    with socket.create_connection(address, timeout=10) as s:
        try:
            s.sendall(data)
            if not wait:
                s.settimeout(0.02)
            answer = s.recv(4096)
        except OSError:
            return 0
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def reads(address, drawing):
    """Whether a good drawing is still read."""
    connection = http.client.HTTPConnection(*address, timeout=20)
    connection.request("POST", "/predict", drawing, {"Content-Type": "image/png"})
    text = connection.getresponse().read()
    connection.close()
    return text.startswith(b'{"text": "2"')


def predictors(folder):
    """Resident KB of each predictor, by process id."""
    sizes = {}
    for directory in glob.glob("/proc/[0-9]*"):
        try:
            with open(directory + "/cmdline", "rb") as f:
                if f.read().split(b"\0")[0] != os.fsencode(folder) + b"/web-predict":
                    continue
            with open(directory + "/status") as f:
                sizes[int(directory[6:])] = next(int(line.split()[1]) for line in f
                                                 if line.startswith("VmRSS"))
        except (OSError, StopIteration):
            pass
    return sizes


def files(folder):
    return sorted(os.path.join(d, f) for d, _, fs in os.walk(folder) for f in fs)


def main():
    url, path, count, folder = sys.argv[1:5]
    count = int(count)
    r = random.Random(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
    parts = urllib.parse.urlsplit(url)
    address = ("127.0.0.1", parts.port)
    with open(path, "rb") as f:
        drawing = f.read()
    table = kinds(drawing)
    names, weights = list(table), [weight for weight, _ in table.values()]

    for name in names:  # each kind once, and the predictors warm, before memory is measured
        for _ in range(4):
            send(address, table[name][1](r), name not in GIVEN_UP)
    for _ in range(20):
        assert reads(address, drawing), "a good drawing is not read"
    before, files_before = predictors(folder), files(folder)
    slow = []
    seen = collections.Counter()
    failures = []
    for i in range(count):
        if i % 10 == 0:  # a body that does not come, held open beside the others
            s = socket.create_connection(address, timeout=10)
            s.sendall(post(drawing[:100], length=len(drawing)))
            slow.append(s)
            if len(slow) > 50:
                slow.pop(0).close()
        name = r.choices(names, weights)[0]
        status = send(address, table[name][1](r), name not in GIVEN_UP)
        seen[status] += 1
        if status >= 500 and status not in (501, 505):
            failures.append(f"{name}: status {status}")
        if i % 100 == 99 and not reads(address, drawing):
            failures.append(f"after {i + 1}: a good drawing is not read")
    for s in slow:
        s.close()
    if not reads(address, drawing):
        failures.append("a good drawing is not read at the end")
    after = predictors(folder)
    if sorted(before) != sorted(after) or not after:
        failures.append(f"predictors died: {sorted(before)} became {sorted(after)}")
    for pid, size in after.items():
        if size > before.get(pid, size) * 1.2 + 1024:
            failures.append(f"predictor {pid} grew from {before[pid]} to {size} KB")
    left = [f for f in files(folder) if f not in files_before]
    if left:
        failures.append(f"files were written: {left}")
    print(f"{count} hostile requests; statuses "
          + ", ".join(f"{s or 'none'}: {n}" for s, n in sorted(seen.items())))
    print("KB before and after: " + ", ".join(f"{before.get(p)} {s}" for p, s in after.items()))
    for failure in failures[:20]:
        print("FAILED", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
