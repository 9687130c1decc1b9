"""A disk that fills during a handoff: the program stops with one line, and goes on when there is room again."""
import re
import resource

from baton_case import BatonCase, main

KIB = 1024


class Disk(BatonCase):
    """No mount is needed: a file that may not grow any further fails like a full disk."""

    def limit(self, process, size):
        resource.prlimit(process.proc.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def wait_stopped(self, process):
        self.site.wait_until(f"{process.name} stops by itself", lambda: not process.alive(), timeout=60)
        self.assertNotIn(process.proc.returncode, (0, -6, -11), process.log.read_text())
        last = process.log.read_text().strip().splitlines()[-1]
        self.assertRegex(last, r"(?i)full|too large|no space|disk|I/O", last)
        self.assertNotIn("Sanitizer", process.log.read_text())

    def test_a_controller_whose_disk_is_full_writes_nothing_sends_nothing_and_goes_on_later(self):
        site = self.site
        site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        self.limit(site.controller, 8 * KIB + site.controller.log.stat().st_size)
        self.assertNotEqual(site.baton("cutover", "start", "contoso", check=False, timeout=120).returncode, 0)
        self.wait_stopped(site.controller)
        self.assertFalse(self.stopped("contoso", "OLD"), "what is not recorded is not ordered")
        site.controller_start()
        site.wait_until("it knows where it was", lambda: site.state("contoso") == "C1", timeout=60)
        site.fence("contoso")
        gap_from = self.last_export("contoso")
        site.go("contoso")
        site.activate("contoso")
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), {"NEW"})
        self.verify_audit()
        site.controller.stop()
        site.run([site.program("baton-controller"), "check", "--dir", site.controller_dir])

    def test_an_agent_whose_disk_is_full_promises_nothing_and_goes_on_later(self):
        site = self.site
        site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        agent = site.agents["contoso", "OLD"]
        self.limit(agent, agent.log.stat().st_size + 2 * KIB)
        site.wait_until("start", lambda: site.baton("cutover", "start", "contoso") is not None)
        self.wait_stopped(agent)
        self.assertEqual(site.state("contoso"), "C2")
        agent.start(ready="ready")
        site.wait_until("it stops and proves it", lambda: site.state("contoso") == "C3", timeout=60)
        self.assert_stopped("contoso", "OLD")
        site.go("contoso")
        site.activate("contoso")
        self.verify_audit()

    def test_a_new_server_whose_disk_is_full_while_the_settings_come_gets_them_later(self):
        site = self.site
        lab = site.tenant("contoso")
        site.begin("contoso")
        agent = site.agents["contoso", "NEW"]
        self.limit(agent, 100 * KIB)  # the settings file of the lab is larger
        lab.do("OLD", "wizard", act="export-settings", by="CONTOSO\\anna")
        site.wait_until("it could not be put down", lambda: not agent.alive() or re.search(
            r"settings\.failed|too large|full", agent.log.read_text()) is not None, timeout=60)
        self.assertNotIn(site.state("contoso"), ("S3",))
        if agent.alive():
            self.limit(agent, resource.RLIM_INFINITY)
        else:
            agent.start(ready="ready")
        site.wait_until("S3", lambda: site.state("contoso") == "S3", timeout=60)


if __name__ == "__main__":
    main()
