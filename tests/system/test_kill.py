"""kill -9 at ten points of a handoff: nothing acknowledged is lost, and it goes on after the restart."""
import os
import pathlib
import subprocess
import sys
import time

from baton_case import BatonCase, main


class Kill(BatonCase):
    def test_a_handoff_survives_kill_at_ten_points(self):
        site = self.site
        lab = site.tenant("contoso")
        self.kill_controller()                                      # 1: enrolled, nothing planned
        site.baton("cutover", "create", "contoso", "--old", "OLD", "--new", "NEW", "--profile", "parallel", "--reason",
                   "two servers wanted")
        site.wait_until("plan", lambda: site.baton("cutover", "plan", "contoso") is not None)
        site.wait_until("approve", lambda: site.baton("cutover", "approve", "contoso", "--yes") is not None)
        self.kill_controller()                                      # 2: adoption under way
        site.wait_state("contoso", "S1")
        self.kill_agent("contoso", "OLD")                                     # 3: the holder itself
        lab.do("OLD", "wizard", act="export-settings", by="CONTOSO\\anna")
        self.kill_agent("contoso", "NEW")                                     # 4: while the settings come
        site.wait_state("contoso", "S3", timeout=90)
        lab.do("NEW", "wizard", act="migrate", by="CONTOSO\\anna")
        self.kill_controller()                                      # 5: during the first synchronization
        site.wait_state("contoso", "S5", timeout=120)
        site.arm("contoso")
        site.wait_until("start", lambda: site.baton("cutover", "start", "contoso") is not None, timeout=60)
        self.kill_agent("contoso", "OLD")                                     # 6: while it stops
        self.kill_controller()                                      # 7: fencing
        site.wait_state("contoso", "C3", timeout=120)
        self.assert_stopped("contoso", "OLD")
        gap_from = max(e["end"] for e in lab.exports())
        site.go("contoso")
        self.kill_controller()                                      # 8: the grant is out
        site.wait_until("heard again", lambda: site.state("contoso") in ("C3", "C4", "C5"), timeout=60)
        if site.state("contoso") == "C3":
            site.go("contoso")
        lab.do("NEW", "wizard", act="staging-off", by="CONTOSO\\anna")
        site.wait_state("contoso", "C5", "D1", "D2", timeout=90)
        self.kill_agent("contoso", "NEW")                                     # 9: the new holder
        self.kill_controller()                                      # 10: probation
        site.wait_state("contoso", "D2", timeout=120)
        site.retire("contoso")
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), {"NEW"})
        self.verify_audit()

    def test_an_agent_killed_while_granted_gives_the_grant_up(self):
        site = self.site
        site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        site.fence("contoso")
        site.go("contoso")
        agent = site.agents["contoso", "NEW"]
        agent.kill()
        time.sleep(0.5)
        agent.start(ready="ready")
        site.wait_state("contoso", "C3", timeout=60)
        site.go("contoso")
        site.activate("contoso")

    def test_handoffs_survive_kills_and_stops_at_random_moments(self):
        kills = 2000 if os.environ.get("BATON_LONG") == "yes" else 25
        done = subprocess.run([sys.executable, pathlib.Path(__file__).with_name("kill_loop.py"), "--kills", str(kills)])
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    main()
