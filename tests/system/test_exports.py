#!/usr/bin/env python3
"""`baton exports analyze` on files as servers and people make them: whole, packed, broken, large, compared."""
import gzip
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("BATON_PROGRAMS", str(ROOT / "build/release/bin")))
KEYS = {"adds", "updates", "deletes", "renames", "delete_adds", "none", "objects"}


def entra_dn(anchor):
    return "CN={%s}" % anchor.encode().hex().upper()


def cs_object(anchor, operation=None, inside="", kind="user", behind=""):
    delta = f'<unapplied-export><delta operation="{operation}">{inside}</delta></unapplied-export>' if operation else ""
    return f'<cs-object cs-dn="{entra_dn(anchor)}" id="{{{anchor}}}" object-type="{kind}">{delta}{behind}</cs-object>\n'


def changed(name, old="old", new="new"):
    return (f'<attr name="{name}" operation="update" type="string" multivalued="false">'
            f'<value operation="delete">{old}</value><value operation="add">{new}</value></attr>')


def document(*objects):
    return '<?xml version="1.0" encoding="utf-16"?>\n<cs-objects>\n' + "".join(objects) + "</cs-objects>\n"


class Exports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="baton-exports-")
        cls.dir = pathlib.Path(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def file(self, name, content):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def analyze(self, *words, code=None, output="json"):
        done = subprocess.run([PROGRAMS / "baton", "exports", "analyze", *map(str, words), "--output", output],
                              capture_output=True, text=True, timeout=300)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout[:2000] + done.stderr)
        return done

    def report(self, *words, code):
        return json.loads(self.analyze(*words, code=code).stdout)

    def rules(self, report):
        return {f["rule"]: f for f in report["findings"]}

    # --- verdicts -----------------------------------------------------------------------------------
    def test_nothing_pending_passes(self):
        report = self.report(self.file("quiet.xml", document(cs_object("a"), cs_object("b", "none"))), code=0)
        self.assertEqual(report["verdict"], "pass")
        self.assertEqual(report["totals"]["none"], 2)
        self.assertTrue(KEYS <= report["totals"].keys())

    def test_one_delete_blocks_and_is_named_by_its_source_anchor(self):
        path = self.file("delete.xml", document(cs_object("QF5HMK7n80qvdYsUPIHa9Q==", "delete")))
        finding = self.rules(self.report(path, code=5))["EX-DELETES"]
        self.assertEqual((finding["count"], finding["limit"], finding["severity"]), (1, 0, "block"))
        self.assertEqual(finding["samples"], ["QF5HMK7n80qvdYsUPIHa9Q=="])

    def test_an_update_is_for_a_person(self):
        report = self.report(self.file("update.xml", document(cs_object("a", "update", changed("title")))), code=6)
        self.assertEqual(report["verdict"], "review")
        self.assertEqual(report["attributes"]["title"],
                         {"set": 0, "changed": 1, "cleared": 0, "value_adds": 0, "value_removes": 0})

    def test_a_policy_allows_what_a_tenant_expects_and_refuses_what_it_cannot_read(self):
        path = self.file("two.xml", document(cs_object("a", "delete"), cs_object("b", "delete")))
        policy = self.file("policy.yaml", "preset: parity\nrules:\n  - rule: EX-DELETES\n    count: 2\n")
        self.assertEqual(self.report(path, "--policy", policy, code=0)["verdict"], "pass")
        broken = self.file("broken.yaml", "preset: parity\nsurprise: 1\n")
        self.assertIn("broken.yaml", self.analyze(path, "--policy", broken, code=1).stderr)

    def test_several_files_are_one_set(self):
        one = self.file("one.xml", document(cs_object("a", "add")))
        two = self.file("two-more.xml", document(cs_object("b", "add"), cs_object("c", "add", kind="group")))
        report = self.report(one, two, code=6)
        self.assertEqual(report["totals"]["adds"], 3)
        self.assertEqual([f["objects"] for f in report["files"]], [1, 2])
        self.assertEqual(report["object_types"]["group"], {"adds": 1, "updates": 0, "deletes": 0})

    def test_two_servers_are_held_against_each_other(self):
        old = self.file("old.xml", document(cs_object("same", "update", changed("title")),
                                            cs_object("other", "update", changed("title", new="x")), cs_object("gone", "add")))
        new = self.file("new.xml", document(cs_object("other", "update", changed("title", new="y")),
                                            cs_object("same", "update", changed("title")), cs_object("fresh", "add")))
        report = self.report(new, "--against", old, code=6)
        self.assertEqual(report["against"], {"only_old": 1, "only_new": 1, "equal": 1, "different": 1})
        self.assertEqual(report["totals"]["objects"], 3)  # the new server's alone

    # --- forms --------------------------------------------------------------------------------------
    def test_encodings_and_packings_change_nothing_but_their_names(self):
        text = document(cs_object("a", "update", changed("displayName", "Ärger", "Größe")), cs_object("b", "add"))
        forms = [("utf-8", text.encode()), ("utf-8-bom", b"\xef\xbb\xbf" + text.encode()),
                 ("utf-16le", b"\xff\xfe" + text.encode("utf-16-le")), ("utf-16be", b"\xfe\xff" + text.encode("utf-16-be")),
                 ("utf-16le", text.encode("utf-16-le")), ("utf-16be", text.encode("utf-16-be"))]
        wanted = None
        for encoding, content in forms:
            for packing in ("", "gzip", "zstd"):
                packed = gzip.compress(content) if packing == "gzip" else content
                path = self.file(f"form-{encoding}-{packing}", packed)
                if packing == "zstd":
                    subprocess.run(["zstd", "-q", "-f", path, "-o", f"{path}.zst"], check=True)
                    path = pathlib.Path(f"{path}.zst")
                report = self.report(path, code=6)
                self.assertEqual(report["files"][0]["encoding"], encoding)
                self.assertEqual(report["files"][0]["packed"], packing)
                counted = (report["totals"], report["attributes"], report["object_types"])
                wanted = wanted or counted
                self.assertEqual(counted, wanted)

    def test_what_the_generator_decided_is_what_is_counted(self):
        for seed, layout in ((1, "lf"), (2, "crlf"), (3, "one-line")):
            path, expected = self.dir / f"seed-{seed}.xml", self.dir / f"seed-{seed}.json"
            subprocess.run([PROGRAMS / "baton-lab", "generate", "exports", "--objects", "400", "--seed", str(seed), "--oddities",
                            "all", "--layout", layout, "--out", path, "--expect", expected], check=True, timeout=60)
            report = self.report(path, code=5)
            for part, counts in json.loads(expected.read_text()).items():
                self.assertEqual({k: v for k, v in report[part].items() if k in counts}, counts, f"{part} of seed {seed}")

    def test_every_output_tells_the_same_and_a_page_holds_no_persons_data(self):
        path = self.file("outputs.xml", document(cs_object("secretanchor", "delete"), cs_object("b", "update", changed("mail"))))
        table = self.analyze(path, output="table", code=5).stdout
        self.assertIn("block under preset parity", table)
        self.assertIn("secretanchor", table)
        page = self.analyze(path, output="html", code=5).stdout
        self.assertIn("EX-DELETES", page)
        self.assertNotIn("secretanchor", page)
        self.assertNotIn("<script", page)
        self.assertIn("mail,0,1,0,0,0", self.analyze(path, output="csv", code=5).stdout)

    # --- broken -------------------------------------------------------------------------------------
    def refused(self, path, *words):
        done = self.analyze(path, code=1)
        self.assertEqual(done.stdout, "")
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr

    def test_a_file_that_is_not_whole_has_no_verdict(self):
        text = document(*(cs_object(f"a{i}", "add") for i in range(20)))
        said = self.refused(self.file("cut.xml", text[:len(text) // 2]), "line ", "objects were counted", "whole csexport")
        self.assertRegex(said, r"\b\d+ objects were counted")
        self.refused(self.file("cut.gz", gzip.compress(text.encode())[:-20]), "cut before its end")
        self.refused(self.file("empty.xml", ""), "empty")
        self.refused(self.file("wrong.xml", "<ma-data/>"), "root is not cs-objects but ma-data")
        self.refused(self.file("nul.xml", text.replace("add", "a\0d", 1)), "line")
        self.refused(self.file("bomb.xml", '<!DOCTYPE a [<!ENTITY b "c">]><cs-objects/>'), "document type")
        self.refused(self.file("deep.xml", "<cs-objects>" + "<a>" * 100), "deep")
        self.refused(self.file("mixed.xml", text.encode()[:100] + text.encode("utf-16-le")[100:]), "line")
        self.refused(self.dir / "nowhere.xml", "No such file")
        self.refused(self.dir, "not a regular file")

    def test_the_same_file_twice_is_counted_by_nobody(self):
        path = self.file("once.xml", document(cs_object("a", "add")))
        copy = self.file("copy.xml", path.read_bytes())
        done = self.analyze(path, self.file("other.xml", document(cs_object("b", "add"))), copy, code=1)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, "copy.xml is the same file as .*once.xml.* twice")
        self.assertEqual(self.report(path, "--against", copy, code=6)["against"]["equal"], 1)

    def test_a_scope_that_is_no_number_of_objects_is_a_mistake_of_the_command(self):
        path = self.file("scope.xml", document(cs_object("a", "add")))
        for scope in ("-1", "0", "1x", "9" * 30):
            self.assertIn("--scope", self.analyze(path, "--scope", scope, code=2).stderr)
        self.analyze(path, "--scope", "60000", code=6)

    def test_a_policy_that_is_not_there_is_named_once(self):
        said = self.analyze(self.file("policy.xml", document()), "--policy", self.dir / "none.yaml", code=3).stderr
        self.assertEqual(said.count("none.yaml"), 1)

    def test_a_file_in_which_nothing_is_pending_says_what_that_may_mean(self):
        said = self.analyze(self.file("nothing.xml", document()), code=0, output="table").stdout
        self.assertIn("never synchronized", " ".join(said.split()))

    def test_many_attributes_under_one_rule_are_explained_once(self):
        names = [f"extensionAttribute{i}" for i in range(1, 16)]
        updates = [cs_object(f"a{i}", "update", "".join(changed(n) for n in names)) for i in range(30)]
        said = self.analyze(self.file("mass.xml", document(*updates)), code=5, output="table").stdout
        self.assertEqual(said.count("are a rule or a mapping that differs"), 1)
        for name in names:
            self.assertRegex(said, rf"  30  {name} of user +such as a0\n")
        self.assertLess(said.count("\n"), 60)

    def test_a_good_file_beside_a_broken_one_gives_no_verdict_either(self):
        good = self.file("good.xml", document(cs_object("a")))
        done = self.analyze(good, self.file("bad.xml", "<cs-objects>"), code=1)
        self.assertEqual(done.stdout, "")

    # --- who and where ------------------------------------------------------------------------------
    def test_connectors_are_told_apart_and_deleted_people_have_names(self):
        def of(name, said):
            return f"<ma-id>{{{name}}}</ma-id><ma-name>{name} - AAD</ma-name>" + said
        hologram = ('<synchronized-hologram><entry dn="x"><primary-objectclass>person</primary-objectclass><attr name="displayName">'
                    "<value>Zoë &amp; Co</value></attr></entry></synchronized-hologram>")
        text = document(cs_object("a", "add").replace("</cs-object>", of("east", "</cs-object>")),
                        cs_object("b", "delete").replace("</cs-object>", of("west", hologram + "</cs-object>")),
                        cs_object("c", "add").replace("</cs-object>", of("west", "</cs-object>")))
        report = self.report(self.file("connectors.xml", text), code=5)
        self.assertEqual([(c["name"], c["totals"]["adds"], c["totals"]["deletes"]) for c in report["connectors"]],
                         [("east - AAD", 1, 0), ("west - AAD", 1, 1)])
        self.assertEqual(report["connectors"][0]["object_types"], {"user": {"adds": 1, "updates": 0, "deletes": 0}})
        self.assertEqual(self.rules(report)["EX-DELETES"]["named"], {"b": "Zoë & Co"})
        table = self.analyze(self.dir / "connectors.xml", output="table", code=5).stdout
        self.assertIn("towards west - AAD", table)
        self.assertIn("Zoë & Co", table)
        self.assertNotIn("Zoë", self.analyze(self.dir / "connectors.xml", output="html", code=5).stdout)

    def test_a_file_without_deltas_does_not_pass(self):
        said = cs_object("a").replace("</cs-object>", "<export-delta-operation>modify</export-delta-operation></cs-object>")
        report = self.report(self.file("without.xml", document(said)), code=6)
        self.assertEqual((report["totals"]["none"], self.rules(report)["EX-LEFT-OUT"]["count"]), (1, 1))

    # --- a large file in blocks -----------------------------------------------------------------------
    def generated(self, name, objects, *options):
        path = self.dir / name
        subprocess.run([PROGRAMS / "baton-lab", "generate", "exports", "--objects", str(objects), "--seed", "9", *options, "--out", path],
                       check=True, timeout=60)
        return path.read_bytes()

    def outcome(self, path, *words):
        done = self.analyze(path, *words)
        if done.returncode == 1:
            self.assertEqual(done.stdout, "")
            return 1, done.stderr.replace(str(path), "FILE")
        report = json.loads(done.stdout)
        report["objects"] = [f["objects"] for f in report.pop("files")]
        return done.returncode, report

    def same_however_read(self, content):
        """By one thread in blocks, by two, and in one pass, as whatever is packed is read."""
        plain, packed = self.file("whichever.xml", content), self.file("whichever.gz", gzip.compress(content, 1))
        wanted = self.outcome(packed)
        for threads in (1, 2):
            self.assertEqual(self.outcome(plain, "--threads", threads), wanted)
        return wanted

    def test_a_large_file_counts_the_same_however_it_is_read(self):
        whole = self.generated("large.xml", 5000, "--oddities", "all")
        self.assertGreater(len(whole), 9_000_000)
        code, report = self.same_however_read(whole)
        self.assertEqual((code, report["objects"]), (5, [5000]))
        self.assertEqual(len(self.rules(report)["EX-DELETES"]["samples"]), 5)
        group = b"<cs-object cs-dn='g' object-type='group'><x>" + b"<y/>" * 900_000 + b"</x></cs-object>"  # more than a block may have
        cut = whole.index(b"<cs-object ", len(whole) // 2)
        self.assertEqual(self.same_however_read(whole[:cut] + group + whole[cut:])[1]["objects"], [5001])

    def test_what_looks_like_the_place_for_a_cut_misleads_nobody(self):
        whole = self.generated("traps.xml", 700)
        self.assertGreater(len(whole), 1 << 20)
        one = whole[whole.index(b"<cs-object "):whole.index(b"</cs-object>") + 12]
        long = one * (300_000 // len(one))
        traps = [b"<!-- <cs-object cs-dn='x'> -->", b"<![CDATA[<cs-object cs-dn='x'>]]>", b"<!-- <cs-object x --><cs-object ",
                 b"</cs-objects>", b"<cs-objects>", b"<a>", b"\xff", b"&nothing;", b"<!--" + long + b"-->", b"<![CDATA[" + long + b"]]>",
                 b"<a>" + long + b"</a>", b"<?a " + long + b"?>", b"<a b='" + long + b"'/>", b"<!DOCTYPE a>", b"<?xml version='1.0'?>",
                 b"</cs-objects><cs-objects>", b"</cs-objects><!--" + long + b"--><cs-objects>", b"]]>", b"\x00"]
        cut = whole.index(b"<cs-object ", len(whole) // 3)
        for trap in traps:
            with self.subTest(trap[:40]):
                self.same_however_read(whole[:cut] + trap + whole[cut:])
        for root in (b"<!-- <cs-objects> --><cs-objects a='>'>", b"<cs-objects xmlns:q='urn:q'>", b"<!-- <cs-objects> --><other>"):
            with self.subTest(root):
                self.same_however_read(whole.replace(b"<cs-objects>", root, 1))

    def test_files_with_a_mistake_somewhere_are_refused_however_they_are_read(self):
        whole, dice, refused = self.generated("mistakes.xml", 700), random.Random(4), 0
        pieces = [b"<", b">", b"&", b'"', b"'", b"--", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"</cs-object>", b"<cs-object ", b"/", b"\n",
                  b"=", b"<entry>", b"</entry>", b"<x y=''/>", b"&#10;", b"&#0;", b"\xc3", b"\xed\xa0\x80", b"\xef\xbf\xbf", b":", b" "]
        for _ in range(60):
            at = dice.randrange(len(whole))
            piece = dice.choice([b"", bytes([dice.randrange(256)]), dice.choice(pieces), dice.choice(pieces)])
            mutated = whole[:at] + piece + whole[at + dice.choice([0, 0, 1, len(piece), dice.randrange(40)]):]
            with self.subTest((at, piece)):
                refused += self.same_however_read(mutated)[0] == 1
        self.assertGreater(refused, 10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
