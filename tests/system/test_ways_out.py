"""Places where a person once stood without a next command, with the real programs."""
import json
import shutil
import subprocess
import time

from baton_case import BatonCase, main


class Copies(BatonCase):
    def test_a_copied_agent_is_shown_barred_holds_the_cutover_and_counts_again_after_a_confirmation(self):
        site = self.site
        site.tenant("contoso")
        site.begin("contoso")
        agent = site.agents["contoso", "NEW"]
        copy = site.dir / "copied"
        agent.stop()
        shutil.copytree(agent.directory, copy)
        agent.start(ready="ready")
        twin = subprocess.Popen([site.program("baton-agent"), "run", "--dir", copy], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        self.addCleanup(twin.kill)
        site.wait_until("it is barred", lambda: self.agent_view("contoso", "NEW")["barred"], timeout=60)
        view = self.agent_view("contoso", "NEW")
        self.assertEqual(view["quarantine"], "sessions")
        self.assertGreater(view["barred_unix_ms"], 0)
        self.assertIn("baton agent confirm contoso NEW", view["do"])
        self.assertIn("barred since", site.baton("agent", "show", "contoso", "NEW"))
        self.assertIn("sessions", site.baton("agent", "list", "--tenant", "contoso"))
        self.assertEqual(site.state("contoso"), "X1")
        said = self.explain("contoso")
        self.assertIn("two copies of it spoke", said)
        self.assertIn("baton agent confirm contoso NEW", said)
        twin.kill()
        twin.wait()
        site.baton("agent", "confirm", "contoso", "NEW", "--expect", view["fingerprint"])
        self.assertFalse(self.agent_view("contoso", "NEW")["barred"])
        site.baton("cutover", "resume", "contoso")
        self.verify_audit()


class Replaced(BatonCase):
    def enrol_again(self, tenant, host, role):
        """The agent's memory and keys are gone: the old key is shut out, a new one takes its place."""
        site = self.site
        agent = site.agents[tenant, host]
        old_key = self.agent_view(tenant, host)["key"]
        agent.stop()
        site.baton("agent", "revoke", tenant, host, "--reason", "its disk is gone", "--yes")
        shutil.rmtree(agent.directory)
        site.agent_enrol(tenant, host, role)
        return old_key

    def plan_again(self, tenant):
        self.site.baton("cutover", "create", tenant, "--old", "OLD", "--new", "NEW", "--profile", "parallel",
                        "--reason", "an agent was enrolled anew")
        self.site.wait_until("plan", lambda: self.site.baton("cutover", "plan", tenant) is not None)
        self.site.baton("cutover", "approve", tenant, "--yes")

    def test_a_new_server_that_was_enrolled_anew_goes_on_once_people_sign_that_the_old_key_is_gone(self):
        site = self.site
        site.tenant("contoso")
        site.begin("contoso")
        site.baton("cutover", "abandon", "contoso", "--reason", "the new server is built anew")
        old_key = self.enrol_again("contoso", "NEW", "new")
        self.plan_again("contoso")
        site.wait_state("contoso", "S1")
        self.kill_controller()  # which will never hear that key again
        site.stage("contoso")
        site.baton("cutover", "accept", "contoso", "--reason", "read and found good")
        for who in ("anna", "bert"):
            site.baton("cutover", "approve", "contoso", "--for", "cutover", "--yes", by=who)
        command = f"baton cutover approve contoso --for retire --host {old_key[:16]}"
        site.wait_until("explain names the way", lambda: command in self.explain("contoso"))
        # A run of the old server may be in the way just then; it ends by itself.
        site.wait_until("the refusal names the key", lambda: "leaves out a server" in self.refused("cutover", "arm", "contoso"))
        site.baton(*command.split()[1:], "--yes")
        site.wait_until("arm", lambda: site.baton("cutover", "arm", "contoso") is not None)
        site.fence("contoso")
        site.go("contoso")
        site.activate("contoso")
        self.verify_audit()

    def test_an_old_server_that_was_enrolled_anew_is_adopted_once_people_sign_that_the_old_key_is_gone(self):
        site = self.site
        site.tenant("adatum")
        site.begin("adatum")
        site.baton("cutover", "abandon", "adatum", "--reason", "its agent lost its memory")
        old_key = self.enrol_again("adatum", "OLD", "old")
        site.wait_until("it is seen to export", lambda: site.fact("adatum", "OLD", "last_export_end"))
        self.plan_again("adatum")
        self.assertEqual(site.state("adatum"), "P2")
        for who in ("anna", "bert"):
            site.baton("cutover", "adopt", "adatum", "--yes", by=who)
        command = f"baton cutover approve adatum --for retire --host {old_key[:16]}"
        self.assertIn(command, self.explain("adatum"))
        site.baton(*command.split()[1:], "--yes")
        site.wait_state("adatum", "S1")
        site.stage("adatum")
        site.arm("adatum")
        site.fence("adatum")
        site.go("adatum")
        site.activate("adatum")


class Silent(BatonCase):
    def test_a_go_that_a_server_does_not_answer_names_that_server_within_the_time_given(self):
        site = self.site
        site.tenant("contoso")
        for step in (site.begin, site.stage, site.arm, site.fence):
            step("contoso")
        site.wait_until("go would stand", lambda: not site.cutover("contoso")["no_go"])
        site.agents["contoso", "NEW"].stop()
        began = time.monotonic()
        said = self.refused("cutover", "go", "contoso", "--yes", "--timeout", "2", codes=(7,))
        self.assertLess(time.monotonic() - began, 10)  # the plan's go_ms is twenty seconds
        self.assertIn("nothing was signed: the challenge was not answered by NEW;", said)
        site.agents["contoso", "NEW"].start(ready="ready")
        site.go("contoso")
        site.activate("contoso")


class OneServer(BatonCase):
    def test_words_about_one_server_need_no_plan(self):
        site = self.site
        site.tenant("contoso")
        self.assertIn("baton agent disarm TENANT HOST",
                      self.refused("cutover", "approve", "contoso", "--for", "disarm", "--yes", codes=(2,)))
        self.refused("cutover", "approve", "contoso", "--for", "readmit", "--yes", codes=(2,))
        site.begin("contoso")
        self.assertTrue(self.agent_view("contoso", "NEW")["guard"])
        site.baton("cutover", "abandon", "contoso", "--reason", "later")
        site.baton("cutover", "create", "contoso", "--old", "OLD", "--new", "NEW", "--profile", "parallel",
                   "--reason", "again")
        self.assertEqual(site.state("contoso"), "P1")
        site.baton("agent", "disarm", "contoso", "NEW", "--yes")
        site.wait_until("its guard is off", lambda: not self.agent_view("contoso", "NEW")["guard"])
        self.assertIn("is not quarantined", self.refused("agent", "readmit", "contoso", "NEW", "--yes", codes=(9,)))
        self.verify_audit()


class Small(BatonCase):
    def test_a_token_that_others_can_read_enrols_nobody_and_status_shows_the_fingerprint(self):
        site = self.site
        lab = site.tenant("contoso")
        token = site._file("open.token", site.baton("agent", "token", "contoso", "THIRD", "--role", "new"))
        token.chmod(0o644)
        done = subprocess.run([site.program("baton-agent"), "enrol", "--dir", site.dir / "third", "--token-file", token,
                               "--host", lab.socket("NEW")], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("chmod 600", done.stderr)
        agent = site.agents["contoso", "OLD"]
        status = json.loads(site.run([site.program("baton-agent"), "status", "--dir", agent.directory, "--output", "json"]))
        self.assertEqual(status["fingerprint"], self.agent_view("contoso", "OLD")["fingerprint"])

    def test_a_login_is_removed_by_name_though_the_trust_document_forgot_it(self):
        site = self.site
        site.baton("login", "add", "mallory", "--id", "00112233445566778899aabbccddeeff", "--roles", "view")
        self.assertIn("mallory", site.baton("login", "list"))
        site.baton("login", "remove", "mallory")
        self.assertNotIn("mallory", site.baton("login", "list"))
        self.refused("login", "remove", "mallory", codes=(3,))


if __name__ == "__main__":
    main()
