# SPDX-License-Identifier: Apache-2.0
"""Websocket frames [RFC 6455] with the channels of v4 and v5.channel.k8s.io: the message's first byte says which stream."""
import base64
import hashlib
import os
import struct
import threading

CHANNELS = ["stdin", "stdout", "stderr", "error", "resize"]
CLOSE_CHANNEL = 255
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10
CHUNK = 1 << 15


def accept(key):
    return base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()


class Connection:
    def __init__(self, file, socket):
        self.file, self.socket, self.lock, self.ready = file, socket, threading.Lock(), threading.Event()
        self.ready.set()

    def expect(self, names):
        pass

    def read(self, length):
        data = self.file.read(length)
        if data is None or len(data) < length:
            raise ConnectionError
        return data

    def frame(self):
        first, second = self.read(2)
        length = second & 127
        if length >= 126:
            length = struct.unpack(">H" if length == 126 else ">Q", self.read(2 if length == 126 else 8))[0]
        mask = self.read(4) if second & 128 else b""
        data = self.read(length)
        if mask and data:
            long = (mask * (len(data) // 4 + 1))[:len(data)]
            data = (int.from_bytes(data, "big") ^ int.from_bytes(long, "big")).to_bytes(len(data), "big")
        return first & 15, bool(first & 128), data

    def receive(self):
        message = b""
        try:
            while True:
                kind, last, data = self.frame()
                if kind == CLOSE:
                    return None
                if kind == PING:
                    self.write(PONG, data)
                elif kind in (0, BINARY):
                    message += data
                    if last and message and message[0] == CLOSE_CHANNEL:
                        return CHANNELS[message[1]], b""
                    if last and len(message) > 1:
                        return CHANNELS[message[0]], message[1:]
                    message = b"" if last else message
        except (OSError, ValueError, ConnectionError):
            return None

    def write(self, kind, data):
        length = len(data)
        head = bytes([128 | kind]) + (bytes([length]) if length < 126 else b"\x7e" + struct.pack(">H", length) if length < 65536
                                      else b"\x7f" + struct.pack(">Q", length))
        with self.lock:
            self.socket.sendall(head + data)

    def send(self, name, data):
        for start in range(0, len(data), CHUNK):
            self.write(BINARY, bytes([CHANNELS.index(name)]) + data[start:start + CHUNK])

    def end(self, name):
        pass

    def close(self):
        try:
            self.write(CLOSE, struct.pack(">H", 1000))
        except OSError:
            pass
