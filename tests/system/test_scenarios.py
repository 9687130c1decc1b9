"""Every file of tests/scenarios, played at once: each on a tenant of its own, most of them of one site."""
import concurrent.futures
import contextlib
import re
import sys
import unittest

from baton_case import PROGRAMS, Site, bring, end, last_words, main
from scenario import FOLDER, Play, Wrong, all_scenarios

AT_ONCE = 6


def site_made():
    site = Site(PROGRAMS)
    site.controller_init()
    site.controller_start()
    site.operators_init()
    return site


def tenant_of(scenario):
    return re.sub(r"^\d+-", "", scenario.name)


def retire(site, tenant):
    """Its processes end with its story, so that the others have the machine."""
    for (of, _), agent in list(site.agents.items()):
        if of == tenant:
            agent.kill() if not agent.alive() else agent.stop()
    site.labs[tenant].process.stop()


class Scenarios(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        cls.shared = site_made()
        cls.addClassCleanup(end, cls.shared)
        cls.pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        cls.addClassCleanup(cls.pool.shutdown)
        cls.played = {s.name: cls.pool.submit(cls.play, s) for s in SCENARIOS}

    @classmethod
    def play(cls, scenario):
        site = site_made() if scenario.alone else cls.shared
        with contextlib.ExitStack() as stack:
            if scenario.alone:
                stack.callback(end, site)
            tenant = tenant_of(scenario)
            bring(site, tenant, scenario.state, scenario.policy)
            try:
                Play(scenario, site, tenant).run()
            except BaseException:
                last_words(site, tenant)
                raise
            if not scenario.alone:
                retire(site, tenant)


class Language(unittest.TestCase):
    def test_a_line_that_nobody_knows_is_refused(self):
        shared = next(s for s in SCENARIOS if not s.alone and not s.clocks)
        for line in ("dance", "handoff dance", "kill the lights", "kill controller", "expect the unexpected", "pass by",
                     "keep agent OLD", "clock of agent OLD is right"):
            with self.assertRaises(Wrong, msg=line):
                shared.parse(line)

    def test_every_hard_case_has_its_scenario_or_its_reason(self):
        told = {case for s in SCENARIOS for case in s.cases}
        elsewhere = set(re.findall(r"^\| (\d+) \|", (FOLDER / "elsewhere.md").read_text(), re.M))
        self.assertEqual({str(n) for n in range(1, 16)} - told - elsewhere, set())
        self.assertEqual(told & elsewhere, set(), "told twice")

    def test_each_shorter_case_that_no_scenario_tells_names_a_test_that_is_there(self):
        rows = re.findall(r"^\|.*\| (tests/\S+) \| `(\w+)` \|$", (FOLDER / "elsewhere.md").read_text(), re.M)
        self.assertGreater(len(rows), 4)
        for file, test in rows:
            self.assertIn(f"{test}(", (FOLDER.parents[1] / file).read_text(), file)


def story(scenario):
    def test(self):
        self.played[scenario.name].result()
    test.__doc__ = scenario.title
    return test


SCENARIOS = all_scenarios()
for each in SCENARIOS:
    setattr(Scenarios, "test_" + re.sub(r"\W", "_", each.name), story(each))

if __name__ == "__main__":
    sys.exit(main())
