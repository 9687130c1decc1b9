"""What a controller that somebody has broken into could still do: its unit's sandbox, its memory, its words."""
import base64
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from controller_case import PROGRAM, ROOT, ControllerCase, run  # noqa: E402

UNIT = ROOT / "deploy/systemd/baton-controller.service"
MOST = 1.5  # of systemd's scale from 0 to 10


def exposure(folder, drop_in=None):
    units = pathlib.Path(folder) / "etc/systemd/system"
    units.mkdir(parents=True)
    shutil.copy(UNIT, units)
    if drop_in is not None:
        beside = units / f"{UNIT.name}.d"
        beside.mkdir()
        shutil.copy(drop_in, beside)
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--root={folder}", "--no-pager", UNIT.name],
                          capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    level = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    return float(level.group(1)) if level else said, said


class Sandbox(ControllerCase):
    def analyse(self, drop_in=None):
        with tempfile.TemporaryDirectory() as folder:
            return exposure(folder, drop_in)

    def test_the_unit_with_the_list_that_init_wrote_leaves_little_open(self):
        self.init("--allow", "192.0.2.0/24,2001:db8::/32")
        level, said = self.analyse(os.path.join(self.dir, "allow.conf"))
        print(f"exposure of the unit: {level}")
        self.assertLessEqual(level, MOST, said)
        self.assertNotIn("Unknown", said)
        self.assertIn("Service defines IP address allow list", said)

    def test_the_list_counts(self):
        self.init()
        _, without = self.analyse()
        self.assertIn("Service does not define an IP address allow list", without)

    def test_the_list_names_what_was_asked_for_and_nothing_else(self):
        said = self.init("--allow", "192.0.2.0/24")
        text = pathlib.Path(self.dir, "allow.conf").read_text()
        self.assertEqual(re.findall(r"^IPAddress\w+=.*$", text, re.M),
                         ["IPAddressDeny=any", "IPAddressAllow=localhost", "IPAddressAllow=192.0.2.0/24"])
        self.assertIn(os.path.join(self.dir, "allow.conf"), said)

    def test_a_list_that_is_none_leaves_no_directory(self):
        done = run("init", "--dir", self.dir, "--listen", "tcp://127.0.0.1:0", "--api", "127.0.0.1:0", "--allow", "10.0.0.1/8")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("10.0.0.1/8", done.stderr)
        self.assertFalse(os.path.exists(self.dir))

    def test_the_unit_starts_the_program_as_its_manual_says(self):
        start = re.search(r"^ExecStart=\S+/(baton-controller .*)$", UNIT.read_text(), re.M).group(1)
        self.assertEqual(start, "baton-controller run --dir /var/lib/baton")


class Programs(unittest.TestCase):
    """What compiler and linker were told holds in what they made."""

    names = ("baton-controller", "baton-agent", "baton")

    def read(self, what, name):
        return subprocess.run(["readelf", what, "-W", pathlib.Path(PROGRAM).with_name(name)], capture_output=True, text=True,
                              check=True).stdout

    def test_each_lies_where_nobody_knows_and_its_tables_are_read_only_from_the_start(self):
        for name in self.names:
            self.assertRegex(self.read("-d", name), r"FLAGS_1.*\bNOW\b.*\bPIE\b", name)
            self.assertIn("GNU_RELRO", self.read("-l", name), name)

    def test_no_stack_of_them_can_be_executed(self):
        for name in self.names:
            self.assertRegex(self.read("-l", name), r"GNU_STACK( +0x\w+){5} RW +0x", name)

    def test_each_watches_its_stack_and_the_bounds_of_what_it_copies(self):
        for name in self.names:
            called = self.read("-s", name)
            self.assertIn("__stack_chk_fail", called, name)
            if "__asan_init" not in called and "__tsan_init" not in called:  # these watch bounds themselves
                self.assertRegex(called, r"__\w+_chk\b", name)


class Memory(ControllerCase):
    def proc(self, process, name):
        return pathlib.Path(f"/proc/{process.pid}/{name}").read_text()

    def ask(self, bearer):
        request = urllib.request.Request(f"{self.api}/api/v1/tenants", headers={"Authorization": f"Bearer {bearer}"})
        try:
            with urllib.request.urlopen(request, context=ssl._create_unverified_context(), timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def test_a_crash_leaves_no_image_and_keys_are_never_paged_out(self):
        self.init()
        process = self.start()
        self.assertRegex(self.proc(process, "limits"), r"Max core file size +0 +0 ")
        locked = int(re.search(r"VmLck:\s+(\d+) kB", self.proc(process, "status")).group(1))
        self.assertGreater(locked, 0)

    def test_no_secret_is_in_what_it_says(self):
        said = self.init("--operator", "anna")
        token = pathlib.Path(self.dir, "anna.token").read_text().strip()
        process = self.start(BATON_LOG="debug")
        good, bad = (self.ask(bearer) for bearer in (token, token[:-4] + "0000"))
        self.assertEqual((good, bad), (200, 401))
        process.terminate()
        out, err = process.communicate(timeout=30)
        keys = pathlib.Path(self.dir, "controller.key").read_bytes()
        pem = pathlib.Path(self.dir, "tls-key.pem").read_text()
        private = "".join(line for line in pem.splitlines() if not line.startswith("-"))
        self.assertIn("engine.started", err, "a log that says nothing shows nothing")
        for text in (said, out, err):
            self.assertNotIn(token.removeprefix("baton-")[:32], text)
            self.assertNotIn(private[:40], text)
            for at in range(8, 8 + 96, 32): # the three seeds, in the ways that people write bytes
                seed = keys[at:at + 32]
                self.assertNotIn(seed.hex(), text.lower())
                self.assertNotIn(base64.b64encode(seed).decode().rstrip("="), text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
