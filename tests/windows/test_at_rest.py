"""What a Windows machine keeps of an agent, and what of it another machine can use."""
import shutil
import wine

TOOL = wine.TOOLS / "at_rest.exe"
FOLDER = r"C:\ProgramData\Baton"
COPY, KEY = FOLDER + r"\tombstone", FOLDER + r"\agent.key"
COPIES = r"HKLM\Software\Baton\SecondCopies"


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
