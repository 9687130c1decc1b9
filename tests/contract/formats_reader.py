#!/usr/bin/env python3
"""A second reader of docs/vectors.txt, written from docs/formats.md alone.

It shares no code with Baton: if the document lacks something, or says it wrong, this fails. It reads
every record, checks its rules, hashes and Ed25519 signatures (RFC 8032 from its definition) and the
tree's proofs (RFC 6962 from its definition), and checks that one changed byte is noticed.
"""
import hashlib
import struct
import sys


class Bad(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Bad(what)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        need(self.at + n <= len(self.data), "too short")
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, code):
        return struct.unpack(">" + code, self.take(struct.calcsize(">" + code)))[0]

    def u8(self, least=0, most=255):
        value = self.number("B")
        need(least <= value <= most, "number outside its table")
        return value

    def u16(self):
        return self.number("H")

    def u32(self):
        return self.number("I")

    def u64(self):
        return self.number("Q")

    def i64(self):
        return self.number("q")

    def bool(self):
        return self.u8(0, 1) == 1

    def id(self):
        return self.take(16)

    def key(self):
        return self.take(32)

    hash = key

    def sig(self):
        return self.take(64)

    def epoch(self):
        return self.u64(), self.id()

    def text(self, cap):
        n = self.u16()
        need(n < cap, "text too long")
        text = self.take(n).decode("utf-8")
        forbidden = [(0, 0x1F), (0x7F, 0x9F), (0x200E, 0x200F), (0x2028, 0x202E), (0x2066, 0x2069), (0xFEFF, 0xFEFF)]
        need(not any(low <= ord(c) <= high for c in text for low, high in forbidden), "control")
        return text

    def name(self):
        text = self.text(64)
        need(text != "", "empty name")
        return text

    def end(self):
        need(self.at == len(self.data), "bytes left over")


def rising(r, count, most, number):
    last = -1
    for _ in range(count):
        n = number()
        need(last < n < most, "numbers do not rise, or are unknown")
        last = n
        yield n


def read_plan(r, tag=b"BPL1"):
    need(r.take(4) == tag, "tag")
    plan, tenant = r.id(), r.id()
    need(any(plan) and any(tenant), "zero id")
    r.name()
    r.u8(1, 6)
    r.bool()
    r.u32()
    count = r.u8(1, 4)
    holder, recipient = r.u8(), r.u8()
    need(holder < count and recipient < count, "index")
    keys = set()
    for _ in range(count):
        keys.add(r.key())
        r.key()
        product, kind = r.u8(1, 3), r.u8(1, 3)
        need(kind != 2 or product == 3, "staged needs connect")
        r.name()
        r.id()
        r.sig()
    need(len(keys) == count and bytes(32) not in keys, "member keys")
    need(r.u16() == 50, "policy rows")
    need(all(r.i64() >= 0 for _ in range(50)), "policy below zero")


def read_limited_plan(r):
    read_plan(r, b"BPL2")
    need(any(r.hash()), "limits")


def read_trust(r):
    need(r.take(4) == b"BTR1", "tag")
    need(r.u32() >= 1, "version")
    r.hash()
    r.bool()
    r.take(9)
    need(all(any(r.key()) for _ in range(r.u8(0, 4))), "controller key")
    seen = [set(), set(), set()]
    count = r.u8(0, 32)
    for _ in range(count):
        for kept, value in zip(seen, (r.id(), r.name(), r.key())):
            kept.add(value)
        need(r.u16() & ~63 == 0, "role")
        r.u8(0, 1)
        need(all(any(r.id()) for _ in range(r.u8(0, 8))), "tenant")
    need(all(len(kept) == count for kept in seen), "operator twice")


def read_approval(r):
    need(len(r.data) == 529, "width")
    verb = r.u8(1, 9)
    for _ in range(3):
        r.id()
    r.u32()
    r.u64()
    r.hash()
    r.hash()
    members = [any(r.key()) for _ in range(4)]
    need(members == sorted(members, reverse=True), "gap between members")
    r.key()
    r.epoch()
    need(r.at == 309, "offset of epoch")
    go = any(r.take(24 + 4 + 4 * 32))
    need(not go or verb in (4, 6), "only go and attest speak of an epoch")
    r.key()
    r.hash()


def read_facts(r):
    for _ in rising(r, r.u16(), 57, r.u16):
        state = r.u8(1, 2)
        r.u32()
        if state == 2:
            r.i64()
        else:
            r.u8(1, 6)
    for _ in rising(r, r.u8(), 8, r.u8):
        r.hash()
    r.text(256)


def read_statement(r):
    need(r.take(4) == b"BST1", "tag")
    kind = r.u8(1, 13)
    r.id()
    need(any(r.key()), "member")
    r.hash()
    r.epoch()
    r.key()
    r.epoch()
    r.id()
    r.u64()
    r.u8(0, 4)
    holding = r.bool()
    for _ in range(4):
        r.bool()
    need(holding or r.data[r.at : r.at + 24] == bytes(24), "holding epoch")
    r.epoch()
    r.u8(0, 3)
    r.u32()
    r.u8(0, 4)
    need((r.u8(0, 26) != 0) == (kind == 11), "refusal")
    for _ in range(4):
        r.id()
    r.text(32)
    r.hash()
    r.u32()
    r.hash()
    r.u64()
    r.hash()
    r.hash()
    r.u64()
    read_facts(r)


def read_verification(r, tag=b"BVR1"):
    need(r.take(4) == tag, "tag")
    for _ in rising(r, r.u8(), 16, r.u8):
        r.i64()
    for _ in range(5):
        r.hash()
    r.u64()
    r.hash()
    r.hash()
    r.u8(0, 3)


def read_limited_verification(r):
    read_verification(r, b"BVR2")
    need(any(r.hash()), "limits")


def read_audit(r):
    need(r.take(4) == b"BAU1", "tag")
    seq = r.u64()
    r.id()
    tenant_seq, previous = r.u64(), r.hash()
    need(1 <= tenant_seq <= seq and (tenant_seq == 1) == (not any(previous)), "place")
    r.key()
    r.u8(1, 21)
    r.epoch()
    r.u64()
    body_hash = r.hash()
    need(sha(r.data[r.at :]) == body_hash, "body hash")
    r.u16()
    r.u8()
    r.u8()
    r.id()
    r.text(256)
    for _ in range(r.u8(0, 16)):
        r.hash()
    for _ in range(r.u8(0, 8)):
        r.u8(0, 14)
        r.take(r.u8(1, 64))
        r.take(r.u32())


def read_confirmation(r):
    need(len(r.data) == 146, "width")
    r.id()
    n = r.u16()
    name = r.take(64)
    need(0 < n < 64 and not any(name[n:]), "host")
    r.key()
    r.key()


def read_frontier(r):
    for _ in range(bin(r.u64()).count("1")):
        r.hash()


def read_checkpoint(r):
    r.u64()
    r.hash()
    r.u64()


# Ed25519 as RFC 8032 section 5.1 defines it.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    need((x * x - x2) % P == 0, "no point")
    return P - x if x % 2 != sign else x


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x = recover_x(y, sign)
    return x, y, 1, x * y % P


def add(a, b):
    aa, bb = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    cc, dd = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = bb - aa, dd - cc, dd + cc, bb + aa
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def signature_good(key, domain, message, sig):
    y = 4 * pow(5, P - 2, P) % P
    x = recover_x(y, 0)
    base = (x, y, 1, x * y % P)
    signed = domain.encode() + b"\0" + message
    s = int.from_bytes(sig[32:], "little")
    h = int.from_bytes(hashlib.sha512(sig[:32] + key + signed).digest(), "little") % L
    a, b = multiply(s, base), add(decompress(sig[:32]), multiply(h, decompress(key)))
    return s < L and (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


# RFC 6962 section 2.1, as defined.
def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else sha()
    k = split(len(leaves))
    return sha(b"\1", root(leaves[:k]), root(leaves[k:]))


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return path(m, leaves[:k]) + [root(leaves[k:])]
    return path(m - k, leaves[k:]) + [root(leaves[:k])]


def subproof(m, leaves, whole):
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return subproof(m, leaves[:k], whole) + [root(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [root(leaves[:k])]


LEAVES = [sha(b"\0", bytes([i])) for i in range(5)]


class Check:
    """One method a kind of line."""

    def __init__(self):
        self.records, self.lines = {}, 0

    def record(self, name, digest, data):
        data = bytes.fromhex(data)
        need(sha(data).hex() == digest, "hash of " + name)
        reader = Reader(data)
        globals()["read_" + name](reader)
        reader.end()
        for cut in range(len(data)):
            try:
                shorter = Reader(data[:cut])
                globals()["read_" + name](shorter)
                shorter.end()
            except Bad:
                continue
            raise Bad("%s cut to %d bytes is accepted" % (name, cut))
        self.records[name] = data

    def signature(self, name, domain, key, sig):
        key, sig, data = bytes.fromhex(key), bytes.fromhex(sig), self.records[name]
        need(signature_good(key, domain, data, sig), "signature of " + name)
        need(not signature_good(key, domain + "x", data, sig), "domain is not covered")
        need(not signature_good(key, domain, data[:-1] + bytes([data[-1] ^ 1]), sig), "bytes are not covered")

    def root(self, n, digest):
        need(root(LEAVES[: int(n)]).hex() == digest, "root of " + n)

    def inclusion(self, index, n, *proof):
        need([h.hex() for h in path(int(index), LEAVES[: int(n)])] == list(proof), "inclusion")

    def consistency(self, m, n, *proof):
        need([h.hex() for h in subproof(int(m), LEAVES[: int(n)], True)] == list(proof), "consistency")


def main():
    check = Check()
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            if not line.startswith("#"):
                kind, *rest = line.split()
                getattr(check, kind)(*rest)
                check.lines += 1
    need(len(check.records) == 12, "a record is missing")
    print("%d lines hold" % check.lines)


if __name__ == "__main__":
    main()
