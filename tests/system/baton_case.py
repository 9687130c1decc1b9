"""What every system test starts from: a site of real processes, judged by the lab at every instant."""
import os
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
from lab_site import CommandFailed, Site  # noqa: E402,F401

PROGRAMS = os.environ.get("BATON_PROGRAMS", str(ROOT / "build/release/bin"))


class BatonCase(unittest.TestCase):
    """One site per test. It ends with the lab's verdict: two able to export at once fails the test."""

    overlaps_allowed = False

    def setUp(self):
        self.site = Site(PROGRAMS)
        self.addCleanup(self._end)
        self.site.controller_init()
        self.site.controller_start()
        self.site.operators_init()

    def _end(self):
        # doCleanups runs whether the test passed or not: a failed one shows the last words.
        failed = any(problem for _, problem in self._outcome.result.failures + self._outcome.result.errors
                     if _ is self) if hasattr(self, "_outcome") and self._outcome else False
        try:
            if not self.overlaps_allowed:
                for name, lab in self.site.labs.items():
                    if lab.process.alive():
                        judge = lab.judge()
                        self.assertTrue(judge["ok"], f"{name}: two servers could export at once: {judge}")
        finally:
            if failed or os.environ.get("BATON_LOGS"):
                self._last_words()
            self.site.close()

    def _last_words(self):
        for process in self.site.everything():
            if process.log.exists():
                print(f"--- {process.name}", *process.log.read_text(errors="replace").splitlines()[-20:],
                      sep="\n    ", file=sys.stderr)

    def exporters(self, tenant, since=0):
        return [e["server"] for e in self.site.labs[tenant].exports() if e["begin"] >= since]

    def services(self, tenant, host):
        return {s["name"]: s for s in self.site.labs[tenant].do(host, "services")["services"]}

    def assert_stopped(self, tenant, host):
        for name, service in self.services(tenant, host).items():
            self.assertEqual(service["state"], "stopped", f"{host} {name}")
            self.assertEqual(service["start"], "disabled", f"{host} {name}")

    def agent_view(self, tenant, host):
        return self.site.baton("agent", "show", tenant, host, json_output=True)

    def verify_audit(self):
        bundle = self.site.dir / "audit.bundle"
        self.site.baton("audit", "export", bundle)
        self.site.baton("audit", "verify", bundle)


def main():
    unittest.main(verbosity=2)
