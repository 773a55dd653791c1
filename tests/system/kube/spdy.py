# SPDX-License-Identifier: Apache-2.0
"""
SPDY/3.1 as far as kubectl exec speaks it: streams that the client opens, no flow control of their own (moby/spdystream has none).
[https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/]
"""
import struct
import threading
import zlib

SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY = 1, 2, 3, 6, 7
FIN = 1
CHUNK = 1 << 15

# The dictionary of the draft's section 2.6.10.1: words with their lengths, then text.
WORDS = """options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow
authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5
content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range
if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after
server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1
url public set-cookie keep-alive origin"""
TEXT = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information"
    "204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error"
    "501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, "
    "Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.")
DICTIONARY = b"".join(struct.pack(">I", len(word)) + word.replace("_", " ").encode() for word in WORDS.split()) + TEXT.encode()
assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2


class Connection:
    """receive() -> (stream's name, bytes), b"" its end; or None: the connection is gone. send() may come from several threads."""

    def __init__(self, file, socket):
        self.file, self.socket, self.lock = file, socket, threading.Lock()
        self.unpack = zlib.decompressobj(zdict=DICTIONARY)
        self.pack = zlib.compressobj(zdict=DICTIONARY)
        self.names, self.ids, self.ready = {}, {}, threading.Event()
        self.wanted = set()

    def expect(self, names):
        self.wanted = set(names)

    def read(self, length):
        data = self.file.read(length)
        if data is None or len(data) < length:
            raise ConnectionError
        return data

    def write(self, data):
        with self.lock:
            self.socket.sendall(data)

    def headers(self, block):
        text = self.unpack.decompress(block)
        count, at, found = struct.unpack(">I", text[:4])[0], 4, {}
        for _ in range(count):
            pair = []
            for _ in range(2):
                length = struct.unpack(">I", text[at:at + 4])[0]
                pair.append(text[at + 4:at + 4 + length].decode())
                at += 4 + length
            found[pair[0].lower()] = pair[1]
        return found

    def control(self, kind, payload, flags=0):
        self.write(struct.pack(">HHI", 0x8003, kind, flags << 24 | len(payload)) + payload)

    def open_stream(self, payload):
        number = struct.unpack(">I", payload[:4])[0]
        name = self.headers(payload[10:])["streamtype"]
        self.names[number], self.ids[name] = name, number
        with self.lock:
            block = self.pack.compress(struct.pack(">I", 0)) + self.pack.flush(zlib.Z_SYNC_FLUSH)
        self.control(SYN_REPLY, struct.pack(">I", number) + block)
        if self.wanted <= set(self.ids):
            self.ready.set()

    def receive(self):
        try:
            while True:
                head = self.read(8)
                first, second = struct.unpack(">II", head)
                flags, payload = second >> 24, self.read(second & 0xFFFFFF)
                if not first & 0x80000000:
                    name = self.names.get(first)
                    if payload or flags & FIN:
                        return (name, payload) if not flags & FIN else (name, b"") if not payload else (name, payload + b"")
                elif first & 0xFFFF == SYN_STREAM:
                    self.open_stream(payload)
                elif first & 0xFFFF == RST_STREAM:
                    return self.names.get(struct.unpack(">I", payload[:4])[0]), b""
                elif first & 0xFFFF == PING:
                    self.control(PING, payload)
                elif first & 0xFFFF == GOAWAY:
                    return None
        except (OSError, ValueError, ConnectionError):
            return None

    def send(self, name, data):
        for start in range(0, len(data), CHUNK):
            part = data[start:start + CHUNK]
            self.write(struct.pack(">II", self.ids[name], len(part)) + part)

    def end(self, name):
        if name in self.ids:
            self.write(struct.pack(">II", self.ids[name], FIN << 24))

    def close(self):
        try:
            self.control(GOAWAY, struct.pack(">II", max(self.names, default=0), 0))
        except OSError:
            pass
