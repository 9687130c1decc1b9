"""Hard cases while the old server still exports."""
import contextlib
import time

from baton_case import CommandFailed, SharedSite, main

PEOPLE = ("anna", "bert")


class BeforeTheFence(SharedSite):
    tenants = {"removed": ("S1",), "forced": ("S5",), "upgraded": ("S5",), "once": ("S5",),
               "expired": ("S5", ("approval_ms=4000",)), "wizard": ("C1",)}

    def test_a_second_cutover_of_one_tenant_is_refused(self):
        said = self.refused("cutover", "create", "once", "--old", "OLD", "--new", "NEW", "--profile", "parallel",
                            "--reason", "again")
        self.assertIn("open cutover", said)

    def test_an_old_server_removed_before_its_settings_are_sealed_is_held_with_the_reason(self):
        self.site.labs["removed"].do("OLD", "uninstall", by="CONTOSO\\bob")
        self.site.wait_state("removed", "X1")
        self.assertIn("do not uninstall DirSync yourself", self.explain("removed"))
        self.assertIn("do not uninstall DirSync yourself", self.audit("removed"))

    def test_a_forced_export_on_the_staging_server_is_a_breach(self):
        lab = self.site.labs["forced"]
        for _ in range(20):  # a run may be in progress
            with contextlib.suppress(CommandFailed):
                lab.do("NEW", "console", act="force-export", by="CONTOSO\\bob")
                break
            time.sleep(0.2)
        self.assertTrue(lab.judge()["forced"], "the lab saw no forced export")
        self.site.wait_state("forced", "X3")
        self.site.wait_until("the guard stops NEW", lambda: self.stopped("forced", "NEW"))
        self.refused("cutover", "arm", "forced")
        self.assertFalse(self.stopped("forced", "OLD"), "the holder goes on")

    def test_an_upgrade_after_the_verification_goes_back_to_verify(self):
        self.site.arm("upgraded")
        self.site.labs["upgraded"].do("NEW", "upgrade", version="2.9.99.0")
        self.site.wait_state("upgraded", "S5")
        self.refused("cutover", "start", "upgraded")
        self.assertIn("verify again", self.audit("upgraded"))

    def test_two_approvals_by_one_person_are_one(self):
        self.site.baton("cutover", "accept", "once", "--reason", "read and found good")
        for _ in range(2):
            self.site.baton("cutover", "approve", "once", "--for", "cutover", "--yes", check=False)
        self.site.wait_until("no run is in the way", lambda: "1 of 2" in self.refused("cutover", "arm", "once"))

    def test_an_expired_approval_does_not_count(self):
        self.site.baton("cutover", "accept", "expired", "--reason", "read and found good")
        for who in PEOPLE:
            self.site.baton("cutover", "approve", "expired", "--for", "cutover", "--yes", by=who)
        time.sleep(4.5)
        self.site.wait_until("no run is in the way", lambda: "0 of 2" in self.refused("cutover", "arm", "expired"))
        self.assertEqual(self.site.state("expired"), "S6")

    def test_a_wizard_left_open_blocks_and_its_session_is_named(self):
        lab = self.site.labs["wizard"]
        lab.do("NEW", "wizard", act="open", by="CONTOSO\\carla")
        self.site.wait_until("it is seen", lambda: self.site.fact("wizard", "NEW", "wizard_open") == 1)
        self.assertIn("carla", self.refused("cutover", "start", "wizard"))
        self.assertEqual(self.site.state("wizard"), "C1")
        lab.do("NEW", "wizard", act="close", by="CONTOSO\\carla")
        self.site.fence("wizard")
        lab.do("NEW", "wizard", act="open", by="CONTOSO\\carla")
        self.site.wait_until("it is seen", lambda: self.site.fact("wizard", "NEW", "wizard_open") == 1)
        self.refused("cutover", "go", "wizard", "--yes", "--timeout", "8", codes=(5, 6, 7, 9))
        self.assertEqual(self.site.state("wizard"), "C3")
        self.assertIn("carla", self.explain("wizard") + str(self.agent_view("wizard", "NEW")))
        lab.do("NEW", "wizard", act="close", by="CONTOSO\\carla")
        self.site.go("wizard")


if __name__ == "__main__":
    main()
