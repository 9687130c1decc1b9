"""The documents against the programs: what a page names must be there, what is there must be named."""
import json
import os
import pathlib
import re
import shlex
import ssl
import subprocess
import sys
import unittest
import urllib.request

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("BATON_PROGRAMS", ROOT / "build/release/bin"))
sys.path.insert(0, str(ROOT / "deploy"))
from lab_site import Site  # noqa: E402

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def run(*argv, **more):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=60, **more)


def help_of(program, *words):
    return run(PROGRAMS / program, *words, "--help").stdout


def anchors_of(page):
    """As the usual renderers make them from headings."""
    headings = re.findall(r"^#+ +(.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


class Links(unittest.TestCase):
    def test_every_link_and_anchor_leads_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
                if target.startswith(("http://", "https://")):
                    continue
                path, _, anchor = target.partition("#")
                file = (page.parent / path).resolve() if path else page
                self.assertTrue(file.exists(), f"{page.name}: {target} is not there")
                if anchor:
                    self.assertIn(anchor, anchors_of(file), f"{page.name}: {target}")

    def test_every_path_that_the_readme_names_is_there(self):
        text = (ROOT / "README.md").read_text()
        for name in re.findall(r"`([a-z]+(?:/[\w.{}-]*)+)`", text):
            self.assertTrue((ROOT / name).exists(), f"README.md: {name} is not there")


class Rules(unittest.TestCase):
    def test_every_rule_is_explained(self):
        known = set(re.findall(r'\{"([A-Z]+-[A-Z-]+)"', (ROOT / "common/verify/rules.c").read_text()))
        page = (ROOT / "docs/verification.md").read_text()
        self.assertGreater(len(known), 30)
        self.assertEqual(set(re.findall(r"^### ([A-Z]+-[A-Z-]+)$", page, re.M)), known)


class Commands(unittest.TestCase):
    """Each line of a shell example is a command with options that the programs know."""

    def known(self):
        """{(noun, verb): options} of baton, from its own help."""
        table = {}
        commands, everywhere = help_of("baton").split("Options of every")
        everywhere = set(re.findall(r"^  (--[\w-]+)", everywhere, re.M))
        rows = re.findall(r"^  (\w+) +(.*)$", commands, re.M)
        for noun, verbs in rows:
            for verb in ["", *verbs.split()]:
                text = help_of("baton", noun, *([verb] if verb else []))
                table[noun, verb] = everywhere | set(re.findall(r"^  (--[\w-]+)", text, re.M))
        return table

    def lines(self):
        for page in PAGES:
            for block in re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.M | re.S):
                for line in block.replace("\\\n", " ").splitlines():
                    if re.match(r"\s*(\$ )?(baton|baton-\w+|deploy/\w+|\./\S+) ", line + " "):
                        yield page, line.strip().removeprefix("$ ")

    def test_every_command_of_an_example_exists_with_its_options(self):
        table, seen = self.known(), 0
        for page, line in self.lines():
            words = shlex.split(line, comments=True)
            options = {w.split("=")[0] for w in words if w.startswith("--")}
            where = f"{page.name}: {line}"
            if words[0] == "baton":
                plain = [w for w in words[1:] if not w.startswith("-")]
                noun, verb = plain[0], plain[1] if len(plain) > 1 else ""
                row = table.get((noun, verb), table.get((noun, "")))
                self.assertIsNotNone(row, where)
                self.assertTrue((noun, verb) in table or len([k for k in table if k[0] == noun]) == 1 or
                                noun == "login", where)
                self.assertLessEqual(options, row, where)
            elif words[0].startswith("baton-"):
                text = help_of(words[0])
                self.assertIn(words[1], text, where)
                for option in options:
                    self.assertIn(option, text, where)
            else:
                self.assertTrue((ROOT / words[0]).exists(), where)
            seen += 1
        self.assertGreater(seen, 30)


class Manuals(unittest.TestCase):
    PAGES = {"baton-agent": "baton-agent.8", "baton-controller": "baton-controller.8", "baton-lab": "baton-lab.1"}

    def test_the_pages_of_the_services_name_every_command_and_option(self):
        for program, page in self.PAGES.items():
            manual = (ROOT / f"docs/man/{page}.scd").read_text()
            text = help_of(program)
            for command in set(re.findall(rf"{program} ([a-z]+)\b", text)):
                self.assertRegex(manual, rf"{program} {command}\b", page)
            for option in set(re.findall(r"(--[a-z][\w-]*)", text)):
                self.assertIn(option, manual, page)

    def test_no_page_names_an_option_that_is_not_there(self):
        for program, page in self.PAGES.items():
            manual = (ROOT / f"docs/man/{page}.scd").read_text()
            for option in set(re.findall(r"(--[a-z][\w-]*)", manual)):
                self.assertIn(option, help_of(program), page)

    def test_every_page_is_made_without_a_complaint(self):
        try:
            run("scdoc", stdin=subprocess.DEVNULL)
        except FileNotFoundError:
            self.skipTest("scdoc is not installed")
        for page in sorted((ROOT / "docs/man").glob("*.scd")):
            with open(page) as text:
                made = run("scdoc", stdin=text)
            self.assertEqual((made.returncode, made.stderr), (0, ""), page.name)


class Completion(unittest.TestCase):
    def complete(self, *words):
        script = "\n".join([run(PROGRAMS / "baton", "completion", "bash").stdout,
                            f"COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}",
                            '_baton; printf "%s\\n" "${COMPREPLY[@]}"'])
        done = run("bash", "--norc", "-uec", script)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_it_loads_and_completes_nouns_verbs_and_options(self):
        self.assertIn("cutover", self.complete("baton", "cut"))
        self.assertIn("explain", self.complete("baton", "cutover", "ex"))
        self.assertIn("--reason", self.complete("baton", "cutover", "hold", "--rea"))
        self.assertIn("--token", self.complete("baton", "login", "--tok"))
        self.assertIn("--output", self.complete("baton", "fsm", "--out"))
        self.assertIn("--machine", self.complete("baton", "fsm", "--ma"))


class Api(unittest.TestCase):
    def test_the_page_and_the_running_controller_name_the_same_requests(self):
        site = Site(PROGRAMS)
        self.addCleanup(site.close)
        site.controller_init()
        site.controller_start()
        trusting = ssl._create_unverified_context()  # a public document of our own process
        with urllib.request.urlopen(f"{site.url}/api/v1/openapi.json", context=trusting, timeout=20) as answer:
            paths = json.load(answer)["paths"]
        there = {(method.upper(), path): operation.get("summary", "")
                 for path, methods in paths.items() for method, operation in methods.items()}
        page = (ROOT / "docs/api.md").read_text()
        said = {(method, path): what for method, path, what in
                re.findall(r"^\| `(GET|POST|PUT|PATCH|DELETE) (\S+)` \|[^|]*\| (.+?) \|$", page, re.M)}
        self.maxDiff = None
        self.assertEqual(said, there)


if __name__ == "__main__":
    unittest.main(verbosity=2)
