"""The demo as a person meets it: it ends by itself or by a signal, leaves nothing, and what it prints can be pasted."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from baton_case import PROGRAMS, ROOT, main


class Demo(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="baton-demo-")
        self.addCleanup(folder.cleanup)
        self.tmp = pathlib.Path(folder.name)
        self.out = self.tmp / "out"

    def start(self, *words):
        with open(self.out, "wb") as out:
            process = subprocess.Popen(
                [sys.executable, ROOT / "deploy/demo_scenarios.py", "--programs", PROGRAMS, "--objects", "500", *words],
                stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
                env={**os.environ, "TMPDIR": str(self.tmp)})
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def wait_for(self, text, timeout=60):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if text in self.out.read_text():
                return
            time.sleep(0.1)
        self.fail(f"it did not say '{text}':\n{self.out.read_text()}")

    def assert_nothing_left(self):
        self.assertEqual([p.name for p in self.tmp.iterdir() if p != self.out], [])
        running = []
        for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                running += [entry.parent.name] if str(self.tmp).encode() in entry.read_bytes() else []
            except OSError:
                continue  # it has just ended
        self.assertEqual(running, [])

    def test_one_scenario_ends_by_itself_and_leaves_nothing(self):
        process = self.start("--scenario", "rollback")
        self.assertEqual(process.wait(90), 0, self.out.read_text())
        said = self.out.read_text()
        for text in ("R3", "OLD exports again", "sound", "done: at no instant"):
            self.assertIn(text, said)
        self.assertNotRegex(said, r"(?m)^ *\d+\.\d s +$", "a line that says nothing")
        self.assert_nothing_left()

    def test_signals_in_the_middle_end_it_and_leave_nothing(self):
        for number, code, moment in ((signal.SIGINT, 130, "C2"), (signal.SIGTERM, 143, "S3"), (signal.SIGHUP, 129, "ready api")):
            with self.subTest(number.name):
                process = self.start("--scenario", "rollback")
                self.wait_for(moment)
                process.send_signal(number)
                self.assertEqual(process.wait(30), code, self.out.read_text())
                self.assertNotIn("Traceback", self.out.read_text())
                self.assert_nothing_left()

    def test_what_keep_prints_can_be_pasted(self):
        process = self.start("--scenario", "rollback", "--keep")
        self.wait_for("Ctrl-C stops everything")
        commands = re.findall(r"(?m)^  ((?:\. |baton).*)$", self.out.read_text())
        self.assertGreater(len(commands), 5)
        done = subprocess.run(["bash", "-e"], input="\n".join(commands), capture_output=True, text=True, timeout=60, cwd="/")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        self.assertIn("fabrikam", done.stdout)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 130)
        self.assert_nothing_left()

    def test_options_that_cannot_be_are_refused_before_anything_starts(self):
        for words, text in ((("--objects", "0"), "--objects"), (("--objects", "many"), "--objects"),
                            (("--scenario", "fly"), "fly"), (("--config", "/nowhere"), "/nowhere")):
            with self.subTest(words):
                process = self.start(*words)
                self.assertEqual(process.wait(30), 2)
                self.assertIn(text, self.out.read_text())
                self.assert_nothing_left()


if __name__ == "__main__":
    main()
