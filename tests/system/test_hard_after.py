"""Hard cases in the gap, under a grant, and past the point of no return."""
import contextlib
import time

from baton_case import CommandFailed, SharedSite, main

PEOPLE = ("anna", "bert")


class AfterTheFence(SharedSite):
    tenants = {"held": ("C3",), "late": ("C3", ("grant_ms=4000",)), "forward": ("C3",), "shared": ("C3",),
               "fault": ("C3",), "probed": ("C3", ("probation_ms=6000",))}
    overlaps_allowed = ("probed",)

    def test_hold_takes_an_unused_grant_back(self):
        self.site.go("held")
        self.site.baton("cutover", "hold", "held", "--reason", "network work")
        self.assertEqual(self.site.state("held"), "C3")
        self.site.wait_until("NEW says that it is void", lambda: "void" in str(self.agent_view("held", "NEW")))
        self.site.go("held")
        self.site.activate("held")

    def test_a_click_after_the_grant_expired_is_stopped_and_there_is_only_forward(self):
        site, lab = self.site, self.site.labs["late"]
        gap_from = self.last_export("late")
        site.wait_until("go", lambda: site.baton("cutover", "go", "late", "--yes") is not None, timeout=60)
        site.wait_until("the grant expires unused", lambda: site.state("late") == "C3", timeout=60)
        with contextlib.suppress(CommandFailed):
            lab.do("NEW", "wizard", act="staging-off", by="CONTOSO\\anna")
        site.wait_until("the guard stops NEW", lambda: self.stopped("late", "NEW"))
        site.wait_until("it is on the record", lambda: "late activation" in self.audit("late"))
        self.assertIn("only forward", self.refused("cutover", "rollback", "late", "--reason", "no", "--yes"))
        self.assert_stopped("late", "OLD")
        self.assertNotIn("OLD", self.exporters("late", since=gap_from))
        self.assertIn("baton cutover challenge late", self.refused("cutover", "acknowledge", "late"))
        site.baton("cutover", "challenge", "late")
        site.wait_until("acknowledge", lambda: site.baton("cutover", "acknowledge", "late") is not None)
        site.go("late")
        site.wait_state("late", "D1", "D2", timeout=60)
        self.assertEqual(set(self.exporters("late", since=gap_from)), {"NEW"})

    def test_after_the_first_export_nothing_leads_back(self):
        site = self.site
        site.go("forward")
        site.activate("forward")
        self.assertEqual(site.state("forward"), "D2")
        for who in PEOPLE:
            self.refused("cutover", "rollback", "forward", "--reason", "no", "--yes", by=who)
        self.refused("cutover", "abandon", "forward", "--reason", "no")
        self.kill_agent("forward", "NEW")
        site.wait_until("NEW exports on", lambda: self.exporters("forward")[-1] == "NEW")
        self.refused("cutover", "rollback", "forward", "--reason", "no", "--yes")
        self.assert_stopped("forward", "OLD")

    def test_an_alarm_in_probation_ends_it_only_after_evidence_and_a_person(self):
        site, lab = self.site, self.site.labs["probed"]
        gap_from = self.last_export("probed")
        site.go("probed")
        lab.do("NEW", "wizard", act="staging-off", by="CONTOSO\\anna")
        site.wait_state("probed", "D1", timeout=60)
        with contextlib.suppress(CommandFailed):  # the guard may stop it before it has started
            lab.do("OLD", "re-enable", by="CONTOSO\\bob via services.msc")
        site.wait_until("the guard stops it", lambda: self.fenced("probed", "OLD"))
        site.wait_until("the alarm arrives", lambda: "bob" in str(self.agent_view("probed", "OLD")))
        time.sleep(7)  # longer than probation
        self.assertEqual(site.state("probed"), "D1")
        self.assertIn("alarm", self.explain("probed"))
        site.baton("cutover", "challenge", "probed")
        site.wait_until("acknowledge", lambda: site.baton("cutover", "acknowledge", "probed") is not None)
        site.wait_state("probed", "D2", timeout=60)
        self.assertEqual(set(self.exporters("probed", since=gap_from)), {"NEW"})

    def test_the_switch_that_all_servers_share_is_never_touched(self):
        site, lab = self.site, self.site.labs["shared"]
        self.assertTrue(lab.tenant("status")["sync_cycle_enabled"])
        site.go("shared")
        site.activate("shared")
        site.retire("shared")
        self.assertTrue(lab.tenant("status")["sync_cycle_enabled"])
        events = " ".join(e["text"] for host in ("OLD", "NEW") for e in lab.do(host, "events")["events"])
        self.assertNotIn("SyncCycleEnabled", events)

    def test_a_first_export_that_fails_is_repaired_forward(self):
        site, lab = self.site, self.site.labs["fault"]
        lab.do("NEW", "fault", kind="run-error", value="stopped-server")
        site.go("fault")
        lab.do("NEW", "wizard", act="staging-off", by="CONTOSO\\anna")
        site.wait_state("fault", "X4", timeout=60)
        self.refused("cutover", "rollback", "fault", "--reason", "no", "--yes")
        lab.do("NEW", "fault", kind="run-error", value="off")
        site.wait_state("fault", "D2", timeout=60)


if __name__ == "__main__":
    main()
