"""The controller's program alone: what it makes, what it refuses, how it starts and ends."""
import os
import pathlib
import sqlite3
import stat
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from controller_case import ControllerCase, run  # noqa: E402


class Controller(ControllerCase):
    def test_init_makes_a_closed_directory_and_says_what_comes_next(self):
        out = self.init("--operator", "anna")
        self.assertEqual(stat.S_IMODE(os.stat(self.dir).st_mode), 0o700)
        for name in os.listdir(self.dir):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.dir, name)).st_mode) & 0o077, 0, name)
        token = pathlib.Path(self.dir, "anna.token").read_text()
        self.assertRegex(token, r"^baton-[0-9a-f]{64}\n$")
        self.assertNotIn(token.strip(), out)
        self.assertNotIn(token.strip().encode(), pathlib.Path(self.dir, "baton.db").read_bytes())
        for step in ("baton-controller run", "baton login", "baton operator new", "baton trust init"):
            self.assertIn(step, out)

    def test_init_says_whom_an_address_of_this_machine_alone_leaves_out(self):
        said = self.init()
        self.assertIn("nobody on another machine reaches 127.0.0.1", said)
        self.assertIn("here, as admin", said)
        elsewhere = os.path.join(self.folder.name, "elsewhere")
        said = run("init", "--dir", elsewhere, "--listen", "tcp://192.0.2.7:7400", "--api", "192.0.2.7:7443").stdout
        self.assertIn("on the machine of admin", said)
        self.assertNotIn("another machine reaches", said)
        half = os.path.join(self.folder.name, "half")
        self.assertIn("another machine reaches", run("init", "--dir", half, "--api", "192.0.2.7:7443").stdout)

    def test_init_touches_nothing_that_is_there(self):
        os.mkdir(self.dir)
        kept = pathlib.Path(self.dir, "precious")
        kept.write_text("x")
        done = run("init", "--dir", self.dir)
        self.assertEqual(done.returncode, 9)
        self.assertEqual(os.listdir(self.dir), ["precious"])

    def test_a_failed_init_leaves_nothing_behind(self):
        done = run("init", "--dir", self.dir, "--operator", "a/b")
        self.assertEqual(done.returncode, 2)
        self.assertFalse(os.path.exists(self.dir))

    def test_it_runs_and_ends_cleanly_and_again(self):
        self.init()
        for _ in range(2):
            process = self.start()
            self.stop(process)
            self.assertFalse(os.path.exists(os.path.join(self.dir, "baton.db-wal")))
        self.assertEqual(run("check", "--dir", self.dir).returncode, 0)

    def test_only_one_runs_on_a_database_and_a_backup_is_made_beside_it(self):
        self.init()
        process = self.start()
        second = run("run", "--dir", self.dir)
        self.assertEqual(second.returncode, 9)
        self.assertIn("stop it first", second.stderr)
        copy = os.path.join(self.folder.name, "copy.db")
        self.assertEqual(run("backup", "--dir", self.dir, copy).returncode, 0)
        self.assertEqual(run("backup", "--dir", self.dir, copy).returncode, 9)
        self.stop(process)

    def test_a_directory_that_others_can_read_is_refused(self):
        self.init()
        os.chmod(self.dir, 0o755)
        done = run("run", "--dir", self.dir)
        self.assertEqual(done.returncode, 4)
        self.assertIn("chmod 700", done.stderr)

    def test_what_is_missing_or_wrong_is_named_in_one_line(self):
        self.init()
        cases = [((), {}, 2, "--help"),
                 (("run",), {}, 2, "--dir"),
                 (("run", "--dir", self.dir + "x"), {}, 3, "init --dir"),
                 (("run", "--dir", self.dir, "--listen", "tcp://*:7400"), {}, 2, "chosen address"),
                 (("run", "--dir", self.dir), {"BATON_API_LISTEN": "nowhere"}, 2, "api.listen"),
                 (("run", "--dir", self.dir, "more"), {}, 2, "too many words"),
                 (("fly",), {}, 2, "no such command"),
                 (("--fly",), {}, 2, "no such option")]
        for words, environment, code, text in cases:
            done = run(*words, **environment)
            self.assertEqual(done.returncode, code, (words, done.stderr))
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        with open(os.path.join(self.dir, "baton.ini"), "a") as ini:
            ini.write("[bus]\nspeed = 3\n")
        done = run("run", "--dir", self.dir)
        self.assertEqual(done.returncode, 2)
        self.assertIn("speed", done.stderr)

    def test_a_missing_database_is_not_made_anew(self):
        self.init()
        os.unlink(os.path.join(self.dir, "baton.db"))
        done = run("run", "--dir", self.dir)
        self.assertEqual(done.returncode, 3)
        self.assertIn("backup", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.dir, "baton.db")))

    def test_it_leaves_no_core(self):
        self.init()
        process = self.start()
        limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size\s+0\s+0")
        self.stop(process)

    def test_rows_changed_by_hand_are_found_and_made_again(self):
        self.init()
        database = sqlite3.connect(os.path.join(self.dir, "baton.db"))
        database.execute("PRAGMA wal_autocheckpoint=0")
        database.execute("DELETE FROM row WHERE tab = 7")  # the logins
        database.commit()
        database.close()
        self.assertEqual(run("check", "--dir", self.dir).returncode, 1)
        done = run("rebuild", "--dir", self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 repaired", done.stdout)
        self.assertEqual(run("check", "--dir", self.dir).returncode, 0)

    def test_config_explain_shows_where_each_value_comes_from(self):
        self.init()
        done = run("config", "explain", "--dir", self.dir, BATON_LOG_LEVEL="warn")
        self.assertRegex(done.stdout, r"bus\.listen\s+tcp://127\.0\.0\.1:0\s+\S+baton\.ini:\d+")
        self.assertRegex(done.stdout, r"log\.level\s+warn\s+BATON_LOG_LEVEL")

    def test_help_and_version(self):
        self.assertIn("Examples", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^baton-controller \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
