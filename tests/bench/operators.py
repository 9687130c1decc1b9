"""People who sign, without a process for each signature: what `baton` does, over one open connection.

Keys are opened once and stay open, as with a person who sits there; libsodium is the one that Baton itself
needs. Nothing is checked here that a careful client would check (who the controller is, what it shows):
this only measures how long the product takes.
"""
import contextlib
import ctypes
import ctypes.util
import hashlib
import http.client
import json
import os
import socket
import ssl
import struct
import threading
import time

VERBS = {"plan": 1, "adopt": 2, "cutover": 3, "go": 4, "rollback": 5, "retire": 7}
MEMBERS_MAX = 4
APPROVAL_BYTES = 529
SEED, SECRET, MAC, NONCE, SALT = 32, 64, 16, 24, 16

sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
sodium.sodium_init()


def key_open(path, passphrase):
    """A key file under a passphrase: magic, algorithm, cost, salt, public key, nonce, box."""
    file = path.read_bytes()
    ops, memory = struct.unpack_from(">QQ", file, 9)
    at = 25
    salt, at = file[at:at + SALT], at + SALT + 32
    nonce, box = file[at:at + NONCE], file[at + NONCE:]
    key, seed = ctypes.create_string_buffer(32), ctypes.create_string_buffer(SEED)
    word = passphrase.encode()
    if sodium.crypto_pwhash(key, ctypes.c_ulonglong(32), word, ctypes.c_ulonglong(len(word)), salt,
                            ctypes.c_ulonglong(ops), ctypes.c_size_t(memory), ctypes.c_int(file[8])) != 0:
        raise RuntimeError("the key needs too much memory")
    if sodium.crypto_secretbox_open_easy(seed, box, ctypes.c_ulonglong(len(box)), nonce, key) != 0:
        raise RuntimeError(f"{path}: wrong passphrase")
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(SECRET)
    sodium.crypto_sign_seed_keypair(public, secret, seed)
    return secret.raw


class Refused(Exception):
    def __init__(self, status, problem):
        super().__init__(f"{status}: {problem}")
        self.status = status


class Operator:
    """One login and one key. One connection for each thread that uses it."""

    def __init__(self, site, name):
        home = site.dir / name
        self.name, self.address, self.local = name, ("127.0.0.1", site.api), threading.local()
        self.token = (home / ".config/baton/token").read_text().strip()
        self.secret = key_open(home / ".config/baton/operator.key", site.secret.read_text().rstrip("\n"))
        self.tls = ssl.create_default_context()
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        me = [o for o in self.get("/api/v1/operators")["items"] if o["name"] == name]
        self.id = bytes.fromhex(me[0]["id"])
        self.trust_version = self.get("/api/v1/trust")["version"]

    def connect(self):
        connection = http.client.HTTPSConnection(*self.address, context=self.tls, timeout=60)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def ask(self, method, path, body=None):
        if not hasattr(self.local, "connection"):
            self.local.connection = self.connect()
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": os.urandom(16).hex()}
            body = json.dumps(body)
        try:
            self.local.connection.request(method, path, body, headers)
            answer = self.local.connection.getresponse()
            text = answer.read()
        except (http.client.HTTPException, OSError):
            del self.local.connection
            raise
        value = json.loads(text) if text else {}
        if answer.status >= 300:
            raise Refused(answer.status, value)
        return value

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body=None):
        return self.ask("POST", path, body or {})

    def verb(self, cutover, verb, reason="bench"):
        return self.post(f"/api/v1/cutovers/{cutover}/{verb}", {"reason": reason})

    def approve(self, cutover, verb, evidence=None):
        """cutover: the JSON of it. evidence: that of go."""
        authority = cutover["authority"]
        old, new = (bytes.fromhex(cutover[s]["key"]) for s in ("old", "new"))
        members = [bytes.fromhex(m["key"]) for m in authority["members"]] or [old, new]
        epoch, serial, digests = bytes(24), 0, {}
        base = epoch_bytes(authority["epoch"])
        if evidence:
            base = epoch = epoch_bytes(evidence["epoch"])
            serial = evidence["serial"]
            digests = {bytes.fromhex(m["member"]): hashlib.sha256(bytes.fromhex(m["bytes"])).digest()
                       for m in evidence["members"]}
        recipient = old if verb in ("plan", "rollback") else new
        verified = verb in ("cutover", "go")
        b = struct.pack(">B16s16s16sIQ", VERBS[verb], os.urandom(16), self.id, guid_bytes(cutover["tenant"]),
                        self.trust_version, int(time.time() * 1000) + 3_000_000)
        b += bytes.fromhex(cutover["plan"])
        b += bytes.fromhex(cutover["verification_hash"]) if verified else bytes(32)
        b += b"".join(members).ljust(32 * MEMBERS_MAX, b"\0") + recipient + base + epoch
        b += struct.pack(">I", serial)
        b += b"".join(digests.get(m, bytes(32)) if m != recipient else bytes(32) for m in members).ljust(
            32 * MEMBERS_MAX, b"\0")
        b += bytes(64)
        assert len(b) == APPROVAL_BYTES
        return self.post(f"/api/v1/cutovers/{cutover['id']}/approvals",
                         {"bytes": b.hex(), "signature": self.sign(b"baton/approval/v1\0" + b).hex()})

    def sign(self, message):
        signature = ctypes.create_string_buffer(64)
        sodium.crypto_sign_detached(signature, None, message, ctypes.c_ulonglong(len(message)), self.secret)
        return signature.raw


def epoch_bytes(e):
    return struct.pack(">Q", e["counter"]) + bytes.fromhex(e["incarnation"])


def guid_bytes(text):
    return bytes.fromhex(text.replace("-", ""))


class Events(threading.Thread):
    """The audit of one tenant as it grows, over one stream."""

    def __init__(self, operator, tenant):
        super().__init__(daemon=True)
        self.changed, self.records, self.ended = threading.Condition(), [], False
        self.connection = operator.connect()
        self.connection.request("GET", f"/api/v1/events?after=0&tenant={tenant}",
                                headers={"Authorization": f"Bearer {operator.token}"})
        self.answer = self.connection.getresponse()
        self.start()

    def run(self):
        try:
            for line in self.answer:
                if line.startswith(b"data: "):
                    self.take(json.loads(line[6:]))
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def take(self, record):
        with self.changed:
            self.records.append(record)
            self.changed.notify_all()

    def count(self):
        with self.changed:
            return len(self.records)

    def wait(self, since, what, wanted, timeout=60):
        """The first record at or after position `since` that is `wanted`, and the position behind it."""
        deadline = time.monotonic() + timeout
        with self.changed:
            at = since
            while True:
                while at < len(self.records):
                    at += 1
                    if wanted(self.records[at - 1]):
                        return self.records[at - 1], at
                left = deadline - time.monotonic()
                if left <= 0 or self.ended:
                    last = [f"{r.get('rule')} {r['text']}" for r in self.records[-8:]]
                    raise RuntimeError(f"waited {timeout} s for: {what}; last records: {last}")
                self.changed.wait(left)

    def close(self):
        with contextlib.suppress(OSError):
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.join(5)
