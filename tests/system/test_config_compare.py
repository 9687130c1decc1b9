"""baton config compare on the configuration that the lab's server exports, and on a real export where there is one:
one thing is changed in a copy, and the verdict is what a consultant would say."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from baton_case import PROGRAMS, ROOT, main
from lab_site import Lab, Site

REAL = ROOT.parent / "shared/data/microsoft-AADConnectConfigDocumenter/src/SolutionOutput/Data/Contoso/Pilot"
ENTRA = "b891884f-051e-4a83-95af-2544101c9083"


def baton(*words, home):
    return subprocess.run([f"{PROGRAMS}/baton", *map(str, words)], capture_output=True, text=True, timeout=120,
                          env={"HOME": str(home), "PATH": "/usr/bin:/bin"})


class Copy:
    """A copy of an export in which files are changed."""

    def __init__(self, source, folder):
        shutil.copytree(source, folder)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.folder = folder

    def files(self, pattern):
        return sorted(self.folder.glob(pattern))

    def ad(self):
        return next(f for f in self.files("Connectors/*.xml") if ENTRA not in f.name.lower())

    def settings(self):
        return self.folder / "GlobalSettings/MV.xml"

    def rule(self, name):
        return next(f for f in self.files("SynchronizationRules/*.xml") if f"<name>{name}</name>" in f.read_text())

    def change(self, path, pattern, to):
        text = path.read_text()
        changed, n = re.subn(pattern, to, text, count=1, flags=re.DOTALL)
        if n != 1:
            raise AssertionError(f"{pattern} is not in {path}")
        path.write_text(changed)

    def everywhere(self, edit):
        for path in self.files("*/*.xml"):
            path.write_bytes(edit(path.read_bytes()))


class Comparison:
    """The tests, for whichever export `source` is."""

    root_dn = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="baton-compare-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.new = Copy(self.source, self.dir / "new")

    def compare(self, *options, new=None):
        done = baton("config", "compare", self.source, new or self.new.folder, "--output", "json", *options,
                     home=self.dir)
        self.assertIn(done.returncode, (0, 5, 6), done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["verdict"], {0: "pass", 5: "block", 6: "review"}[done.returncode])
        classes = [r["class"] for r in report["rows"]]
        self.assertEqual(report["summary"], {c: classes.count(c) for c in report["summary"]})
        self.assertEqual(len(report["summary"]), 11)
        return report

    def expect(self, verdict, *rows):
        """Rows as (class, severity, part of the subject); no other row stands there."""
        report = self.compare()
        self.assertEqual(report["verdict"], verdict)
        self.assertEqual(sorted((r["class"], r["severity"]) for r in report["rows"]), sorted(r[:2] for r in rows))
        for kind, _, subject in rows:
            self.assertTrue(any(r["class"] == kind and subject in r["subject"] for r in report["rows"]), subject)
        return report["rows"]

    def test_a_copy_is_the_same(self):
        self.expect("pass")

    def test_how_identifiers_are_written_is_no_difference(self):
        self.new.everywhere(lambda b: re.sub(rb"\{[0-9a-fA-F-]{36}\}", lambda m: m[0].swapcase(), b))
        self.expect("pass")

    def test_line_ends_and_encoding_are_no_difference(self):
        self.new.everywhere(lambda b: b.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        self.expect("pass")
        self.new.everywhere(lambda b: b"\xff\xfe" + b.decode().encode("utf-16-le"))
        self.expect("pass")

    def test_time_stamps_versions_and_names_of_connectors_are_no_difference(self):
        self.new.change(self.new.ad(), r"<creation-time>[^<]*<", "<creation-time>2031-01-01 00:00:00.000<")
        self.new.change(self.new.ad(), r"<version>\d+<", "<version>4711<")
        self.new.change(self.new.ad(), r"<name>[^<]*</name>", "<name>another name</name>")
        self.expect("pass")

    def test_another_identifier_of_the_connector_is_no_difference(self):
        old = re.search(r"<id>\{([^}]*)\}", self.new.ad().read_text())[1]
        fresh = b"11111111-2222-4333-8444-555555555555"
        self.new.everywhere(lambda b: re.sub(re.escape(old.encode()), fresh, b, flags=re.I))
        self.expect("pass")

    def test_a_narrower_container_filter_blocks(self):
        self.new.change(self.new.ad(), r"<exclusions>.*?</inclusions>",
                        f"<exclusions><exclusion>{self.root_dn}</exclusion></exclusions><inclusions><inclusion>"
                        f"OU=Pilot,{self.whole}</inclusion></inclusions>")
        rows = self.expect("block", ("scope-narrowed", "block", self.whole))
        self.assertIn(f"OU=Pilot,{self.whole}", rows[0]["consequence"])
        self.assertIn("would be deleted in the tenant", rows[0]["consequence"])
        self.assertIn("Domain and OU filtering", rows[0]["advice"])

    def test_a_partition_that_is_not_selected_blocks(self):
        self.new.change(self.new.ad(), r"<selected>1<", "<selected>0<")
        self.expect("block", ("scope-narrowed", "block", f"partition {self.root_dn}"))

    def test_an_attribute_that_is_not_selected_blocks(self):
        self.new.change(self.new.ad(), r"<attribute>displayName</attribute>", "")
        self.expect("block", ("attribute-lost", "block", "attribute displayName"))

    def test_a_rule_whose_precedence_moves_past_another_one_has_changed(self):
        path = self.new.rule("In from AD - User Join")
        self.new.change(path, r"<precedence>\d+<", "<precedence>999<")
        self.expect("block", ("rule-changed", "block", "In from AD - User Join"))

    def test_other_numbers_in_the_same_order_are_expected(self):
        self.new.everywhere(lambda b: re.sub(rb"<precedence>(\d+)<", lambda m: b"<precedence>%d<" % (int(m[1]) + 50),
                                             b))
        self.expect("pass", ("expected", "info", "precedence"))

    def test_a_rule_that_is_disabled_blocks(self):
        self.new.change(self.new.rule("Out to AAD - Group Join"), "<disabled>False<", "<disabled>True<")
        self.expect("block", ("rule-changed", "block", "Out to AAD - Group Join"))

    def test_a_rule_that_is_missing_blocks(self):
        self.new.rule("Out to AAD - Group Join").unlink()
        self.expect("block", ("rule-missing", "block", "Out to AAD - Group Join"))

    def test_a_newer_standard_rule_is_expected(self):
        self.new.change(self.new.rule("In from AD - User Join"), r"(<immutable-tag>[^<]*)\.\d+<", r"\1.099<")
        rows = self.expect("pass", ("expected", "info", "version of 1 standard rules"))
        self.assertIn("version", rows[0]["consequence"])

    def test_another_delete_threshold_is_for_a_person(self):
        self.new.change(self.new.settings(), r"(ExportDeletionThresholdValue[^>]*>)500<", r"\g<1>5000<")
        self.expect("review", ("parameter", "review", "ExportDeletionThresholdValue"))

    def test_another_source_anchor_blocks(self):
        self.new.change(self.new.settings(), r"(AnchorAttribute[^>]*>)objectGUID<", r"\g<1>mS-DS-ConsistencyGuid<")
        self.expect("block", ("anchor", "block", "source anchor"))

    def test_a_file_that_cannot_be_read_whole_has_no_verdict(self):
        path = self.new.rule("In from AD - User Join")
        path.write_bytes(path.read_bytes()[:-40])
        done = baton("config", "compare", self.source, self.new.folder, "--output", "json", home=self.dir)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(path.name, done.stderr)
        self.assertIn("line ", done.stderr)
        path.unlink()
        shutil.rmtree(self.new.folder / "GlobalSettings")
        done = baton("config", "compare", self.source, self.new.folder, home=self.dir)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("not whole", done.stderr)

    def test_a_row_is_accepted_by_people_with_their_own_keys(self):
        secret = self.dir / "passphrase"
        secret.write_text("correct horse battery staple\n")
        secret.chmod(0o600)
        self.new.change(self.new.ad(), r"<selected>1<", "<selected>0<")
        report, decisions = self.dir / "report.json", self.dir / "decisions.json"
        first = self.compare()
        report.write_text(json.dumps(first))
        row = first["rows"][0]["row"]
        self.assertTrue(first["rows"][0]["two_people"])
        cards = []
        for who, left in (("anna", "block"), ("berta", "pass")):
            key = self.dir / f"{who}.key"
            mine = ("--key-file", key, "--passphrase-file", secret)
            done = baton("operator", "new", who, "--roles", "approve", "--cost", "least", *mine, home=self.dir)
            self.assertEqual(done.returncode, 0, done.stderr)
            cards += ["--operator", f"{key}.card"]
            done = baton("config", "accept", report, row[:10], "--reason", "it was emptied last year", "--yes",
                         "--dispositions", decisions, *mine, home=self.dir)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.compare("--dispositions", decisions, *cards)["verdict"], left)
        # of anna's card alone, berta is nobody
        done = baton("config", "compare", self.source, self.new.folder, "--dispositions", decisions, *cards[:2],
                     home=self.dir)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        # a reason that was changed later is not what was signed
        decisions.write_text(decisions.read_text().replace("last year", "this year"))
        done = baton("config", "compare", self.source, self.new.folder, "--dispositions", decisions, home=self.dir)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        # another difference was accepted by nobody
        decisions.unlink()
        done = baton("config", "accept", report, "ffffffff", "--reason", "x", "--yes", home=self.dir)
        self.assertEqual(done.returncode, 3)

    def test_a_policy_decides_how_a_difference_is_judged(self):
        policy = self.dir / "policy.yaml"
        self.new.change(self.new.settings(), r"(ExportDeletionThresholdValue[^>]*>)500<", r"\g<1>5000<")
        policy.write_text("preset: parity\nrules:\n  - rule: CF-PARAMETER\n    severity: block\n")
        self.assertEqual(self.compare("--policy", policy)["verdict"], "block")
        self.new.change(self.new.ad(), r"<attribute>displayName</attribute>",
                        "<attribute>displayName</attribute><attribute>title9</attribute>")
        rows = {r["class"]: r["severity"] for r in self.compare("--preset", "parallel-upgrade")["rows"]}
        self.assertEqual(rows, {"parameter": "review", "attribute-added": "info"})
        policy.write_text("preset: parity\nrules:\n  - rule: CF-PARAMETERS\n")
        done = baton("config", "compare", self.source, self.new.folder, "--policy", policy, home=self.dir)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("CF-PARAMETERS", done.stderr)

    def test_a_page_to_print_needs_nothing_from_outside(self):
        self.new.change(self.new.ad(), r"<selected>1<", "<selected>0<")
        done = baton("config", "compare", self.source, self.new.folder, "--output", "html", home=self.dir)
        self.assertEqual(done.returncode, 5)
        self.assertIn("would be deleted in the tenant", done.stdout)
        self.assertNotRegex(done.stdout, r"<script|https?:|<link|<img")

    def test_an_export_of_the_dirsync_era_is_compared_by_what_both_can_say(self):
        old = self.dir / "dirsync"
        old.mkdir()
        (old / "MA-AD.XML").write_bytes(DIRSYNC_AD.format(dn=self.root_dn, inclusion=self.inclusion).replace(
            "\n", "\r\n").encode())
        (old / "MA-AAD.XML").write_bytes(DIRSYNC_ENTRA.replace("\n", "\r\n").encode())
        done = baton("config", "compare", old, self.source, "--output", "json", home=self.dir)
        self.assertEqual(done.returncode, 5, done.stderr)
        rows = {(r["class"], r["severity"], r["subject"]) for r in json.loads(done.stdout)["rows"]}
        self.assertIn(("attribute-lost", "block", "attribute dirSyncOnly of user in Entra ID"), rows)
        self.assertNotIn("attribute sourceAnchor of user in Entra ID", {r[2] for r in rows})
        self.assertIn(("anchor", "review", "source anchor of the tenant"), rows)
        self.assertFalse([r for r in rows if r[0] == "scope-narrowed" and r[2] == self.root_dn], rows)
        self.assertTrue([r for r in rows if r[0] == "parameter" and r[2].startswith("delete threshold of exports")])
        self.assertTrue([r for r in rows if r[0] == "expected" and "synchronization rules" in r[2]])


DIRSYNC_AD = """<saved-ma-configuration server='DIRSYNC01' export-date='2013-03-31 12:24:48.304'>
<ma-data><id>{{0A0A0A0A-1111-4222-8333-444444444444}}</id><name>Active Directory Connector</name><category>AD</category>
<ma-partition-data><partition><id>{{0B0B0B0B-1111-4222-8333-444444444444}}</id><name>{dn}</name><selected>1</selected>
<filter><object-classes><object-class>user</object-class></object-classes><containers><exclusions><exclusion>{dn}</exclusion>
</exclusions><inclusions><inclusion>{inclusion}</inclusion></inclusions></containers></filter></partition></ma-partition-data>
</ma-data></saved-ma-configuration>
"""
DIRSYNC_ENTRA = """<saved-ma-configuration server='DIRSYNC01' export-date='2013-03-31 12:24:48.304'>
<ma-data><id>{0C0C0C0C-1111-4222-8333-444444444444}</id><name>Windows Azure Active Directory Connector</name>
<category>Extensible2</category><export-attribute-flow><export-flow-set cd-object-type="user" mv-object-type="person">
<export-flow cd-attribute="SourceAnchor"><direct-mapping><src-attribute>sourceAnchor</src-attribute></direct-mapping></export-flow>
<export-flow cd-attribute="dirSyncOnly"><direct-mapping><src-attribute>mail</src-attribute></direct-mapping></export-flow>
</export-flow-set></export-attribute-flow><ma-run-data><run-configuration><name>Export</name><configuration><step>
<step-type type="export"/><threshold><object>500</object><delete>10</delete></threshold></step></configuration></run-configuration>
</ma-run-data></ma-data></saved-ma-configuration>
"""


def settings(inclusions, tag="012"):
    """What the wizard exports, as far as it is known."""
    return {"policyMetadata": {"productVersion": "2.5.79.0"}, "deploymentMetadata": {"hostName": "SYNC01"},
            "azureDirectoryPolicy": {"uniqueIdentifier": "{E}", "customSynchronizationRules": []},
            "onpremisesDirectoryPolicy": [{
                "uniqueIdentifier": "{A}", "friendlyName": "corp", "fullyQualifiedDomainName": "contoso.example",
                "partitionFilters": [{"distinguishedName": "DC=contoso,DC=example", "containerInclusions": inclusions,
                                      "containerExclusions": ["DC=contoso,DC=example"]}],
                "standardSynchronizationRules": [{"name": "In from AD - User Join", "precedence": 100,
                                                  "immutableTag": f"Microsoft.InfromADUserJoin.{tag}"}]}]}


class OfSettings(unittest.TestCase):
    def test_exported_settings_are_compared_by_what_they_say(self):
        with tempfile.TemporaryDirectory() as name:
            home = pathlib.Path(name)
            old, new = home / "old.json", home / "new.json"
            both = ["OU=A,DC=contoso,DC=example", "OU=B,DC=contoso,DC=example"]
            old.write_text("\ufeff" + json.dumps(settings(both)))
            new.write_text(json.dumps(settings(list(reversed(both)), "014")), encoding="utf-16")
            done = baton("config", "compare", old, new, "--output", "json", home=home)
            self.assertEqual(done.returncode, 6, done.stderr)
            rows = json.loads(done.stdout)["rows"]
            self.assertTrue(all("cannot be compared" in r["consequence"] for r in rows if r["severity"] == "review"))
            self.assertTrue([r for r in rows if r["class"] == "expected" and "version" in r["subject"]])
            new.write_text(json.dumps(settings(both[:1])))
            done = baton("config", "compare", old, new, "--output", "json", home=home)
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertEqual([r["subject"] for r in json.loads(done.stdout)["rows"] if r["severity"] == "block"],
                             both[1:])
            new.write_text(json.dumps(settings(both))[:-9])
            done = baton("config", "compare", old, new, "--output", "json", home=home)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("line 1", done.stderr)


class Migrated:
    """A folder as MigrateSettings.ps1 writes it: an export, what the wizard keeps for itself, and a policy."""

    def __init__(self, source, folder):
        self.copy, self.folder = Copy(source, folder), folder
        ids = [re.search(r"<id>\{([^}]*)\}", f.read_text())[1].lower() for f in self.copy.files("Connectors/*.xml")]
        self.write("MigratedPolicy.json", json.dumps({
            "policyMetadata": {"type": "migration", "azureADConnectVersion": "1.6.16.0"},
            "deploymentMetadata": {"hostName": "SYNC01", "connectorIds": ids}}))
        self.write("PersistedState.xml", "<PersistedStateContainer><Elements/></PersistedStateContainer>")

    def write(self, name, text):
        (self.folder / name).write_text(text)


class OfTheLab(Comparison, unittest.TestCase):
    root_dn = whole = inclusion = "DC=contoso,DC=example"

    @classmethod
    def setUpClass(cls):
        cls.site = Site(PROGRAMS)
        cls.addClassCleanup(cls.site.close)
        lab = Lab(cls.site, "contoso", 100, options=("--old", "OLD:connect"))
        try:
            cls.source = cls.site.dir / "export"
            shutil.copytree(lab.dir / "servers/OLD/configuration", cls.source)
        finally:
            lab.process.stop()

    def refused(self, folder, *says):
        done = baton("config", "compare", folder, self.new.folder, "--output", "json", home=self.dir)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        for word in says:
            self.assertIn(word, done.stderr)

    def test_a_folder_of_migrated_settings_is_compared_on_either_side(self):
        migrated = Migrated(self.source, self.dir / "copied by somebody")
        for old, new in ((migrated.folder, self.source), (f"{self.source}/", f"{migrated.folder}/")):
            done = baton("config", "compare", old, new, "--output", "json", home=self.dir)
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(done.stdout)
            side = report["old" if old is migrated.folder else "new"]
            self.assertEqual((side["form"], side["host"]), ("migrated-settings", "SYNC01"))
            self.assertEqual(report["rows"], [])
        self.new.change(self.new.ad(), r"<attribute>displayName</attribute>", "")
        done = baton("config", "compare", migrated.folder, self.new.folder, "--output", "json", home=self.dir)
        self.assertEqual([r["class"] for r in json.loads(done.stdout)["rows"]], ["attribute-lost"])

    def test_migrated_settings_that_are_not_whole_have_no_verdict(self):
        def fresh():
            nonlocal n
            n += 1
            return Migrated(self.source, self.dir / f"Exported-ServerConfiguration-{n}")
        n = 0
        for name in ("MigratedPolicy.json", "PersistedState.xml", "Connectors", "GlobalSettings", "SynchronizationRules"):
            m = fresh()
            (shutil.rmtree if (m.folder / name).is_dir() else pathlib.Path.unlink)(m.folder / name)
            self.refused(m.folder, name, "not whole", "copy all of the folder")
        m = fresh()
        m.copy.ad().unlink()
        self.refused(m.folder, "lacks connector", "not whole")
        m = fresh()
        m.write("PersistedState.xml", "<PersistedStateContainer><Elements>")
        self.refused(m.folder, "PersistedState.xml", "line 1")
        m.write("PersistedState.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
        self.refused(m.folder, "PersistedState.xml")
        m = fresh()
        m.write("MigratedPolicy.json", "{\"policyMetadata\":")
        self.refused(m.folder, "MigratedPolicy.json", "line 1")
        # the policy alone is what people copy first
        self.refused(fresh().folder / "MigratedPolicy.json", "whole folder")

    def test_a_part_of_an_export_is_taken_for_nothing_else(self):
        for part in ("Connectors", "SynchronizationRules", self.new.ad()):
            self.refused(self.new.folder / part, "part of what Get-ADSyncServerConfiguration wrote", "GlobalSettings")
        self.refused(self.new.folder / "GlobalSettings", "no connector")
        shutil.rmtree(self.new.folder / "Connectors")
        self.refused(self.new.folder, "has no folder Connectors", "not whole")

    def test_a_copy_beside_its_original_is_no_second_forest_or_rule(self):
        for original in (self.new.ad(), self.new.rule("Out to AAD - Group Join")):
            copy = original.with_name("copy.xml")
            shutil.copy(original, copy)
            self.refused(self.new.folder, "two files have the identifier {", "take the copy away")
            copy.unlink()

    def test_what_is_neither_true_nor_false_is_not_guessed(self):
        self.new.change(self.new.rule("Out to AAD - Group Join"), "<disabled>False<", "<disabled>perhaps<")
        self.refused(self.new.folder, "disabled says neither true nor false")

    def test_a_file_that_is_none_of_a_configuration_is_named_with_what_it_is(self):
        odd = self.new.folder / "SynchronizationRules/odd.xml"
        odd.write_text("<run-history/>")
        self.refused(self.new.folder, "odd.xml", "root is run-history", "files were read before it", "export the configuration again")

    def test_password_sync_that_is_off_blocks(self):
        self.new.change(self.new.settings(), r"(PasswordHashSync[^>]*>)True<", r"\g<1>False<")
        self.expect("block", ("password-sync", "block", "password hash synchronization"))


class OfTheLabsDirSync(unittest.TestCase):
    """A DirSync server, as its engine exports it, beside an Entra Connect server that does the same."""

    @classmethod
    def setUpClass(cls):
        cls.site = Site(PROGRAMS)
        cls.addClassCleanup(cls.site.close)
        for product, tenant in (("dirsync", "contoso"), ("connect", "contoso")):
            lab = Lab(cls.site, tenant, 100, options=("--old", f"OLD:{product}"))
            shutil.copytree(lab.dir / "servers/OLD/configuration", cls.site.dir / product)
            lab.process.stop()
            shutil.rmtree(lab.dir)

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="baton-eras-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.old = Copy(self.site.dir / "dirsync", self.dir / "old")
        self.new = Copy(self.site.dir / "connect", self.dir / "new")

    def agent(self, entra):
        return next(f for f in self.old.files("MA-*.XML") if (ENTRA in f.name.lower()) == entra)

    def expect(self, verdict, *rows):
        """Rows beside the expected ones, as (class, severity, subject)."""
        done = baton("config", "compare", self.old.folder, self.new.folder, "--output", "json", home=self.dir)
        self.assertIn(done.returncode, (0, 5, 6), done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["old"]["form"], "fim-export")
        self.assertEqual([(r["class"], r["severity"], r["subject"]) for r in report["rows"] if r["class"] != "expected"],
                         list(rows))
        self.assertEqual(report["verdict"], verdict)

    def test_two_servers_that_do_the_same_differ_in_what_their_eras_say_alone(self):
        self.expect("pass")

    def test_it_is_written_as_that_engine_writes(self):
        names = sorted(f.name for f in self.old.folder.iterdir())
        self.assertEqual([re.sub(r"[0-9A-F]{4,}", "X", n) for n in names], ["MA-{X-X-X-X-X}.XML"] * 2 + ["MV.XML"])
        for path in self.old.folder.iterdir():
            text = path.read_bytes()
            self.assertRegex(text, rb"^<saved-m[av]-configuration server='OLD' export-date='[0-9-]+ [0-9:.]+'>\r\n")
            self.assertEqual(text.count(b"\n"), text.count(b"\r\n"))
        self.assertEqual(self.agent(False).read_text().count("<selected>0<"), 4)

    def test_a_container_filter_that_was_forgotten_is_found(self):
        self.new.change(self.new.ad(), "<inclusion>DC=contoso", "<inclusion>OU=Staff,DC=contoso")
        self.expect("block", ("scope-narrowed", "block", "DC=contoso,DC=example"))

    def test_a_filter_of_the_old_server_that_the_new_one_lacks_is_found(self):
        self.old.change(self.agent(False), "<exclusions/>",
                        "<exclusions>\r\n<exclusion>OU=Labs,DC=contoso,DC=example</exclusion>\r\n</exclusions>")
        self.expect("review", ("scope-widened", "review", "OU=Labs,DC=contoso,DC=example"))

    def test_attribute_filters_of_the_old_server_are_for_a_person(self):
        self.old.change(self.agent(False), "<stay-disconnector/>",
                        "<stay-disconnector><filter-set cd-object-type='user' type='declared'><filter-alternative><condition "
                        "cd-attribute='employeeType' operator='equality'><value>Test</value></condition></filter-alternative>"
                        "</filter-set></stay-disconnector>")
        self.expect("review", ("scope-widened", "review", "1 attribute filters of forest contoso.example"))

    def test_an_attribute_that_is_not_selected_is_lost(self):
        self.new.change(self.new.ad(), "<attribute>displayName</attribute>", "")
        self.expect("block", ("attribute-lost", "block", "attribute displayName of forest contoso.example"))

    def test_an_attribute_that_no_rule_sends_out_is_lost(self):
        self.new.rule("Out to AAD - User Identity").unlink()
        self.expect("block", ("attribute-lost", "block", "attribute userPrincipalName of user in Entra ID"))

    def test_a_flow_that_only_the_new_server_has_is_added(self):
        self.old.change(self.agent(True), r"<export-flow cd-attribute=.displayName.*?</export-flow>", "")
        self.expect("review", ("attribute-added", "review", "attribute displayName of user in Entra ID"))

    def test_another_source_anchor_blocks(self):
        self.new.change(self.new.settings(), r"(AnchorAttribute[^>]*>)objectGUID<", r"\g<1>mS-DS-ConsistencyGuid<")
        self.expect("block", ("anchor", "block", "source anchor"))

    def test_an_anchor_that_no_flow_names_is_for_a_person(self):
        self.old.change(self.old.folder / "MV.XML", 'mv-attribute="sourceAnchor"', 'mv-attribute="other"')
        self.old.change(self.old.folder / "MV.XML", 'mv-attribute="sourceAnchor"', 'mv-attribute="other"')
        self.old.change(self.old.folder / "MV.XML", 'mv-attribute="sourceAnchor"', 'mv-attribute="other"')
        self.expect("review", ("anchor", "review", "source anchor of the tenant"))

    def test_password_sync_that_is_off_blocks(self):
        self.new.change(self.new.settings(), r"(OptionalFeature.PasswordHashSync[^>]*>)True<", r"\g<1>False<")
        self.expect("block", ("password-sync", "block", "password hash synchronization of the server"))

    def test_the_delete_threshold_of_the_old_server_is_kept_in_mind(self):
        self.old.change(self.agent(True), r'(<step-type type="export" />\s*<threshold><batch-size>1</batch-size>)',
                        r"\1<delete>10</delete>")
        self.expect("review", ("parameter", "review", "delete threshold of exports (Entra ID)"))


@unittest.skipUnless(REAL.is_dir(), f"no configuration export at {REAL}")
class OfARealServer(Comparison, unittest.TestCase):
    source = REAL
    root_dn = "DC=contoso,DC=com"
    whole = inclusion = "OU=CORP,DC=contoso,DC=com"

    def test_password_sync_that_is_on_blocks(self):
        self.new.change(self.new.ad(), r"<password-hash-sync-config><enabled>0<", "<password-hash-sync-config><enabled>1<")
        self.expect("block", ("password-sync", "block", "password hash synchronization of forest contoso.com"))


if __name__ == "__main__":
    main()
