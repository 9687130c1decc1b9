"""What changes on the new server after people have accepted its verification: version, rules, configuration."""
import re

from baton_case import SharedSite, main

PEOPLE = ("anna", "bert")


class Changed(SharedSite):
    """Each tenant goes the whole way to the gap; each change comes once in each of the four states."""

    tenants = {"first": ("S5",), "second": ("S5",), "third": ("S5",)}

    def folder(self, tenant):
        return self.site.labs[tenant].dir / "servers/NEW/configuration"

    def version(self, tenant):
        """A newer build each time."""
        self.builds = getattr(self, "builds", 0) + 1
        self.site.labs[tenant].do("NEW", "upgrade", version=f"2.9.{self.builds}.0")

    def rules(self, tenant):
        """Somebody moves the last rule further back in the order."""
        def precedence(path):
            return int(re.search(r"<precedence>(\d+)<", path.read_text()).group(1))
        last = max((self.folder(tenant) / "SynchronizationRules").iterdir(), key=precedence)
        last.write_text(last.read_text().replace(f"<precedence>{precedence(last)}<",
                                                 f"<precedence>{precedence(last) + 7}<"))

    def configuration(self, tenant):
        """One container more is left out."""
        for path in (self.folder(tenant) / "Connectors").iterdir():
            text = path.read_text()
            more = text.count("<exclusion>OU=Left") + 1
            path.write_text(re.sub(r"(<inclusion>(DC=[^<]*)</inclusion>)",
                                   rf"\1<exclusion>OU=Left{more},\2</exclusion>", text))

    def done_well(self, tenant):
        """Synchronized in full, looked at, decided about by two people, and accepted."""
        site = self.site
        site.labs[tenant].do("NEW", "initial-cycle")
        site.wait_until("the four operations ended well", lambda: all(
            site.fact(tenant, "NEW", name) for name in (
                "full_import_ad", "full_sync_ad", "full_import_entra", "full_sync_entra")), timeout=60)

        def decided_and_accepted():
            for row in self.site.baton("cutover", "findings", tenant, json_output=True)["items"]:
                said = {d["name"] for d in row["dispositions"]}
                for who in PEOPLE:
                    if row["open"] and row["severity"] == "block" and who not in said:
                        site.baton("cutover", "dispose", tenant, row["row"], "--as", "accepted", "--reason",
                                   "a change of ours", "--yes", by=who)
            if site.state(tenant) == "C3":
                site.baton("cutover", "reverify", tenant)
            return site.baton("cutover", "accept", tenant, "--reason", "looked at the change") is not None
        site.wait_until("decided and accepted", decided_and_accepted, timeout=60)

    def armed(self, tenant):
        for who in PEOPLE:
            self.site.baton("cutover", "approve", tenant, "--for", "cutover", "--yes", by=who)
        self.site.wait_until("armed", lambda: self.site.baton("cutover", "arm", tenant) is not None, timeout=60)

    def no_go(self, tenant):
        return self.site.cutover(tenant)["no_go"]

    def back_to_verify(self, tenant, change):
        change(tenant)
        self.site.wait_state(tenant, "S5")
        self.assertIn("verify again", self.audit(tenant))
        self.refused("cutover", "start", tenant)

    def walk(self, tenant, ready, armed, releasing, gap):
        site = self.site
        self.done_well(tenant)
        site.wait_state(tenant, "S6")
        self.back_to_verify(tenant, ready)

        self.done_well(tenant)
        self.armed(tenant)
        site.wait_state(tenant, "C1")
        self.back_to_verify(tenant, armed)

        self.done_well(tenant)
        self.armed(tenant)
        site.agents[tenant, "OLD"].kill()
        site.wait_until("start", lambda: site.baton("cutover", "start", tenant) is not None)
        site.wait_state(tenant, "C2")
        releasing(tenant)
        site.wait_until("no go while the old server stops", lambda: self.no_go(tenant))
        self.assertEqual(site.state(tenant), "C2")
        site.agents[tenant, "OLD"].start(ready="ready")
        site.wait_state(tenant, "C3")
        said = self.refused("cutover", "go", tenant, "--yes")
        self.assertIn("no go", said)

        self.done_well(tenant)
        site.wait_until("go stands again", lambda: not self.no_go(tenant))
        gap(tenant)
        site.wait_until("no go in the gap", lambda: self.no_go(tenant))
        self.assertEqual(site.state(tenant), "C3")
        self.refused("cutover", "go", tenant, "--yes")
        said = self.explain(tenant)
        self.assertIn("G-GO-STANDS", said)
        self.assertIn(f"baton cutover reverify {tenant}", said)
        self.assertIn("baton cutover rollback", said)
        self.assertEqual(set(self.exporters(tenant)), {"OLD"})
        return said

    def test_version_rules_configuration_version(self):
        said = self.walk("first", self.version, self.rules, self.configuration, self.version)
        self.assertIn("its version was", said)

    def test_rules_configuration_version_rules(self):
        said = self.walk("second", self.rules, self.configuration, self.version, self.rules)
        self.assertIn("its synchronization rules changed", said)

    def test_configuration_version_rules_configuration(self):
        said = self.walk("third", self.configuration, self.version, self.rules, self.configuration)
        self.assertIn("its configuration changed", said)


if __name__ == "__main__":
    main()
