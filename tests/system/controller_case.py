"""One controller's program in a directory of its own: what tests of the program alone start from."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.join(os.environ.get("BATON_PROGRAMS", str(ROOT / "build/release/bin")), "baton-controller")


def run(*words, **environment):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment})


class ControllerCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = os.path.join(self.folder.name, "site")

    def init(self, *more):
        done = run("init", "--dir", self.dir, "--listen", "tcp://127.0.0.1:0", "--api", "127.0.0.1:0", *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def start(self, **environment):
        process = subprocess.Popen([PROGRAM, "run", "--dir", self.dir], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        line = process.stdout.readline()
        self.assertRegex(line, r"^ready api=https://127\.0\.0\.1:[1-9]\d* agents=tcp://127\.0\.0\.1:[1-9]\d*$")
        self.api = re.search(r"api=(\S+)", line).group(1)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), 0, process.stderr.read())
