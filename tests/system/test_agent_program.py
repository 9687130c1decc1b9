"""The agent's program: exit codes, status, what it says while it enrols, memory."""
import contextlib
import json
import pathlib
import re
import socket
import subprocess
import threading
import unittest

from baton_case import BatonCase, main
from lab_site import Process, free_port


def refuse_all(proxy):
    """A proxy that wants a password from everybody, until its socket is closed."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = proxy.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")


class Program(BatonCase):
    def run_agent(self, *words, **options):
        return self.site.run([self.site.program("baton-agent"), *words], check=False, **options)

    def test_exit_codes_tell_what_is_wrong(self):
        site = self.site
        lab = site.tenant("contoso")
        agent = site.agents["contoso", "OLD"]
        empty = site.dir / "empty"
        empty.mkdir()
        token = site._file("bad.token", "baton1-nonsense\n")
        cases = [
            (["--help"], 0), (["--version"], 0), ([], 2), (["dance", "--dir", empty], 2), (["run"], 2),
            (["run", "--dir", empty], 3), (["status", "--dir", empty], 3),
            (["run", "--dir", agent.directory], 9),
            (["status", "--dir", agent.directory, "--output", "xml"], 2),
            (["enrol", "--dir", empty, "--host", lab.socket("OLD")], 2),
            (["enrol", "--dir", empty, "--host", lab.socket("OLD"), "--token-file", empty / "none"], 3),
            (["enrol", "--dir", empty, "--host", lab.socket("OLD"), "--token-file", token], 2),
        ]
        for words, code in cases:
            done = self.run_agent(*words)
            self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        self.assertIn("examples", self.run_agent("--help").stdout)

    def test_a_token_works_once_and_for_its_own_host(self):
        site = self.site
        lab = site.tenant("contoso")
        used = site.dir / "contoso-OLD.token"
        done = self.run_agent("enrol", "--dir", site.dir / "second", "--token-file", used, "--host",
                              lab.socket("OLD"), "--timeout", "5")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("does not know this token", done.stderr)
        other = site._file("other.token", site.baton("agent", "token", "contoso", "OLD", "--role", "old"))
        done = self.run_agent("enrol", "--dir", site.dir / "third", "--token-file", other, "--host",
                              lab.socket("NEW"), "--timeout", "5")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertFalse((site.dir / "third" / "baton-agent.ini").exists())

    def test_what_answers_in_the_controllers_place_does_not_condemn_the_token(self):
        site = self.site
        lab = site.tenant("contoso")
        token = site._file("kept.token", site.baton("agent", "token", "contoso", "OLD", "--role", "old"))
        words = ["enrol", "--dir", site.dir / "kept", "--token-file", token, "--host", lab.socket("OLD"), "--timeout", "4"]
        site.controller.stop()
        other = site.dir / "other"
        site.run([site.program("baton-controller"), "init", "--dir", other, "--listen", f"tcp://127.0.0.1:{site.bus}",
                  "--api", f"127.0.0.1:{free_port()}", "--operator", "eve"])
        stranger = Process("another controller", [site.program("baton-controller"), "run", "--dir", other], site.dir / "other.log")
        stranger.start(ready="ready", timeout=60)
        done = self.run_agent(*words)
        stranger.stop()
        self.assertEqual(done.returncode, 8, done.stderr)
        self.assertIn("another program, or a controller with another key", done.stderr)
        site.controller_start()
        self.assertEqual(self.run_agent(*words).returncode, 0)

    def test_what_a_proxy_answers_is_said_at_the_enrolment(self):
        site = self.site
        lab = site.tenant("contoso")
        token = site._file("proxy.token", site.baton("agent", "token", "contoso", "OLD", "--role", "old"))
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            threading.Thread(target=refuse_all, args=(proxy,), daemon=True).start()
            done = self.run_agent("enrol", "--dir", site.dir / "behind", "--token-file", token, "--host", lab.socket("OLD"),
                                  "--proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}", "--timeout", "4")
        self.assertEqual(done.returncode, 8, done.stderr)
        self.assertIn("the proxy answered: HTTP/1.1 407 Proxy Authentication Required", done.stderr)

    def test_a_controller_may_have_another_address_from_here_than_its_token_says(self):
        site = self.site
        lab = site.tenant("contoso")
        token = site._file("elsewhere.token", site.baton("agent", "token", "contoso", "OLD", "--role", "old"))
        words = ["enrol", "--dir", site.dir / "elsewhere", "--token-file", token, "--host", lab.socket("OLD"), "--timeout", "4"]
        nobody = f"tcp://127.0.0.1:{free_port()}"
        done = self.run_agent(*words, "--controller", nobody)
        self.assertEqual(done.returncode, 8, done.stderr)
        self.assertIn(nobody, done.stderr)
        self.assertEqual(self.run_agent(*words, "--controller", f"tcp://localhost:{site.bus}").returncode, 0)
        self.assertIn(f"address = tcp://localhost:{site.bus}", (site.dir / "elsewhere" / "baton-agent.ini").read_text())

    def test_status_says_what_the_agent_knows_and_whether_it_runs(self):
        site = self.site
        site.tenant("contoso")
        agent = site.agents["contoso", "OLD"]

        def status():
            return json.loads(self.run_agent("status", "--dir", agent.directory, "--output", "json").stdout)
        site.wait_until("a session", lambda: status()["session"])
        now = status()
        self.assertTrue(now["running"])
        self.assertEqual((now["name"], now["role"], now["holding"]), ("OLD", "observe", False))
        self.assertEqual(now["facts"]["services_present"], 2)
        self.assertRegex(self.run_agent("status", "--dir", agent.directory).stdout, r"role\s+observe")
        self.assertEqual(agent.stop(), 0)
        self.assertFalse(status()["running"])

    def test_a_server_in_the_middle_of_a_handoff_says_that_its_agent_may_not_stop(self):
        self.site.tenant("contoso")
        self.site.prepare("contoso")
        self.site.arm("contoso")
        agent = self.site.agents["contoso", "OLD"]

        def may_stop():
            return self.run_agent("may-stop", "--dir", agent.directory)
        self.assertEqual(may_stop().returncode, 0)
        self.assertEqual(self.run_agent("may-stop", "--dir", self.site.dir / "nobody").returncode, 0)
        self.site.fence("contoso")
        self.site.wait_until("it says that it is fenced", lambda: "it is fenced" in may_stop().stderr)
        running = may_stop()
        agent.stop()
        stopped = may_stop()
        for done in running, stopped:
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertIn("in the middle of a handoff: it is fenced", done.stderr)
        (agent.directory / "agent.db").unlink()
        self.assertNotEqual(may_stop().returncode, 0)

    def test_keys_and_state_are_private(self):
        site = self.site
        site.tenant("contoso")
        for path in site.agents["contoso", "OLD"].directory.iterdir():
            self.assertEqual(path.stat().st_mode & 0o077, 0, path.name)

    def test_it_stays_small(self):
        linked = subprocess.run(["ldd", self.site.program("baton-agent")], capture_output=True, text=True).stdout
        if "asan" in linked or "tsan" in linked:
            raise unittest.SkipTest("a sanitizer's memory is not ours")
        self.site.tenant("contoso")
        self.site.prepare("contoso")
        for agent in self.site.agents.values():
            text = pathlib.Path(f"/proc/{agent.proc.pid}/status").read_text()
            anonymous = int(re.search(r"RssAnon:\s+(\d+)", text).group(1))
            self.assertLess(anonymous, 4096, agent.name)


if __name__ == "__main__":
    main()
