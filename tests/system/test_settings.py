"""The relay of the settings file: what is placed is what was exported, and the controller cannot read it."""
import contextlib
import hashlib
import os
import sqlite3
import threading
import time

from baton_case import BatonCase, main
from tcp_relay import Relay

CANARY = b"canary-password=hunter2-0e3c9f"
MIB = 1 << 20


def opaque(size, seed=0x9E3779B97F4A7C15):
    """Bytes that do not compress, with the canary at the start, in the middle and at the end."""
    body = bytearray(hashlib.shake_256(seed.to_bytes(8, "big")).digest(size))
    for at in (0, size // 2, size - len(CANARY)):
        body[at:at + len(CANARY)] = CANARY
    return bytes(body)


def fnv(body):
    total = 0xCBF29CE484222325
    for byte in body:
        total = ((total ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return total


def settings_file(size, seed=1):
    """A file with the first line of the lab's wizard. Only a small one has its sum: it is slow here."""
    body = opaque(size, seed)
    total = fnv(body) if size <= MIB else 0
    return b"BATONLAB-SETTINGS 1 server=OLD tenant=contoso bytes=%d sum=%016x\n" % (len(body), total) + body


class Settings(BatonCase):
    def setUp(self):
        super().setUp()
        self.lab = self.site.tenant("contoso")
        self.site.begin("contoso")
        self.exported = self.lab.dir / "servers/OLD/settings-export/DirSync-Settings-20251125-120000.dat"
        self.imported = self.lab.dir / "servers/NEW/settings-import"

    def export(self, content):
        """In one piece, as the wizard does: a file that is being written has another name."""
        self.exported.parent.mkdir(exist_ok=True)
        part = self.exported.with_suffix(".part")
        part.write_bytes(content)
        part.rename(self.exported)

    def placed(self):
        files = [f for f in self.imported.glob("*") if not f.name.endswith((".part", ".tmp"))] \
            if self.imported.exists() else []
        return files[0].read_bytes() if files else None

    def wait_placed(self, content):
        self.site.wait_state("contoso", "S3", timeout=90)
        self.assertEqual(hashlib.sha256(self.placed()).hexdigest(), hashlib.sha256(content).hexdigest())

    def assert_controller_cannot_read_it(self):
        backup = self.site.dir / "backup.db"
        self.site.run([self.site.program("baton-controller"), "backup", "--dir", self.site.controller_dir, backup])
        for file in [backup, *(f for f in self.site.controller_dir.rglob("*") if f.is_file()),
                     *self.site.dir.glob("*.log"),
                     *(f for f in self.site.dir.glob("agent-*/**/*") if f.is_file())]:
            with contextlib.suppress(FileNotFoundError):  # agents go on: a copy that is outdated is removed meanwhile
                self.assertNotIn(CANARY, file.read_bytes(), file)
        with sqlite3.connect(f"file:{backup}?mode=ro", uri=True) as db:
            self.assertGreater(db.execute("SELECT count(*) FROM row").fetchone()[0], 0)

    def pieces(self):
        """How many bytes of a sealed file the controller holds."""
        with sqlite3.connect(f"file:{self.site.controller_dir / 'baton.db'}?mode=ro", uri=True) as db:
            return db.execute("SELECT coalesce(sum(length(value)), 0) FROM row WHERE length(value) > 30000").fetchone()[0]

    def test_the_placed_file_is_the_exported_one_and_the_controller_never_holds_its_text(self):
        content = settings_file(300_000)
        self.export(content)
        self.wait_placed(content)
        self.assert_controller_cannot_read_it()
        self.lab.do("NEW", "wizard", act="migrate", by="CONTOSO\\anna")
        self.site.wait_state("contoso", "S5", timeout=90)
        self.assertNotIn(CANARY.decode(), self.audit("contoso"))
        self.verify_audit()

    def test_kills_of_controller_and_agents_while_the_pieces_travel_lose_nothing(self):
        content = settings_file(24 * MIB)  # so much that a fast machine is not done before the fourth kill
        self.export(content)
        self.site.wait_state("contoso", "S2", "S3", timeout=60)
        kills = []
        for victim in ("controller", "OLD", "NEW", "controller", "NEW", "controller"):
            if self.site.state("contoso") != "S2":
                break
            kills.append((victim, self.pieces()))
            self.kill_controller() if victim == "controller" else self.kill_agent("contoso", victim)
            time.sleep(0.3)
        self.assertGreater(len(kills), 3, f"the file was placed before anything could be killed: {kills}")
        self.wait_placed(content)
        self.assert_controller_cannot_read_it()
        self.assertEqual(self.site.run([self.site.program("baton-controller"), "check", "--dir",
                                        self.site.controller_dir], check=False).returncode, 9)
        self.site.controller.stop()
        self.site.run([self.site.program("baton-controller"), "check", "--dir", self.site.controller_dir])

    def over_a_wire(self, host, way, cuts):
        """The agent of this host reaches the controller through a relay from now on."""
        agent = self.site.agents["contoso", host]
        wire = Relay(("127.0.0.1", self.site.bus), way, cuts, forbidden=CANARY)
        self.addCleanup(wire.close)
        agent.stop()
        agent.env = {**os.environ, "BATON_CONTROLLER_ADDRESS": f"tcp://127.0.0.1:{wire.port}"}
        agent.start(ready="ready")
        self.site.wait_until(f"{host} is back, through the wire",
                             lambda: wire.lines > 0 and self.agent_view("contoso", host)["connected"])
        return wire

    def watch_pieces(self, held, until):
        while not until.is_set():
            held.append(self.pieces())
            time.sleep(0.1)

    def test_a_wire_that_is_cut_again_and_again_costs_a_piece_and_not_the_whole(self):
        """Both programs keep running. What was acknowledged is never sent again: had the relay begun anew after
        each cut, the wire would have carried more than twice the file in each direction."""
        content = settings_file(6 * MIB)
        cuts = [len(content) * n // 8 for n in (1, 2, 3, 5, 7)]
        old, new = self.over_a_wire("OLD", "up", cuts), self.over_a_wire("NEW", "down", cuts)
        held, arrived = [], threading.Event()
        watcher = threading.Thread(target=self.watch_pieces, args=(held, arrived))
        watcher.start()
        try:
            self.export(content)
            self.wait_placed(content)
        finally:
            arrived.set()
            watcher.join()
        for wire, way in ((old, "up"), (new, "down")):
            self.assertEqual(len(wire.cut_at), len(cuts), wire.cut_at)
            self.assertGreater(wire.lines, len(cuts))
            self.assertGreater(wire.carried[way], len(content))
            self.assertLess(wire.carried[way], len(content) * 5 // 4)
            self.assertFalse(wire.seen, "the text of the settings went over the wire")
        self.assertEqual(held, sorted(held), "pieces that the controller had were taken back")
        for process in (self.site.controller, *self.site.agents.values()):
            self.assertTrue(process.alive(), process.name)
        self.assert_controller_cannot_read_it()
        self.verify_audit()

    def test_an_agent_killed_while_it_writes_leaves_no_half_file(self):
        content = settings_file(8 * MIB)
        self.export(content)
        seen, halves = threading.Event(), []

        def watch():
            while not seen.is_set():
                here = self.placed()
                if here is not None and here != content:
                    halves.append(len(here))
                time.sleep(0.01)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            for _ in range(3):
                self.site.wait_until("NEW writes, or has written", lambda: any(
                    f.stat().st_size > 0 for f in self.imported.glob("*")) if self.imported.exists() else False, 60)
                self.kill_agent("contoso", "NEW")
            self.wait_placed(content)
        finally:
            seen.set()
            watcher.join()
        self.assertEqual(halves, [])
        self.assertEqual([f.name for f in self.imported.glob("*") if f.name.endswith((".part", ".tmp"))], [])

    def test_a_file_that_goes_on_changing_arrives_as_it_once_was_and_never_as_a_mixture(self):
        written, until = set(), time.monotonic() + 3
        while time.monotonic() < until:
            content = settings_file(20_000, seed=time.monotonic_ns() >> 16)
            self.export(content)
            written.add(hashlib.sha256(content).hexdigest())
            time.sleep(0.02)
        self.site.wait_state("contoso", "S3", timeout=90)
        self.assertIn(hashlib.sha256(self.placed()).hexdigest(), written)
        self.assert_controller_cannot_read_it()

    def test_a_file_that_changes_while_it_is_sealed_is_sealed_again_as_it_is_then(self):
        first, second = settings_file(24 * MIB, seed=2), settings_file(50_000, seed=3)
        self.export(first)
        self.site.wait_until("S2", lambda: self.site.state("contoso") != "S1", timeout=30)
        self.export(second)
        self.site.wait_state("contoso", "S3", timeout=60)
        self.assertIn(self.placed(), (first, second))
        self.assert_controller_cannot_read_it()

    def test_what_the_wizard_of_a_tenant_with_60000_objects_writes_arrives(self):
        big = self.site.tenant("fabrikam", 60000)
        self.site.begin("fabrikam")
        big.do("OLD", "wizard", act="export-settings", by="CONTOSO\\anna")
        self.site.wait_state("fabrikam", "S3", timeout=60)
        exported = next((big.dir / "servers/OLD/settings-export").glob("*.dat"))
        imported = next((big.dir / "servers/NEW/settings-import").glob("*"))
        self.assertEqual(imported.read_bytes(), exported.read_bytes())


if __name__ == "__main__":
    main()
