"""A fenced Windows server stays fenced: hand starts, reboots, a killed agent, a restored copy, an upgrade.

One site is brought to C3, the gap; OLD is fenced there under production durations. Each test begins by seeing
that it is, and ends with it fenced again. That a restore is last is what the numbers in the names are for.
"""
import shutil
import subprocess
import unittest

import wine
from windows_site import DATA, SERVICES, WineSite

FENCED = {name: ("stopped", "disabled") for name in SERVICES["dirsync"]}
ENGINE = SERVICES["dirsync"][0]
REACTION_MOST_MS = 5000  # the goal is 1 s, docs/windows.md has what was seen; a busy machine starts and stops services slowly


class Guard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = site = WineSite()
        cls.addClassCleanup(site.close)
        site.begin_site()
        cls.lab = site.tenant("contoso")
        cls.old = site.servers["OLD"]
        try:
            site.begin("contoso")
            site.stage("contoso")
            cls.old.agent_kill()  # a copy of a disk on which nothing is being written
            cls.old.machine.power_off()
            cls.backup = cls.old.machine.dir / "backup"
            subprocess.run(["cp", "-a", cls.old.machine.prefix, cls.backup], check=True)
            cls.old.machine.boot()
            cls.old.wait_running()
            cls.old.agent_start()
            cls.old.agent_wait(site, "contoso")
            site.arm("contoso")
            site.fence("contoso")
        except BaseException:
            site.last_words("contoso")
            raise

    def setUp(self):
        self.assertEqual(self.old.services(), FENCED)
        self.gap_from = max(e["end"] for e in self.lab.exports())

    def tearDown(self):
        if self._outcome.result.failures or self._outcome.result.errors:
            self.site.last_words("contoso")

    def fenced_again(self, timeout=30):
        self.old.wait("the guard stops and disables it", lambda: self.old.services() == FENCED, timeout)
        self.assertEqual(self.old.machine.processes("miiserver.exe"), {})

    def alarm(self):
        return self.site.baton("agent", "show", "contoso", "OLD", json_output=True)["alarm"]

    def test_1_a_hand_start_is_stopped_at_once_and_told(self):
        lasted_ms = int(self.old.do("react", ENGINE).out)
        print(f"guard: a service that was started by hand was stopped and disabled again after {lasted_ms} ms", flush=True)
        self.assertLess(lasted_ms, REACTION_MOST_MS)
        self.fenced_again()
        self.site.wait_until("the alarm arrives", self.alarm)
        self.assertEqual(self.site.state("contoso"), "C3")

    def test_1_its_program_may_not_be_exchanged_in_the_middle(self):
        """What the installer asks before it changes anything."""
        asked = self.old.agent("may-stop", "--dir", DATA, check=False)
        self.assertEqual(asked.code, 5, asked)
        self.assertIn("handoff", asked.out + asked.err)

    def test_2_a_killed_agent_begins_again_and_stops_what_was_started_meanwhile(self):
        self.old.agent_kill()
        self.old.do("start", ENGINE)
        self.old.wait("it runs while nobody stands guard", lambda: self.old.services()[ENGINE] == ("running", "auto"))
        self.old.agent_start()
        self.fenced_again()

    def test_3_a_reboot_with_the_old_service_set_to_automatic_ends_fenced(self):
        self.old.agent_kill()
        self.old.agent("service", "install")
        for service in SERVICES["dirsync"]:
            self.old.do("auto", service)
        self.old.machine.reboot()  # nobody starts the agent: its own service does
        self.fenced_again(60)
        self.old.agent_wait(self.site, "contoso")

    def test_4_a_server_restored_from_a_copy_is_quarantined(self):
        self.old.machine.power_off()
        shutil.rmtree(self.old.machine.prefix)
        self.backup.rename(self.old.machine.prefix)
        self.old.machine.boot()
        self.old.agent_start()
        self.site.wait_until("quarantine", lambda: self.site.baton("agent", "show", "contoso", "OLD", json_output=True)["quarantine"] != "none",
                             timeout=60)
        self.fenced_again(60)


if __name__ == "__main__":
    wine.main()
