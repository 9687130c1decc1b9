"""Row images and promise, read from the files of a real site as docs/formats.md says, and by nothing else."""
import hashlib
import os
import pathlib
import sqlite3
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("BATON_PROGRAMS", ROOT / "build/release/bin"))
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests/contract")]
from formats_reader import Reader, need, read_approval, read_facts, read_statement, read_verification  # noqa: E402
from lab_site import Site  # noqa: E402


def nested(data, read):
    inner = Reader(data)
    read(inner)
    inner.end()


def bools(r, count):
    return [r.bool() for _ in range(count)]


def blob(r):
    return r.take(r.u32())


def meta(r, key):
    if key == b"controller":
        r.id()
    elif key == b"root":
        r.key()
    elif key == b"checkpoint":
        r.u8(1, 1), r.u64(), r.u64(), r.hash(), r.sig()
    else:
        r.at = len(r.data)  # the store's own


def tenant(r, key):
    need(r.u8() == 3 and r.id() == key, "its own id")
    r.text(64), r.bool()
    need(r.u16() == 50 and all(r.i64() >= 0 for _ in range(50)), "policy")
    r.bool(), r.id(), r.hash()
    for _ in range(4):
        r.key()
    need(r.u64() <= r.u64(), "a window ends after it begins")
    r.u64(), r.i64(), r.hash()


def authority(r, key):
    r.u8(0, 6), bools(r, 3)
    need(r.id() == key, "its own id")
    r.hash(), r.epoch(), r.key(), r.key(), r.u32(), r.u64()
    for _ in range(r.u8(0, 4)):
        need(any(r.key()), "member"), r.u8(1, 3), r.u8(1, 4), bools(r, 6)
        r.u8(0, 13), r.u8(0, 26), r.u8(0, 4), r.u8(0, 3), r.u64(), r.id()
        for _ in range(5):
            r.hash()
        r.epoch()


def review(r):
    r.hash(), r.u32()
    for _ in range(r.u8(0, 64)):
        r.hash(), r.text(24), r.u8(0, 2), r.bool()
    for _ in range(r.u8(0, 64)):
        r.hash(), r.hash(), r.id(), r.u8(1, 3)


def cutover(r, key):
    need(r.take(4) == b"BCU3" and r.id() == key, "tag and id")
    r.u8(0, 25), r.u8(0, 25), r.u8(1, 6), r.u8(0, 3), r.u8(0, 3), r.u8(), bools(r, 9)
    for _ in range(4):
        r.hash()
    for _ in range(23):
        r.u64()
    nested(blob(r), read_verification)
    review(r)
    for _ in range(r.u32()):
        nested(r.take(529), read_approval), r.sig()
    for _ in range(r.u32()):
        r.u16()
    r.text(256)


def agent(r, key):
    need(r.u8() == 1 and any(r.id()) and r.key() == key, "its own key")
    r.key(), r.key(), r.text(64), r.text(32), r.u8(0, 3)
    need(chr(r.u8()) in "on", "role"), r.u8(0, 3), r.hash(), r.hash(), bools(r, 3), r.id(), r.sig(), r.u64()


def token(r, key):
    need(r.u8() == 1, "version"), r.id(), r.id(), need(chr(r.u8()) in "on", "role"), r.text(64), r.u64(), r.bool(), r.key()


def login(r, key):
    need(r.u8() == 1, "version"), r.id(), r.name(), r.u16(), r.u64(), r.u64()
    for _ in range(r.u8(0, 8)):
        r.id()


def approval(r, key):
    nested(r.take(529), read_approval), r.sig()


def statement(r, key):
    if len(key) == 32:
        r.u64()
    r.hash()


def report(r, key):
    need(r.take(4) == b"BAV1", "tag"), bools(r, 4), need(r.key() == key, "its own key"), r.key(), r.text(64), r.text(32)
    r.u8(), r.id(), r.sig(), r.u64(), r.u64(), r.i64(), r.hash(), r.hash(), r.text(256), r.u64(), read_facts(r)
    if r.bool():
        nested(blob(r), read_statement)


def blob_row(r, key):
    need(r.u8() == 1 and len(key) == 32, "blob"), r.id(), r.key()
    total, have = r.u64(), r.u64()
    need(have <= total, "more than there is")


def promise(r):
    need(r.u8() == 2 and any(r.key()) and any(r.id()), "promise"), r.epoch(), r.key()
    for _ in range(8):
        r.key(), r.epoch()
    bools(r, 11), r.i64(), r.i64(), r.epoch(), r.u8(0, 3), r.u32(), r.u64()
    counter = r.u64()
    r.u8(0, 4), [r.id() for _ in range(4)], r.hash(), r.u32(), r.hash(), r.u64(), r.hash(), r.hash()
    r.i64(), r.bool()
    return counter


TABLES = {0: meta, 1: tenant, 2: authority, 3: cutover, 4: agent, 5: token, 6: lambda r, key: r.hash(), 7: login,
          8: approval, 9: statement, 10: blob_row, 12: report}


class Rows(unittest.TestCase):
    def test_every_row_of_a_site_reads_as_the_document_says(self):
        site = Site(PROGRAMS)
        self.addCleanup(site.close)
        site.controller_init()
        site.controller_start()
        site.operators_init()
        lab = site.tenant("contoso")
        site.baton("tenant", "window", "set", "contoso", "--from", "2099-12-05T20:00:00Z",
                   "--until", "2099-12-06 03:00 UTC")
        self.assertEqual(site.baton("tenant", "window", "show", "contoso", json_output=True)["window"],
                         {"from_unix_ms": 4100184000000, "until_unix_ms": 4100184000000 + 7 * 3600000})
        site.baton("cutover", "create", "contoso", "--old", "OLD", "--new", "NEW", "--profile", "parallel", "--reason", "x")
        site.baton("cutover", "plan", "contoso")
        site.baton("cutover", "approve", "contoso", "--yes")
        site.wait_state("contoso", "S1")
        lab.do("OLD", "wizard", act="export-settings", by="CONTOSO\\anna")
        site.wait_state("contoso", "S3")
        for process in site.everything():
            process.stop()
        seen = set()
        database = sqlite3.connect(site.controller_dir / "baton.db")
        for table, key, value in database.execute("SELECT tab, key, value FROM row"):
            if table not in TABLES:
                continue  # bytes of others: sealed chunks, answers
            row = Reader(value)
            with self.subTest(table=table, key=key.hex()):
                TABLES[table](row, key)
                row.end()
            seen.add(table)
        self.assertEqual(seen, set(TABLES))
        for process in site.agents.values():
            memory = sqlite3.connect(process.directory / "agent.db")
            (value,), = memory.execute("SELECT bytes FROM promise WHERE id = 1").fetchall()
            self.assertEqual(value[:32], hashlib.sha256(value[32:]).digest())
            row = Reader(value[32:])
            self.assertGreater(promise(row), 0)
            row.end()


if __name__ == "__main__":
    unittest.main(verbosity=2)
