"""What the collectors of the Windows agent ask, and what they make of every kind of answer."""
import hashlib
import json
import os
import re
import shutil
import socketserver
import threading
import time
import unittest

import wine

STANDIN = wine.PROGRAMS.parent / "standin"
SYSTEM_POWERSHELL = r"C:\windows\system32\WindowsPowerShell\v1.0\powershell.exe"
FOLDER = r"C:\ProgramData\Baton Test\collect"
NONE, DIRSYNC, AADSYNC, CONNECT = range(4)
LOCATOR = r"HKLM\Software\Classes\CLSID\{4590F811-1D3A-11D0-891F-00AA004B2E24}\InprocServer32"
ENTRA = "b891884f-051e-4a83-95af-2544101c9083"


class CollectorsCase(wine.unittest.TestCase):
    """One machine for the tests of a class; each begins without scripts, answers and logs."""
    version = "win7"

    @classmethod
    def setUpClass(cls):
        cls.machine = wine.Machine(cls.version)
        cls.addClassCleanup(cls.machine.close)

    def setUp(self):
        self.standin = self.machine.drive_c / "standin"
        data = self.machine.unix(r"C:\ProgramData") / "Baton Test"
        for folder in (self.standin, data):
            shutil.rmtree(folder, ignore_errors=True)
        (self.standin / "answers").mkdir(parents=True)
        data.mkdir()

    def powershell(self, program):
        shutil.copyfile(program, self.machine.unix(SYSTEM_POWERSHELL))

    def answer(self, word, text, suffix=".json"):
        (self.standin / "answers" / (word + suffix)).write_text(text, encoding="utf-8")

    def ask(self, *words, product=CONNECT, engine="", check=True):
        done = self.machine.run(wine.TOOLS / "collect_ask.exe", FOLDER, engine, str(product), *words, check=check, timeout=120)
        return [json.loads(line) for line in done.out.splitlines()]

    def start(self, *words):
        return self.machine.start(wine.TOOLS / "collect_ask.exe", FOLDER, "", str(CONNECT), *words, ready='{"')

    def wait_for(self, true, timeout=30):
        deadline = time.monotonic() + timeout
        while not true():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def one(self, *words, **more):
        return self.ask(*words, **more)[-1]

    def log(self, name):
        file = self.standin / name
        return file.read_text(errors="replace").splitlines() if file.exists() else []

    def scripts(self):
        return sorted(self.machine.unix(FOLDER).glob("scripts-*"))


class AnswersTest(CollectorsCase):
    version = "win10"

    def setUp(self):
        super().setUp()
        self.powershell(STANDIN / "powershell.exe")

    def test_a_question_reaches_powershell_and_its_answer_comes_back_whole(self):
        text = '{"StagingModeEnabled":true,"Name":"Zoë – 同期"}'
        self.answer("scheduler", text)
        said = self.one("scheduler")
        self.assertEqual((said["status"], said["text"]), ("BATON_OK", text))

    def test_the_command_line_is_always_the_same_and_says_no_question(self):
        self.answer("scheduler", "{}")
        self.answer("global", "[]")
        self.ask("scheduler", "global")
        lines = self.log("powershell.log")
        self.assertEqual(len(lines), 1, "one PowerShell for both questions")
        folder = self.machine.windows(self.scripts()[0])
        self.assertEqual(lines[0].lower(), f'"{SYSTEM_POWERSHELL}" -NoProfile -NonInteractive -ExecutionPolicy Bypass '
                                           f'-File "{folder}\\host.ps1"'.lower())
        self.assertEqual(self.log("questions.log"), ["scheduler", "global"])

    def test_the_scripts_that_are_run_are_those_that_were_built_in(self):
        self.answer("scheduler", "{}")
        self.ask("scheduler")
        source = wine.ROOT / "agent/adapters/windows/scripts"
        put = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in self.scripts()[0].iterdir()}
        self.assertEqual(put, {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in source.glob("*.ps1")})

    def test_a_script_that_was_changed_is_not_run(self):
        self.answer("scheduler", "{}")
        self.ask("scheduler")
        script = self.scripts()[0] / "scheduler.ps1"
        script.write_bytes(script.read_bytes().replace(b"Get-ADSyncScheduler", b"Set-ADSyncScheduler"))
        before = len(self.log("powershell.log"))
        said = self.one("scheduler")
        self.assertEqual(said["status"], "BATON_REFUSED")
        self.assertRegex(said["error"], r"scheduler\.ps1 is not the script that this agent was built with")
        self.assertEqual(len(self.log("powershell.log")), before, "nothing was started")
        script.unlink()  # what the sentence advises
        self.assertEqual(self.one("scheduler")["status"], "BATON_OK")

    def test_an_error_record_is_a_status_and_a_sentence(self):
        self.answer("global", json.dumps({"message": "The term 'Get-ADSyncGlobalSettings' is not recognized", "id": "CommandNotFoundException",
                                          "category": "ObjectNotFound", "command": "Get-ADSyncGlobalSettings", "type": "x"}), ".error.json")
        self.answer("scheduler", "{}")
        said = self.ask("global", "scheduler")
        self.assertEqual(said[0]["status"], "BATON_NOT_FOUND")
        self.assertRegex(said[0]["error"], "global: Get-ADSyncGlobalSettings: .*no such cmdlet")
        self.assertEqual(said[1]["status"], "BATON_OK", "the next question is answered all the same")
        self.assertEqual(len(self.log("powershell.log")), 1)

    def test_a_resident_powershell_is_known_as_the_agents_own(self):
        self.answer("scheduler", "{}")
        said = self.ask("pids", "scheduler", "pids")
        self.assertEqual([said[0]["names"], said[2]["names"]], [[], ["powershell.exe"]])

    def test_a_resident_powershell_ends_with_the_agent_however_that_ends(self):
        self.answer("scheduler", "{}")
        self.start("scheduler", "wait:60000")
        self.assertEqual(len(self.machine.processes("host.ps1")), 1)
        self.machine.kill("collect_ask")
        self.wait_for(lambda: not self.machine.processes("host.ps1"))
        self.start("scheduler")
        self.wait_for(lambda: not self.machine.processes("collect_ask"))
        self.assertEqual(self.machine.processes("host.ps1"), {})

    def test_whoever_takes_the_names_of_its_pipes_cannot_keep_questions_from_being_asked(self):
        self.answer("scheduler", "{}")
        said = self.one("taken", "scheduler")
        self.assertEqual(said["status"], "BATON_OK", said)

    def test_a_powershell_that_was_killed_is_started_again(self):
        self.answer("scheduler", '{"a":1}')
        asking = self.start("scheduler", "wait:3000", "scheduler", "place")
        self.machine.kill("host.ps1")
        self.wait_for(lambda: "place" in asking.log.read_text())
        said = [json.loads(line) for line in asking.log.read_text().splitlines() if line.startswith("{")]
        self.assertEqual([s.get("status") for s in said[:2]], ["BATON_OK", "BATON_OK"])
        self.assertEqual(len(self.log("powershell.log")), 2)

    def test_what_a_product_does_not_have_is_absent_and_starts_nothing(self):
        said = self.one("scheduler", product=DIRSYNC)
        self.assertEqual((said["status"], said["error"]), ("BATON_NOT_FOUND", "nothing on DirSync answers the question scheduler"))
        self.assertEqual(self.one("runs", product=NONE)["status"], "BATON_NOT_FOUND")
        self.assertEqual(self.log("powershell.log"), [])

    def test_the_configuration_is_packed_and_digested_like_the_labs(self):
        export = self.standin / "export"
        for folder, name, text in (("Connectors", "Connector_{A}.xml", "<ma-data><name>a</name></ma-data>"),
                                   ("GlobalSettings", "MV.xml", "<saved-mv-configuration/>"),
                                   ("SynchronizationRules", "SynchronizationRule_{B}.xml", "<synchronizationRule/>")):
            (export / folder).mkdir(parents=True)
            (export / folder / name).write_text(text)
        self.answer("configuration", r"C:\standin\export", ".path")
        said, place = self.ask("configuration", "place")
        self.assertEqual(said["status"], "BATON_OK", said["error"])
        self.assertEqual({k: len(v) for k, v in json.loads(said["text"]).items()}, {"config": 64, "rules": 64})
        pack = self.machine.unix(place["pack"]).read_bytes()
        self.assertEqual(pack[:4], b"BCP1")
        self.assertIn(b"SynchronizationRules/SynchronizationRule_{B}.xml", pack)
        self.assertFalse((self.machine.unix(FOLDER) / "dump").exists(), "what was packed is cleared")
        (export / "GlobalSettings" / "MV.xml").write_text("<saved-mv-configuration><x/></saved-mv-configuration>")
        again = self.one("configuration")
        self.assertNotEqual(json.loads(again["text"])["config"], json.loads(said["text"])["config"])
        self.assertEqual(json.loads(again["text"])["rules"], json.loads(said["text"])["rules"])


class PendingTest(CollectorsCase):
    """csexport.exe of the engine, found by the connector's identifier and run only when nobody else can have changed it."""
    engine = r"C:\Program Files\Some Engine"

    def setUp(self):
        super().setUp()
        self.powershell(STANDIN / "powershell.exe")
        self.bin = self.machine.unix(self.engine + r"\Bin")
        shutil.rmtree(self.bin, ignore_errors=True)
        self.bin.mkdir(parents=True, mode=0o755)
        shutil.copyfile(STANDIN / "sync_service.exe", self.bin / "csexport.exe")
        (self.bin / "csexport.exe").chmod(0o755)
        self.name = "contoso.onmicrosoft.com - AAD"
        self.answer("connectors", json.dumps([{"Name": "contoso.com", "Identifier": "6b9a0f51-1111-4222-8333-444455556666"},
                                              {"Name": self.name, "Identifier": ENTRA.upper()}]))
        (self.standin / "cs.xml").write_text("<cs-objects/>")
        self.answer("pending", r"C:\standin\cs.xml", ".path")

    def test_it_is_asked_for_pending_exports_of_the_entra_connector_and_nothing_else(self):
        said, place = self.ask("pending", "place", engine=self.engine + "\\")
        self.assertEqual(said["status"], "BATON_OK", said["error"])
        self.assertEqual(self.machine.unix(place["pending"]).read_text(), "<cs-objects/>")
        tool = self.log("tools.log")
        self.assertEqual(len(tool), 1)
        self.assertRegex(tool[0], re.escape(f'"{self.engine}\\Bin\\csexport.exe" "{self.name}" ') + r'"?.*pending-export\.xml\.part"? /f:x$')

    def test_a_tool_that_others_may_write_is_not_run(self):
        for what in (self.bin / "csexport.exe", self.bin):
            what.chmod(0o777)
            said = self.one("pending", engine=self.engine)
            self.assertEqual(said["status"], "BATON_REFUSED", said)
            self.assertIn("others than administrators may write", said["error"])
            what.chmod(0o755)
        self.assertEqual(self.log("tools.log"), [])

    def test_a_tool_whose_folder_others_may_exchange_is_not_run(self):
        above = self.bin.parent
        above.chmod(0o777)
        said = self.one("pending", engine=self.engine)
        above.chmod(0o755)
        self.assertEqual(said["status"], "BATON_REFUSED", said)
        self.assertRegex(said["error"], r"others than administrators may write C:.Program Files.Some Engine, ")
        self.assertEqual(self.log("tools.log"), [])

    @unittest.skipIf(os.geteuid() != 0, "only root gives files away")
    def test_a_tool_that_belongs_to_an_ordinary_account_is_not_run(self):
        for what in (self.bin / "csexport.exe", self.bin, self.bin.parent):
            os.chown(what, 4711, 4711)
            said = self.one("pending", engine=self.engine)
            os.chown(what, 0, 0)
            self.assertEqual(said["status"], "BATON_REFUSED", said)
            self.assertIn("belongs to an account that is no administrator", said["error"])
        self.assertEqual(self.log("tools.log"), [])

    def test_a_name_that_would_be_an_option_is_not_given_to_it(self):
        self.answer("connectors", json.dumps({"Name": "/f:m", "Identifier": ENTRA}))
        said = self.one("pending", engine=self.engine)
        self.assertEqual(said["status"], "BATON_REFUSED")
        self.assertEqual(self.log("tools.log"), [])

    def test_without_engine_connector_or_file_there_is_no_pending_export(self):
        self.assertRegex(self.one("pending")["error"], "folder was not found")
        self.answer("connectors", "[]")
        self.assertRegex(self.one("pending", engine=self.engine)["error"], "no connector to Entra")
        self.answer("connectors", json.dumps({"Name": self.name, "Identifier": ENTRA}))
        (self.standin / "answers" / "pending.path").unlink()
        said, place = self.ask("pending", "place", engine=self.engine)
        self.assertEqual(said["status"], "BATON_FAILED")
        self.assertRegex(said["error"], "csexport.exe ended with exit code")
        self.assertFalse(self.machine.unix(place["pending"]).exists())
        (self.bin / "csexport.exe").unlink()
        self.assertEqual(self.one("pending", engine=self.engine)["status"], "BATON_NOT_FOUND")


class BadAnswersTest(CollectorsCase):
    """No answer, or something that is none, is never taken for one."""

    def setUp(self):
        super().setUp()
        self.powershell(wine.TOOLS / "powershell_bad.exe")

    def bad(self, how, *words):
        (self.standin / "bad.txt").write_text(how + "\n")
        return self.one(*(words or ("scheduler:20000",)))

    def refused(self, how, status, error):
        said = self.bad(how)
        self.assertEqual(said["status"], status, said)
        self.assertRegex(said["error"], error)
        self.assertEqual(self.machine.processes("host.ps1"), {})

    def test_more_than_is_kept_ends_it(self):
        self.refused("flood", "BATON_LIMIT", "bytes that are no answer: WARNING: a cmdlet")
        self.refused("huge", "BATON_LIMIT", "an answer of 5242880 bytes")

    def test_silence_ends_with_the_limit_and_so_does_what_it_started(self):
        said = self.bad("silent", "scheduler:4000")  # its child has to have come up by then
        self.assertEqual(said["status"], "BATON_TIMEOUT")
        self.assertEqual(self.log("silent.log"), ["a child runs"])
        self.assertTrue(4000 <= said["ms"] < 40000, said["ms"])
        self.assertEqual((self.machine.processes("ping"), self.machine.processes("host.ps1")), ({}, {}))

    def test_a_question_that_is_withdrawn_ends_at_once(self):
        said = self.bad("silent", "cancel:500", "scheduler:60000")
        self.assertEqual(said["status"], "BATON_TIMEOUT")
        self.assertIn("withdrawn", said["error"])
        self.assertLess(said["ms"], 5000)
        self.assertEqual(self.machine.processes("ping"), {})

    def test_a_powershell_that_ends_says_why(self):
        self.refused("ends 1", "BATON_FAILED", "exit code 1 and no answer: File C:.x.ps1 cannot be loaded")

    def test_what_is_no_answer_is_malformed(self):
        self.refused("foreign", "BATON_MALFORMED", "answer to question 2, and 1 was asked")
        self.refused("bytes", "BATON_MALFORMED", "not JSON in UTF-8")
        self.refused("words", "BATON_MALFORMED", "not JSON in UTF-8")
        self.refused("record nonsense", "BATON_MALFORMED", "error that cannot be read")

    def test_a_cmdlets_refusal_says_what_to_do(self):
        self.refused('record {"message":"no","id":"X","category":"PermissionDenied"}', "BATON_DENIED", "ADSyncAdmins")

    def test_wines_own_stub_is_no_answer(self):
        self.machine.unix(SYSTEM_POWERSHELL).unlink()
        said = self.one("scheduler")
        self.assertEqual(said["status"], "BATON_NOT_FOUND")
        self.assertIn("there is no Windows PowerShell", said["error"])


class Engine(socketserver.ThreadingTCPServer):
    """Plays a DirSync-era engine behind the stand-in WMI locator: objects of a class, and what their methods return."""
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), EngineHandler)
        self.objects, self.returns, self.asked = {}, {}, []
        self.hangs = None  # the question that it never answers
        threading.Thread(target=self.serve_forever, daemon=True).start()


class EngineHandler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            _, what, *words = line.decode().rstrip("\n").split(" ", 3)
            self.server.asked.append((what, *words))
            if self.server.hangs == words[0]:
                threading.Event().wait()
            text = "".join("".join(f"{k}\t{v}\n" for k, v in o.items()) + "\n" for o in self.server.objects.get(words[0], [])) \
                if what == "objects" else self.server.returns.get(tuple(words))
            body = (text or "").encode()
            self.wfile.write(f"{'error' if text is None else 'ok'} {len(body)}\n".encode() + body)


class DirSyncTest(CollectorsCase):
    """A DirSync-era engine that answers over WMI."""
    agents = {"Active Directory Connector": "{6B9A0F51-1111-4222-8333-444455556666}",
              "Windows Azure Active Directory Connector": "{0A1B2C3D-1111-4222-8333-444455556666}"}

    def setUp(self):
        super().setUp()
        shutil.copyfile(STANDIN / "standin_wmi.dll", self.machine.drive_c / "locator.dll")
        self.machine.run("reg", "add", LOCATOR, "/ve", "/d", r"C:\locator.dll", "/f")
        self.engine = Engine()
        self.addCleanup(self.engine.server_close)
        self.addCleanup(self.engine.shutdown)
        (self.standin / "site.txt").write_text(f"{self.engine.server_address[1]} OLD\n")
        self.engine.objects["MIIS_ManagementAgent"] = [
            {"__RELPATH": f"MIIS_ManagementAgent.Name='{name}'", "Name": name, "Guid": guid, "Type": "FIM"} for name, guid in self.agents.items()]

    def returns(self, method, *values):
        for name, value in zip(self.agents, values):
            self.engine.returns[method, f"MIIS_ManagementAgent.Name='{name}'"] = value

    def details(self, key, profile, result="success", counters=""):
        return (f'<?xml version="1.0" encoding="utf-16"?><run-history><run-details><ma-id>{self.agents["Active Directory Connector"]}</ma-id>'
                f"<ma-name>Active Directory Connector</ma-name><run-number>{key}</run-number><run-profile-name>{profile}</run-profile-name>"
                f"<step-details><start-date>2026-07-01 10:{key:02}:00.000</start-date><end-date>2026-07-01 10:{key:02}:30.000</end-date>"
                f"<step-result>{result}</step-result><synchronization-errors><export-error dn='x'/></synchronization-errors>{counters}"
                "</step-details></run-details></run-history>")

    def run_row(self, key, profile, status="success", end=True):
        path = f'MIIS_RunHistory.Key="{key}"'
        self.engine.objects.setdefault("MIIS_RunHistory", []).append(
            {"__RELPATH": path, "MaName": "Active Directory Connector", "MaGuid": self.agents["Active Directory Connector"],
             "RunProfile": profile, "RunNumber": key, "RunStatus": status, "RunStartTime": f"2026-07-01 10:{key:02}:00.000",
             "RunEndTime": f"2026-07-01 10:{key:02}:30.000" if end else ""})
        self.engine.returns["RunDetails", path] = self.details(key, profile, status) if end else ""

    def test_agents_are_connectors(self):
        said = self.one("connectors", product=DIRSYNC)
        self.assertEqual(said["status"], "BATON_OK", said)
        self.assertEqual(json.loads(said["text"]), [{"Name": name, "Identifier": guid.strip("{}").lower(), "Type": "FIM"}
                                                    for name, guid in self.agents.items()])

    def test_an_agent_at_work_is_told(self):
        self.returns("RunStatus", "success", "")
        self.assertEqual(self.one("run-status", product=DIRSYNC)["text"], '""')
        self.returns("RunStatus", "success", "in-progress")
        self.assertEqual(json.loads(self.one("run-status", product=DIRSYNC)["text"]),
                         {"RunState": "Busy", "ConnectorName": "Windows Azure Active Directory Connector"})

    def test_counts_are_those_of_the_agent_for_entra(self):
        for method, value in (("NumExportAdd", "3"), ("NumExportUpdate", "20"), ("NumExportDelete", "1"), ("NumTotalConnectors", "1500")):
            self.returns(method, "99999", value)
        self.assertEqual(json.loads(self.one("statistics", product=DIRSYNC)["text"]),
                         {"ExportAdds": 3, "ExportUpdates": 20, "ExportDeletes": 1, "TotalConnectors": 1500})
        self.returns("NumExportDelete", "0", "access-denied")
        self.assertEqual(self.one("statistics", product=DIRSYNC)["status"], "BATON_MALFORMED")

    def test_runs_are_told_newest_first_and_read_once(self):
        for key, profile in ((1, "Full Import Full Sync"), (2, "Export"), (3, "Delta Import Delta Sync")):
            self.run_row(key, profile)
        self.run_row(4, "Export", "in-progress", end=False)
        said = self.ask("runs", "runs", product=DIRSYNC)
        self.assertEqual([s["status"] for s in said], ["BATON_OK"] * 2, said)
        self.assertEqual(re.findall("<run-number>(\\d+)<", said[0]["text"]), ["4", "3", "2", "1"])
        self.assertNotIn("export-error", said[0]["text"])
        self.assertIn("<end-date></end-date><step-result>in-progress</step-result>", said[0]["text"])
        self.assertEqual(said[0]["text"], said[1]["text"])
        asked = [words[-1] for what, *words in self.engine.asked if what == "call"]
        self.assertEqual(sorted(asked), sorted([f'MIIS_RunHistory.Key="{k}"' for k in (1, 2, 3, 4, 4)]))

    def test_an_engine_that_hangs_in_a_query_or_a_call_is_left_at_the_limit_and_when_the_question_is_withdrawn(self):
        for hangs, word in (("MIIS_ManagementAgent", "connectors"), ("RunStatus", "run-status")):
            with self.subTest(hangs):
                self.engine.hangs = hangs
                late, withdrawn = self.ask(f"{word}:1500", "cancel:500", f"{word}:60000", product=DIRSYNC)
                self.assertEqual((late["status"], withdrawn["status"]), ("BATON_TIMEOUT",) * 2, (late, withdrawn))
                self.assertTrue(1500 <= late["ms"] < 15000, late)
                self.assertLess(withdrawn["ms"], 15000)
                self.assertIn("withdrawn", withdrawn["error"])

    def test_prerequisites_are_read_without_powershell(self):
        for key, name, kind, value in (
                (r"Microsoft\NET Framework Setup\NDP\v4\Full", "Release", "REG_DWORD", "378675"),
                (r"Microsoft\Windows NT\CurrentVersion", "CurrentBuildNumber", "REG_SZ", "9600"),
                (r"Microsoft\.NETFramework\v4.0.30319", "SchUseStrongCrypto", "REG_DWORD", "1"),
                (r"Microsoft\Ole", "MachineLaunchRestriction", "REG_BINARY", "0100")):
            self.machine.run("reg", "add", "HKLM\\Software\\" + key, "/v", name, "/t", kind, "/d", value, "/f")
        said = self.one("prerequisites", product=DIRSYNC)
        self.assertEqual(said["status"], "BATON_OK", said)
        seen = json.loads(said["text"])
        self.assertEqual({n: seen[n] for n in ("dotnet.release", "os.build", "tls12.net64.strong_crypto", "dcom.machine_launch_restriction",
                                               "tls12.client.enabled", "product.class", "dirsync.agents")},
                         {"dotnet.release": 378675, "os.build": 9600, "tls12.net64.strong_crypto": 1, "dcom.machine_launch_restriction": "set",
                          "tls12.client.enabled": None, "product.class": "dirsync", "dirsync.agents": 2})
        self.assertGreater(seen["memory.mib"], 100)
        self.assertGreater(seen["disk.gb"], 1)
        self.assertNotIn("sql.edition", seen, "nobody has told it")
        self.assertEqual(self.log("powershell.log"), [])
        self.engine.objects.clear()
        self.engine.hangs = "MIIS_ManagementAgent"
        self.assertNotIn("dirsync.agents", json.loads(self.one("prerequisites:1000", product=DIRSYNC)["text"]), "unknown is not none")

    def test_an_engine_that_never_ran_has_an_empty_history(self):
        self.assertEqual(self.one("runs", product=DIRSYNC)["text"], '""')

    def test_details_that_cannot_be_had_are_no_history(self):
        self.run_row(1, "Export")
        self.engine.returns.clear()
        said = self.one("runs", product=DIRSYNC)
        self.assertEqual((said["status"], said["text"]), ("BATON_IO", ""))
        self.assertRegex(said["error"], "run 1 of Active Directory Connector: RunDetails: WMI error 0x")


class EngineTest(CollectorsCase):
    """A DirSync-era engine is asked over WMI, which Wine has without the engine's namespace."""

    def test_without_the_engines_provider_everything_is_absent_with_the_reason(self):
        for word in ("runs", "connectors", "statistics", "run-status"):
            said = self.one(word, product=DIRSYNC)
            self.assertEqual(said["status"], "BATON_NOT_FOUND", said)
            self.assertIn("WMI error 0x", said["error"])
            self.assertIn("provider is not installed", said["error"])
        self.assertEqual(self.log("powershell.log"), [])

    def test_a_log_that_cannot_be_read_is_no_empty_log(self):
        said = self.one("events")  # Wine has the calls and nothing behind them
        self.assertEqual((said["status"], said["text"]), ("BATON_IO", ""))
        self.assertRegex(said["error"], r"cannot read the event log System: Windows error 120\b")



if __name__ == "__main__":
    wine.main()
