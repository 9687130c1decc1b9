"""Two verifiers of one audit must agree: the product's, and one written from docs/formats.md alone in another language.

The bundle of a real handoff is damaged in every way that a seed draws: bytes and bits, entries taken out, doubled, moved,
swapped; signatures, checkpoints and receipts forged; the file cut. Both must say of each whether it is broken.
BATON_LONG=yes: ten times as many.
"""
import concurrent.futures
import json
import os
import random
import struct
import unittest

import bundle as b
import wire as w
from test_agent import handoff, tearDownModule  # noqa: F401

SEED = int(os.environ.get("BATON_SEED", "20261128"))
EACH = 200 if os.environ.get("BATON_LONG") == "yes" else 20


def packed(entries):
    return b"BTNAUD01" + b"".join(struct.pack(">BI", kind, len(data)) + data for kind, data in entries)


class Damage:
    """Each method: entries and chance in, the bytes of a bundle out."""

    def __init__(self, entries, chance):
        self.e, self.r = entries, chance

    def at(self, *kinds):
        return self.r.choice([i for i, (kind, _) in enumerate(self.e) if not kinds or kind in kinds])

    def changed(self, i, data):
        return packed(self.e[:i] + [(self.e[i][0], bytes(data))] + self.e[i + 1:])

    def a_bit(self):
        data = bytearray(packed(self.e))
        data[self.r.randrange(len(data))] ^= 1 << self.r.randrange(8)
        return bytes(data)

    def a_byte_of_any_entry(self):
        i = self.at()
        data = bytearray(self.e[i][1])
        data[self.r.randrange(len(data))] = self.r.randrange(256)
        return self.changed(i, data)

    def a_signature_of_an_object(self):
        i = self.at(b.OBJECT)
        data = bytearray(self.e[i][1])
        data[self.r.randrange(64)] ^= 1 << self.r.randrange(8)
        return self.changed(i, data)

    def a_checkpoint(self):
        i = self.at(b.CHECKPOINT)
        data = bytearray(self.e[i][1])
        data[self.r.randrange(len(data))] ^= 1
        return self.changed(i, data)

    def a_checkpoint_signed_by_somebody_else(self):
        i = self.at(b.CHECKPOINT)
        return self.changed(i, self.e[i][1][:48] + w.Signer().sign(w.CHECKPOINT, self.e[i][1][:48]))

    def a_receipt(self):
        i = self.at(b.RECEIPT)
        data = bytearray(self.e[i][1])
        data[self.r.randrange(len(data))] ^= 1
        return self.changed(i, data)

    def an_entry_less(self):
        i = self.at()
        return packed(self.e[:i] + self.e[i + 1:])

    def an_entry_twice(self):
        i = self.at()
        return packed(self.e[:i + 1] + self.e[i:])

    def an_entry_elsewhere(self):
        e = list(self.e)
        e.insert(self.r.randrange(len(e)), e.pop(self.at()))
        return packed(e)

    def two_neighbours_swapped(self):
        i = self.r.randrange(len(self.e) - 1)
        e = list(self.e)
        e[i], e[i + 1] = e[i + 1], e[i]
        return packed(e)

    def the_end_cut(self):
        data = packed(self.e)
        return data[:self.r.randrange(len(data))]

    def the_tail_cut_with_a_new_end(self):
        """Records after one are gone, and header and end are made to fit: what only promises can show."""
        keep = self.at(b.RECORD) + 1
        head = [x for x in self.e if x[0] in (b.HEADER, b.CHECKPOINT, b.RECEIPT)]
        body = [x for x in self.e[:keep] if x not in head]
        v = b.Verifier(bytes(32))
        v.leaves = [b.sha(b"\0", data) for kind, data in body if kind == b.RECORD]
        size, root = len(v.leaves), v.root(len(v.leaves))
        first = head[0][1]
        head[0] = (b.HEADER, first[:8] + struct.pack(">Q", size) + root + first[48:])
        if self.r.random() < 0.5:
            head = [x for x in head if x[0] == b.HEADER or int.from_bytes(x[1][:8], "big") <= size]
        objects = sum(kind == b.OBJECT for kind, _ in body)
        return packed(head + body + [(b.END, struct.pack(">QQ", size, objects) + root)])

    def something_behind_the_end(self):
        return packed(self.e) + self.r.choice((b"\0", packed(self.e)[8:], struct.pack(">BI", 7, 0)))

    def an_unknown_entry(self):
        i = self.at()
        return packed(self.e[:i] + [(self.r.choice((0, 8, 255)), b"")] + self.e[i:])

    def a_field_of_the_header(self):
        data = bytearray(self.e[0][1])
        data[self.r.randrange(len(data))] ^= 1 << self.r.randrange(8)
        return self.changed(0, data)


class Audit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.h = handoff()
        cls.data = (cls.h.site.dir / "all.bundle").read_bytes()
        cls.entries = list(b.entries(cls.data))
        cls.root = cls.entries[0][1][48:80]

    def product(self, number, data):
        path = self.h.site.dir / f"damaged-{number}.bundle"
        path.write_bytes(data)
        done = self.h.site.baton("audit", "verify", path, "--output", "json", check=False)
        path.unlink()
        try:
            said = json.loads(done.stdout)
            return said["verdict"] == "broken", f"{said['verdict']} {said['why']}"
        except ValueError:
            self.assertIn("not an audit bundle", done.stderr)
            return True, done.stderr

    def agree(self, number, name, data):
        ours = b.broken(data, self.root)
        broken, why = self.product(number, data)
        self.assertEqual(ours is not None, broken, f"{name}, number {number} of seed {SEED}: the product: {why}; the other: {ours}")
        return broken

    def test_the_bundle_as_it_is_is_whole_to_both(self):
        self.assertFalse(self.agree(0, "as it is", self.data))
        self.assertIn("sound", self.product(0, self.data)[1])

    def test_damage_of_every_kind_is_judged_alike(self):
        kinds = [name for name in vars(Damage) if not name.startswith("_") and name not in ("at", "changed")]
        cases, found = [], 0
        for n, name in enumerate(kinds * EACH):
            data = getattr(Damage(self.entries, random.Random(SEED * 1000003 + n)), name)()
            if data != self.data:
                cases.append((n, name, data))
        with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
            found = sum(pool.map(lambda case: self.agree(*case), cases))
        self.assertGreater(found, len(cases) * 9 // 10, "hardly anything was found broken")
        print(f"{len(cases)} damaged bundles, {found} broken to both, {len(cases) - found} whole to both")


if __name__ == "__main__":
    unittest.main()
