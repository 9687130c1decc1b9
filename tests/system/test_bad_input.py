"""What is wrong is said in one line, with the right exit code; nothing crashes and nothing is lost."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

from baton_case import PROGRAMS, BatonCase, main

USAGE, NOT_FOUND, DENIED, UNREACHABLE, CONFLICT = 2, 3, 4, 8, 9
CRASHES = tuple(-n for n in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL))


class Says:
    def run_program(self, *argv, env=None, timeout=30):
        program, *words = [str(a) for a in argv]
        return subprocess.run([os.path.join(PROGRAMS, program), *words], capture_output=True, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL, env={**os.environ, "BATON_LOG": "off", **(env or {})})

    def says(self, argv, code, *texts, env=None):
        """One line on standard error, this exit code, these words in it; nothing on standard output."""
        done = self.run_program(*argv, env=env)
        self.assertNotIn(done.returncode, CRASHES, f"{argv} crashed: {done.stderr}")
        codes = code if isinstance(code, tuple) else (code,)
        self.assertIn(done.returncode, codes, f"{argv}: {done.stderr or done.stdout}")
        for text in texts:
            self.assertIn(text, done.stderr, argv)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("  ")]  # who, next: indented
        self.assertEqual(len(lines), 1, f"{argv}: {done.stderr!r}")
        self.assertNotIn("Sanitizer", done.stderr)
        return done


class Words(Says, unittest.TestCase):
    """No site at all: what each program says to wrong words, files and modes."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="baton-bad-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.env = {"HOME": folder.name, "BATON_CONFIG": ""}

    def file(self, name, content, mode=0o600):
        path = self.dir / name
        path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content)
        path.chmod(mode)
        return path

    def test_each_program_names_an_option_or_command_that_it_does_not_know(self):
        for argv in (("baton", "--fly"), ("baton", "tenant", "list", "--fly"), ("baton-controller", "--fly"),
                     ("baton-controller", "run", "--fly"), ("baton-agent", "run", "--fly"), ("baton-lab", "run", "--fly")):
            with self.subTest(argv):
                self.says(argv, USAGE, "--fly", env=self.env)
        for argv in (("baton", "fly"), ("baton", "tenant", "fly"), ("baton-controller", "fly"), ("baton-agent", "fly"),
                     ("baton-lab", "fly")):
            with self.subTest(argv):
                self.says(argv, USAGE, "fly", env=self.env)

    def test_each_program_names_the_value_that_is_missing(self):
        for argv, text in ((("baton", "tenant", "list", "--output"), "--output"), (("baton", "tenant", "show"), ""),
                           (("baton-controller", "run", "--dir"), "--dir"), (("baton-controller", "run"), "--dir"),
                           (("baton-agent", "run", "--dir"), "--dir"), (("baton-agent", "run"), "--dir"),
                           (("baton-agent", "enrol", "--dir", self.dir / "a", "--host", "lab:x"), "token"),
                           (("baton-lab", "run", "--dir"), "--dir"), (("baton-lab", "run"), "--dir"),
                           (("baton-lab", "run", "--dir", self.dir / "l", "--objects"), "--objects")):
            with self.subTest(argv):
                self.says(argv, USAGE, text, env=self.env)

    def test_numbers_that_are_none_are_refused(self):
        for value in ("-1", "many", "1e9", "", "99999999999999999999", "10x", "0x10"):
            with self.subTest(value):
                self.says(("baton-lab", "run", "--dir", self.dir / "l", "--objects", value), USAGE, "--objects", env=self.env)
                self.assertFalse((self.dir / "l").exists())
        for value in ("-1", "0", "fast", ""):
            with self.subTest(value):
                self.says(("baton-lab", "run", "--dir", self.dir / "l", "--speed", value), USAGE, "--speed", env=self.env)
        self.says(("baton", "tenant", "list", "--timeout", "soon"), USAGE, "--timeout", env=self.env)
        self.says(("baton", "tenant", "list", "--output", "yaml"), USAGE, "--output", env=self.env)

    def test_a_bad_line_of_a_settings_file_is_named_with_file_and_line(self):
        for content, line in (("[client]\nfly = 1\n", 2), ("[client]\n\nnonsense\n", 3), ("[client\n", 1)):
            ini = self.file("baton.ini", content)
            with self.subTest(content):
                self.says(("baton", "tenant", "list", "--config", ini), USAGE, f"baton.ini:{line}", env=self.env)
        self.says(("baton", "tenant", "list", "--config", self.dir / "none.ini"), (USAGE, NOT_FOUND), "none.ini", env=self.env)

    def test_a_bad_token_is_refused_before_anything_is_made(self):
        for content in ("", "x", "baton-agent-token", "a" * 5000, "\x00\x01"):
            token = self.file("token", content)
            with self.subTest(content[:20]):
                self.says(("baton-agent", "enrol", "--dir", self.dir / "agent", "--token-file", token, "--host", "lab:/nowhere"),
                          (USAGE, NOT_FOUND, DENIED), env=self.env)
                self.assertFalse((self.dir / "agent").exists())
        self.says(("baton-agent", "enrol", "--dir", self.dir / "agent", "--token-file", self.dir / "none", "--host",
                   "lab:/nowhere"), NOT_FOUND, "none", env=self.env)

    def test_a_directory_that_is_not_there_is_named(self):
        for argv in (("baton-controller", "run", "--dir", self.dir / "none"), ("baton-controller", "check", "--dir", self.dir / "none"),
                     ("baton-agent", "run", "--dir", self.dir / "none"), ("baton-agent", "status", "--dir", self.dir / "none")):
            with self.subTest(argv):
                self.says(argv, NOT_FOUND, "none", env=self.env)
        self.says(("baton-lab", "do", "OLD", "services", "--dir", self.dir / "none"), NOT_FOUND, "none", env=self.env)

    def test_a_file_where_a_directory_belongs_is_refused(self):
        plain = self.file("plain", "x")
        for argv in (("baton-controller", "init", "--dir", plain), ("baton-controller", "run", "--dir", plain),
                     ("baton-agent", "run", "--dir", plain), ("baton-lab", "run", "--dir", plain)):
            with self.subTest(argv):
                self.says(argv, (1, USAGE, NOT_FOUND, DENIED, CONFLICT), "plain", env=self.env)
        self.assertEqual(plain.read_text(), "x")

    def test_an_unreachable_controller_is_said_so(self):
        token = self.file("t", "baton-" + "0" * 64 + "\n")
        self.says(("baton", "tenant", "list", "--url", "https://127.0.0.1:1", "--fingerprint", "0" * 64, "--token-file", token,
                   "--timeout", "2"), UNREACHABLE, "is baton-controller running there?", env=self.env)
        self.says(("baton", "tenant", "list", "--url", "https://127.0.0.1:1", "--fingerprint", "0" * 64, "--token-file",
                   self.dir / "none"), NOT_FOUND, "none: baton login https://127.0.0.1:1", env=self.env)
        self.says(("baton", "tenant", "list", "--url", "ftp://127.0.0.1:1", "--fingerprint", "0" * 64, "--token-file", token),
                  USAGE, env=self.env)

    def test_offline_verification_of_what_is_no_bundle_fails_clearly(self):
        for name, content in (("empty", b""), ("zeros", bytes(5000)), ("text", b"hello\n"), ("json", b'{"certificate":{}}')):
            with self.subTest(name):
                self.says(("baton", "audit", "verify", self.file(name, content)), (1, USAGE, 5), env=self.env)
        self.says(("baton", "audit", "verify", self.dir / "none"), NOT_FOUND, "none", env=self.env)


class Site(Says, BatonCase):
    """A site that has run, with its files damaged one by one on a copy."""

    def copy(self, directory, name):
        there = self.site.dir / name
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(directory, there)
        return there

    def test_damaged_and_open_files_of_controller_agent_and_operator(self):
        site = self.site
        site.tenant("contoso")
        self.operator_files()
        for agent in site.agents.values():
            agent.stop()
        site.controller.stop()
        self.controller_files()
        self.agent_files(site.agents["contoso", "OLD"].directory)
        site.controller_start()  # the originals were not touched
        site.agents["contoso", "OLD"].start(ready="ready")
        site.wait_until("heard again", lambda: site.fact("contoso", "OLD", "last_export_end"))

    def operator_files(self):
        env = self.site.operator_env("anna")
        folder = self.copy(self.site.dir / "anna", "anna-copy")
        env.update(HOME=str(folder), BATON_CONFIG=str(folder / "baton.ini"))
        ini = (folder / "baton.ini")
        ini.write_text(ini.read_text().replace(str(self.site.dir / "anna") + "/", str(folder) + "/"))
        self.assertEqual(self.run_program("baton", "tenant", "list", env=env).returncode, 0)
        for key in [f for f in folder.rglob("*") if f.is_file() and f.name != "baton.ini"
                    and f.suffix in (".key", ".token") or f.name == "token"]:
            with self.subTest(key.name):
                key.chmod(0o644)
                verb = ("tenant", "list") if "token" in key.name else ("operator", "show")
                done = self.run_program("baton", *verb, env=env)
                if done.returncode != 0:
                    self.says(("baton", *verb), DENIED, key.name, env=env)
                key.chmod(0o600)
        self.says(("baton", "tenant", "list", "--fingerprint", "0" * 64), (DENIED, UNREACHABLE, 5), env=env)
        self.says(("baton", "tenant", "show", "nowhere"), NOT_FOUND, "nowhere", env=env)
        self.says(("baton", "cutover", "show", "contoso"), NOT_FOUND, env=env)
        self.says(("baton", "tenant", "create", "no-guid", "x", "--lab"), (USAGE, 5), env=env)
        for host in ("bad host", "OLD!", "../OLD", ""):
            self.says(("baton", "agent", "token", "contoso", host, "--role", "old"), USAGE, "letters, digits", env=env)
        self.says(("baton", "fsm", "--output", "csv"), USAGE, "--output table or json", env=env)
        lines = self.run_program("baton", "cutover", "assess", "contoso", "--old", "OLD", "--new", "NEW", "--output", "jsonl",
                                 env=env).stdout.splitlines()
        self.assertEqual([type(json.loads(line)) for line in lines], [dict], "one line, one object")
        wrong = self.site.dir / "wrong.token"
        wrong.write_text("baton-" + "1" * 64 + "\n")
        wrong.chmod(0o600)
        self.says(("baton", "tenant", "list", "--token-file", wrong), DENIED, env=env)

    def controller_files(self):
        there = self.copy(self.site.controller_dir, "controller-copy")
        whole = (there / "baton.db").read_bytes()
        for name, content in (("half", whole[:len(whole) // 2]), ("noise", os.urandom(8192))):
            (there / "baton.db").write_bytes(content)
            with self.subTest(name):
                self.says(("baton-controller", "run", "--dir", there), (1, NOT_FOUND, 5, CONFLICT), "baton.db")
                self.assertEqual((there / "baton.db").read_bytes(), content, "what is there stays as it was")
        (there / "baton.db").write_bytes(b"")
        self.says(("baton-controller", "run", "--dir", there), NOT_FOUND, "empty")
        (there / "baton.db").write_bytes(whole)
        for key in ("controller.key", "tls-key.pem"):
            kept = (there / key).read_bytes()
            with self.subTest(key):
                (there / key).chmod(0o644)
                self.says(("baton-controller", "run", "--dir", there), DENIED, key)
                (there / key).chmod(0o600)
                (there / key).write_bytes(kept[:len(kept) // 2])
                self.says(("baton-controller", "run", "--dir", there), (1, 5, USAGE, DENIED), key)
                (there / key).unlink()
                self.says(("baton-controller", "run", "--dir", there), (NOT_FOUND, CONFLICT), key)
                (there / key).write_bytes(kept)
                (there / key).chmod(0o600)
        with open(there / "baton.ini", "a") as ini:
            ini.write("[bus]\nspeed = 3\n")
        line = len((there / "baton.ini").read_text().splitlines())
        self.says(("baton-controller", "run", "--dir", there), USAGE, f"baton.ini:{line}", "speed")

    def agent_files(self, directory):
        there = self.copy(directory, "agent-copy")
        there.chmod(0o755)
        self.says(("baton-agent", "run", "--dir", there), DENIED)
        there.chmod(0o700)
        for file in sorted(f for f in there.iterdir() if f.is_file() and f.suffix in (".key", ".ini", ".setup")):
            kept = file.read_bytes()
            with self.subTest(file.name):
                file.write_bytes(kept[:len(kept) // 2])
                self.says(("baton-agent", "run", "--dir", there), (1, USAGE, NOT_FOUND, DENIED, 5), file.name)
                file.write_bytes(kept)


class LabFiles(Says, BatonCase):
    def test_a_lab_whose_files_are_damaged_answers_in_words_and_goes_on(self):
        lab = self.site.tenant("contoso")
        self.site.begin("contoso")
        folder = lab.dir / "servers/OLD/settings-export"
        folder.mkdir(exist_ok=True)
        lab.do("OLD", "wizard", act="export-settings", by="CONTOSO\\anna")
        self.site.wait_state("contoso", "S3")
        for file in (lab.dir / "servers/NEW/settings-import").glob("*"):
            file.write_bytes(file.read_bytes()[:100])
        self.says(("baton-lab", "do", "NEW", "wizard", "act=migrate", "--dir", lab.dir), (1, 5), "length")
        self.says(("baton-lab", "do", "NEW", "wizard", "act=fly", "--dir", lab.dir), (USAGE, NOT_FOUND), "fly")
        self.says(("baton-lab", "do", "NOWHERE", "services", "--dir", lab.dir), (NOT_FOUND, UNREACHABLE))
        self.says(("baton-lab", "do", "OLD", "fault", "kind=fly", "--dir", lab.dir), USAGE, "fly")
        self.assertTrue(lab.process.alive())
        self.assertTrue(lab.do("OLD", "services")["services"])


if __name__ == "__main__":
    main()
