"""A swing handoff from Azure AD Connect 1.x to Entra Connect: two Wine servers, a native controller, production durations.

BATON_LONG=yes: it takes three minutes, more than half of them durations of production.
"""
import os
import time
import unittest

import wine
from windows_site import WineSite


def version(*part):
    return sum(n << shift for n, shift in zip(part, (48, 32, 16, 0)))


@unittest.skipUnless(os.environ.get("BATON_LONG") == "yes", "the long form: tests/run --only windows --long")
class SwingFromConnect(unittest.TestCase):
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

    def fence_by_staging(self):
        """C1 to C3: the old server's evidence waits for a person who turns staging mode on, and for the gap after it."""
        site, lab, old = self.site, self.site.labs["contoso"], self.site.servers["OLD"]
        site.wait_until("start", lambda: site.baton("cutover", "start", "contoso") is not None, timeout=300)
        site.wait_until("OLD is asked", lambda: self.member("OLD")["said"] == "draining", timeout=60)
        self.assertEqual(old.services(), {"ADSync": ("running", "auto")})
        with old.wizard():
            lab.do("OLD", "wizard", act="staging-on", by="CONTOSO\\anna")
        began = time.monotonic()
        site.wait_state("contoso", "C3", timeout=300)
        self.assertGreater(time.monotonic() - began, 60, "the gap of production is 60 s")

    def member(self, host):
        return next(m for m in self.site.cutover("contoso")["authority"]["members"] if m["host"] == host)

    def test_a_swing_handoff_from_connect_1_goes_from_P1_into_D1_under_production_durations(self):
        site = self.site
        fact = lambda host, name: site.fact("contoso", host, name)
        lab = site.tenant("contoso", old="aadconnect")
        site.wait_until("OLD's product is known", lambda: fact("OLD", "product_version") == version(1, 6, 16, 0))
        site.begin("contoso", "swing")
        site.stage("contoso")
        self.assertEqual(fact("NEW", "product_version"), version(2, 6, 92, 0))
        site.arm("contoso")
        self.assertEqual({h: self.member(h)["kind"] for h in ("OLD", "NEW")}, {"OLD": "staged", "NEW": "staged"})
        self.fence_by_staging()
        self.assertTrue(self.member("OLD")["evidence"])
        self.assertEqual([fact("OLD", f) for f in ("staging_scheduler", "staging_settings", "exports_since_fence")], [1, 1, 0])
        gap_from = max(e["end"] for e in lab.exports())
        site.go("contoso", by="bert")
        site.activate("contoso")
        self.assertEqual({e["server"] for e in lab.exports() if e["begin"] > gap_from}, {"NEW"})
        self.assertTrue(lab.judge()["ok"], lab.judge())
        for server in site.servers.values():  # the old one stands by
            self.assertEqual(server.services(), {"ADSync": ("running", "auto")})
        bundle = site.dir / "audit.bundle"
        site.baton("audit", "export", bundle)
        site.baton("audit", "verify", bundle)


if __name__ == "__main__":
    wine.main()
