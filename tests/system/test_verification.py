"""Verification inside a handoff: what the new server's agent finds beside the data, and what people decide."""
import contextlib
import hashlib
import json
import sqlite3

from baton_case import BatonCase, main


class Verification(BatonCase):
    def staged(self):
        self.site.tenant("contoso")
        self.site.begin("contoso")
        self.site.stage("contoso")

    def staged_under(self, policy):
        """The same under a policy of the tenant's own; its hash comes back."""
        self.site.tenant("contoso")
        kept = self.set_policy(policy)
        self.site.begin("contoso")
        self.site.stage("contoso")
        return kept

    def policy_file(self, text):
        path = self.site.dir / "contoso.yaml"
        path.write_text(text)
        return path

    def set_policy(self, text):
        self.site.baton("tenant", "verification", "set", "contoso", "--policy", self.policy_file(text))
        return self.site.baton("tenant", "verification", "show", "contoso", json_output=True)["sha256"]

    def verification(self):
        return self.site.cutover("contoso")["verification"]

    def findings(self):
        return self.site.baton("cutover", "findings", "contoso", json_output=True)

    def found(self, rule):
        return next((f for f in self.findings()["items"] if f["rule"] == rule), None)

    def wait_parity(self, rows):
        self.site.wait_until(f"parity is known and {rows} rows are open",
                             lambda: self.verification()["items"]["parity_rows"] == rows)

    def narrow_scope(self, server="NEW"):
        """Somebody unticks everything but one container, on the new server unless said."""
        folder = self.site.labs["contoso"].dir / f"servers/{server}/configuration"
        for path in (p for p in folder.rglob("*") if p.is_file()):
            text = path.read_text()
            path.write_text(text.replace("<inclusion>DC=", "<inclusion>OU=CORP,DC="))

    def four_operations_again(self):
        """A configuration that changed is synchronized in full before anybody judges it."""
        self.site.labs["contoso"].do("NEW", "initial-cycle")
        self.site.wait_until("the four operations ended well", lambda: all(
            self.site.fact("contoso", "NEW", name) for name in (
                "full_import_ad", "full_sync_ad", "full_import_entra", "full_sync_entra")), timeout=60)

    def test_parity_is_known_and_everything_found_reaches_the_operator(self):
        self.staged()
        self.wait_parity(0)
        items = self.verification()["items"]
        self.assertEqual(items["anchor_changes"], 0)
        self.assertIsNotNone(self.found("EX-UPDATES"))
        self.assertEqual(self.findings()["blocking"], 0)
        self.assertNotEqual(self.verification()["findings"], "0" * 64)
        table = self.site.baton("cutover", "findings", "contoso")
        self.assertIn("EX-UPDATES", table)
        self.site.baton("cutover", "accept", "contoso", "--reason", "looked at all of it")
        self.site.wait_state("contoso", "S6")

    def test_a_narrowed_scope_stops_the_handoff_until_two_people_have_decided(self):
        self.staged()
        self.wait_parity(0)
        self.narrow_scope()
        self.site.wait_until("the narrowed scope is found", lambda: self.found("CF-SCOPE-NARROWED") is not None)
        self.wait_parity(1)
        finding = self.found("CF-SCOPE-NARROWED")
        self.assertEqual(finding["severity"], "block")
        self.assertIn("OU=CORP", finding["subject"] + finding["why"])
        self.four_operations_again()
        said = self.refused("cutover", "accept", "contoso", "--reason", "in a hurry")
        self.assertIn("cutover findings contoso", said)
        row = finding["row"][:12]
        dispose = ("cutover", "dispose", "contoso", row, "--as", "accepted", "--reason", "CORP holds everybody", "--yes")
        self.site.baton(*dispose)
        self.wait_parity(1)  # what takes objects away is never one person's word alone
        self.site.baton(*dispose)
        self.wait_parity(1)  # nor that of the same person twice
        self.site.baton(*dispose, by="bert")
        self.wait_parity(0)
        decided = self.found("CF-SCOPE-NARROWED")
        self.assertFalse(decided["open"])
        self.assertEqual({d["name"] for d in decided["dispositions"]}, {"anna", "bert"})
        self.site.arm("contoso")
        self.site.fence("contoso")
        self.site.go("contoso", by="bert")
        self.site.activate("contoso")
        self.certificate_shows(row)
        self.verify_audit()

    def certificate_shows(self, row):
        """The finding, who decided, and what the approvals bind to; what was changed is noticed."""
        saved, page = self.site.dir / "certificate.json", self.site.dir / "certificate.html"
        self.site.baton("cutover", "certificate", "contoso", "--save", saved)
        certificate = json.loads(saved.read_text())["certificate"]
        verified = certificate["verified"]
        self.assertEqual(hashlib.sha256(bytes.fromhex(verified["record"])).hexdigest(), certificate["verification"])
        self.assertEqual(hashlib.sha256(bytes.fromhex(verified["list"])).hexdigest(), verified["findings"])
        found = next(f for f in verified["finding"] if f["row"].startswith(row))
        self.assertEqual((found["rule"], found["severity"], found["people"]), ("CF-SCOPE-NARROWED", "block", 2))
        decisions = [d for d in verified["decision"] if d["row"] == found["row"]]
        self.assertEqual({d["reason"] for d in decisions}, {"CORP holds everybody"})
        self.assertEqual(len({d["operator"] for d in decisions}), 2)
        facts = {f["name"]: f["value"] for f in verified["fact"] if f["known"]}
        self.assertEqual((facts["parity_rows"], facts["pending_deletes"], facts["full_sync_entra"]), (0, 0, 1))
        bound = {p["verification"] for p in certificate["person"] if p["verb"] == "cutover"}
        self.assertEqual(bound, {certificate["verification"]})
        self.assertIn("dispositions proved", self.site.baton("audit", "verify", saved))
        self.site.baton("cutover", "certificate", "contoso", "--html", "--save", page)
        text = page.read_text()
        for words in ("What verification found", "CF-SCOPE-NARROWED", "CORP holds everybody", "2 different people"):
            self.assertIn(words, text)
        self.assertEqual(text.count("agents agree"), 1)
        saved.write_text(saved.read_text().replace("CORP holds everybody", "CORP holds nobody..."))
        self.assertNotEqual(self.site.baton("audit", "verify", saved, check=False).returncode, 0)

    def test_a_configuration_that_changes_after_the_acceptance_is_verified_again(self):
        self.staged()
        self.wait_parity(0)
        self.site.baton("cutover", "accept", "contoso", "--reason", "fine")
        self.site.wait_state("contoso", "S6")
        self.narrow_scope()
        self.site.wait_state("contoso", "S5")
        self.site.wait_until("the narrowed scope is found", lambda: self.found("CF-SCOPE-NARROWED") is not None)

    def test_a_policy_lets_pass_what_its_preset_blocks(self):
        kept = self.staged_under("rules:\n  - rule: CF-SCOPE-NARROWED\n    severity: info\n")
        self.wait_parity(0)
        before = self.verification()["config"]
        self.kill_agent("contoso", "NEW")  # it keeps the policy with the plan
        self.narrow_scope()
        self.site.wait_until("the narrowed scope is judged", lambda: self.verification()["config"] != before
                             and self.verification()["items"]["parity_rows"] is not None)
        self.four_operations_again()
        self.wait_parity(0)
        self.assertIsNone(self.found("CF-SCOPE-NARROWED"))
        self.assertEqual(self.verification()["verification_policy"], kept)
        self.site.baton("cutover", "accept", "contoso", "--reason", "the policy allows it")
        self.site.wait_state("contoso", "S6")
        self.verify_audit()

    def test_a_policy_blocks_what_its_preset_lets_pass_and_asks_for_two_people(self):
        self.staged_under("rules:\n  - rule: EX-UPDATES\n    count: 0\n    severity: block\n    second_person: true\n")
        self.wait_parity(1)
        finding = self.found("EX-UPDATES")
        self.assertEqual(finding["severity"], "block")
        self.assertEqual(self.findings()["blocking"], 1)
        self.refused("cutover", "accept", "contoso", "--reason", "in a hurry")
        dispose = ("cutover", "dispose", "contoso", finding["row"][:12], "--as", "accepted", "--reason", "read", "--yes")
        self.site.baton(*dispose)
        self.wait_parity(1)  # the preset would have let one person decide
        self.site.baton(*dispose, by="bert")
        self.wait_parity(0)
        self.site.baton("cutover", "accept", "contoso", "--reason", "two of us looked")
        self.site.wait_state("contoso", "S6")

    def test_a_frozen_plan_keeps_its_policy_until_a_new_plan(self):
        self.site.tenant("contoso")
        first = self.set_policy("preset: parity\n")
        self.site.begin("contoso")
        other = self.policy_file("preset: parallel-upgrade\n")
        said = self.refused("tenant", "verification", "set", "contoso", "--policy", other, codes=(5,))
        self.assertIn("baton cutover abandon contoso", said)
        self.refused("tenant", "verification", "clear", "contoso", codes=(5,))
        self.assertEqual(self.site.baton("tenant", "show", "contoso", json_output=True)["verification_policy"], first)
        self.site.baton("cutover", "abandon", "contoso", "--reason", "another policy")
        self.assertNotEqual(self.set_policy("preset: parallel-upgrade\n"), first)
        self.site.baton("tenant", "verification", "clear", "contoso")
        self.assertIn("has no verification policy", self.site.baton("tenant", "verification", "show", "contoso"))
        unreadable = self.policy_file("preset: parity\nrules:\n  - rule: EX-TOMORROW\n")
        said = self.refused("tenant", "verification", "set", "contoso", "--policy", unreadable, codes=(1,))
        self.assertIn("near line 3: no rule EX-TOMORROW", said)

    def damage(self, hash, change):
        """A document that the controller keeps becomes another one under its hash."""
        with contextlib.closing(sqlite3.connect(self.site.controller_dir / "baton.db")) as database:
            key = bytes.fromhex(hash)
            kept, = database.execute("SELECT bytes FROM object WHERE hash = ?", (key,)).fetchone()
            changed = change(kept)
            self.assertNotEqual(kept, changed)
            database.execute("UPDATE object SET bytes = ? WHERE hash = ?", (changed, key))
            database.commit()

    def test_a_policy_that_was_tampered_with_on_the_controller_fences_nobody(self):
        kept = self.staged_under("rules:\n  - rule: EX-DELETES\n    count: 0\n")
        self.wait_parity(0)
        self.site.arm("contoso")
        self.site.wait_state("contoso", "C1")
        self.site.controller.stop()
        self.damage(kept, lambda text: text.replace(b"0", b"9"))
        self.site.controller_start()

        def gone():
            self.site.baton("cutover", "start", "contoso", check=False)
            return not self.site.controller.alive()

        self.site.wait_until("the controller stops at a policy that is not the one of its hash", gone, timeout=60)
        self.assertFalse(self.fenced("contoso", "OLD"))
        log = (self.site.dir / "controller.log").read_text()
        self.assertIn(f"object {kept[:16]} is damaged: go back to a backup", log)

    def test_a_plan_that_was_tampered_with_on_the_controller_fences_nobody(self):
        self.staged()
        self.wait_parity(0)
        self.site.arm("contoso")
        self.site.wait_state("contoso", "C1")
        plan = self.site.cutover("contoso")["plan"]
        self.damage(plan, lambda kept: kept[:-1] + bytes([kept[-1] ^ 1]))
        words = f"object {plan[:16]} is damaged: go back to a backup"
        self.assertIn(words, self.refused("cutover", "start", "contoso", codes=(1,)))
        self.assertFalse(self.fenced("contoso", "OLD"))
        self.site.controller.stop()
        with self.assertRaisesRegex(RuntimeError, words):
            self.site.controller_start()

    def test_an_old_server_that_is_configured_again_after_the_acceptance_is_looked_at_again(self):
        self.staged()
        self.wait_parity(0)
        self.site.baton("cutover", "accept", "contoso", "--reason", "fine")
        self.site.wait_state("contoso", "S6")
        for who in ("anna", "bert"):
            self.site.baton("cutover", "approve", "contoso", "--for", "cutover", "--yes", by=who)
        self.narrow_scope("OLD")
        self.site.wait_until("it cannot be armed", lambda: "configured again" in self.explain("contoso"))
        said = self.refused("cutover", "arm", "contoso")
        self.assertIn("G-FRESH", self.explain("contoso"))
        self.assertIn("baton cutover reverify contoso", said)
        self.site.baton("cutover", "reverify", "contoso")
        self.assertIsNone(self.verification()["items"]["parity_rows"])
        self.site.baton("cutover", "accept", "contoso", "--reason", "OLD was narrowed, NEW stays wide: wanted")
        self.site.wait_state("contoso", "S6")
        self.assertNotIn("configured again", self.explain("contoso"))


if __name__ == "__main__":
    main()
