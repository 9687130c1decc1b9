"""What the other Windows tests lean on: a machine keeps what was done to it, and leaves nothing when it is closed."""
import wine


class MachineTest(wine.WindowsCase):
    def test_an_exit_code_is_whole_and_output_has_no_carriage_returns(self):
        done = self.machine.run("cmd", "/c", "echo one& echo two& exit 1603", check=False)
        self.assertEqual(done.code, 1603)
        self.assertEqual(done.out.splitlines(), ["one", "two"])
        self.assertNotIn("\r", done.out)

    def test_a_refusal_raises_and_what_cannot_start_says_so(self):
        with self.assertRaises(wine.CommandFailed) as failed:
            self.machine.run("cmd", "/c", "exit 300")
        self.assertEqual(failed.exception.code, 300)
        with self.assertRaisesRegex(wine.CommandFailed, "error 2"):
            self.machine.run(r"C:\nothing\there.exe")

    def test_arguments_arrive_as_they_were_said(self):
        said = self.machine.run("cmd", "/c", "echo", "a b", "c").out
        self.assertIn('"a b" c', said)

    def test_a_program_that_runs_too_long_is_ended(self):
        with self.assertRaisesRegex(wine.CommandFailed, "timeout"):
            self.machine.run("ping", "-n", "60", "127.0.0.1", timeout=1)
        self.assertEqual(self.machine.processes("ping"), {})

    def test_paths_are_said_both_ways_whatever_their_case(self):
        file = self.machine.unix(r"C:\PROGRAMDATA") / "x.txt"
        self.assertTrue(file.parent.is_dir())
        file.write_text("hello\r\n")
        self.assertEqual(self.machine.windows(file), r"C:\ProgramData\x.txt")
        self.assertEqual(self.machine.run("cmd", "/c", "type", file).out, "hello\n")
        self.assertEqual(self.machine.unix(r"c:\programdata\X.TXT"), file)

    def test_a_reboot_keeps_the_registry_and_ends_programs(self):
        self.machine.run("reg", "add", r"HKLM\Software\Baton", "/v", "Marker", "/d", "here", "/f")
        self.machine.start("cmd", "/c", "echo up& ping -n 600 127.0.0.1", ready="up")
        self.assertNotEqual(self.machine.processes("ping"), {})
        self.machine.reboot()
        self.assertEqual(self.machine.processes("ping"), {})
        self.assertIn("here", self.machine.run("reg", "query", r"HKLM\Software\Baton", "/v", "Marker").out)

    def test_a_program_that_is_killed_is_gone(self):
        self.machine.start("cmd", "/c", "echo up& ping -n 600 127.0.0.1", ready="up")
        self.machine.kill("ping")
        self.assertEqual(self.machine.processes("ping"), {})


class MachinesTest(wine.unittest.TestCase):
    def test_each_is_itself_and_leaves_nothing(self):
        machines = [wine.Machine("win7", "OLD"), wine.Machine("win10", "NEW")]
        try:
            said = [m.run("cmd", "/c", "ver").out for m in machines]
            self.assertIn("6.1.7601", said[0])
            self.assertIn("10.0.", said[1])
            self.assertEqual([m.run("hostname").out.strip() for m in machines], ["OLD", "NEW"])
            guid = ["reg", "query", r"HKLM\Software\Microsoft\Cryptography", "/v", "MachineGuid"]
            self.assertNotEqual(*(m.run(*guid).out for m in machines))
            machines[0].run("cmd", "/c", r"echo x> C:\mine.txt")
            self.assertTrue(machines[0].unix(r"C:\mine.txt").exists())
            self.assertFalse(machines[1].unix(r"C:\mine.txt").exists())
        finally:
            for m in machines:
                m.close()
        for m in machines:
            self.assertEqual(wine.processes(m.prefix), {})
            self.assertFalse(m.dir.exists())


if __name__ == "__main__":
    wine.main()
