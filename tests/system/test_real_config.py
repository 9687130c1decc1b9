"""A handoff in which both servers have a real configuration: what the old one has is what the new one gets."""
import shutil
import unittest

from baton_case import ROOT, BatonCase, main

EXPORT = ROOT.parent / "shared/data/microsoft-AADConnectConfigDocumenter/src/SolutionOutput/Data/Contoso/Pilot"


@unittest.skipUnless(EXPORT.is_dir(), f"no configuration export at {EXPORT}")
class RealConfiguration(BatonCase):
    def setUp(self):
        super().setUp()
        self.lab = self.site.tenant("contoso", options=("--config", EXPORT))
        old = self.lab.dir / "servers/OLD/configuration"
        shutil.rmtree(old)
        for folder in ("Connectors", "GlobalSettings", "SynchronizationRules"):
            shutil.copytree(EXPORT / folder, old / folder)
        self.site.prepare("contoso")
        self.site.wait_until("parity is known, and nothing differs", lambda: self.site.cutover("contoso")[
            "verification"]["items"]["parity_rows"] == 0)
        self.rules = list((self.lab.dir / "servers/NEW").glob("**/SynchronizationRule*/*.xml"))
        self.assertGreater(len(self.rules), 50, "the export's rules are on the new server")
        self.site.arm("contoso")

    def test_the_handoff_ends_with_the_new_server_exporting(self):
        site = self.site
        site.fence("contoso")
        site.go("contoso", by="bert")
        site.activate("contoso")
        self.assertEqual(self.exporters("contoso")[-1], "NEW")
        self.verify_audit()

    def test_a_rule_changed_after_the_approvals_goes_back_to_verify(self):
        rule = self.rules[0]
        text = rule.read_text(encoding="utf-8-sig")
        rule.write_text(text.replace("<precedence>", "<precedence>9", 1), encoding="utf-8")
        self.assertNotEqual(rule.read_text(), text)
        self.site.wait_state("contoso", "S5")
        self.assertIn("rules or configuration", self.audit("contoso"))
        self.refused("cutover", "start", "contoso")


if __name__ == "__main__":
    main()
