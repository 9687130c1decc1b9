"""Frames, bodies and statements as docs/formats.md and proto/baton.proto describe them, and every way to make them wrong.

Shares no code with Baton: bytes are put together by hand, so that also what no encoder of ours would ever write can be
sent. Signatures and transport keys are libsodium's, loaded where it lies.
"""
import ctypes
import ctypes.util
import base64
import hashlib
import os
import struct

sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
if sodium.sodium_init() < 0:
    raise RuntimeError("libsodium does not start")

FRAME_BYTES_MAX = 65536
HEADER_BYTES, AT_SIGNATURE = 83, 19
TYPES = ("none enrol enrolled hello welcome beat order answer say report receipt chunk want refused heard findings").split()
FRAME, STATEMENT, CHECKPOINT = b"baton/frame/v1", b"baton/statement/v1", b"baton/checkpoint/v1"
ZERO16, ZERO32, ZERO64 = bytes(16), bytes(32), bytes(64)


def sha256(data):
    return hashlib.sha256(data).digest()


class Signer:
    def __init__(self, seed=None):
        self.key, self._secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
        sodium.crypto_sign_seed_keypair(self.key, self._secret, seed or os.urandom(32))
        self.key = self.key.raw

    def sign(self, domain, data):
        out, covered = ctypes.create_string_buffer(64), domain + b"\0" + data
        sodium.crypto_sign_detached(out, None, covered, ctypes.c_ulonglong(len(covered)), self._secret)
        return out.raw


def curve_pair(seed=None):
    """Public and secret X25519 key of 32 bytes each."""
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
    sodium.crypto_box_seed_keypair(public, secret, seed or os.urandom(32))
    return public.raw, secret.raw


class Identity:
    """Three key pairs of a program: for signing, for the transport, for sealed boxes."""

    def __init__(self, seeds=(None, None, None)):
        self.signer = Signer(seeds[0])
        self.key = self.signer.key
        self.curve, self.curve_secret = curve_pair(seeds[1])
        self.box, self.box_secret = curve_pair(seeds[2])

    @classmethod
    def stolen(cls, path):
        """From a program's key file: what somebody has who read its disk."""
        data = path.read_bytes()
        assert data[:8] == b"BTNKEYP1" and sha256(data[:-32]) == data[-32:], path
        return cls((data[8:40], data[40:72], data[72:104]))


class Token:
    """What an operator hands to one new agent."""

    def __init__(self, text):
        prefix, _, body = text.strip().partition("-")
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        assert prefix == "baton1" and raw[0] == 1, text
        n = struct.unpack(">H", raw[1:3])[0]
        self.address = raw[3:3 + n].decode()
        at = 3 + n
        self.seed, self.controller, self.controller_curve, self.root = (raw[at + 32 * i:at + 32 * i + 32] for i in range(4))
        self.tenant = raw[at + 128:at + 144]


# --- protobuf, by hand ---------------------------------------------------------------------------

def varint(n, pad=0):
    """pad: so many bytes more than are needed."""
    out = bytearray()
    while n > 0x7F or pad < 0:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    for _ in range(pad):
        out[-1] |= 0x80
        out.append(0)
    return bytes(out)


def number(field, n, pad=0):
    return varint(field << 3) + varint(n, pad)


def bytes_of(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def text_of(field, text):
    return bytes_of(field, text.encode() if isinstance(text, str) else text)


def put(field, value):
    return number(field, value) if isinstance(value, (int, bool)) else text_of(field, value)


def body_of(*values):
    """Fields 1, 2, 3 ... in order; None: left out."""
    return b"".join(put(i, v) for i, v in enumerate(values, 1) if v is not None)


def fields_of(data):
    """What stands in a body: (field, value) in order; numbers as int."""
    at, out = 0, []

    def take():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return n

    while at < len(data):
        tag = take()
        if tag & 7 == 0:
            out.append((tag >> 3, take()))
        else:
            assert tag & 7 == 2, tag
            n = take()
            out.append((tag >> 3, data[at:at + n]))
            at += n
    return out


def rebuilt(fields):
    return b"".join(put(field, value) for field, value in fields)


def envelope(session, sequence, sender, recipient, tenant):
    return body_of(session, sequence, sender, recipient, tenant)


def header(kind, key, body_len, magic=b"BTN1", version=1, key_id=None):
    return magic + struct.pack(">BH", version, kind) + (key_id or sha256(key)[:8]) + struct.pack(">I", body_len)


def frame(kind, body, signer, domain=FRAME, **head):
    said = head.pop("body_len", len(body))
    lead = header(kind, signer.key, said, **head)
    return lead + signer.sign(domain, lead + body) + body


def frame_read(data):
    """Type and fields of a frame that came."""
    return TYPES[struct.unpack(">H", data[5:7])[0]], dict(fields_of(data[HEADER_BYTES:]))


# --- canonical records ---------------------------------------------------------------------------

def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(data)) + data


def epoch(counter=0, incarnation=ZERO16):
    return struct.pack(">Q", counter) + incarnation


def facts(values=(), digests=(), note=""):
    """values: (number, state, age, value or reason)."""
    out = struct.pack(">H", len(values))
    for n, state, age, value in values:
        out += struct.pack(">HBI", n, state, age) + (struct.pack(">q", value) if state == 2 else bytes([value]))
    return out + bytes([len(digests)]) + b"".join(bytes([n]) + h for n, h in digests) + text(note)


STATEMENT_FIELDS = (
    ("tag", "4s", b"BST1"), ("type", "B", 1), ("tenant", "16s", ZERO16), ("member", "32s", ZERO32), ("plan", "32s", ZERO32),
    ("epoch", "24s", bytes(24)), ("recipient", "32s", ZERO32), ("asked", "24s", bytes(24)), ("nonce", "16s", ZERO16),
    ("counter", "Q", 1), ("kind", "B", 0), ("holding", "B", 0), ("tombstone", "B", 0), ("ever_exported", "B", 0),
    ("retired", "B", 0), ("armed", "B", 0), ("holding_epoch", "24s", bytes(24)), ("grant", "B", 0), ("serial", "I", 0),
    ("quarantine", "B", 0), ("refusal", "B", 0), ("boot", "16s", b"b" * 16), ("generation", "16s", ZERO16),
    ("guid", "16s", b"g" * 16), ("disk", "16s", b"d" * 16), ("version", None, "0.1.0"), ("binary", "32s", ZERO32),
    ("trust_version", "I", 0), ("trust_hash", "32s", ZERO32), ("receipt_size", "Q", 0), ("receipt_root", "32s", ZERO32),
    ("previous", "32s", ZERO32), ("said", "Q", 1764000000000))


def statement(facts_bytes=None, **values):
    out = b""
    for name, code, default in STATEMENT_FIELDS:
        value = values.pop(name, default)
        out += text(value) if code is None else struct.pack(">" + code, value)
    assert not values, values
    return out + (facts() if facts_bytes is None else facts_bytes)


def statement_read(data):
    out, at = {}, 0
    for name, code, _ in STATEMENT_FIELDS:
        if code is None:
            n = struct.unpack(">H", data[at:at + 2])[0]
            out[name] = data[at + 2:at + 2 + n].decode()
            at += 2 + n
        else:
            out[name] = struct.unpack_from(">" + code, data, at)[0]
            at += struct.calcsize(">" + code)
    out["facts"] = data[at:]
    return out
