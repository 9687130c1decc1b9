"""What every system test starts from: a site of real processes, judged by the lab at every instant."""
import concurrent.futures
import os
import pathlib
import re
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
from lab_site import CommandFailed, Site  # noqa: E402,F401

PROGRAMS = os.environ.get("BATON_PROGRAMS", str(ROOT / "build/release/bin"))


class Looks:
    """What a test asks its site."""

    def exporters(self, tenant, since=0):
        """Of the runs that began after that moment: often the end of the last one before the gap."""
        return [e["server"] for e in self.site.labs[tenant].exports() if e["begin"] > since]

    def last_export(self, tenant):
        return max(e["end"] for e in self.site.labs[tenant].exports())

    def services(self, tenant, host):
        return {s["name"]: s for s in self.site.labs[tenant].do(host, "services")["services"]}

    def stopped(self, tenant, host):
        return all(s["state"] == "stopped" for s in self.services(tenant, host).values())

    def fenced(self, tenant, host):
        return all(s["state"] == "stopped" and s["start"] == "disabled" for s in self.services(tenant, host).values())

    def assert_stopped(self, tenant, host):
        for name, service in self.services(tenant, host).items():
            self.assertEqual(service["state"], "stopped", f"{host} {name}")
            self.assertEqual(service["start"], "disabled", f"{host} {name}")

    def agent_view(self, tenant, host):
        return self.site.baton("agent", "show", tenant, host, json_output=True)

    def explain(self, tenant):
        return self.site.baton("cutover", "explain", tenant)

    def audit(self, tenant):
        return self.site.baton("audit", "list", "--tenant", tenant)

    def verify_audit(self):
        bundle = self.site.dir / f"audit-{self.id()}.bundle"
        self.site.baton("audit", "export", bundle)
        self.site.baton("audit", "verify", bundle)

    def refused(self, *words, codes=(5, 6, 9), **how):
        """The command is refused with one of these exit codes; what it said comes back."""
        done = self.site.baton(*words, check=False, **how)
        self.assertIn(done.returncode, codes, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def kill_controller(self):
        self.site.controller.kill()
        self.site.controller_start()

    def kill_agent(self, tenant, host):
        self.site.agents[tenant, host].kill()
        self.site.agents[tenant, host].start(ready="ready")

    def judged(self, tenant):
        lab = self.site.labs[tenant]
        if lab.process.alive():
            judge = lab.judge()
            self.assertTrue(judge["ok"], f"{tenant}: two servers could export at once: {judge}")


def last_words(site, tenant_or_all=None):
    for tenant in [tenant_or_all] if tenant_or_all else site.labs:
        done = site.baton("cutover", "explain", tenant, check=False)
        print(f"--- {tenant}", *(done.stdout + done.stderr).splitlines(), sep="\n    ", file=sys.stderr)
    for process in site.everything():
        if process.log.exists() and (tenant_or_all is None or tenant_or_all in process.name or process is site.controller):
            print(f"--- {process.name}", *process.log.read_text(errors="replace").splitlines()[-20:],
                  sep="\n    ", file=sys.stderr)


def end(site):
    """Stops everything; what a sanitizer said while the programs ran or ended fails the test."""
    try:
        for process in site.everything():
            process.stop()
        said = [p for p in site.everything() if p.log.exists()
                and re.search(rb"Sanitizer|runtime error:", p.log.read_bytes())]
        for process in said:
            print(f"--- {process.name}", process.log.read_text(errors="replace"), sep="\n", file=sys.stderr)
        if said:
            raise AssertionError(f"a sanitizer spoke in {[p.name for p in said]}")
    finally:
        site.close()


def failed(test):
    outcome = getattr(test, "_outcome", None)
    result = outcome.result if outcome else None
    return result is not None and any(of is test for of, _ in result.failures + result.errors)


class BatonCase(Looks, unittest.TestCase):
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
        try:
            if not self.overlaps_allowed:
                for tenant in self.site.labs:
                    self.judged(tenant)
        finally:
            if failed(self) or os.environ.get("BATON_LOGS"):
                last_words(self.site)
            end(self.site)


STEPS = (("S1", "begin"), ("S5", "stage"), ("C1", "arm"), ("C3", "fence"), ("C4", "go"), ("D2", "activate"))


def bring(site, tenant, state, sets=()):
    """A new tenant, in this state of its handoff."""
    site.tenant(tenant, sets=sets)
    for reached, step in STEPS:
        if state == "P1":
            return
        getattr(site, step)(tenant)
        if reached == state:
            return


class SharedSite(Looks, unittest.TestCase):
    """One site for a whole class. Each test has a tenant of its own; all are brought to the state that they
    start from together, because most of that time is waiting.

    tenants: name -> (state to start from, policy values)
    """

    tenants = {}
    overlaps_allowed = ()  # tenants in which somebody starts a server by hand
    @classmethod
    def setUpClass(cls):
        cls.site = Site(PROGRAMS)
        cls.addClassCleanup(cls._end)
        cls.site.controller_init()
        cls.site.controller_start()
        cls.site.operators_init()
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for done in [pool.submit(bring, cls.site, name, *wanted) for name, wanted in cls.tenants.items()]:
                done.result()

    @classmethod
    def _end(cls):
        if os.environ.get("BATON_LOGS"):
            last_words(cls.site)
        end(cls.site)

    def tearDown(self):
        if failed(self):
            last_words(self.site)
        for tenant in self.site.labs:
            if tenant not in self.overlaps_allowed:
                self.judged(tenant)


def main():
    unittest.main(verbosity=2)
