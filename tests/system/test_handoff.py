"""The three handoffs of the demo, as tests."""
import base64
import contextlib
import json
import os
from unittest import mock

from baton_case import BatonCase, CommandFailed, main


class Handoff(BatonCase):
    def test_a_clean_handoff_ends_done_with_a_certificate_that_verifies(self):
        site = self.site
        lab = site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        site.fence("contoso")
        self.assert_stopped("contoso", "OLD")
        gap_from = max(e["end"] for e in lab.exports())
        site.go("contoso", by="bert")
        site.activate("contoso")
        site.retire("contoso")
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), {"NEW"})
        saved = site.dir / "certificate.json"
        site.baton("cutover", "certificate", "contoso", "--save", saved)
        site.baton("audit", "verify", saved)
        certificate = json.loads(saved.read_text())["certificate"]
        self.assertEqual((certificate["grade"], certificate["local_fence_only"]), ("A", False))
        saved.write_text(saved.read_text().replace("contoso", "fabrikam", 1))
        self.assertNotEqual(site.baton("audit", "verify", saved, check=False).returncode, 0)
        self.verify_audit()

    def test_done_waits_for_the_tenants_own_fence_or_for_people_who_sign_for_it(self):
        """Level F2: removed in the portal, no server sees it; then somebody must say so by name."""
        site = self.site
        lab = site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        site.fence("contoso")
        site.go("contoso")
        site.activate("contoso")
        lab.do("OLD", "uninstall", by="CONTOSO\\anna")
        site.wait_until("OLD is gone", lambda: site.fact("contoso", "OLD", "product_present") == 0)
        said = self.refused("cutover", "retire", "contoso", "--yes")
        self.assertIn("local fence only", said)
        task = site.baton("cutover", "task", "contoso")
        self.assertIn("Remove-ADSyncAADServiceAccount", task)
        self.assertIn("Sync_OLD", task)
        lab.tenant("account", server="OLD", act="disable", by="root@contoso")
        site.wait_until("NEW looks again and sees nothing",
                        lambda: site.fact("contoso", "NEW", "account_removed") == 0)
        self.refused("cutover", "retire", "contoso", "--yes")
        self.assertIn("logged no removal", self.explain("contoso"))
        before, after = site.dir / "before.json", site.dir / "after.json"
        site.baton("cutover", "certificate", "contoso", "--save", before)
        page = site._file("users.html", "no user begins with Sync_OLD")
        site.baton("cutover", "retire", "contoso", "--account-gone", page, "--yes", by="bert")
        site.wait_state("contoso", "D3")
        site.baton("cutover", "certificate", "contoso", "--save", after)
        graded = [(c["outcome"], c["grade"], c["local_fence_only"])
                  for c in (json.loads(f.read_text())["certificate"] for f in (before, after))]
        self.assertEqual(graded, [("provisional", "B", True), ("final", "B", False)])
        site.baton("audit", "verify", after)
        self.verify_audit()

    def test_a_rollback_in_the_gap_gives_the_role_back(self):
        site = self.site
        lab = site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        site.fence("contoso")
        gap_from = max(e["end"] for e in lab.exports())
        site.baton("cutover", "rollback", "contoso", "--reason", "wrong rules", "--yes")
        site.wait_state("contoso", "R3", timeout=90)
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), {"OLD"})
        self.assertIn('"StagingModeEnabled": true',
                      str(lab.do("NEW", "collect", collector="scheduler")["text"]).replace("\\", "").replace(
                          '":  true', '": true').replace('":true', '": true'))
        self.verify_audit()


class Secrets(BatonCase):
    """A whole handoff with every program as loud as it can be: no word of it has a secret."""

    def setUp(self):
        loud = mock.patch.dict(os.environ, {"BATON_LOG": "debug"})
        loud.start()
        self.addCleanup(loud.stop)
        self.typed = []
        super().setUp()

    def secrets(self):
        """Name -> bytes; of key files the 32 bytes of each seed."""
        site = self.site
        held = {f"{p.relative_to(site.dir)} {n}": p.read_bytes()[8 + 32 * n:40 + 32 * n] for n in range(3)
                for p in [site.controller_dir / "controller.key", *site.dir.glob("agent-*/agent.key")]}
        held |= {p.name: p.read_bytes().strip() for p in [*site.dir.glob("*.token"), *site.controller_dir.glob("*.token")]}
        pem = (site.controller_dir / "tls-key.pem").read_text()
        held["tls-key.pem"] = base64.b64decode("".join(line for line in pem.splitlines() if not line.startswith("-")))
        held["passphrase"] = site.secret.read_bytes().strip()
        return held

    def words(self):
        """What was written down or said by anybody."""
        site = self.site
        bundle, certificate = site.dir / "audit.bundle", site.dir / "certificate.json"
        site.baton("audit", "export", bundle)
        site.baton("cutover", "certificate", "contoso", "--save", certificate)
        files = [*site.dir.glob("*.log"), bundle, certificate]
        return {f.name: f.read_bytes() for f in files} | {"what baton printed": "".join(self.typed).encode()}

    def test_no_key_token_or_passphrase_is_in_a_log_the_audit_or_on_a_screen(self):
        site, said = self.site, self.typed
        run = site.run

        def heard(argv, **how):
            out = run(argv, **how)
            if "token" not in map(str, argv):  # whose answer is one
                said.append(out if isinstance(out, str) else out.stdout + out.stderr)
            return out
        site.run = heard
        site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        site.fence("contoso")
        site.go("contoso")
        site.activate("contoso")
        words, secrets = self.words(), self.secrets()
        self.assertGreaterEqual(len(secrets), 3 * 3 + 4 + 2, secrets.keys())
        for file in ("controller.log", "agent-contoso-OLD.log"):
            self.assertIn(b" debug ", words[file], "a log that says nothing shows nothing")
        for name, secret in secrets.items():
            shapes = {secret, secret.hex().encode(), secret.hex().upper().encode(), base64.b64encode(secret).rstrip(b"="),
                      base64.urlsafe_b64encode(secret).rstrip(b"=")}
            for file, text in words.items():
                for shape in shapes:
                    self.assertFalse(shape in text, f"{file} has the secret of {name}")


class LongLife(BatonCase):
    """Servers that have run for so long that their run history holds always as many runs."""

    def history_is_full(self, host):
        runs = [len(json.loads(self.site.labs["contoso"].do(host, "collect", collector="runs")["text"]))]
        self.seen[host] = (self.seen.get(host, []) + runs)[-5:]
        return len(self.seen[host]) == 5 and min(self.seen[host]) >= 96

    def setUp(self):
        super().setUp()
        self.seen = {}
        self.site.tenant("contoso", options=("--speed", "8"))
        self.site.prepare("contoso")
        for host in ("OLD", "NEW"):
            self.site.wait_until(f"{host}'s history is full", lambda h=host: self.history_is_full(h), timeout=60)
        self.site.arm("contoso")
        self.site.fence("contoso")

    def test_a_rollback_sees_the_export_that_ends_it(self):
        self.site.baton("cutover", "rollback", "contoso", "--reason", "wrong rules", "--yes")
        self.site.wait_state("contoso", "R3", timeout=30)

    def test_probation_sees_the_cycles_that_end_it(self):
        self.site.go("contoso")
        self.site.labs["contoso"].do("NEW", "wizard", act="staging-off", by="CONTOSO\\anna")
        self.site.wait_state("contoso", "D2", timeout=30)


class Tamper(BatonCase):
    overlaps_allowed = True  # the hand start itself; the export record is what counts

    def test_a_hand_start_after_the_cutover_is_stopped_recorded_and_exports_nothing(self):
        site = self.site
        lab = site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        site.fence("contoso")
        gap_from = max(e["end"] for e in lab.exports())
        site.go("contoso")
        site.activate("contoso")
        with contextlib.suppress(CommandFailed):  # the guard may stop it before it has started
            lab.do("OLD", "re-enable", by="CONTOSO\\bob via services.msc")
        site.wait_until("the guard stops it", lambda: all(
            s["state"] == "stopped" for s in self.services("contoso", "OLD").values()))
        site.wait_until("the alarm arrives", lambda: "bob" in str(self.agent_view("contoso", "OLD")))
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), {"NEW"})
        with self.assertRaises(CommandFailed) as refused:
            site.baton("cutover", "rollback", "contoso", "--reason", "no", "--yes")
        self.assertIn(refused.exception.code, (5, 9))
        self.verify_audit()


if __name__ == "__main__":
    main()
