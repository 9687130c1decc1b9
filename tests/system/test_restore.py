"""A controller restored from a backup, an agent's memory cloned, a controller away for the whole gap."""
import shutil

from baton_case import BatonCase, CommandFailed, main


class Restore(BatonCase):
    def test_a_restored_controller_reconciles_before_it_decides(self):
        site = self.site
        site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        backup = site.dir / "monday.db"
        site.run([site.program("baton-controller"), "backup", "--dir", site.controller_dir, backup])
        site.fence("contoso")  # the backup knows nothing of this epoch
        site.controller.stop()
        for old in site.controller_dir.glob("baton.db*"):
            old.unlink()
        shutil.copy(backup, site.controller_dir / "baton.db")
        site.controller_start()
        site.wait_state("contoso", "X5", timeout=60)
        with self.assertRaises(CommandFailed):
            site.baton("cutover", "start", "contoso")
        self.assert_stopped("contoso", "OLD")
        explain = site.baton("cutover", "explain", "contoso")
        self.assertIn("confirm-foreign", explain)
        site.wait_until("confirm", lambda: site.baton("cutover", "confirm-foreign", "contoso") is not None, timeout=60)
        site.wait_until("it goes on", lambda: site.state("contoso") in ("C2", "C3"), timeout=60)


class Clone(BatonCase):
    def test_a_cloned_agent_bars_both_copies(self):
        site = self.site
        site.tenant("contoso")
        site.prepare("contoso")
        original = site.agents["contoso", "NEW"]
        copy = site.dir / "agent-clone"
        shutil.copytree(original.directory, copy)
        from lab_site import Process
        clone = Process("agent clone", [site.program("baton-agent"), "run", "--dir", copy], site.dir / "clone.log")
        site.agents["contoso", "clone"] = clone
        clone.start(ready="ready")
        site.wait_until("the fork is seen", lambda: "session" in str(
            self.agent_view("contoso", "NEW")).lower() or "fork" in site.baton("audit", "list", "--tenant", "contoso")
            or "two" in site.baton("audit", "list", "--tenant", "contoso"), timeout=60)
        with self.assertRaises(CommandFailed):
            site.arm_once = site.baton("cutover", "arm", "contoso")


class Away(BatonCase):
    def test_a_controller_away_for_the_whole_gap_starts_nobody(self):
        site = self.site
        lab = site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        site.fence("contoso")
        gap_from = max(e["end"] for e in lab.exports())
        site.controller.kill()
        import time
        time.sleep(6)  # longer than the lab's beat, stale and drain times
        self.assertEqual(self.exporters("contoso", since=gap_from), [])
        self.assert_stopped("contoso", "OLD")
        site.controller_start()
        site.wait_until("heard again", lambda: site.state("contoso") == "C3", timeout=60)
        site.go("contoso")
        site.activate("contoso")


if __name__ == "__main__":
    main()
