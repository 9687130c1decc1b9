"""Generated pending exports, read by another XML library: the counts are those that the generator announced."""
import collections
import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as tree

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = pathlib.Path(os.environ.get("BATON_PROGRAMS", ROOT / "build/release/bin")) / "baton-lab"
ODDITIES = ("integers", "times", "binaries", "conflicts", "escapes", "pairs", "references", "anchors", "bare", "repeated",
            "imports", "errors", "links", "missing")
KNOWN_SHA256 = "96c5223caca22d3a7696b13a13aee1e065f8f334f6152a8e1897d3135df035fa"
OPERATIONS = ("add", "update", "delete", "rename", "delete-add", "replace", "none", "obsolete")
TOTAL = {"add": "adds", "update": "updates", "replace": "updates", "delete": "deletes", "delete-add": "delete_adds",
         "none": "none", "obsolete": "none"}


def generate(*options):
    return subprocess.run([LAB, "generate", "exports", *map(str, options)], capture_output=True, timeout=60)


class Analysis:
    """Counts as docs/lab-protocol.md says, from the bytes alone."""

    def __init__(self, path):
        self.totals = dict.fromkeys(("objects", "adds", "updates", "deletes", "renames", "delete_adds", "none"), 0)
        self.types = collections.defaultdict(lambda: dict.fromkeys(("adds", "updates", "deletes"), 0))
        self.attributes = collections.defaultdict(
            lambda: dict.fromkeys(("set", "changed", "cleared", "value_adds", "value_removes"), 0))
        for _, element in tree.iterparse(path):
            if element.tag == "cs-object":
                self.object(element)
                element.clear()

    def object(self, element):
        self.totals["objects"] += 1
        delta = element.find("unapplied-export/delta")
        key = TOTAL["none" if delta is None else delta.get("operation")]
        self.totals[key] += 1
        if key in ("adds", "updates", "deletes"):
            self.types[element.get("object-type")][key] += 1
        if delta is not None:
            self.totals["renames"] += delta.get("newdn") is not None
            for attribute in [*delta.findall("attr"), *delta.findall("dn-attr")]:
                self.attribute(attribute)

    def attribute(self, attribute):
        count = self.attributes[attribute.get("name")]
        operation = attribute.get("operation", "add")
        count[{"add": "set", "delete": "cleared", "update": "changed", "replace": "changed"}[operation]] += 1
        if attribute.tag == "dn-attr" or attribute.get("multivalued") == "true":
            for value in [*attribute.findall("value"), *attribute.findall("dn-value")]:
                count["value_removes" if value.get("operation") == "delete" else "value_adds"] += 1


class Exports(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="lab-exports-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def make(self, *options, name="exports.xml"):
        """Path of the file, and what it announces."""
        path, expect = self.dir / name, self.dir / "expect.json"
        done = generate(*options, "--out", path, "--expect", expect)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return path, json.loads(expect.read_text())

    def test_counts_are_those_announced(self):
        for options in ((), ("--seed", 9, "--first", 70000), *(("--operations", name) for name in OPERATIONS),
                        *(("--oddities", name) for name in ("none", *ODDITIES))):
            with self.subTest(options):
                path, expected = self.make("--objects", 400, *options)
                found = Analysis(path)
                self.assertEqual(found.totals, expected["totals"])
                self.assertEqual(dict(found.types), expected["object_types"])
                self.assertEqual(dict(found.attributes), expected["attributes"])

    def test_encoding_and_layout_change_the_bytes_and_nothing_else(self):
        _, expected = self.make("--objects", 200)
        seen = set()
        for encoding, mark in (("utf-8", b"<?xml"), ("utf-8-bom", b"\xef\xbb\xbf<?"), ("utf-16le", b"\xff\xfe<\0")):
            for layout in ("lf", "crlf", "one-line"):
                with self.subTest((encoding, layout)):
                    path, announced = self.make("--objects", 200, "--encoding", encoding, "--layout", layout)
                    content = path.read_bytes()
                    self.assertTrue(content.startswith(mark))
                    self.assertEqual(announced, expected)
                    self.assertEqual(dict(Analysis(path).attributes), expected["attributes"])
                    text = content.decode("utf-16" if encoding == "utf-16le" else "utf-8")
                    self.assertEqual("\r\n" in text, layout == "crlf")
                    self.assertEqual(re.search(r"(?<!\r)\n *<", text) is not None, layout == "lf")
                    seen.add(content)
        self.assertEqual(len(seen), 9)

    def test_the_same_options_give_these_very_bytes(self):
        """On every machine and with every compiler: who measures with a generated file names its seed."""
        path, _ = self.make("--objects", 100, "--seed", 2026)
        self.assertEqual(hashlib.sha256(path.read_bytes()).hexdigest(), KNOWN_SHA256)
        self.assertTrue(path.read_bytes() == generate("--objects", 100, "--seed", 2026).stdout)
        self.assertFalse(path.read_bytes() == generate("--objects", 100, "--seed", 2027).stdout)

    def test_each_oddity_is_in_the_file_when_asked_for_and_only_then(self):
        delta = ".//unapplied-export/delta"
        signs = {"integers": ".//attr[@name='groupType']", "times": ".//attr[@name='pwdLastSet']",
                 "binaries": ".//value[@encoding='base64']", "references": ".//dn-attr",
                 "pairs": f"{delta}/attr[@name='displayName'][@operation='update']",
                 "anchors": f"{delta}/attr[@name='sourceAnchor'][@operation='update']", "repeated": ".//unconfirmed-export",
                 "imports": ".//pending-import", "errors": ".//export-errordetail", "links": ".//cs-mv-links"}
        found = {name: lambda root, path=path: root.find(path) is not None for name, path in signs.items()}
        found["conflicts"] = lambda root: any("\\0ACNF:" in o.get("cs-dn") for o in root)
        found["escapes"] = lambda root: any("\\, Bruno" in o.get("cs-dn") for o in root)
        found["bare"] = lambda root: any(a.get("operation") is None for a in root.iterfind(f"{delta}/attr"))
        found["missing"] = lambda root: any(o.find("connector") is None for o in root)
        self.assertEqual(set(found), set(ODDITIES))
        for name in ODDITIES:
            with self.subTest(name):
                others = ",".join(o for o in ODDITIES if o != name)
                self.assertTrue(found[name](tree.fromstring(generate("--objects", 600, "--oddities", name).stdout)))
                self.assertFalse(found[name](tree.fromstring(generate("--objects", 600, "--oddities", others).stdout)))

    def test_a_conflict_has_a_real_line_feed_in_its_name(self):
        path, _ = self.make("--objects", 2000, "--oddities", "conflicts", "--layout", "crlf")
        names = [value.text for value in tree.parse(path).iter("value") if value.text and "CNF:" in value.text]
        self.assertTrue(names)
        for name in names:
            self.assertRegex(name, r"^[^\r\n]+\nCNF:[0-9a-f-]{36}$")

    def test_two_servers_have_the_same_anchors_under_other_identifiers(self):
        new, _ = self.make("--objects", 300)
        old, _ = self.make("--objects", 300, "--server", "OLD", name="old.xml")
        drifted, _ = self.make("--objects", 300, "--server", "OLD", "--drift", 10, name="drifted.xml")
        ids, deltas = {}, {}
        for path in (new, old, drifted):
            objects = tree.parse(path).getroot().findall("cs-object")
            ids[path] = {o.get("id") for o in objects}
            deltas[path] = [tree.tostring(d) if (d := o.find("unapplied-export")) is not None else b"" for o in objects]
        self.assertFalse(ids[new] & ids[old])
        self.assertEqual(deltas[new], deltas[old])
        self.assertTrue(10 <= sum(a != b for a, b in zip(deltas[old], deltas[drifted])) <= 60)

    def test_the_size_follows_the_wish(self):
        for wish in (2000, 5000, 20000):
            with self.subTest(wish):
                mean = len(generate("--objects", 1000, "--bytes-per-object", wish).stdout) / 1000
                self.assertTrue(0.8 * wish <= mean <= 1.2 * wish, mean)

    def test_memory_does_not_depend_on_the_number_of_objects(self):
        peaks = []
        for objects in (100, 20000):
            process = subprocess.Popen([LAB, "generate", "exports", "--objects", str(objects)], stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            peaks.append(usage.ru_maxrss)
        self.assertLess(peaks[1], peaks[0] + 1024, f"KiB: {peaks}")

    def test_wrong_words_are_named(self):
        for options, text in ((("--objects", "many"), "--objects"), (("--operations", "add=x"), "add=x"[4:]),
                              (("--operations", "fly=1"), "fly"), (("--operations", "add=0"), "above 0"),
                              (("--oddities", "pairs,fly"), "fly"), (("--encoding", "ebcdic"), "ebcdic"),
                              (("--layout", "none"), "--layout"), (("--fly",), "--fly"), (("--out",), "--out"),
                              (("more",), "exports")):
            with self.subTest(options):
                done = generate(*options)
                self.assertEqual((done.returncode, done.stdout), (2, b""))
                self.assertIn(text, done.stderr.decode())
                self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_a_file_that_cannot_be_written_leaves_nothing_behind(self):
        done = generate("--out", self.dir / "none" / "exports.xml")
        self.assertEqual(done.returncode, 1)
        self.assertIn("none", done.stderr.decode())
        self.assertEqual(list(self.dir.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
