"""`baton-agent preflight` on servers of a real lab, without a controller: what blocks there blocks the handoff too."""
import json
import os
import pathlib
import subprocess
import tempfile

from baton_case import BatonCase, main

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCKS, REVIEW = 5, 6


class Preflight(BatonCase):
    def setUp(self):
        super().setUp()
        self.lab = self.site.tenant("contoso", objects=60000)

    def preflight(self, *words, code=0):
        done = subprocess.run([self.site.program("baton-agent"), "preflight", *map(str, words)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout[-500:] + done.stderr)
        return done

    def asked(self, *words, code=0):
        return json.loads(self.preflight(*words, "--output", "json", code=code).stdout)

    def test_a_sound_new_server_passes_and_names_every_other_server_that_synchronized_the_forest(self):
        answer = self.asked("--host", self.lab.socket("NEW"), "--objects", 60000, "--other", "old.contoso.example")
        self.assertEqual((answer["verdict"], answer["side"], answer["objects"]), ("pass", "new", 60000))
        states = {c["id"]: c["state"] for c in answer["checks"]}
        self.assertEqual(states["PRE-OS-VERSION"], "met")
        self.assertEqual(states["PRE-TLS-INSPECTION"], "unknown")
        self.assertEqual(answer["unknown"], sum(s == "unknown" for s in states.values()))
        self.assertIn("login.microsoftonline.com", {h["host"] for h in answer["hosts"]})
        done = self.preflight("--host", self.lab.socket("NEW"), code=REVIEW)
        self.assertRegex(done.stdout, r"review +PRE-AD-CENSUS +OLD \(not known here\)")
        self.lab.do("NEW", "fault", kind="prerequisite", value="ad.sync_accounts")
        done = self.preflight("--host", self.lab.socket("NEW"), "--other", "OLD", code=REVIEW)
        self.assertRegex(done.stdout, r"review +PRE-AD-CENSUS +AADC7 \(not known here\), OLD")

    def test_a_check_that_fails_blocks_here_and_in_the_handoff(self):
        self.lab.do("NEW", "fault", kind="prerequisite", value="os.build")
        done = self.preflight("--host", self.lab.socket("NEW"), code=BLOCKS)
        self.assertRegex(done.stdout, r"block +PRE-OS-VERSION +9600")
        self.assertIn("prerequisites that block: 1", done.stderr)
        self.site.wait_until("the agent counts it too", lambda: self.site.fact("contoso", "NEW", "prereq_failed") == 1)

    def test_the_old_server_is_known_by_its_product_and_both_proxies_are_shown(self):
        self.lab.do("OLD", "fault", kind="prerequisite", value="proxy.user")
        text = self.preflight("--host", self.lab.socket("OLD")).stdout
        self.assertRegex(text, r"info +PRE-DIRSYNC-PROXY +proxy.contoso.com:8080")
        self.assertIn("of the user who installed proxy.contoso.com:8080, of the machine (machine.config) none", text)
        self.lab.do("OLD", "fault", kind="prerequisite", value="dirsync.attributes_removed")
        self.assertEqual(self.asked("--host", self.lab.socket("OLD"), code=BLOCKS)["side"], "old")

    def test_what_one_server_printed_is_judged_the_same_elsewhere(self):
        self.lab.do("NEW", "fault", kind="prerequisite", value="dotnet.release")
        there = self.asked("--host", self.lab.socket("NEW"), code=BLOCKS)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(there, file)
            file.flush()
            self.assertEqual(self.asked("--from", file.name, code=BLOCKS), there)

    def test_files_in_the_agents_folder_take_the_place_of_the_built_in_checks(self):
        with tempfile.TemporaryDirectory() as folder:
            check = {"id": "PRE-OURS", "side": "new", "what": "a build of ours", "rules": [{"observe": "os.build", "is": 1}],
                     "otherwise": "block", "unknown": "block", "fix": "install ours", "source": "us"}
            path = pathlib.Path(folder, "ours.json")
            path.write_text(json.dumps({"title": "Ours", "checked": "2026-01-02", "checks": [check]}))
            answer = self.asked("--host", self.lab.socket("NEW"), "--data", folder, code=BLOCKS)
            self.assertEqual([c["id"] for c in answer["checks"]], ["PRE-OURS"])
            path.write_text("{")
            self.assertIn("ours.json", self.preflight("--host", self.lab.socket("NEW"), "--data", folder, code=1).stderr)

    def test_without_a_server_or_with_a_wrong_word_nothing_is_judged(self):
        for words, code, said in [
                ((), 2, "--host HOST, --dir DIR or --from FILE"),
                (("--host", "lab:/nonexistent.sock"), 1, "/nonexistent.sock"),
                (("--host", "nowhere"), 2, "nowhere"),
                (("--from", "/nonexistent"), 3, "/nonexistent"),
                (("--from", os.devnull), 1, "not a regular file"),
                (("--from", __file__), 1, "test_preflight.py"),
                (("--from", __file__, "--probe"), 2, "leave --probe out"),
                (("--host", self.lab.socket("NEW"), "--side", "left"), 2, "old or new"),
                (("--host", self.lab.socket("NEW"), "--objects", "many"), 2, "many"),
                (("--host", self.lab.socket("NEW"), "--output", "xml"), 2, "xml")]:
            done = self.preflight(*words, code=code)
            self.assertEqual(done.stdout, "", words)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    main()
