"""What listens beside the target: http on 80, https on 443, names on 53. For the tools to have something to talk to."""
import http.server
import socket
import ssl
import struct
import threading

PAGE = b"page from the server\n"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = self.path == "/private" and not self.headers.get("Authorization")
        self.send_response(401 if wanted else 200)
        if wanted:
            self.send_header("WWW-Authenticate", "Negotiate")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # clients that hang up are what port scans look like


def answer(query):
    """A is 127.0.0.1 for localhost and names in .test, NXDOMAIN for the rest; nothing for other types."""
    end = query.index(b"\0", 12) + 5
    name, kind = query[12:end - 4].lower(), struct.unpack(">H", query[end - 4:end - 2])[0]
    known = name.endswith((b"\4test\0", b"\x09localhost\0"))
    count = int(known and kind == 1)
    head = query[:2] + struct.pack(">HHHHH", 0x8580 if known else 0x8583, 1, count, 0, 0)
    return head + query[12:end] + count * (b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes((127, 0, 0, 1)))


def serve_udp(server):
    while True:
        query, client = server.recvfrom(4096)
        server.sendto(answer(query), client)


def serve_tcp(server):
    while True:
        client, _ = server.accept()
        with client:
            query = client.recv(4096)
            if len(query) > 14:
                reply = answer(query[2:])
                client.sendall(struct.pack(">H", len(reply)) + reply)


def background(function, *args):
    threading.Thread(target=function, args=args, daemon=True).start()


def start(certificate, key):
    background(Server(("127.0.0.1", 80), Page).serve_forever)
    https = Server(("127.0.0.1", 443), Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    https.socket = context.wrap_socket(https.socket, server_side=True, do_handshake_on_connect=False)
    background(https.serve_forever)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 53))
    background(serve_udp, udp)
    tcp = socket.create_server(("127.0.0.1", 53))
    background(serve_tcp, tcp)
