"""The stand-in product itself: what the other tests in this folder believe of it."""
import json
import re
import time
import unittest

import wine
from windows_site import CommandFailed, POWERSHELL, SERVICES, STANDIN, Lab, Product, Server, Site, NATIVE

UNINSTALL = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall"


class Alone(unittest.TestCase):
    """Without a site: answers come from files."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(None, "ALONE", "win7")
        cls.addClassCleanup(cls.server.close)

    def powershell(self, said, script=r"C:\agent\scripts\host.ps1"):
        return self.server.machine.run(self.server.machine.windows(self.server.machine.prefix / POWERSHELL), "-NoProfile",
                                       "-NonInteractive", "-File", script, stdin=said, check=False)

    def tearDown(self):
        if self.server.edition:
            self.server.uninstall()

    def test_powershell_answers_each_question_in_a_frame_and_keeps_its_command_line(self):
        answers = self.server.folder / "answers"
        answers.mkdir()
        (answers / "scheduler.json").write_text('{"a":1}')
        (answers / "runs.json").write_text("")
        done = self.powershell("1 scheduler\n2 runs\n3 global\n")
        frames = re.findall(r"\nBATON-(ANSWER|ERROR) (\d+) (\d+)\n([^\n]*)\n", done.out)
        self.assertEqual([f[:2] for f in frames], [("ANSWER", "1"), ("ANSWER", "2"), ("ERROR", "3")])
        self.assertEqual([json.loads(f[3]) for f in frames[:2]], [{"a": 1}, ""])
        self.assertEqual([len(f[3]) for f in frames], [int(f[2]) for f in frames])
        self.assertIn("global", json.loads(frames[2][3])["message"])
        self.assertIn(r"-NonInteractive -File C:\agent\scripts\host.ps1", self.server.logged("powershell.log")[-1])

    def test_its_services_run_under_the_service_manager_and_stop_as_slowly_as_they_are_told(self):
        for edition in ("dirsync", "aadconnect"):
            with self.subTest(edition):
                self.server.install(edition)
                for service in SERVICES[edition]:
                    self.assertRegex(self.server.machine.run("sc", "query", service).out, r"STATE\s*: 4\s+RUNNING")
                engine = self.server.machine.processes("miiserver.exe")
                self.assertEqual(len(engine), 1, engine)
                self.server.machine.run("reg", "add", r"HKLM\Software\Stand-in", "/v", "StopDelayMs", "/t", "REG_DWORD",
                                        "/d", "1500", "/f")
                began = time.monotonic()
                self.server.do("stop", SERVICES[edition][0])
                self.assertGreater(time.monotonic() - began, 1.5)
                self.assertEqual(self.server.machine.processes("miiserver.exe"), {})
                self.server.machine.run("reg", "delete", r"HKLM\Software\Stand-in", "/v", "StopDelayMs", "/f")
                self.server.uninstall()

    def test_an_edition_shows_what_discovery_looks_for_and_leaves_nothing_behind(self):
        for edition, shown in (("dirsync", "Windows Azure Active Directory Sync tool"),
                               ("connect", "Microsoft Entra Connect Sync")):
            with self.subTest(edition):
                before = self.server.machine.run("reg", "query", UNINSTALL, "/s").out
                self.assertNotIn(shown, before)
                self.server.install(edition)
                self.assertIn(shown, self.server.machine.run("reg", "query", UNINSTALL, "/s").out)
                self.server.uninstall()
                self.assertEqual(self.server.machine.run("reg", "query", UNINSTALL, "/s").out, before)
                for service in SERVICES[edition]:
                    done = self.server.do("query", service, check=False)
                    self.assertIn("error 1060", done.err)


class Played(unittest.TestCase):
    """With a site: the lab's servers move as the services in the prefix do."""

    @classmethod
    def setUpClass(cls):
        cls.site = Site(NATIVE)
        cls.addClassCleanup(cls.site.close)
        cls.lab = cls.site.labs["contoso"] = Lab(cls.site, "contoso", 300)
        cls.product = Product(cls.lab)
        cls.addClassCleanup(cls.product.close)
        cls.server = Server(cls.product, "OLD", "win7")
        cls.addClassCleanup(cls.server.close)
        cls.server.install("dirsync")

    def state(self):
        return {s["name"]: s["state"] for s in self.lab.do("OLD", "services")["services"]}

    def test_stopped_services_export_nothing_and_started_ones_do(self):
        for service in SERVICES["dirsync"]:
            self.server.do("stop", service)
        self.assertEqual(set(self.state().values()), {"stopped"})
        exported = len(self.lab.exports())
        time.sleep(4)  # longer than a cycle of this lab: an export would be seen
        self.assertEqual(len(self.lab.exports()), exported)
        for service in SERVICES["dirsync"]:
            self.server.do("start", service)
        self.server.wait_running()
        self.assertEqual(set(self.state().values()), {"running"})
        self.server.wait("it exports again", lambda: len(self.lab.exports()) > exported)

    def test_a_session_that_ends_is_a_power_cut_for_the_product(self):
        self.server.machine.power_off()
        self.server.wait("the product is down too", lambda: set(self.state().values()) == {"stopped"})
        self.server.machine.boot()
        self.server.wait_running()
        self.server.wait("the product is up again", lambda: set(self.state().values()) == {"running"})


if __name__ == "__main__":
    wine.main()
