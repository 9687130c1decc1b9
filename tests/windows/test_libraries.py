"""deploy/windows-libraries, on the day on which Debian has fixed a library that the list still has without the fix."""
import os
import pathlib
import subprocess
import tempfile
import unittest

import wine

SCRIPT = wine.ROOT / "deploy/windows-libraries"
BUILD_MSI = wine.ROOT / "deploy/windows/build-msi"


class LaterDebian(unittest.TestCase):
    """Another day's archive cannot be had: here apt-cache names a later version of one package, and the true one of all others."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.apt("if [ \"$2\" = libzstd-dev ]; then echo 'Version: 99'; else exec /usr/bin/apt-cache \"$@\"; fi")

    def apt(self, text):
        program = pathlib.Path(self.dir.name) / "apt-cache"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)

    def run_it(self, *argv):
        path = f"{self.dir.name}:{os.environ['PATH']}"
        return subprocess.run([str(a) for a in argv], capture_output=True, text=True, env={**os.environ, "PATH": path}, timeout=600)

    def test_the_check_fails_and_names_the_library(self):
        done = self.run_it(SCRIPT, "--check")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"older than what Debian ships: .*libzstd\(\S+<99\)")

    def test_a_build_goes_on_and_warns(self):
        done = self.run_it(SCRIPT)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((pathlib.Path(done.stdout.strip()) / "complete").exists(), done.stdout)
        self.assertRegex(done.stderr, r"^deploy/windows-libraries: warning: older than what Debian ships: .*libzstd")

    def test_nothing_is_signed(self):
        out = pathlib.Path(self.dir.name) / "signed.msi"
        done = self.run_it(BUILD_MSI, "--build", wine.PROGRAMS.parent, "--out", out, "--", "--pkcs12", "never-read.p12")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"older than what Debian ships: .*libzstd")
        self.assertFalse(out.exists())

    def test_a_package_that_apt_does_not_know_is_of_unknown_age(self):
        self.apt("exit 100")
        done = self.run_it(SCRIPT, "--check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("run apt-get update", done.stderr)

    def test_an_unknown_argument_is_refused(self):
        done = self.run_it(SCRIPT, "--chek")
        self.assertEqual(done.returncode, 1)
        self.assertIn("unknown argument '--chek': there is only --check", done.stderr)


if __name__ == "__main__":
    wine.main()
