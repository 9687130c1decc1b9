"""`baton runs check` on run histories as servers, scripts and people make them, and the copies that an agent keeps."""
import hashlib
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from baton_case import BatonCase, main

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("BATON_PROGRAMS", str(ROOT / "build/release/bin")))
DATA = ROOT / "../shared/data"
ENTRA, CONTOSO, FABRIKAM = ("b891884f-051e-4a83-95af-2544101c9083", "0a11b2c3-0000-4d4e-8f80-000000000001",
                            "0a11b2c3-0000-4d4e-8f80-000000000002")
NAMES = {ENTRA: "contoso.onmicrosoft.com - AAD", CONTOSO: "contoso.com", FABRIKAM: "fabrikam.com"}
BEGIN_MS = 1782900000000  # 2026-07-01T10:00:00Z
AFTER = ("--after", "2026-07-01T09:00:00Z")
MINUTE = 60000


def date(ms, shell):
    if shell == 5:
        return f"/Date({ms})/"
    seconds, rest = divmod(ms - BEGIN_MS, 1000)
    return f"2026-07-01T{10 + seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}0000Z"


def run(connector, profile, minute, result="success", minutes=1, shell=5, number=1, steps=None, **more):
    begin = BEGIN_MS + minute * MINUTE
    end = None if result == "in-progress" else begin + minutes * MINUTE
    return {"RunHistoryId": f"{connector[:8]}-{number:04}-4000-8000-{minute + 5000:012}", "ConnectorId": connector,
            "ConnectorName": NAMES.get(connector, "x"), "RunProfileName": profile, "RunNumber": number, "Username": "NT SERVICE\\ADSync",
            "IsRunComplete": end is not None, "Result": result, "StartDate": date(begin, shell),
            "EndDate": end and date(end, shell), "RunStepResults": steps, **more}


def four(connectors=(CONTOSO, ENTRA), shell=5):
    """A first synchronization, newest first."""
    return [run(c, profile, minute + i, shell=shell, number=number)
            for profile, minute, number in (("Full Synchronization", 20, 2), ("Full Import", 0, 1))
            for i, c in enumerate(connectors)]


def exported(connector=ENTRA, minute=60, result="success", **counts):
    names = {"ExportAdd": 0, "ExportUpdate": 0, "ExportDelete": 0, "ExportRename": 0, "ExportDeleteAdd": 0, **counts}
    return run(connector, "Export", minute, result, number=9, steps=[{"StepNumber": 1, "StepResult": result, **names}])


def xml(*runs, declaration='<?xml version="1.0" encoding="utf-16"?>\n'):
    """run-details as RunDetails() has them; a run is (connector, profile, minute, type, subtype, result)."""
    text = declaration + "<run-history>"
    for connector, profile, minute, kind, subtype, result in runs:
        subtype = subtype and f"<apply-rules-subtype>{subtype}</apply-rules-subtype>"
        text += (f"<run-details><ma-id>{{{connector.upper()}}}</ma-id><ma-name>same name</ma-name><run-number>{minute + 1}</run-number>"
                 f"<run-profile-name>{profile}</run-profile-name><step-details step-number=\"1\">"
                 f"<start-date>2026-07-01 10:{minute:02}:00.000</start-date><end-date>2026-07-01 10:{minute + 1:02}:00.000</end-date>"
                 f"<step-result>{result}</step-result><step-description><step-type type=\"{kind}\">{subtype}</step-type>"
                 "</step-description><ma-connection>\n  </ma-connection><mv-retry-errors/></step-details></run-details>")
    return text + "</run-history>"


XML_FOUR = [(c, "DS_" + p, minute + i, *what, "success") for i, c in enumerate((CONTOSO, ENTRA))
            for p, minute, what in (("FS", 20, ("apply-rules", "reevaluate-flow-connectors")), ("FI", 0, ("full-import", "")))]


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="baton-runs-")
        cls.dir = pathlib.Path(cls.folder.name)
        cls.addClassCleanup(cls.folder.cleanup)

    def file(self, name, content):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, (bytes, str)):
            content = json.dumps(content, indent=2).replace('"/Date(', '"\\/Date(').replace(')/"', ')\\/"')
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def check(self, *words, code=None, output="json"):
        done = subprocess.run([PROGRAMS / "baton", "runs", "check", *map(str, words), "--output", output],
                              capture_output=True, text=True, timeout=120)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout[:3000] + done.stderr)
        return done

    def report(self, runs, *words, code):
        path = runs if isinstance(runs, pathlib.Path) else self.file("runs.json", runs)
        report = json.loads(self.check(path, *words, code=code).stdout)
        self.assertEqual(report["verdict"], {0: "pass", 5: "block", 6: "review"}[code])
        return report

    def rules(self, report):
        return {f["rule"]: f for f in report["findings"]}

    def only(self, rule, *args, **how):
        report = self.report(*args, **how)
        self.assertEqual(list(self.rules(report)), [rule])
        return report["findings"][0]

    # --- verdicts -----------------------------------------------------------------------------------
    def test_four_good_operations_pass_with_dates_of_both_shells(self):
        for shell in (5, 7):
            report = self.report(four(shell=shell), *AFTER, code=0)
            self.assertEqual(report["findings"], [])
            self.assertEqual(set(report["operations"].values()), {True})
            entra = next(c for c in report["connectors"] if c["kind"] == "entra")
            self.assertEqual(entra["full_import"], {"state": "done", "result": "success", "begin_unix_ms": BEGIN_MS + MINUTE,
                                                    "end_unix_ms": BEGIN_MS + 2 * MINUTE})

    def test_the_entra_connector_is_known_by_its_identifier_whatever_its_name(self):
        named = [dict(r, ConnectorName="renamed by somebody") for r in four()]
        self.assertEqual(len(self.report(named, *AFTER, code=0)["connectors"]), 2)
        other = [dict(r, ConnectorId=FABRIKAM) if r["ConnectorId"] == ENTRA else r for r in four()]
        self.assertIn("Entra", self.only("RUN-CONNECTOR", other, *AFTER, code=5)["subject"])

    def test_every_ad_connector_needs_both_operations(self):
        for missing in range(6):
            runs = four((CONTOSO, ENTRA, FABRIKAM))
            gone = runs.pop(missing)
            report = self.report(runs, *AFTER, code=5)
            rule = "RUN-FULL-IMPORT" if gone["RunProfileName"] == "Full Import" else "RUN-FULL-SYNC"
            self.assertEqual(self.rules(report)[rule]["subject"], gone["ConnectorName"] + ": never")
            side = "entra" if gone["ConnectorId"] == ENTRA else "ad"
            self.assertEqual([k for k, done in report["operations"].items() if not done],
                             [rule[4:].lower().replace("-", "_") + "_" + side])

    def test_a_single_object_is_a_history_of_one(self):
        self.assertEqual(self.report(four()[0], *AFTER, code=5)["runs"], 1)

    def test_what_nobody_dated_and_what_is_too_old_do_not_pass(self):
        self.only("RUN-CHANGE-UNKNOWN", four(), code=6)
        self.assertEqual(self.only("RUN-STALE", four(), "--after", "2026-07-01T10:00:30Z", code=5)["count"], 1)
        self.assertEqual(self.only("RUN-STALE", four(), "--after", "2026-07-02T00:00:00+02:00", code=5)["count"], 4)

    def test_results_are_known_by_their_beginning(self):
        for result, code, rule in (("completed-warnings", 6, "RUN-DOUBTFUL"), ("completed-no-objects", 6, "RUN-DOUBTFUL"),
                                   ("completed-transient-objects", 6, "RUN-DOUBTFUL"), ("completed-sync-errors", 5, "RUN-FULL-SYNC"),
                                   ("completed-new-errors-of-2031", 5, "RUN-FULL-SYNC"), ("no-start-credentials", 5, "RUN-FULL-SYNC"),
                                   ("stopped-deletion-threshold-exceeded", 5, "RUN-FULL-SYNC"), ("in-progress", 6, "RUN-IN-PROGRESS"),
                                   ("SUCCESS", 5, "RUN-UNKNOWN-RESULT"), ("", 5, "RUN-UNKNOWN-RESULT")):
            self.only(rule, [run(CONTOSO, "Full Synchronization", 40, result, number=3), *four()], *AFTER, code=code)

    def test_a_later_success_heals_and_an_overlapping_failure_does_not(self):
        failed = run(CONTOSO, "Full Import", -30, "stopped-server", number=7)
        self.report([*four(), failed], *AFTER, code=0)
        self.only("RUN-FULL-IMPORT", [*four(), dict(failed, EndDate=date(BEGIN_MS + 1, 5))], *AFTER, code=5)

    def test_a_delta_that_failed_later_blocks_and_one_without_work_is_good(self):
        self.report([run(ENTRA, "Delta Import", 50, "completed-no-objects"), *four()], *AFTER, code=0)
        self.only("RUN-FAILED", [run(ENTRA, "Delta Import", 50, "stopped-connectivity"), *four()], *AFTER, code=5)

    def test_an_export_of_a_fenced_server_is_a_breach(self):
        fence = ("--fenced-since", "2026-07-01T10:30:00Z")
        self.report([exported(ExportUpdate=4), *four()], *AFTER, code=0)
        for count in ("ExportAdd", "ExportUpdate", "ExportDelete", "ExportRename", "ExportDeleteAdd"):
            found = self.only("RUN-FENCED-EXPORT", [exported(**{count: 2}), *four()], *AFTER, *fence, code=5)
            self.assertIn("2 objects", found["subject"])
        self.only("RUN-FENCED-EXPORT", [run(ENTRA, "Export", 60), *four()], *AFTER, *fence, code=5)  # nobody said what
        self.only("RUN-FENCED-EMPTY", [exported(), *four()], *AFTER, *fence, code=6)
        self.report([exported(minute=28, ExportUpdate=4), *four()], *AFTER, *fence, code=0)

    def test_a_policy_may_be_milder_but_not_change_what_is_seen(self):
        policy = self.file("policy.yaml", "preset: parity\nrules:\n  - rule: RUN-CHANGE-UNKNOWN\n    severity: info\n")
        self.assertEqual(self.only("RUN-CHANGE-UNKNOWN", four(), "--policy", policy, code=0)["severity"], "info")

    # --- several files, and the configuration -------------------------------------------------------
    def test_several_files_are_one_history_and_each_run_counts_once(self):
        early = self.file("early.json", [dict(four()[0], Result="in-progress", EndDate=None, IsRunComplete=False), *four()[1:]])
        late = self.file("late.json", four()[:2])
        report = json.loads(self.check(early, late, *AFTER, code=0).stdout)
        self.assertEqual((report["runs"], [f["runs"] for f in report["files"]]), (4, [4, 2]))
        self.assertEqual(report["files"][0]["sha256"], hashlib.sha256(early.read_bytes()).hexdigest())

    def configuration(self, name, connectors, modified="2026-07-01 09:59:59.000"):
        folder = self.dir / name
        for identifier in connectors:
            category, more = ("Extensible2", "") if identifier == ENTRA else (
                "AD", "<private-configuration><adma-configuration><forest-name>x</forest-name></adma-configuration></private-configuration>")
            self.file(f"{name}/Connectors/Connector_{{{identifier}}}.xml",
                      f"<ma-data><id>{{{identifier.upper()}}}</id><name>{NAMES[identifier]}</name><category>{category}</category>"
                      f"<last-modification-time>{modified}</last-modification-time>{more}</ma-data>")
        self.file(f"{name}/GlobalSettings/MV.xml", "<saved-mv-configuration><mv-data/><parameter-values/></saved-mv-configuration>")
        self.file(f"{name}/SynchronizationRules/SynchronizationRule_1.xml",
                  f"<synchronizationRule><id>1</id><name>r</name><direction>Inbound</direction><connector>{{{CONTOSO}}}</connector>"
                  "<precedence>1</precedence></synchronizationRule>")
        return folder

    def test_the_configuration_names_the_connectors_and_its_last_change(self):
        folder = self.configuration("two", (CONTOSO, ENTRA))
        report = self.report(four(), "--configuration", folder, code=0)
        self.assertEqual(report["changed_unix_ms"], BEGIN_MS - 1000)
        self.report([run(FABRIKAM, "Full Import", 50, "stopped-server"), *four()], "--configuration", folder, code=0)  # removed since
        self.assertEqual(self.only("RUN-STALE", four(), "--configuration", folder, "--after", "2026-07-01T10:00:30Z", code=5)["count"], 1)
        self.assertIn("fabrikam.com", self.only("RUN-CONNECTOR", four(), "--configuration",
                                                self.configuration("three", (CONTOSO, ENTRA, FABRIKAM)), code=5)["subject"])
        self.assertEqual(self.only("RUN-STALE", four(), "--configuration",
                                   self.configuration("later", (CONTOSO, ENTRA), "2026-07-01 10:10:00"), code=5)["count"], 2)
        self.only("RUN-CHANGE-UNKNOWN", four(), "--configuration", self.configuration("undated", (CONTOSO, ENTRA), ""), code=6)

    # --- xml ----------------------------------------------------------------------------------------
    def test_xml_is_read_in_any_encoding_and_document_after_document(self):
        text = xml(*XML_FOUR)
        forms = {"plain": text.encode(), "bom": b"\xef\xbb\xbf" + text.encode(), "wide": b"\xff\xfe" + text.encode("utf-16-le"),
                 "windows": text.replace("\n", "\r\n").encode(), "apart": "\r\n".join(xml(r) for r in XML_FOUR).encode()}
        for name, content in forms.items():
            report = self.report(self.file(f"{name}.xml", content), *AFTER, code=0)
            self.assertEqual((report["runs"], len(report["connectors"])), (4, 2), name)

    def test_a_step_says_what_a_run_was_and_connectors_are_joined_by_identifier(self):
        runs = [(c, p, m, "delta-import" if k == "full-import" and c == ENTRA else k, s, r) for c, p, m, k, s, r in XML_FOUR]
        report = self.report(self.file("delta.xml", xml(*runs)), *AFTER, code=5)
        self.assertEqual(self.rules(report)["RUN-FULL-IMPORT"]["subject"], "same name: never")

    # --- forms of output, bad input -----------------------------------------------------------------
    def test_table_and_csv_say_the_same(self):
        path = self.file("runs.json", four()[1:])
        table = self.check(path, *AFTER, code=5, output="table").stdout
        self.assertRegex(table, r"contoso\.com\s+ad\s+done.*never")
        self.assertIn("RUN-FULL-SYNC", table)
        self.assertEqual(len(self.check(path, *AFTER, code=5, output="csv").stdout.splitlines()), 3)
        self.check(path, *AFTER, code=2, output="html")

    def test_what_cannot_be_read_whole_gives_no_verdict(self):
        good = json.dumps(four())
        bad = {"cut.json": good[:-20], "list.txt": "RunNumber : 7\nResult    : success\n", "nul.json": good.encode() + b"\0",
               "error.txt": "Get-ADSyncRunProfileResult : no\n    + CategoryInfo : NotSpecified\n",
               "dateless.json": json.dumps([dict(four()[0], StartDate="05.01.2023 20:28:37")]),
               "cut.xml": xml(*XML_FOUR)[:-3], "junk.xml": xml(*XML_FOUR) + "<x/>",
               "doctype.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><run-history>&b;</run-history>", "other.xml": "<cs-objects/>"}
        for name, content in bad.items():
            done = self.check(self.file(name, content), *AFTER, code=1)
            self.assertEqual(done.stdout, "", name)
            self.assertIn(name, done.stderr)
        self.check(self.dir / "missing.json", code=1)
        self.check(self.dir, code=1)
        self.check(self.file("runs.json", four()), "--after", "yesterday", code=2)

    def test_a_listing_for_people_is_told_how_to_become_json(self):
        done = self.check(self.file("list.txt", "RunNumber : 7\nResult    : success\n"), code=1)
        self.assertIn("ConvertTo-Json", done.stderr)
        self.assertNotIn("answered with an error", done.stderr)

    def test_a_week_of_steps_is_read_and_what_is_larger_is_to_be_asked_for_in_parts(self):
        week = [dict(run, StepXml="x" * 5_000_000) for run in four()]
        self.check(self.file("week.json", week), *AFTER, code=0)
        done = self.check(self.file("year.json", " " * (64 * 1024 * 1024 + 1)), code=1)
        self.assertIn("-NumberRequested", done.stderr)

    def test_real_files_are_read(self):
        if not DATA.exists():
            self.skipTest("no ../shared/data here")
        seen = 0
        for path in sorted(p for p in DATA.rglob("*") if p.is_file() and p.suffix in (".json", ".xml")):
            head = path.read_bytes()[:400000]
            if b"RunProfileName" in head or b"<run-details>" in head:
                report = self.report(path, code=5)
                self.assertGreater(report["runs"], 0)
                seen += 1
        self.assertEqual(seen, 2)


class Copies(BatonCase):
    def test_an_agent_keeps_what_its_facts_rest_on_and_everybody_judges_it_alike(self):
        self.site.tenant("contoso")
        self.site.begin("contoso")
        self.site.stage("contoso")
        digest = self.site.cutover("contoso")["verification"]["runs"]
        folder = self.site.dir / "agent-contoso-NEW/run-histories"
        copies = [p for p in folder.iterdir() if p.name != "part"]
        self.assertIn(digest, [p.name for p in copies])
        for path in copies:
            self.assertEqual(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
        done = subprocess.run([PROGRAMS / "baton", "runs", "check", folder / digest, "--output", "json",
                               "--configuration", self.site.labs["contoso"].dir / "servers/NEW/configuration"],
                              capture_output=True, text=True, timeout=60)
        report = json.loads(done.stdout)
        for name, value in report["operations"].items():
            self.assertIs(value, True, name)
            self.assertEqual(self.site.fact("contoso", "NEW", name), 1)


if __name__ == "__main__":
    main()
