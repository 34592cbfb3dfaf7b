"""TLS client hellos written by hand, for names and endings that no library lets a client have.

    record = 0x16 version(2) size(2) handshake      handshake = 0x01 size(3) body     (RFC 5246 §7.4.1.2)
"""


def client_hello(name):
    """A TLS 1.2 hello that asks for `name` (bytes of any size), as one record."""
    entry = b"\0" + _sized(name, 2)
    extensions = (_extension(0, _sized(entry, 2)) +  # server_name (RFC 6066 §3)
                  _extension(10, _sized(b"\x00\x17", 2)) +  # supported_groups: P-256
                  _extension(11, b"\1\0") +  # ec_point_formats: uncompressed
                  _extension(13, _sized(b"\x04\x03", 2)))  # signature_algorithms: ECDSA with SHA-256
    body = b"\3\3" + bytes(32) + b"\0" + _sized(b"\xc0\x2b", 2) + b"\1\0" + _sized(extensions, 2)
    return b"\x16\3\1" + _sized(b"\1" + _sized(body, 3), 2)


def record(wire):
    """The next record that a server sent: (type, body); (None, b"") at the end."""
    head = wire.read(5)
    if len(head) < 5:
        return None, b""
    return head[0], wire.read(int.from_bytes(head[3:5], "big"))


ALERT, HANDSHAKE = 0x15, 0x16
UNRECOGNIZED_NAME = 112
SERVER_HELLO = 2


def _sized(data, octets):
    return len(data).to_bytes(octets, "big") + data


def _extension(number, data):
    return number.to_bytes(2, "big") + _sized(data, 2)
