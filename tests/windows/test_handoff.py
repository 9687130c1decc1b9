"""A parallel handoff from DirSync to Entra Connect: two Wine servers, a native controller, production durations."""
import time
import unittest

import wine
from windows_site import SERVICES, WineSite


class Parallel(unittest.TestCase):
    def setUp(self):
        self.site = WineSite()
        self.addCleanup(self.end)
        self.site.begin_site()

    def end(self):
        try:
            if self._outcome.result.failures or self._outcome.result.errors:
                self.site.last_words("contoso")
        finally:
            self.site.close()

    def test_a_parallel_handoff_from_dirsync_goes_from_P1_into_D1_under_production_durations(self):
        site = self.site
        lab = site.tenant("contoso")
        old, new = site.servers["OLD"], site.servers["NEW"]
        site.begin("contoso")
        site.stage("contoso")
        site.arm("contoso")
        began = time.monotonic()
        site.fence("contoso")
        self.assertGreater(time.monotonic() - began, 60, "the gap of production is 60 s")
        self.assertEqual(set(old.services().values()), {("stopped", "disabled")})
        self.assertEqual(old.machine.processes("miiserver.exe"), {})
        gap_from = max(e["end"] for e in lab.exports())
        site.go("contoso", by="bert")
        site.activate("contoso")
        self.assertEqual({e["server"] for e in lab.exports() if e["begin"] > gap_from}, {"NEW"})
        self.assertEqual(new.services(), {"ADSync": ("running", "auto")})
        self.assertTrue(lab.judge()["ok"], lab.judge())
        self.assertEqual(old.services(), {name: ("stopped", "disabled") for name in SERVICES["dirsync"]})
        self.assertEqual(old.logged("powershell.log"), [], "a DirSync-era server is asked without PowerShell")
        self.assertTrue(all("-NoProfile -NonInteractive" in line for line in new.logged("powershell.log")))
        bundle = site.dir / "audit.bundle"
        site.baton("audit", "export", bundle)
        site.baton("audit", "verify", bundle)


if __name__ == "__main__":
    wine.main()
