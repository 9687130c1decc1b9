"""baton-agent.exe as a file: what it asks of Windows, how it is protected, and what it says of itself."""
import pathlib
import re
import unittest
import xml.etree.ElementTree

import pe
import wine

AGENT = wine.PROGRAMS / "baton-agent.exe"
SIZE_MAX_BYTES = 4 * 1024 * 1024
HERE = pathlib.Path(__file__).parent
OLDEST = (6, 1)  # Windows 7 and Server 2008 R2
BUILD = wine.PROGRAMS.parent


def known_imports():
    """{(dll, function): first Windows version that has it} of imports.txt."""
    known = {}
    for line in (HERE / "imports.txt").read_text().splitlines():
        line = line.partition("#")[0].strip()
        if line:
            dll, first, *names = line.split()
            known |= {(dll, name): tuple(map(int, first.split("."))) for name in names}
    return known


class ProgramTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = pe.Program(AGENT)

    def test_every_import_is_in_the_oldest_windows(self):
        known, imports = known_imports(), self.agent.imports()
        self.assertGreater(len(imports), 100)
        unknown = sorted(imports - known.keys())
        self.assertEqual(unknown, [], "look up which Windows has them first, then add them to imports.txt, or look them up "
                                      "at run time (GetProcAddress) when that is later than Windows 7")
        self.assertEqual([i for i in imports if known[i] > OLDEST], [])

    def test_the_list_names_nothing_newer_than_the_oldest_windows(self):
        self.assertEqual([i for i, first in known_imports().items() if first > OLDEST], [])

    def test_it_is_placed_at_random_and_its_data_cannot_run(self):
        self.assertEqual(self.agent.flags, {"HIGH_ENTROPY_VA", "DYNAMIC_BASE", "NX_COMPAT"})
        self.assertGreater(self.agent.directories[pe.RELOCATIONS][1], 1000, "without relocations it stays where it is")
        self.assertEqual(self.agent.machine, 0x8664)

    def test_it_is_small(self):
        size = len(self.agent.bytes)
        print(f"baton-agent.exe: {size} bytes, {len(self.agent.imports())} imports of "
              f"{len({dll for dll, _ in self.agent.imports()})} DLLs")
        self.assertLess(size, SIZE_MAX_BYTES)
        self.assertNotIn(".debug_info", self.agent.sections)

    def test_it_unpacks_nothing(self):
        """What others packed is read by who decides, not by the agent: flaws in that are none of this program's."""
        text = (BUILD / "bin/baton-agent.map").read_text()
        taken = set(re.findall(r"(libz(?:std)?\.a)\((\S+?)\)", text[text.index("\nLinker script and memory map"):]))
        self.assertIn(("libzstd.a", "lib_compress_zstd_compress.c.o"), taken)
        self.assertEqual({name for library, name in taken if library == "libz.a" or name.startswith("lib_decompress")}, set())

    def test_it_says_its_version(self):
        project = re.search(r"project\(baton VERSION ([\d.]+)", (wine.ROOT / "CMakeLists.txt").read_text()).group(1)
        version = self.agent.version()
        self.assertEqual(version["FILEVERSION"], (*map(int, project.split(".")), 0))
        self.assertEqual(version["ProductVersion"], project)
        self.assertEqual(version["OriginalFilename"], "baton-agent.exe")
        self.assertEqual(version["ProductName"], "Baton")

    def test_it_runs_as_whoever_starts_it_and_knows_every_windows(self):
        (name, manifest), = self.agent.resources(pe.RT_MANIFEST)
        self.assertEqual(name, 1)
        text = manifest.decode()
        root = xml.etree.ElementTree.fromstring(text)
        self.assertEqual(root.find(".//{*}requestedExecutionLevel").get("level"), "asInvoker")
        self.assertEqual(root.find(".//{*}longPathAware").text, "true")
        self.assertEqual(len(root.findall(".//{*}supportedOS")), 4)

    def test_its_messages_are_those_of_the_page(self):
        page = (wine.ROOT / "docs/windows-events.md").read_text()
        told = {int(number): (level, says) for number, level, says in re.findall(r"^\| (\d+) \| (\w+) \| (.*?) \| ", page, re.M)}
        levels = {0: "Success", 1: "Informational", 2: "Warning", 3: "Error"}
        carried = {number & 0xFFFF: (levels[number >> 30], text.replace("%n%n%1", "").replace("%1", "(the line of the agent's log)"))
                   for number, text in self.agent.messages().items()}
        self.assertGreater(len(carried), 10)
        self.assertEqual(carried, told)

    def test_it_names_no_folder_that_it_was_built_in(self):
        for folder in str(wine.ROOT), str(BUILD), "/.cache/baton/", "windows-build.":
            found = self.agent.bytes.find(folder.encode())
            self.assertEqual(found, -1, self.agent.bytes[found:found + 120])
        self.assertIn(b"common/status.c\0", self.agent.bytes, "assertions say where they stand")


if __name__ == "__main__":
    wine.main()
