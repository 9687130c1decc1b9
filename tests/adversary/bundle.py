"""A second verifier of audit bundles, written from docs/formats.md alone: whether one was changed, cut or damaged.

It says the same as `baton audit verify` says with *broken* or not; what a genuine history may show besides (*breach*) is
not judged here.
"""
import pathlib
import sys

import wire as w

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "contract"))
import formats_reader as formats  # noqa: E402
from formats_reader import Bad, Reader, need, sha  # noqa: E402

HEADER, CHECKPOINT, RECEIPT, OBJECT, RECORD, LEAF, END = range(1, 8)
ENTRY_MAX, RECORD_MAX, REFS_MAX = 132096, 131072, 16
APPROVAL, ORDERED, REFUSED, ALARM, FOREIGN, VERIFIED, DISPOSED = 9, 11, 13, 14, 15, 16, 20
DOUBTED = (REFUSED, ALARM, FOREIGN)
OPERATOR_TAGS = {b"BTR1": "trust", b"BST1": "statement", b"BPL1": "plan", b"BPL2": "plan", b"BFL1": "findings", b"BDI1": "disposition",
                 b"BVR1": "verification", b"BVR2": "verification"}
_known = {}


def signed(key, domain, message, sig):
    """Checked once for all bundles that carry the same."""
    at = (key, domain, message, sig)
    if at not in _known:
        covered = domain.encode() + b"\0" + message
        _known[at] = w.sodium.crypto_sign_verify_detached(sig, covered, w.ctypes.c_ulonglong(len(covered)), key) == 0
    return _known[at]


def readable(read, data):
    try:
        r = Reader(data)
        read(r)
        r.end()
        return True
    except (Bad, UnicodeDecodeError):
        return False


def entries(data):
    need(data[:8] == b"BTNAUD01", "no bundle")
    at = 8
    while at < len(data):
        need(len(data) - at >= 5, "cut")
        kind, n = data[at], int.from_bytes(data[at + 1:at + 5], "big")
        need(n <= ENTRY_MAX and len(data) - at - 5 >= n, "cut")
        yield kind, data[at + 5:at + 5 + n]
        at += 5 + n


class Record:
    def __init__(self, data):
        need(len(data) <= RECORD_MAX, "record too long")
        need(readable(formats.read_audit, data), "record")
        r = Reader(data)
        r.take(4)
        self.seq, self.tenant, self.tenant_seq, self.previous = r.u64(), r.id(), r.u64(), r.hash()
        r.key()
        self.type = r.u8()
        r.take(24 + 8 + 32)
        r.u16(), r.u8(), r.u8(), r.id(), r.text(256)
        self.refs = [r.hash() for _ in range(r.u8())]
        self.rows = [(r.u8(), r.take(r.u8()), r.take(r.u32())) for _ in range(r.u8())]


class Trust:
    def __init__(self, data):
        r = Reader(data)
        r.take(4)
        self.version, self.previous = r.u32(), r.hash()
        r.take(10)
        self.controllers = [r.key() for _ in range(r.u8())]
        self.operators = {}
        for _ in range(r.u8()):
            who = r.id()
            r.text(64)
            self.operators[who] = r.key()
            r.u16(), r.u8()
            r.take(16 * r.u8())


def read_disposition(r):
    need(r.take(4) == b"BDI1", "tag")
    r.u8(1, 3)
    need(any(r.id()), "id")
    r.id()
    need(any(r.id()), "operator")
    r.hash()
    r.u64()
    n = len(r.text(192))
    need(n > 0, "reason")


class Verifier:
    def __init__(self, root):
        self.pinned, self.header, self.marks, self.shown = root, None, [], set()
        self.leaves, self.count, self.chain, self.objects = [], 0, {}, {}
        self.pending, self.trust, self.trust_hash, self.controllers, self.ended = [], None, None, set(), False
        self.begun = False

    def run(self, data):
        for kind, payload in entries(data):
            need(not self.ended, "behind the end")
            need(self.header is not None or kind == HEADER, "no header")
            need(1 <= kind <= 7, "unknown entry")
            getattr(self, ("header_", "checkpoint", "receipt", "object", "record", "leaf", "end")[kind - 1])(payload)
        need(self.ended, "no end")
        self.promises()

    def header_(self, payload):
        need(self.header is None, "twice")
        r = Reader(payload)
        r.u64()
        size, root, key, tenant = r.u64(), r.hash(), r.key(), r.id()
        r.text(64)
        r.end()
        need(not any(key) or key == self.pinned, "another root")
        self.header = size, root, tenant

    def mark(self, kind, size, *rest):
        need(not self.begun, "out of place")
        need(not any(k == kind and s > size for k, s, *_ in self.marks), "not by size")
        self.marks.append((kind, size, *rest))

    def checkpoint(self, payload):
        need(len(payload) == 112, "checkpoint")
        self.mark(CHECKPOINT, int.from_bytes(payload[:8], "big"), payload[8:40], payload[:48], payload[48:])

    def receipt(self, payload):
        need(len(payload) == 72 and any(payload[40:]), "receipt")
        self.mark(RECEIPT, int.from_bytes(payload[:8], "big"), payload[8:40], payload[40:])

    def object(self, payload):
        need(len(payload) >= 64 and len(self.pending) < REFS_MAX, "object")
        self.pending.append((payload[:64], payload[64:]))

    def leaf(self, payload):
        self.begun = True
        need(len(payload) == 32 and any(self.header[2]) and not self.pending, "leaf")
        self.leaves.append(payload)

    def record(self, payload):
        self.begun = True
        rec = Record(payload)
        need(rec.seq == len(self.leaves) + 1, "seq")
        seq, leaf = self.chain.get(rec.tenant, (0, bytes(32)))
        need(rec.tenant_seq == seq + 1 and rec.previous == leaf, "chain")
        self.leaves.append(sha(b"\0", payload))
        self.chain[rec.tenant] = rec.tenant_seq, self.leaves[-1]
        need(all(sha(data) in rec.refs for _, data in self.pending), "an object that it does not name")
        kinds = [self.kind(rec, data) for _, data in self.pending]
        for first in (True, False):
            for kind, (sig, data) in zip(kinds, self.pending):
                if (kind == "trust") == first:
                    self.take(rec, kind, sig, data)
        self.pending = []
        self.rests(rec)

    @staticmethod
    def kind(rec, data):
        if data[:4] in OPERATOR_TAGS:
            return OPERATOR_TAGS[data[:4]]
        if rec.type == APPROVAL and len(data) == 529:
            return "approval"
        return {VERIFIED: "dispositions", ORDERED: "order"}.get(rec.type, "opaque")

    def take(self, rec, kind, sig, data):
        self.count += 1
        good = False
        if kind == "trust" and rec.type not in DOUBTED:
            good = self.new_trust(sig, data)
        elif kind == "statement":
            good = self.statement(rec, sig, data)
        elif kind == "approval":
            need(readable(formats.read_approval, data), "approval")
            good = self.by_operator(data[17:33], "baton/approval/v1", data, sig)
        elif kind == "disposition" and rec.type not in DOUBTED:
            need(readable(read_disposition, data), "disposition")
            good = self.by_operator(data[37:53], "baton/disposition/v1", data, sig)
        elif kind not in ("opaque", "trust", "disposition"):
            need(not any(sig), "a signature that nobody made")
        if kind == "dispositions":
            need(len(data) % 32 == 0, "dispositions")
            for i in range(0, len(data), 32):
                named, proved = self.objects.get(data[i:i + 32], (None, False))
                need(named == "disposition" and (proved or self.trust is None), "a disposition is missing")
        self.objects.setdefault(sha(data), (kind, good))

    def by_operator(self, who, domain, data, sig):
        if self.trust is None:
            return False
        need(who in self.trust.operators and signed(self.trust.operators[who], domain, data, sig), "not its operator's")
        return True

    def new_trust(self, sig, data):
        need(signed(self.pinned, "baton/trust/v1", data, sig) and readable(formats.read_trust, data), "trust")
        new = Trust(data)
        if self.trust is not None:
            need(new.version > self.trust.version, "trust falls")
            need(new.version != self.trust.version + 1 or new.previous == self.trust_hash, "trust does not follow")
        self.trust, self.trust_hash = new, sha(data)
        self.controllers.update(new.controllers)
        return True

    def statement(self, rec, sig, data):
        believed = rec.type not in DOUBTED
        if not readable(formats.read_statement, data):
            need(not believed, "statement")
            return False
        said = w.statement_read(data)
        if not signed(said["member"], "baton/statement/v1", data, sig):
            need(not believed, "statement's signature")
            return False
        need(not believed or said["tenant"] == rec.tenant, "another tenant's statement")
        if believed and said["receipt_size"]:
            self.shown.add((said["receipt_size"], said["receipt_root"], said["member"]))
        return True

    def rests(self, rec):
        known = [self.objects.get(ref) for ref in rec.refs]
        kinds = [k[0] for k in known if k]
        need(rec.type != ORDERED or "order" in kinds, "no order")
        need(rec.type != DISPOSED or "disposition" in kinds, "no disposition")
        need(rec.type != VERIFIED or None not in known, "what was accepted is missing")
        for table, key, value in rec.rows if rec.type not in DOUBTED else ():
            wanted = {(9, 40): "statement", (6, 4): "trust"}.get((table, len(key)))
            if wanted and len(value) == 32:
                need(self.objects.get(value) == (wanted, True), "what a row rests on is missing")

    def end(self, payload):
        self.begun = self.ended = True
        r = Reader(payload)
        records, objects, root = r.u64(), r.u64(), r.hash()
        r.end()
        need(not self.pending and records == len(self.leaves) == self.header[0] and objects == self.count, "counts")
        need(root == self.root(len(self.leaves)) == self.header[1], "root")

    def root(self, size):
        """By a stack of full subtrees, so that many sizes of one log cost little."""
        stack = []
        for i, leaf in enumerate(self.leaves[:size], 1):
            stack.append(leaf)
            while i % 2 == 0:
                right = stack.pop()
                stack.append(sha(b"\1", stack.pop(), right))
                i //= 2
        if not stack:
            return sha()
        top = stack.pop()
        while stack:
            top = sha(b"\1", stack.pop(), top)
        return top

    def promises(self):
        for kind, size, root, *rest in self.marks:
            need(size <= len(self.leaves) and self.root(size) == root, "the log was another one")
            if kind == CHECKPOINT and self.controllers:
                need(any(signed(key, "baton/checkpoint/v1", *rest) for key in self.controllers), "a checkpoint of nobody")
        listed = {(size, root, rest[0]) for kind, size, root, *rest in self.marks if kind == RECEIPT}
        need({r[:2] for r in self.shown} <= {r[:2] for r in listed}, "a receipt was taken out")
        need(listed <= self.shown, "a receipt of nobody")


def broken(data, root):
    """Why it is broken, or None."""
    try:
        Verifier(root).run(data)
    except (Bad, UnicodeDecodeError, IndexError) as bad:
        return str(bad) or "broken"
    return None
