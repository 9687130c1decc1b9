"""Files as they come from servers: large, packed, in every encoding, cut, broken, hostile, or not there at all.

One clear error with file and place, exit code 1, nothing on standard output, memory that does not follow the size; and
never a verdict on a part. BATON_LONG=yes: larger files.
"""
import gzip
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from baton_case import PROGRAMS, main

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "../shared/data"
sys.path.insert(0, str(ROOT / "tests/fuzz"))
import make_corpus  # noqa: E402

MEASURED = pathlib.Path(PROGRAMS).parent / "tests/bench/measured"
LONG = os.environ.get("BATON_LONG") == "yes"
MIB = 1 << 20
MEMORY_MIB = 16  # above what the smallest good file needs
ENV = {**os.environ, "BATON_LOG": "off", "ASAN_OPTIONS": "quarantine_size_mb=1"}


class Ran:
    def __init__(self, program, *words, timeout=300):
        """Runs a program of this build; what it said, and the most memory it had."""
        with tempfile.NamedTemporaryFile("r") as measured:
            argv = [MEASURED, measured.name, os.path.join(PROGRAMS, program), *map(str, words)]
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV,
                                       start_new_session=True)
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                raise AssertionError(f"{program} {words} still runs after {timeout} s") from None
            self.code, self.out, self.err = process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
            self.peak_mib = float(measured.read().split()[1])


class Readers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="baton-readers-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def file(self, name, content):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def refused(self, *argv, says=(), rss_mib=None, timeout=60):
        """One error, exit code 1, no verdict."""
        ran = Ran(*argv, timeout=timeout)
        self.assertEqual(ran.code, 1, f"{argv}: {ran.err[-400:]}{ran.out[-200:]}")
        self.assertEqual(ran.out, "", argv)
        self.assertEqual(len(ran.err.splitlines()), 1, ran.err[-2000:])
        for text in says:
            self.assertIn(str(text), ran.err)
        if rss_mib is not None:
            self.assertLess(ran.peak_mib, rss_mib, ran.err[:200])
        return ran


class Exports(Readers):
    def make(self, *options, name="exports.xml"):
        path, expect = self.dir / name, self.dir / "expect.json"
        ran = Ran("baton-lab", "generate", "exports", *options, "--out", path, "--expect", expect)
        self.assertEqual((ran.code, ran.err), (0, ""))
        return path, json.loads(expect.read_text())

    def analyse(self, *words):
        ran = Ran("baton", "exports", "analyze", *words, "--output", "json")
        self.assertIn(ran.code, (0, 5, 6), ran.err)
        return json.loads(ran.out), ran

    def refused_export(self, path, *says, counted=None, **more):
        ran = self.refused("baton", "exports", "analyze", path, "--output", "json", says=(path.name, *says), **more)
        found = re.search(r"(\d+) objects? w(?:ere|as) counted", ran.err)
        self.assertTrue(found, ran.err)
        if counted is not None:
            self.assertEqual(int(found[1]), counted, ran.err)
        return int(found[1])

    def counts_are(self, found, expected):
        for key, value in expected["totals"].items():
            self.assertEqual(found["totals"][key], value, key)
        for part in ("object_types", "attributes"):
            for name, counts in expected[part].items():
                self.assertEqual({k: found[part].get(name, {}).get(k) for k in counts}, counts, name)
        extra = set(found["attributes"]) - set(expected["attributes"])
        self.assertFalse(extra)

    def test_every_encoding_layout_and_packing_counts_the_same(self):
        for encoding in ("utf-8", "utf-8-bom", "utf-16le"):
            for layout in ("lf", "crlf", "one-line"):
                path, expected = self.make("--objects", 400, "--encoding", encoding, "--layout", layout)
                packed = self.file("exports.xml.gz", gzip.compress(path.read_bytes()))
                twice = self.file("two.gz", gzip.compress(path.read_bytes()[:5001]) + gzip.compress(path.read_bytes()[5001:]))
                zstd = self.file("exports.xml.zst", make_corpus.zstd(path.read_bytes()))
                unmarked = self.file("unmarked.xml", re.sub(rb"^(\xff\xfe|\xef\xbb\xbf)", b"", path.read_bytes()))
                for form in (path, packed, twice, zstd, unmarked):
                    with self.subTest((encoding, layout, form.name)):
                        found, _ = self.analyse(form)
                        self.counts_are(found, expected)
                        self.assertEqual(found["files"][0]["objects"], 400)

    def test_every_operation_and_every_oddity_counts_as_announced(self):
        names = ("add", "update", "delete", "rename", "delete-add", "replace", "none", "obsolete")
        oddities = ("none", "integers", "times", "binaries", "conflicts", "escapes", "pairs", "references", "anchors", "bare",
                    "repeated", "imports", "errors", "links", "missing")
        for options in (*(("--operations", n) for n in names), *(("--oddities", n) for n in oddities)):
            with self.subTest(options):
                path, expected = self.make("--objects", 300, "--seed", 21, *options)
                self.counts_are(self.analyse(path)[0], expected)

    def test_several_files_add_up(self):
        first, one = self.make("--objects", 150, name="1.xml")
        second, two = self.make("--objects", 250, "--first", 150, name="2.xml")
        _, whole = self.make("--objects", 400)
        self.assertEqual(one["totals"]["objects"] + two["totals"]["objects"], 400)
        self.counts_are(self.analyse(first, second)[0], whole)

    def test_a_server_against_itself_and_another_differs_where_it_differs(self):
        new, _ = self.make("--objects", 500, name="new.xml")
        old, _ = self.make("--objects", 500, "--server", "OLD", "--encoding", "utf-16le", name="old.xml")
        drifted, _ = self.make("--objects", 500, "--server", "OLD", "--drift", 5, name="drifted.xml")
        same, _ = self.analyse(new, "--against", old)
        other, _ = self.analyse(new, "--against", drifted)
        text = json.dumps(same["against"])
        self.assertEqual(same["against"]["different"], 0, text)
        self.assertEqual(same["against"]["only_old"] + same["against"]["only_new"], 0, text)
        self.assertGreater(other["against"]["different"] + other["against"]["only_old"] + other["against"]["only_new"], 20)

    def test_a_document_that_is_cut_gives_no_verdict_wherever_it_is_cut(self):
        for encoding in ("utf-8", "utf-16le"):
            path, _ = self.make("--objects", 12, "--encoding", encoding)
            whole = path.read_bytes().rstrip(b"\n\0")
            ends = [1, 2, 3, 4, 5, 40, len(whole) - 1, len(whole) - 2, len(whole) - 14, *range(60, len(whole), len(whole) // 40)]
            before = 0
            for end in sorted(ends):
                with self.subTest((encoding, end)):
                    counted = self.refused_export(self.file("cut.xml", whole[:end]))
                    self.assertGreaterEqual(counted, before)
                    before = counted
            self.assertEqual(before, 12)

    def test_a_packed_file_that_is_cut_gives_no_verdict(self):
        path, _ = self.make("--objects", 12)
        for name, whole in (("cut.gz", gzip.compress(path.read_bytes())), ("cut.zst", make_corpus.zstd(path.read_bytes()))):
            for end in (4, 9, 11, 100, len(whole) // 2, len(whole) - 9, len(whole) - 8, len(whole) - 1):
                with self.subTest((name, end)):
                    self.refused_export(self.file(name, whole[:end]))
            for at in (len(whole) // 3, len(whole) - 5):
                damaged = bytearray(whole)
                damaged[at] ^= 0x55
                with self.subTest((name, at)):
                    self.refused_export(self.file(name, bytes(damaged)))
            with self.subTest((name, "tail")):
                self.refused_export(self.file(name, whole + b"<cs-objects/>"))

    def test_what_is_no_csexport_document_is_said_to_be_none(self):
        path, _ = self.make("--objects", 3)
        whole = path.read_bytes()
        wide = whole.decode().encode("utf-16-le")
        value = whole.index(b"</value>")
        first_end = whole.index(b"</cs-object>")
        bomb = b"<!DOCTYPE x [<!ENTITY a0 \"ha\">" + b"".join(
            b"<!ENTITY a%d \"&a%d;&a%d;\">" % (n + 1, n, n) for n in range(40)) + b"]><cs-objects>&a40;</cs-objects>"
        broken = {
            "empty": (b"", 0), "blank": (b"  \n", 0), "noise": (bytes(range(256)) * 20, 0), "text": (b"Access denied.\r\n", 0),
            "root": (b"<ma-data/>", 0), "root-16": (make_corpus.utf16("<objects/>"), 0), "two-roots": (whole + b"<cs-objects/>", 3),
            "wrong-end": (whole.replace(b"</delta>", b"</delte>", 1), 0), "ampersand": (whole[:value] + b" & " + whole[value:], 0),
            "unknown-entity": (whole[:value] + b"&nbsp;" + whole[value:], 0), "bad-reference": (whole[:value] + b"&#0;" + whole[value:], 0),
            "control": (whole[:value] + b"\x0b" + whole[value:], 0), "nul": (whole[:value] + b"\0" + whole[value:], 0),
            "nul-between": (whole[:first_end + 12] + b"\0\0" + whole[first_end + 12:], 1), "latin": (whole[:value] + b"M\xfcller" + whole[value:], 0),
            "overlong": (whole[:value] + b"\xc0\xaf" + whole[value:], 0), "surrogate": (whole[:value] + b"\xed\xa0\x80" + whole[value:], 0),
            "eight-then-sixteen": (whole[:value] + wide[2 * value:], 0),
            "sixteen-then-eight": (b"\xff\xfe" + wide[:2000] + whole, None), "odd": (b"\xff\xfe" + wide[:-1], None),
            "lone-surrogate": (b"\xff\xfe" + wide[:200] + b"\x00\xdc" + wide[200:], 0),
            "same-attribute-twice": (whole.replace(b"object-type=", b"id=\"x\" object-type=", 1), 0),
            "bomb": (bomb, 0), "external": (b"<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><cs-objects/>", 0),
            "deep": (b"<cs-objects>" + b"<x>" * 100000, 0), "sql": (b"SQLite format 3\0", 0), "html": (b"<!doctype html><html></html>", 0),
        }
        for name, (content, counted) in broken.items():
            with self.subTest(name):
                self.refused_export(self.file(f"{name}.xml", content), counted=counted)
                self.refused_export(self.file(f"{name}.xml.gz", gzip.compress(content)), counted=counted)

    def test_a_declaration_that_lies_about_the_encoding_is_no_fault(self):
        path, expected = self.make("--objects", 50)
        lying = self.file("lying.xml", path.read_bytes().replace(b"encoding=\"utf-8\"", b"encoding=\"utf-16\"", 1))
        self.counts_are(self.analyse(lying)[0], expected)

    def test_one_broken_file_among_good_ones_leaves_no_verdict(self):
        good, _ = self.make("--objects", 30)
        bad = self.file("bad.xml", good.read_bytes()[:9000])
        for words in ((good, bad), (bad, good), (good, "--against", bad), (bad, "--against", good), (good, self.dir / "none.xml")):
            for output in ("table", "json", "csv", "html"):
                with self.subTest((words, output)):
                    self.refused("baton", "exports", "analyze", *words, "--output", output)

    def test_what_is_no_file_is_refused_without_waiting(self):
        os.mkfifo(self.dir / "fifo")
        (self.dir / "folder").mkdir()
        os.symlink(self.dir / "gone", self.dir / "dangling")
        os.symlink(self.dir / "round", self.dir / "round")
        for name in ("fifo", "folder", "dangling", "round", "none", "none/exports.xml", "x" * 300):
            for argv in (("exports", "analyze", self.dir / name), ("runs", "check", self.dir / name),
                         ("facts", "show", self.dir / name), ("trace", "show", self.dir / name),
                         ("config", "compare", self.dir / name, self.dir / "folder")):
                with self.subTest((argv[0], name)):
                    self.refused("baton", *argv, says=(name[:20],), timeout=20)

    def test_a_file_that_vanishes_or_shrinks_under_the_reader_gives_no_verdict(self):
        """Many readers, each with a file that somebody cuts at another moment: whole counts or none."""
        path, expected = self.make("--objects", 3000)
        whole = path.read_bytes()
        verdicts = 0
        for n in range(12):
            victim = self.file(f"victim{n}.xml", whole)
            process = subprocess.Popen([os.path.join(PROGRAMS, "baton"), "exports", "analyze", victim, "--output", "json"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV)
            time.sleep(0.002 * n)
            os.truncate(victim, len(whole) // 3)
            os.unlink(victim)
            out, err = process.communicate(timeout=60)
            if process.returncode == 1:
                self.assertEqual(out, b"")
                self.assertIn(victim.name.encode(), err)
            else:
                verdicts += 1
                self.counts_are(json.loads(out), expected)
        self.assertLess(verdicts, 12, "no file was cut early enough")

    def test_what_only_looks_like_objects_in_a_large_file_is_not_counted(self):
        """A large file is read in parts; wherever it is cut, the counts are those of the document."""
        path, expected = self.make("--objects", 5000, "--oddities", "none")
        whole = path.read_bytes()
        one = whole[whole.index(b"<cs-object "):whole.index(b"</cs-object>") + 12]
        decoys = {"comment": (b"<!--", one, b"-->"), "section": (b"<x><![CDATA[", one, b"]]></x>"), "instruction": (b"<?x ", one, b"?>"),
                  "nested": (b"<x>", one, b"</x>"), "section-ends": (b"<x><![CDATA[", b"</cs-objects>" + one, b"]]></x>")}
        middle = whole.index(b"<cs-object ", len(whole) // 2)
        for name, (before, decoy, after) in decoys.items():
            room = (2 * MIB if name == "instruction" or name == "comment" else 6 * MIB) // len(decoy)
            with self.subTest(name):
                found, _ = self.analyse(self.file("decoy.xml", whole[:middle] + before + decoy * room + after + whole[middle:]))
                self.counts_are(found, expected)

    def test_a_mistake_deep_in_a_large_file_is_found_with_its_line(self):
        path, _ = self.make("--objects", 5000)
        whole = path.read_bytes()
        for percent in (2, 30, 45, 47, 60, 99):
            at = whole.index(b"</value>", len(whole) * percent // 100)
            for mistake in (b"&", b"<", b"\x01", b"\xff", b"</x>"):
                with self.subTest((percent, mistake)):
                    line = 1 + whole.count(b"\n", 0, at)
                    counted = self.refused_export(self.file("large.xml", whole[:at] + mistake + whole[at:]), f"line {line}:")
                    self.assertEqual(counted, whole.count(b"<cs-object ", 0, at) - 1)

    def test_memory_does_not_follow_the_size_of_a_file(self):
        small, large = (15000, 150000) if LONG else (1500, 15000)
        peaks = {}
        for objects in (small, large):
            path, expected = self.make("--objects", objects)
            found, ran = self.analyse(path)
            self.counts_are(found, expected)
            peaks[objects] = ran.peak_mib
            path.unlink()
        self.assertLess(peaks[large], peaks[small] + 1, f"MiB: {peaks}")

    def test_a_gigabyte_in_one_place_is_read_or_refused_in_bounded_memory(self):
        """Members of one packed MiB each: a small file on the disk, a large one inside."""
        small, _ = self.make("--objects", 1)
        limit = self.analyse(small)[1].peak_mib + MEMORY_MIB
        blocks = gzip.compress(b"a" * MIB) * (1024 if LONG else 96)
        head = b"<cs-objects><cs-object cs-dn=\"CN=a\" id=\"{1}\" object-type=\"user\"><unapplied-export><delta operation=\"update\" dn=\"CN=a\">"
        tail = b"</delta></unapplied-export></cs-object></cs-objects>"
        places = {"attribute": (b"<cs-objects><cs-object cs-dn=\"", b"\"/></cs-objects>"), "name": (b"<cs-objects><", b"/></cs-objects>"),
                  "comment": (b"<cs-objects><!--", b"--></cs-objects>"), "instruction": (b"<cs-objects><?x ", b"?></cs-objects>"),
                  "end": (b"<cs-objects></", b">"), "declaration": (b"<?xml version=\"", b"\"?><cs-objects/>"),
                  "attribute-name": (head + b"<attr name=\"", b"\" operation=\"add\"><value>x</value></attr>" + tail)}
        for name, (before, after) in places.items():
            with self.subTest(name):
                path = self.file("giga.gz", gzip.compress(before) + blocks + gzip.compress(after))
                self.assertLess(path.stat().st_size, 2 * MIB)
                self.refused_export(path, rss_mib=limit)
        values = {"value": (head + b"<attr name=\"a\" operation=\"add\" multivalued=\"false\"><value>", b"</value></attr>" + tail),
                  "section": (b"<cs-objects><x><![CDATA[", b"]]></x></cs-objects>"), "between": (b"<cs-objects>", b"</cs-objects>")}
        for name, (before, after) in values.items():
            with self.subTest(name):
                _, ran = self.analyse(self.file("giga.gz", gzip.compress(before) + blocks + gzip.compress(after)))
                self.assertLess(ran.peak_mib, limit)

    def test_many_names_end_at_a_limit_that_is_said(self):
        small, _ = self.make("--objects", 1)
        limit = self.analyse(small)[1].peak_mib + MEMORY_MIB
        one = "<attr name=\"a{0}\" operation=\"add\"><value>x</value></attr>"
        body = "".join(one.format(n) for n in range(50000))
        document = ("<cs-objects><cs-object cs-dn=\"CN=a\" id=\"x\" object-type=\"user\"><unapplied-export><delta operation=\"add\" dn=\"CN=a\">"
                    f"{body}</delta></unapplied-export></cs-object></cs-objects>")
        self.refused_export(self.file("names.xml", document.encode()), rss_mib=limit)
        types = "".join(f"<cs-object cs-dn=\"CN={n}\" id=\"x\" object-type=\"t{n}\"><unapplied-export><delta operation=\"delete\" dn=\"CN={n}\"/>"
                        "</unapplied-export></cs-object>" for n in range(5000))
        self.refused_export(self.file("types.xml", f"<cs-objects>{types}</cs-objects>".encode()), rss_mib=limit)


class Configuration(Readers):
    PARTS = {"Connectors/Connector_{AE4DB4CC-0E7B-4ABD-A3A8-0F4A5F4A4B10}.xml": make_corpus.CONFIG["connector"],
             "Connectors/Connector_{b891884f-051e-4a83-95af-2544101c9083}.xml": make_corpus.CONFIG["cloud"],
             "GlobalSettings/MV.xml": make_corpus.CONFIG["settings"],
             "SynchronizationRules/SynchronizationRule_{3}.xml": make_corpus.CONFIG["rule"]}
    POLICY = json.dumps(make_corpus.POLICY)

    def folder(self, name, **changed):
        """A whole configuration; changed: first letter of the folder, and the content instead of its first file."""
        for part, content in self.PARTS.items():
            self.file(f"{name}/{part}", changed.pop(part[0], content))
        return self.dir / name

    def test_the_whole_one_compares_with_itself(self):
        old, new = self.folder("old"), self.folder("new")
        ran = Ran("baton", "config", "compare", old, new, "--output", "json")
        self.assertEqual((ran.code, json.loads(ran.out)["verdict"]), (0, "pass"), ran.err)

    def test_a_broken_part_gives_no_verdict_on_either_side(self):
        good = self.folder("good")
        deep = b"<ma-data>" * 1000
        bomb = b"<!DOCTYPE m [<!ENTITY a \"b\">]><ma-data>&a;</ma-data>"
        for letter in "CGS":
            whole = next(content for part, content in self.PARTS.items() if part[0] == letter)
            broken = {"empty": b"", "root": b"<x/>", "bomb": bomb, "deep": deep, "nul": whole[:200] + b"\0" + whole[200:],
                      "latin": whole[:200] + b"\xfc" + whole[200:], "two": whole + whole,
                      "half": whole[:200] + whole[200:].decode().encode("utf-16-le"),
                      **{f"cut-{end}": whole[:end] for end in range(20, len(whole) - 4, len(whole) // 9)}}
            for name, content in broken.items():
                bad = self.folder("bad", **{letter: content})
                for words in ((good, bad), (bad, good)):
                    with self.subTest((letter, name, words[0].name)):
                        self.refused("baton", "config", "compare", *words, "--output", "json", says=(".xml",))

    def test_a_settings_file_that_is_broken_gives_no_verdict(self):
        good = self.file("good.json", self.POLICY.encode())
        self.assertIn(Ran("baton", "config", "compare", good, good, "--output", "json").code, (0, 6))
        text = self.POLICY
        broken = {"empty": "", "list": "[]", "number": "7", "cut": text[:len(text) // 2], "tail": text + "{}", "nul": text[:60] + "\0" + text[60:],
                  "twice": "{\"deploymentMetadata\": {}, " + text[1:], "deep": "[" * 100000, "control": text.replace("corp", "co\x01rp", 1),
                  "bare": text.replace("\"corp\"", "corp", 1), "others": "{\"a\": 1}"}
        for name, content in broken.items():
            bad = self.file("bad.json", content.encode())
            for words in ((good, bad), (bad, good)):
                with self.subTest((name, words[0].name)):
                    self.refused("baton", "config", "compare", *words, "--output", "json", says=("bad.json",))

    def test_a_gigabyte_inside_a_part_is_bounded(self):
        old = self.folder("old")
        limit = Ran("baton", "config", "compare", old, old).peak_mib + MEMORY_MIB
        mega = (1024 if LONG else 64) * MIB
        for name, before in (("attribute", b"<ma-data><id a=\""), ("text", b"<ma-data><id>{1}</id><name>"), ("comment", b"<ma-data><!--")):
            bad = self.folder("bad", C=before)
            part = next(p for p in bad.rglob("Connector_*"))
            with open(part, "ab") as f:  # a hole in the file would be NULs, which are refused at once
                for _ in range(mega // MIB):
                    f.write(b"a" * MIB)
            with self.subTest(name):
                self.refused("baton", "config", "compare", old, bad, says=(part.name,), rss_mib=limit)
            part.unlink()


class Runs(Readers):
    XML, JSON = make_corpus.RUNS["xml"], make_corpus.POWERSHELL["many"]

    def test_whole_histories_in_any_form_say_the_same(self):
        for whole in (self.XML, self.JSON):
            text = whole.decode()
            forms = {"plain": whole, "mark8": b"\xef\xbb\xbf" + whole, "mark16": make_corpus.utf16(text),
                     "crlf": text.replace("\n", "\r\n").encode(), "spaces": b"\r\n  " + whole if whole is self.JSON else whole + b"\r\n\r\n"}
            seen = set()
            for name, content in forms.items():
                ran = Ran("baton", "runs", "check", self.file(name, content), "--output", "json")
                self.assertEqual(ran.code, 5, f"{name}: {ran.err}")  # an export beside nothing else is not ready
                report = json.loads(ran.out)
                seen.add(json.dumps([report["verdict"], [(f["rule"], f["count"]) for f in report["findings"]]]))
            self.assertEqual(len(seen), 1, seen)

    def test_a_broken_history_gives_no_verdict(self):
        for kind, whole in (("xml", self.XML), ("json", self.JSON)):
            middle = len(whole) // 2
            broken = {"nul": whole[:middle] + b"\0" + whole[middle:], "latin": whole.replace(b"contoso", b"cont\xf6so", 1),
                      "noise": bytes(range(1, 256)) * 9, "tail": whole + b"<x", "control": whole.replace(b"contoso", b"con\x01toso", 1),
                      "half": whole[:60] + whole[60:].decode().encode("utf-16-le"),
                      **{f"cut-{end}": whole[:end] for end in range(40, len(whole) - 2, len(whole) // 17)}}
            for name, content in broken.items():
                with self.subTest((kind, name)):
                    self.refused("baton", "runs", "check", self.file(f"{name}.{kind}", content), "--output", "json", says=(f"{name}.{kind}",))
        others = {"root.xml": b"<cs-objects/>", "deep.xml": b"<run-history>" * 500, "deep.json": b"[" * 100000, "number.json": b"7",
                  "bomb.xml": b"<!DOCTYPE r [<!ENTITY a \"b\">]><run-history>&a;</run-history>", "error.txt": make_corpus.POWERSHELL["error"],
                  "twice.json": self.JSON.replace(b"\"Result\"", b"\"Result\": \"stopped\", \"Result\"", 1)}
        for name, content in others.items():
            with self.subTest(name):
                self.refused("baton", "runs", "check", self.file(name, content), "--output", "json", says=(name,))

    def test_one_broken_history_beside_a_good_one_leaves_no_verdict(self):
        good, bad = self.file("good.xml", self.XML), self.file("bad.xml", self.XML[:-30])
        for words in ((good, bad), (bad, good), (good, self.dir / "none.xml"), (good, self.dir)):
            with self.subTest(words):
                self.refused("baton", "runs", "check", *words)

    def test_a_gigabyte_of_history_is_refused_in_bounded_memory(self):
        small = Ran("baton", "runs", "check", self.file("small.xml", self.XML)).peak_mib
        large = self.dir / "large.xml"
        with open(large, "wb") as f:
            f.write(self.XML[:-14])
            for _ in range(1024 if LONG else 64):
                f.write(b" " * MIB)
        self.refused("baton", "runs", "check", large, says=("large.xml",), rss_mib=small + 64)


class Facts(Readers):
    SCHEDULER = {"SyncCycleEnabled": True, "StagingModeEnabled": True, "SchedulerSuspended": False, "SyncCycleInProgress": False,
                 "CurrentlyEffectiveSyncCycleInterval": "00:30:00", "NextSyncCycleStartTimeInUTC": "/Date(1782943198020)/"}
    JSON = json.dumps(SCHEDULER).encode()
    LISTING = make_corpus.LISTING["list"]

    def show(self, *words):
        ran = Ran("baton", "facts", "show", *words, "--output", "json")
        self.assertEqual((ran.code, ran.err), (0, ""))
        return json.loads(ran.out)

    def values(self, *words):
        return {v["name"]: v for v in self.show(*words)["values"]}

    def test_what_an_agent_would_make_of_an_answer_is_said(self):
        values = self.values(self.file("scheduler.json", self.JSON))
        usable = {name: v["fact"] for name, v in values.items() if v["usable"]}
        self.assertEqual(usable, {"SyncCycleEnabled": "sync_cycle_enabled", "StagingModeEnabled": "staging_scheduler",
                                  "SchedulerSuspended": "scheduler_suspended", "SyncCycleInProgress": "cycle_in_progress",
                                  "CurrentlyEffectiveSyncCycleInterval": "interval_ms"})
        self.assertIs(values["StagingModeEnabled"]["value"], True)
        cut = self.values(self.file("cut.json", self.JSON.replace(b"00:30:00", b"00:3...")))["CurrentlyEffectiveSyncCycleInterval"]
        self.assertEqual((cut["known"], cut["value"], cut["usable"]), (False, None, False))
        self.assertIn("cut", cut["why"])

    def test_whole_answers_in_any_form_say_the_same(self):
        for name, whole in (("x.json", self.JSON), ("x.txt", self.LISTING), ("t.txt", make_corpus.LISTING["table"])):
            text = whole.decode()
            forms = (whole, b"\xef\xbb\xbf" + whole, make_corpus.utf16(text), b"\xfe\xff" + text.encode("utf-16-be"),
                     text.replace("\n", "\r\n").encode(), b"\r\n\r\n" + whole + b"\r\n\r\n")
            seen = {json.dumps([{**v, "line": 0} for v in self.show(self.file(name, form))["values"]]) for form in forms}
            self.assertEqual(len(seen), 1, name)

    def test_a_listing_gates_nothing_whatever_it_says(self):
        path = self.file("scheduler.txt", self.LISTING)
        report = self.show(path)
        self.assertEqual(report["files"][0]["source"], "listing")
        self.assertGreater(len(report["values"]), 6)
        for value in report["values"]:
            self.assertEqual((value["usable"], value["fact"]), (False, None))
            self.assertIn("display only: gates nothing", value["why"])
        values = self.values(path)
        self.assertEqual((values["NextSyncCycleStartTimeInUTC"]["text"], values["NextSyncCycleStartTimeInUTC"]["value"]),
                         ("05.01.2026 20:28:37", None))
        self.assertIs(values["SchedulerSuspended"]["value"], False)  # "Falsch"
        ran = Ran("baton", "facts", "show", path)
        self.assertIn("display only", ran.out)

    def test_exported_settings_are_shown_with_keys_that_nobody_knows(self):
        policy = {**make_corpus.POLICY, "whatIsNew": {"Deep": [1, "two"]}, "servicePassword": "hunter2"}
        report = self.show(self.file("settings.json", json.dumps(policy).encode()))
        names = {v["name"]: v for v in report["values"]}
        self.assertEqual(report["files"][0]["source"], "settings")
        self.assertEqual(names["whatIsNew.Deep[1]"]["value"], "two")
        self.assertIn("mail (Inbound, precedence 90, Join)", [v["text"] for v in report["values"]])
        self.assertNotIn("hunter2", json.dumps(report))
        self.assertFalse(any(v["usable"] for v in report["values"]))

    def test_what_is_no_whole_answer_is_refused(self):
        good = self.file("good.json", self.JSON)
        broken = {
            "empty.json": b"", "blank.txt": b"\r\n \r\n", "null.json": b"null", "cut.json": self.JSON[:70], "tail.json": self.JSON + b"{}",
            "nul.json": self.JSON[:20] + b"\0" + self.JSON[20:], "nul.txt": self.LISTING[:80] + b"\0" + self.LISTING[80:],
            "twice.json": b"{\"StagingModeEnabled\": true, " + self.JSON[1:], "latin.txt": self.LISTING.replace(b"Delta", b"D\xe9lta"),
            "noise.bin": bytes(range(1, 256)) * 20, "deep.json": b"[" * 100000, "error.txt": make_corpus.LISTING["error"],
            "behind.txt": self.LISTING + b"\nGet-X : no\n    + CategoryInfo : x\n", "runs.json": make_corpus.POWERSHELL["one"],
            "touching.txt": make_corpus.LISTING["touching"], "xml.txt": make_corpus.CONFIG["connector"], "other.txt": b"Colour : red\n",
            "half.json": self.JSON[:40] + self.JSON[40:].decode().encode("utf-16-le"), "settings.json": b"{\"policyMetadata\": []}",
        }
        for name, content in broken.items():
            path = self.file(name, content)
            for words in ((path,), (good, path), (path, good)):
                for output in ("table", "json", "csv"):
                    with self.subTest((name, len(words), output)):
                        self.refused("baton", "facts", "show", *words, "--output", output, says=(name,))
        for name in ("nul.json", "nul.txt"):
            self.refused("baton", "facts", "show", self.file(name, broken[name]), says=("byte",))
        self.refused("baton", "facts", "show", self.file("line.txt", self.LISTING + b"and more\n"), says=("line 10",))

    def test_a_gigabyte_of_an_answer_is_refused_in_bounded_memory(self):
        limit = Ran("baton", "facts", "show", self.file("good.json", self.JSON)).peak_mib + 4 * MEMORY_MIB
        for name, before in (("line.txt", b"Name : "), ("one.json", b"{\"StagingModeEnabled\": \""), ("lines.txt", b"A : 1\n")):
            path = self.file(name, before)
            with open(path, "ab") as f:
                for _ in range(1024 if LONG else 64):
                    f.write((b"A : 1\n" * (MIB // 6)) if name == "lines.txt" else b"a" * MIB)
            with self.subTest(name):
                self.refused("baton", "facts", "show", path, says=(name,), rss_mib=limit)
            path.unlink()

    def test_real_samples(self):
        if not DATA.is_dir():
            self.skipTest("no samples beside the project")
        parameters = self.values(DATA / "sean-m-laparoscope/outputs/Get-GlobalSettings.Parameters.format-list.txt")
        self.assertEqual(len(parameters), 39)
        self.assertIs(parameters["Microsoft.Synchronize.StagingMode"]["value"], False)
        self.assertEqual(parameters["Microsoft.Synchronize.ServerConfigurationVersion"]["value"], "2.0.25.1")
        self.assertFalse(parameters["Microsoft.AADFilter.ApplicationList"]["known"])
        settings = self.values(DATA / "sean-m-laparoscope/outputs/Get-GlobalSettings.format-list.txt")
        self.assertFalse(settings["Parameters"]["known"])
        self.assertEqual(settings["SqlSchemaVersion"]["text"], "616")
        tenant = self.values(DATA / "Gerenios-AADInternals/outputs/Get-AADIntSyncConfiguration-1.txt")
        self.assertEqual(tenant["DirSyncClientMachine"]["value"], "SERVER1")
        self.assertFalse(tenant["LastDirSyncTime"]["known"])
        for name in ("sean-m-laparoscope/outputs/powershell-error-record.txt", "sean-m-laparoscope/outputs/Get-MVObject.readme.json",
                     "sean-m-laparoscope/src/Laparoscope.UnitTests/Resources/TestRunHistory.json"):
            self.refused("baton", "facts", "show", DATA / name, says=(pathlib.Path(name).name,))


class Traces(Readers):
    TRACE = make_corpus.TRACE
    NAMES = ("anna", "berg", "contoso", "sommer", "regen", "people", "syncserver", "10.0.0.5", "0f1e2d3c", "users", "hunter2")

    def show(self, *words):
        ran = Ran("baton", "trace", "show", *words, "--output", "json")
        self.assertEqual((ran.code, ran.err), (0, ""))
        return json.loads(ran.out), ran

    def test_markers_versions_and_errors_are_found_with_their_lines(self):
        report, _ = self.show(self.file("trace-20260701-235958.log", self.TRACE.encode()))
        file, events = report["files"][0], report["events"]
        self.assertEqual([file[k] for k in ("version", "date", "zone_minutes", "days", "records", "errors", "warnings", "untimed")],
                         ["2.5.79.0", "2026-07-01", 120, 2, 10, 1, 1, 1])
        self.assertEqual([(e["line"], e["marker"]) for e in events],
                         [(1, "started"), (4, "version"), (5, "dirsync-absent"), (6, "upgrade-needed"), (7, "page"), (8, None),
                          (12, None), (14, "result")])
        self.assertEqual([events[3][k] for k in ("version", "wanted")], ["2.0.1.0", "2.5.79.0"])
        self.assertIn("StagingModePageViewModel", events[4]["text"])
        self.assertEqual((events[5]["level"], events[5]["time"], events[5]["unix_ms"]), ("error", "+1d 00:00:05.000", 1782943205000))
        self.assertIn("AADSTS50079", events[5]["text"])
        self.assertIsNone(events[6]["time"])

    def test_nothing_that_names_anybody_is_shown_in_any_output(self):
        for form in (self.TRACE.encode(), make_corpus.utf16(self.TRACE)):
            path = self.file("trace.log", form)
            for output in ("table", "json", "jsonl", "csv"):
                ran = Ran("baton", "trace", "show", path, "--output", output)
                self.assertEqual(ran.code, 0, ran.err)
                shown = ran.out.lower().replace(str(path).lower(), "")
                for name in self.NAMES:
                    self.assertNotIn(name, shown, output)

    def test_digests_are_equal_in_one_run_and_others_in_the_next(self):
        line = "[10:00:00.000] [  1] [ERROR] of anna@contoso.example\n"
        one = self.file("one.log", line.encode())
        two = self.file("two.log", line.replace("anna", "Anna").encode())
        first, second = self.show(one, two)[0]["events"]
        self.assertEqual(first["text"], second["text"])
        self.assertRegex(first["text"], r"<account:[0-9a-f]{8}>$")
        self.assertNotEqual(self.show(one)[0]["events"][0]["text"], first["text"])

    def test_every_encoding_says_the_same(self):
        whole = self.TRACE.encode()
        forms = (whole, b"\xef\xbb\xbf" + whole, make_corpus.utf16(self.TRACE), b"\xfe\xff" + self.TRACE.encode("utf-16-be"),
                 self.TRACE.replace("\n", "\r\n").encode(), whole.rstrip(b"\n"))
        keys = ("line", "time", "level", "marker", "version")
        seen = {json.dumps([[e[k] for k in keys] for e in self.show(self.file("trace.log", form))[0]["events"]]) for form in forms}
        self.assertEqual(len(seen), 1)
        mixed, _ = self.show(self.file("mixed.log", whole + make_corpus.utf16(self.TRACE)))
        self.assertEqual(len(mixed["events"]), 16)
        latin, _ = self.show(self.file("latin.log", self.TRACE.replace("gone", "x").replace("Anna", "J\xf6rg").encode("latin-1")))
        self.assertEqual(latin["files"][0]["foreign_bytes"], 2)

    def test_a_log_that_goes_on_from_another_or_was_cut_is_read_as_far_as_it_says(self):
        whole = self.TRACE.encode()
        first, second = self.file("1.log", whole[:940]), self.file("2.log", whole[940:])
        report, _ = self.show(first, second)
        self.assertEqual([f["errors"] for f in report["files"]], [1, 0])
        self.assertGreater(report["files"][1]["stray_lines"], 0)
        self.assertIsNone(report["files"][1]["date"])

    def test_what_is_no_log_is_refused(self):
        good = self.file("good.log", self.TRACE.encode())
        broken = {"empty.log": b"", "nul.log": self.TRACE[:200].encode() + b"\0" + self.TRACE[200:].encode(), "xml.log": make_corpus.CONFIG["connector"],
                  "half.log": self.TRACE[:300].encode() + self.TRACE[300:].encode("utf-16-le"), "odd.log": make_corpus.utf16(self.TRACE)[:-1],
                  "gzip.log": gzip.compress(self.TRACE.encode()), "listing.log": make_corpus.LISTING["list"]}
        for name, content in broken.items():
            path = self.file(name, content)
            for words in ((path,), (good, path), (path, good)):
                with self.subTest((name, len(words))):
                    self.refused("baton", "trace", "show", *words, "--output", "json", says=(name,))
        self.refused("baton", "trace", "show", self.dir / "nul.log", says=("line 3, byte 200",))

    def test_memory_does_not_follow_the_size_of_a_log_or_of_its_lines(self):
        small = self.show(self.file("small.log", self.TRACE.encode() * 1000))[1].peak_mib
        large = self.dir / "large.log"
        block = self.TRACE.encode() * (MIB // len(self.TRACE))
        with open(large, "wb") as f:
            for n in range(1024 if LONG else 96):
                f.write(block if n % 2 == 0 else b"[10:00:00.000] [  1] [ERROR] " + b"a" * MIB)
        report, ran = self.show(large)
        file = report["files"][0]
        self.assertLess(ran.peak_mib, small + 4)
        self.assertGreater(file["errors"], 40000 if not LONG else 400000)
        self.assertEqual(file["shown"], len(report["events"]))
        self.assertEqual(file["shown"] + file["left_out"], file["markers"] + file["errors"] + file["warnings"])


if __name__ == "__main__":
    main()
