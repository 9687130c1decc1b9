"""What a Windows machine keeps of an agent, and what of it another machine can use."""
import shutil
import wine

TOOL = wine.TOOLS / "at_rest.exe"
FOLDER = r"C:\ProgramData\Baton"
COPY, KEY = FOLDER + r"\tombstone", FOLDER + r"\agent.key"
OWN = r"HKLM\Software\Baton"
COPIES = OWN + r"\SecondCopies"
# What a stranger's key may look like, and what of it is harmless; as `sc sdshow` and its kind write it.
SQUATTED = {"another's": "O:BUD:P(A;;KA;;;SY)(A;;KA;;;BA)", "written by everybody": "O:BAD:P(A;;KA;;;BA)(A;;KW;;;WD)",
            "with rights that anybody may change": "O:BAD:P(A;;KA;;;BA)(A;;KRWD;;;BU)"}
READ_BY_OTHERS = "O:BAD:P(A;;KA;;;SY)(A;;KA;;;BA)(A;;KR;;;BU)"
CLOSED = "O:BAD:P(A;;KA;;;SY)(A;;KA;;;BA)"


class AtRestCase(wine.WindowsCase):
    def setUp(self):
        super().setUp()
        self.folder = self.machine.drive_c / "ProgramData/Baton"
        self.folder.mkdir()

    def values(self, key):
        said = self.machine.run("reg", "query", key, check=False).out
        return [line.strip().split("    ") for line in said.splitlines() if line.startswith("    ")]


class SecondCopyTest(AtRestCase):
    def test_a_tombstone_outlives_its_file_and_its_folder(self):
        self.assertEqual(self.values(COPIES), [])
        self.machine.run(TOOL, "copy-write", COPY)
        self.assertTrue((self.folder / "tombstone").is_file())
        value = self.values(COPIES)
        self.assertEqual([(v[0], v[1]) for v in value], [(COPY.lower(), "REG_BINARY")])
        self.assertTrue(value[0][2].startswith("42544E544F4D4231"), value)  # BTNTOMB1
        shutil.rmtree(self.folder)
        self.machine.reboot()
        self.assertEqual(self.machine.run(TOOL, "copy-read", COPY).out, "tombstone=1 epoch=7 trust=3 whole=0\n")

    def test_of_file_and_registry_the_stricter_counts(self):
        self.machine.run(TOOL, "copy-write", COPY)
        old = (self.folder / "tombstone").read_bytes()
        self.machine.run(TOOL, "copy-lift", COPY)
        self.assertEqual(self.machine.run(TOOL, "copy-read", COPY).out, "tombstone=0 epoch=7 trust=3 whole=1\n")
        (self.folder / "tombstone").write_bytes(old)
        self.assertEqual(self.machine.run(TOOL, "copy-read", COPY).out, "tombstone=1 epoch=7 trust=3 whole=0\n")
        self.machine.run(TOOL, "copy-write", COPY)
        self.machine.run("reg", "add", COPIES, "/v", COPY.lower(), "/t", "REG_BINARY", "/d", "00", "/f")
        (self.folder / "tombstone").unlink()
        self.assertIn("tombstone=1", self.machine.run(TOOL, "copy-read", COPY).out)  # damaged counts as one
        self.machine.run("reg", "delete", COPIES, "/v", COPY.lower(), "/f")
        self.assertEqual(self.machine.run(TOOL, "copy-read", COPY).out, "tombstone=0 epoch=0 trust=0 whole=1\n")


class SquattedKeyTest(AtRestCase):
    def rights(self, key, sddl):
        self.machine.run(TOOL, "registry-rights", key.removeprefix("HKLM\\"), sddl)

    def test_a_copy_in_a_key_that_others_can_write_may_only_refuse(self):
        self.machine.run(TOOL, "copy-lift", COPY)
        for key in OWN, COPIES:
            for what, sddl in SQUATTED.items():
                with self.subTest(key=key, what=what):
                    self.rights(key, sddl)
                    read = self.machine.run(TOOL, "copy-read", COPY)
                    self.assertTrue(read.out.startswith("tombstone=1 "), read)
                    self.assertIn("copy.tamper " + key, read.err)
                    self.rights(key, CLOSED)
                    self.assertEqual(self.machine.run(TOOL, "copy-read", COPY).out, "tombstone=0 epoch=7 trust=3 whole=1\n")
        self.rights(COPIES, READ_BY_OTHERS)
        self.assertEqual(self.machine.run(TOOL, "copy-read", COPY).out, "tombstone=0 epoch=7 trust=3 whole=1\n")

    def test_a_strangers_key_with_something_in_it_is_neither_taken_over_nor_believed(self):
        self.machine.run("reg", "add", OWN, "/v", "WrapSecret", "/t", "REG_BINARY", "/d", "11" * 32, "/f")
        planted = self.values(OWN)
        self.assertEqual(len(planted), 1)
        for what, sddl in SQUATTED.items():
            with self.subTest(what=what):
                self.rights(OWN, sddl)
                for verb, path in ("key-save", KEY), ("copy-write", COPY):
                    done = self.machine.run(TOOL, verb, path, check=False)
                    self.assertNotEqual(done.code, 0)
                    self.assertIn(r"HKLM\Software\Baton belongs to others", done.err)
                self.assertFalse((self.folder / "agent.key").exists())
                self.assertEqual((self.values(OWN), self.values(COPIES)), (planted, []))
                repaired = self.machine.run(wine.PROGRAMS / "baton-agent.exe", "service", "install", check=False)
                self.assertIn(r"HKLM\Software\Baton belongs to others", repaired.err)
                self.machine.run(wine.PROGRAMS / "baton-agent.exe", "service", "uninstall")
        self.machine.run("reg", "delete", OWN, "/f")
        self.machine.run(TOOL, "key-save", KEY)
        self.assertNotEqual(self.values(OWN), planted)

    def test_a_strangers_empty_key_is_made_anew(self):
        self.rights(OWN, SQUATTED["written by everybody"])
        self.machine.run(TOOL, "copy-lift", COPY)
        self.assertEqual(self.machine.run(TOOL, "copy-read", COPY).out, "tombstone=0 epoch=7 trust=3 whole=1\n")


class KeyFileTest(AtRestCase):
    def test_a_key_file_opens_on_its_own_machine_alone(self):
        self.machine.run(TOOL, "key-save", KEY)
        key = self.machine.run(TOOL, "key-load", KEY).out
        self.assertRegex(key, "^[0-9a-f]{64}\n$")
        data = (self.folder / "agent.key").read_bytes()
        self.assertTrue(data.startswith(b"BTNKEYW1"))
        self.assertNotIn(b"BTNKEYP1", data)
        self.machine.reboot()
        self.assertEqual(self.machine.run(TOOL, "key-load", KEY).out, key)
        other = wine.Machine()
        self.addCleanup(other.close)
        shutil.copytree(self.folder, other.drive_c / "ProgramData/Baton")
        for own_secret in (False, True):  # the second time the machine has keys, and a secret, of its own
            if own_secret:
                other.run(TOOL, "key-save", FOLDER + r"\own.key")
            done = other.run(TOOL, "key-load", KEY, check=False)
            self.assertEqual(done.code, 4, done)
            self.assertIn("another machine", done.err)
        self.assertNotEqual(other.run(TOOL, "key-load", FOLDER + r"\own.key").out, key)

    def test_a_changed_or_plain_key_file_does_not_open(self):
        self.machine.run(TOOL, "key-save", KEY)
        file = self.folder / "agent.key"
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
        self.assertEqual(self.machine.run(TOOL, "key-load", KEY, check=False).code, 4)
        file.write_bytes(b"BTNKEYP1" + bytes(128))
        self.assertEqual(self.machine.run(TOOL, "key-load", KEY, check=False).code, 1)


if __name__ == "__main__":
    wine.main()
