"""The objects behind the findings: they leave their server only when the policy says so, and only for approvers."""
import re

from baton_case import BatonCase, main

POLICY = "preset: parallel-upgrade\nrows_may_leave: true\n"


class Rows(BatonCase):
    def staged(self, policy=None):
        self.site.tenant("contoso")
        if policy is not None:
            path = self.site._file("policy.yaml", policy)
            self.site.baton("tenant", "verification", "set", "contoso", "--policy", path)
        self.site.begin("contoso")
        self.site.stage("contoso")
        self.site.labs["contoso"].do("NEW", "pending", adds=2, updates=5, deletes=3)
        self.site.wait_until("the deletes are found", lambda: self.found("EX-DELETES") == 3, timeout=60)

    def found(self, rule):
        items = self.site.baton("cutover", "findings", "contoso", json_output=True)["items"]
        return next((f["count"] for f in items if f["rule"] == rule), None)

    def rows(self, *options, by="anna"):
        return self.site.baton("cutover", "rows", "contoso", *options, json_output=True, by=by)

    def rows_came(self):
        self.site.wait_until("rows came that belong to the findings", lambda: self.rows() is not None)
        return self.rows()

    def pending_dns(self):
        """DNs and anchors as the new server's export has them."""
        text = (self.site.labs["contoso"].dir / "servers/NEW/pending-export.xml").read_text()
        dns = set(re.findall(r'cs-dn="([^"]+)"', text))
        self.assertGreaterEqual(len(dns), 10)
        anchors = {bytes.fromhex(dn[4:-1]).decode() for dn in dns if re.fullmatch(r"CN=\{[0-9A-Fa-f]+\}", dn)}
        self.assertTrue(anchors)
        return dns, anchors

    def assert_controller_knows_nobody(self):
        dns, anchors = self.pending_dns()
        read = 0
        for path in [p for p in self.site.controller_dir.rglob("*") if p.is_file()] + [self.site.controller.log]:
            held = path.read_bytes()
            read += len(held)
            for secret in dns | anchors:
                for form in (secret.encode(), secret.encode("utf-16-le"), secret.encode().hex().encode()):
                    self.assertNotIn(form, held, f"{secret} lies in {path}")
        self.assertGreater(read, 100_000)

    def login(self, who, trusted, login_roles):
        """Somebody whom the trust document knows with these roles, and the controller with those."""
        (self.site.dir / who).mkdir(mode=0o700)
        self.site.baton("operator", "new", who, "--roles", trusted, "--cost", "least", "--card", self.site.dir / f"{who}.card", by=who)
        self.site.baton("trust", "add-operator", self.site.dir / f"{who}.card", "--root-key", self.site.dir / "root.key",
                        "--root-passphrase-file", self.site.secret)
        token = self.site.dir / f"{who}.token"
        self.site.baton("login", "add", who, "--roles", login_roles, "--save", token)
        self.site.baton("login", "--url", self.site.url, "--fingerprint", self.site.fingerprint, "--token", token, by=who)
        self.site.baton("trust", "pin", self.site.baton("trust", "show", json_output=True)["root"], by=who)

    def test_approvers_see_the_objects_and_the_controller_does_not(self):
        self.staged(POLICY)
        o = self.rows_came()
        dns, anchors = self.pending_dns()
        deletes = [r for r in o["items"] if r["operation"] == "delete"]
        self.assertEqual(len(deletes), 3)
        self.assertEqual(o["items"][:3], deletes, "deletes come first")
        self.assertEqual({r["dn"] for r in o["items"]}, dns)
        self.assertLessEqual({r["anchor"] for r in o["items"]} - {""}, anchors)
        self.assertEqual(o["left_out"], 0)
        only = self.rows("--rule", "EX-DELETES", by="bert")
        self.assertEqual(only["items"], deletes)
        updates = self.rows("--rule", "EX-UPDATES")["items"]
        self.assertEqual(len(updates), self.found("EX-UPDATES"))
        self.assertTrue(all(r["changed"] or r["set"] or r["cleared"] for r in updates))
        table = self.site.baton("cutover", "rows", "contoso")
        self.assertIn(deletes[0]["dn"], table)
        self.assertIn("anna, bert", table)
        csv = self.site.baton("cutover", "rows", "contoso", "--output", "csv")
        self.assertEqual(len(csv.splitlines()), 1 + len(o["items"]))
        self.assert_controller_knows_nobody()

    def test_every_fetch_is_on_the_record_with_whom_the_rows_were_sealed_to(self):
        self.staged(POLICY)
        self.rows_came()
        fetched = lambda: [r for r in self.records() if r["type"] == "rows" and "fetched" in r["text"]]
        before = len(fetched())
        self.rows(by="bert")
        self.assertEqual(len(fetched()), before + 1)
        ids = {o["name"]: o["id"] for o in self.operators()}
        self.assertTrue(fetched()[-1]["actor"].startswith(ids["bert"]), fetched()[-1])
        sealed = [r for r in self.records() if r["type"] == "rows" and "sealed rows" in r["text"] and "people" in r["text"]]
        self.assertTrue(sealed)
        for who in ("anna", "bert"):
            self.assertIn(ids[who][:16], sealed[-1]["text"])
        self.verify_audit()

    def records(self):
        return sorted(self.site.baton("audit", "list", "--tenant", "contoso", json_output=True), key=lambda r: r["seq"])

    def operators(self):
        return self.site.baton("operator", "list", json_output=True)

    def test_who_may_not_approve_cannot_open_them(self):
        self.login("carl", "view,operate", "view,operate,approve")
        self.login("dora", "view,approve", "view,operate")
        self.staged(POLICY)
        self.rows_came()
        said = self.refused("cutover", "rows", "contoso", codes=(4,), by="carl")
        self.assertIn("not sealed to carl", said)
        self.assertIn("anna, bert, dora", said)
        self.refused("cutover", "rows", "contoso", codes=(4,), by="dora")  # the controller's login may not ask

    def test_with_the_default_policy_nothing_leaves(self):
        self.staged()
        said = self.refused("cutover", "rows", "contoso", codes=(3,))
        self.assertIn("rows_may_leave", said)
        self.assert_controller_knows_nobody()
        self.assertEqual([r for r in self.records() if r["type"] == "rows"], [])
        agent = self.site.agents["contoso", "NEW"]
        self.assertNotIn("rows.", agent.log.read_text())

    def test_rows_are_of_the_newest_findings(self):
        self.staged(POLICY)
        first = self.rows_came()
        self.site.labs["contoso"].do("NEW", "pending", adds=0, updates=1, deletes=4)
        self.site.wait_until("four deletes are found", lambda: self.found("EX-DELETES") == 4, timeout=60)
        self.site.wait_until("rows of them came", lambda: self.rows()["findings"] != first["findings"])
        self.assertEqual(len(self.rows("--rule", "EX-DELETES")["items"]), 4)
        said = self.refused("cutover", "rows", "contoso", "--rule", "EX-NONE", codes=(2,))
        self.assertIn("no rule", said)
        self.refused("cutover", "rows", "contoso", "--rule", "CF-ANCHOR", codes=(3,))


if __name__ == "__main__":
    main()
