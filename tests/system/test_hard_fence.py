"""Hard cases at the fence: the old server does not answer, or answers as somebody else."""
import shutil
import time

from baton_case import SharedSite, main


class AtTheFence(SharedSite):
    tenants = {"lost": ("C1",), "unreachable": ("C1",), "reverted": ("C1",), "rewound": ("C1",)}
    overlaps_allowed = ("reverted", "rewound")  # from boot to the guard: the record of exports counts

    def test_a_lost_answer_is_unknown_until_the_agent_gives_it_again(self):
        self.site.wait_until("start", lambda: self.site.baton("cutover", "start", "lost") is not None)
        agent = self.site.agents["lost", "OLD"]
        agent.kill()
        time.sleep(4)  # beat, stale and drain of the lab pass
        self.assertEqual(self.site.state("lost"), "C2")
        self.refused("cutover", "go", "lost", "--yes")
        agent.start(ready="ready")
        self.site.wait_state("lost", "C3")
        self.assert_stopped("lost", "OLD")

    def test_an_unreachable_old_server_needs_two_people_and_the_certificate_says_so(self):
        site, lab = self.site, self.site.labs["unreachable"]
        seen = site.dir / "photo.jpg"
        seen.write_bytes(b"the hypervisor's page: OLD is powered off")
        attest = ("cutover", "attest", "unreachable", "--host", "OLD", "--seen", seen, "--reason", "powered off", "--yes")
        site.wait_until("start", lambda: site.baton("cutover", "start", "unreachable") is not None)
        site.agents["unreachable", "OLD"].kill()
        lab.do("OLD", "power", act="off")
        gap_from = self.last_export("unreachable")
        site.baton("cutover", "fence", "unreachable", "--reason", "no answer")
        self.assertEqual(site.state("unreachable"), "X2")
        waited = site.baton("cutover", "wait", "unreachable", "--for", "C3", "--timeout", "30", check=False)
        self.assertEqual(waited.returncode, 6, waited.stderr)
        self.assertIn("old server: no evidence yet", waited.stderr)
        site.baton(*attest)
        site.baton(*attest, check=False)
        self.assertEqual(site.state("unreachable"), "X2", "one person is not two")
        site.baton(*attest, by="bert")
        site.wait_until("NEW's evidence is in too", lambda: site.state("unreachable") == "C3")
        site.go("unreachable")
        site.activate("unreachable")
        saved = site.dir / "unreachable.json"
        site.baton("cutover", "certificate", "unreachable", "--save", saved)
        self.assertIn('"grade": "C"', saved.read_text().replace('"grade":"C"', '"grade": "C"'))
        site.baton("audit", "verify", saved)
        self.assertEqual(set(self.exporters("unreachable", since=gap_from)), {"NEW"})

    def revert(self, tenant, generation):
        """OLD and its agent's memory as they were before the fence, then on again."""
        site, lab = self.site, self.site.labs[tenant]
        agent = site.agents[tenant, "OLD"]
        agent.kill()
        kept = site.dir / f"snapshot-{tenant}"
        shutil.copytree(agent.directory, kept)
        lab.do("OLD", "snapshot")
        agent.start(ready="ready")
        site.fence(tenant)
        self.assert_stopped(tenant, "OLD")
        gap_from = self.last_export(tenant)
        agent.kill()
        shutil.rmtree(agent.directory)
        shutil.copytree(kept, agent.directory)
        # On a real server the boot starts the agent too. Here it stands ready before the power comes: a process
        # that is started after the revert would race, on a busy machine, with the services' own start.
        lab.do("OLD", "power", act="off")
        said = len(agent.log.read_bytes())
        agent.start()
        site.wait_until("the agent waits for its server", lambda: b"waiting for it" in agent.log.read_bytes()[said:])
        lab.do("OLD", "revert", generation="true" if generation else "false")
        site.wait_until("the guard stops OLD", lambda: self.fenced(tenant, "OLD"), timeout=30)
        return gap_from

    def test_a_reverted_old_server_with_a_generation_id_stops_before_it_is_asked(self):
        gap_from = self.revert("reverted", generation=True)
        self.assert_stopped("reverted", "OLD")
        self.site.wait_until("the quarantine arrives", lambda: "quarantine" in str(
            self.agent_view("reverted", "OLD")).lower() or self.site.state("reverted") != "C3")
        self.refused("cutover", "go", "reverted", "--yes", "--timeout", "8", codes=(5, 6, 7, 9))
        time.sleep(2)
        self.assertEqual(self.exporters("reverted", since=gap_from), [])

    def test_a_reverted_old_server_without_a_generation_id_stops_when_the_controller_shows_its_own_word(self):
        self.revert("rewound", generation=False)
        self.assert_stopped("rewound", "OLD")
        self.refused("cutover", "go", "rewound", "--yes", "--timeout", "8", codes=(5, 6, 7, 9))
        self.assertNotIn(self.site.state("rewound"), ("C4", "C5"))
        quiet_from = self.last_export("rewound")
        time.sleep(3)
        self.assertEqual(self.exporters("rewound", since=quiet_from), [])


if __name__ == "__main__":
    main()
