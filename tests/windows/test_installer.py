"""The Windows package: its tables, its signature, its bill of materials; and what it does on a machine."""
import functools
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree as ET

import wine
from windows_site import NATIVE
from lab_site import Site

DEPLOY = wine.ROOT / "deploy/windows"
BUILD = wine.PROGRAMS.parent
PROGRAM = r"C:\Program Files\Baton\baton-agent.exe"
DATA = r"C:\ProgramData\Baton"
UNINSTALL = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall"
SOURCE = r"HKLM\System\CurrentControlSet\Services\EventLog\Application\BatonAgent"


def tool(name):
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(DEPLOY / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def run(*argv, check=True):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=300)
    if check and done.returncode != 0:
        raise AssertionError(f"{argv}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def build(out, *more):
    run(DEPLOY / "build-msi", "--build", BUILD, "--out", out, *more)
    return out


def table(msi, name):
    lines = run("msiinfo", "export", msi, name).stdout.replace("\r", "").split("\n")
    names = lines[0].split("\t")
    rows = [dict(zip(names, line.split("\t"))) for line in lines[3:] if line]
    return {row[names[0]]: row for row in rows}


def next_version(folder):
    """The same program under a higher version, in its resource and in what it says of itself."""
    program = folder / "next.exe"
    data = bytearray((wine.PROGRAMS / "baton-agent.exe").read_bytes())
    at = data.index(struct.pack("<II", 0xFEEF04BD, 0x10000))
    high, low = struct.unpack_from("<II", data, at + 8)
    old, new = (f"{high >> 16}.{high & 0xFFFF}.{low >> 16}", f"{high >> 16}.{high & 0xFFFF}.{(low >> 16) + 1}")
    for place in (8, 16):  # FILEVERSION and PRODUCTVERSION
        struct.pack_into("<I", data, at + place + 4, low + 0x10000)
    said = f"baton-agent {old}".encode()
    assert said in data and len(old) == len(new)
    program.write_bytes(bytes(data).replace(said, f"baton-agent {new}".encode()))
    return program, old, new


@functools.cache
def this_package():
    """Made once for all tests here, none of which changes it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-package-"))
    unittest.addModuleCleanup(shutil.rmtree, folder)
    return build(folder / "agent.msi")


class Packages(unittest.TestCase):
    """A folder for a class of tests, and the package."""

    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="baton-installer-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        cls.package = this_package()


class Tables(Packages):
    def test_the_service_is_the_agents_own_and_starts_with_the_system(self):
        [service] = table(self.package, "ServiceInstall").values()
        self.assertEqual((service["Name"], service["ServiceType"], service["StartType"], service["StartName"], service["Arguments"]),
                         ("BatonAgent", "16", "2", "LocalSystem", "--service"))
        [control] = table(self.package, "ServiceControl").values()
        self.assertEqual((control["Name"], control["Wait"]), ("BatonAgent", "1"))
        event = int(control["Event"])
        self.assertEqual(event & 0x1, 0, "it is started by StartAgent, and only when it is enrolled")
        self.assertEqual(event & 0xA2, 0xA2, "stopped at both, removed at the uninstallation alone")

    def test_the_data_folder_is_permanent_and_closed(self):
        components = table(self.package, "Component")
        self.assertEqual({name for name, row in components.items() if int(row["Attributes"]) & 16}, {"Data"})
        self.assertTrue(all(int(row["Attributes"]) & 256 for row in components.values()), "64-bit")
        self.assertEqual(components["Data"]["Directory_"], "DataFolder")
        self.assertEqual(table(self.package, "Directory")["DataFolder"]["Directory_Parent"], "CommonAppDataFolder")
        self.assertEqual(table(self.package, "CreateFolder")["DataFolder"]["Component_"], "Data")
        [lock] = table(self.package, "MsiLockPermissionsEx").values()
        self.assertEqual((lock["LockObject"], lock["Table"]), ("DataFolder", "CreateFolder"))
        owner, entries = re.fullmatch(r"(O:BAG:BA)D:PAI((?:\([^)]*\))+)", lock["SDDLText"]).groups()
        self.assertEqual({e.rsplit(";", 1)[1] for e in re.findall(r"\(([^)]*)\)", entries)}, {"SY", "BA"})

    def test_the_program_goes_where_the_system_keeps_programs(self):
        directories = table(self.package, "Directory")
        self.assertEqual(directories["INSTALLDIR"]["Directory_Parent"], "ProgramFiles64Folder")
        self.assertEqual({row["FileName"].split("|")[-1] for row in table(self.package, "File").values()},
                         {"baton-agent.exe", "LICENSE.txt", "baton-agent.cdx.json"})

    def test_a_file_with_a_version_is_judged_by_it(self):
        program = table(self.package, "File")["Program"]
        version = ".".join(map(str, tool("build-msi").file_version(wine.PROGRAMS / "baton-agent.exe")))
        self.assertEqual((program["Version"], program["Language"]), (version, "1033"))
        self.assertNotIn("Program", table(self.package, "MsiFileHash"))
        declared = re.search(r"project\(baton VERSION ([\d.]+)", (wine.ROOT / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual(table(self.package, "Property")["ProductVersion"]["Value"], declared)

    def test_the_event_source_names_the_program(self):
        rows = {row["Name"]: row for row in table(self.package, "Registry").values()}
        self.assertEqual(rows["EventMessageFile"]["Value"], "#%[#Program]")
        self.assertEqual(rows["TypesSupported"]["Value"], "#7")
        for name in "EventMessageFile", "TypesSupported":
            self.assertEqual((rows[name]["Root"], rows[name]["Key"].lower()), ("2", SOURCE.replace("HKLM\\", "").lower()))

    def test_every_other_version_is_found_and_a_newer_one_is_kept(self):
        properties = table(self.package, "Property")
        rows = [dict(zip(("code", "min", "max", "language", "attributes", "remove", "property"), line.split("\t")))
                for line in run("msiinfo", "export", self.package, "Upgrade").stdout.replace("\r", "").splitlines()[3:]]
        version = properties["ProductVersion"]["Value"]
        older = next(row for row in rows if row["property"] == "WIX_UPGRADE_DETECTED")
        newer = next(row for row in rows if row["property"] == "WIX_DOWNGRADE_DETECTED")
        self.assertEqual((older["min"], older["max"]), ("", version))
        self.assertEqual(int(older["attributes"]) & 0x202, 0x200, "the same version too, and it is removed")
        self.assertEqual((newer["min"], newer["max"], int(newer["attributes"]) & 0x102), (version, "", 2))
        self.assertIn("NOT WIX_DOWNGRADE_DETECTED", table(self.package, "LaunchCondition"))
        self.assertEqual({row["code"] for row in rows}, {properties["UpgradeCode"]["Value"]})
        self.assertEqual(properties["UpgradeCode"]["Value"], "{BF8E4A23-6540-4F2E-BB7C-70E6AC206199}", "for ever")

    def test_actions_run_in_this_order(self):
        rows = table(self.package, "InstallExecuteSequence")
        order = sorted(rows, key=lambda name: int(rows[name]["Sequence"]))
        wanted = ["AppSearch", "LaunchConditions", "InstallValidate", "CheckCaller", "CheckHandoff", "InstallInitialize", "RemoveExistingProducts",
                  "RestartAgent", "StopAgent", "StopServices", "DeleteServices", "RemoveFiles", "CreateFolders", "InstallFiles",
                  "WriteRegistryValues", "InstallServices", "RepairService", "EnrolAgent", "StartServices", "StartAgent",
                  "InstallFinalize"]
        self.assertEqual([name for name in order if name in wanted], wanted)
        for name in "RestartAgent", "StopAgent", "RepairService", "EnrolAgent", "StartAgent":
            self.assertLess(order.index(f"Set{name}"), order.index(name), "its values first")
        self.assertEqual(len({row["Sequence"] for row in rows.values()}), len(rows))

    def test_actions_run_as_system_on_what_the_library_exports(self):
        actions = table(self.package, "CustomAction")
        dump = run("x86_64-w64-mingw32-objdump", "-p", wine.PROGRAMS / "baton-actions.dll").stdout
        self.assertEqual(set(re.findall(r"^\s+\[ *\d+\] (\w+)$", dump, re.M)), {row["Target"] for row in actions.values()
                                                                             if row["Source"] == "Actions"})
        types = {name: int(row["Type"]) for name, row in actions.items()}
        for name in "CheckCaller", "CheckHandoff":
            self.assertEqual(types.pop(name), 1, "before anything is changed, as who started it")
        for name, kind in types.items():
            if name.startswith("Set"):
                self.assertEqual(kind, 51)
            else:
                self.assertEqual(kind & 0xC01, 0xC01, f"{name}: deferred, as SYSTEM, from the library")
                self.assertEqual(bool(kind & 0x100), name == "RestartAgent", "on rollback")
        self.assertEqual({name for name, kind in types.items() if kind & 0x40}, {"RestartAgent", "StopAgent"},
                         "an uninstallation does not hang on a stop that fails, nor a rollback on a start")

    def test_a_token_comes_in_a_file_alone(self):
        properties = table(self.package, "Property")
        self.assertIn("TOKEN", properties["MsiHiddenProperties"]["Value"].split(";"))
        secure = properties["SecureCustomProperties"]["Value"].split(";")
        for name in "TOKENFILE", "CONTROLLER", "AGENTNAME", "PROXY", "DURINGHANDOFF":
            self.assertIn(name, secure)
        self.assertIn("NOT TOKEN", table(self.package, "LaunchCondition"))
        self.assertEqual(properties["ALLUSERS"]["Value"], "1")

    def test_the_same_program_gives_the_same_package(self):
        time.sleep(1.1)  # clocks that wixl would have written differ
        again = build(self.dir / "again.msi")
        self.assertEqual(again.read_bytes(), self.package.read_bytes())
        print(f"package {self.package.stat().st_size} bytes", flush=True)


class Signature(Packages):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        d = cls.dir
        (d / "password").write_text("of this test")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", d / "key.pem", "-out", d / "cert.pem", "-days",
            "2", "-subj", "/CN=Nobody", "-addext", "extendedKeyUsage=codeSigning")
        run("openssl", "pkcs12", "-export", "-inkey", d / "key.pem", "-in", d / "cert.pem", "-out", d / "key.p12", "-passout",
            f"file:{d / 'password'}")
        cls.key = ["--pkcs12", d / "key.p12", "--password-file", d / "password"]

    def verify(self, file):
        return run("osslsigncode", "verify", "-CAfile", self.dir / "cert.pem", "-in", file, check=False)

    def test_program_and_package_are_signed_and_what_is_changed_afterwards_is_noticed(self):
        signed = build(self.dir / "signed.msi", "--old-libraries", "--", *self.key)
        run("msiextract", "-C", self.dir / "out", signed)
        program = next((self.dir / "out").rglob("baton-agent.exe"))
        for file in signed, program:
            done = self.verify(file)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn("Number of verified signatures: 1", done.stdout)
        data = bytearray(program.read_bytes())
        data[len(data) // 3] ^= 1
        program.write_bytes(data)
        self.assertNotEqual(self.verify(program).returncode, 0)

    def test_without_a_key_nothing_is_changed_and_that_is_said(self):
        copy = self.dir / "copy.msi"
        shutil.copy(self.package, copy)
        done = run(DEPLOY / "sign", copy)
        self.assertIn("not signed", done.stderr)
        self.assertEqual(copy.read_bytes(), self.package.read_bytes())
        self.assertNotEqual(self.verify(copy).returncode, 0)

    def test_a_key_that_does_not_open_leaves_the_file_as_it_was(self):
        copy = self.dir / "whole.msi"
        shutil.copy(self.package, copy)
        (self.dir / "wrong").write_text("wrong")
        done = run(DEPLOY / "sign", "--pkcs12", self.dir / "key.p12", "--password-file", self.dir / "wrong", copy, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(copy.read_bytes(), self.package.read_bytes())
        self.assertEqual([f.name for f in self.dir.glob("whole.msi*")], ["whole.msi"])


class Bill(Packages):
    LIBRARY = "/cache/windows-1/lib/libzmq.a(zmq.cpp.obj)"

    def test_it_names_what_is_in_the_program_with_version_and_licence(self):
        run("msiextract", "-C", self.dir / "out", self.package)
        bill = json.loads(next((self.dir / "out").rglob("baton-agent.cdx.json")).read_text())
        program = next((self.dir / "out").rglob("baton-agent.exe"))
        self.assertEqual((bill["bomFormat"], bill["specVersion"]), ("CycloneDX", "1.5"))
        [digest] = bill["metadata"]["component"]["hashes"]
        self.assertEqual(digest["content"], hashlib.sha256(program.read_bytes()).hexdigest())
        names = {c["name"]: c for c in bill["components"]}
        for needed in "zeromq3", "libsodium", "sqlite3", "jansson", "expat", "gcc-runtime", "mingw-w64-runtime":
            self.assertIn(needed, names)
        self.assertNotIn("cmocka", names)
        wanted = {line.split()[0]: line for line in (DEPLOY.parent / "windows-libraries.sources").read_text().splitlines()
                  if line and not line.startswith("#")}
        for name, one in names.items():
            self.assertTrue(one["licenses"], name)
            self.assertTrue(one["version"] and one["purl"].startswith("pkg:deb/debian/"), name)
            if name not in ("gcc-runtime", "winpthreads", "mingw-w64-runtime"):
                self.assertIn(name, wanted)
        refs = {"baton-agent", *(c["bom-ref"] for c in bill["components"])}
        self.assertEqual({d["ref"] for d in bill["dependencies"]}, refs)
        self.assertTrue(all(ref in refs for d in bill["dependencies"] for ref in d["dependsOn"]))

    def test_what_the_linker_discards_is_not_in_it(self):
        sbom = tool("sbom")
        head = f"Discarded input sections\n\n .text$x 0x0000000000000000 0x10 {self.LIBRARY}\n\nLinker script and memory map\n\n"
        self.assertEqual(sbom.linked(head + f"LOAD {self.LIBRARY[:-14]}\n .text$y 0x0000000000000000 0x10 {self.LIBRARY}\n"), set())
        self.assertEqual(sbom.linked(head + f" .text$y\n                0x0000000140001000       0x10 {self.LIBRARY}\n"),
                         {"/cache/windows-1/lib/libzmq.a"})

    def test_a_library_whose_licence_nobody_looked_at_is_refused(self):
        path = self.dir / "map"
        path.write_text("\nLinker script and memory map\n\n .text 0x0000000140001000 0x10 /cache/windows-1/lib/libnew.a(x.o)\n")
        done = run(DEPLOY / "sbom", "--map", path, "--program", wine.PROGRAMS / "baton-agent.exe", "--out", self.dir / "bill",
                   check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("libnew.a is linked", done.stderr)
        self.assertFalse((self.dir / "bill").exists())


class Winget(Packages):
    def fields(self, file):
        return dict(re.findall(r"^[ -]*(\w+): '?([^'\n]*)'?$", file.read_text(), re.M))

    def test_the_manifest_has_the_packages_hash_version_and_codes(self):
        url = "https://example.net/baton-agent.msi"
        run(DEPLOY / "winget", "--msi", self.package, "--url", url, "--out", self.dir / "winget")
        files = {self.fields(f)["ManifestType"]: self.fields(f) for f in (self.dir / "winget").iterdir()}
        self.assertEqual(set(files), {"version", "installer", "defaultLocale"})
        properties = {name: row["Value"] for name, row in table(self.package, "Property").items()}
        for fields in files.values():
            self.assertEqual((fields["PackageIdentifier"], fields["PackageVersion"], fields["ManifestVersion"]),
                             ("Baton.Agent", properties["ProductVersion"], "1.6.0"))
        made = files["installer"]
        self.assertEqual(made["InstallerSha256"], hashlib.sha256(self.package.read_bytes()).hexdigest().upper())
        self.assertEqual((made["ProductCode"], made["UpgradeCode"]), (properties["ProductCode"], properties["UpgradeCode"]))
        self.assertEqual((made["InstallerUrl"], made["InstallerType"], made["Scope"], made["Architecture"]),
                         (url, "msi", "machine", "x64"))
        self.assertEqual(files["version"]["DefaultLocale"], files["defaultLocale"]["PackageLocale"])
        for name in "Publisher", "PackageName", "License", "ShortDescription":
            self.assertTrue(files["defaultLocale"][name])

    def test_only_an_address_that_is_protected_is_taken(self):
        done = run(DEPLOY / "winget", "--msi", self.package, "--url", "http://example.net/a.msi", "--out", self.dir / "no", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse((self.dir / "no").exists())


class Templates(unittest.TestCase):
    NS = {"p": "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"}

    def setUp(self):
        self.admx = ET.parse(DEPLOY / "policies/baton.admx").getroot()
        self.adml = ET.parse(DEPLOY / "policies/en-US/baton.adml").getroot()
        self.managed = (wine.ROOT / "agent/adapters/managed.c").read_text()

    def test_they_have_the_values_that_the_agent_reads_and_no_other(self):
        place, = re.findall(r'#define PLACE "HKLM\\\\(.*?)\\\\"', self.managed)
        policies = self.admx.findall(".//p:policy", self.NS)
        self.assertEqual({p.get("key") for p in policies}, {place.replace("\\\\", "\\")})
        self.assertEqual({p.get("class") for p in policies}, {"Machine"})
        values = [e.get("valueName") for p in policies for e in p.find("p:elements", self.NS)]
        self.assertEqual(sorted(values), sorted(re.findall(r'PLACE "(\w+)"', self.managed)))

    def test_every_value_is_text_as_the_agent_takes_it(self):
        for element in self.admx.findall(".//p:elements/*", self.NS):
            kind = element.tag.split("}")[1]
            self.assertIn(kind, ("text", "enum"))
            if kind == "text":
                self.assertTrue(0 < int(element.get("maxLength")) < 512, "MANAGED_BYTES")
            for value in element.findall(".//p:value/*", self.NS):
                self.assertEqual(value.tag.split("}")[1], "string")

    def test_log_levels_are_those_of_the_log(self):
        names = re.findall(r'\[LEVEL_\w+\] = "(\w+)"', (wine.ROOT / "common/log.c").read_text())
        self.assertEqual([v.text for v in self.admx.findall(".//p:enum//p:string", self.NS)], names)

    def test_every_text_and_form_that_is_named_is_there(self):
        text = (DEPLOY / "policies/baton.admx").read_text()
        for kind, element in ("string", "string"), ("presentation", "presentation"):
            named = set(re.findall(rf"\$\({kind}\.(\w+)\)", text))
            self.assertEqual(named, {e.get("id") for e in self.adml.findall(f".//p:{element}", self.NS)})
        fields = {e.get("id") for e in self.admx.findall(".//p:elements/*", self.NS)}
        self.assertEqual({e.get("refId") for e in self.adml.findall(".//p:presentation/*", self.NS)}, fields)


class Installation(Packages):
    """On a machine: what is there afterwards, whatever the installer says of itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        program, cls.old, cls.new = next_version(cls.dir)
        cls.next = build(cls.dir / "next.msi", "--program", program)

    def setUp(self):
        # Wine passes the package's access list over and gives a folder this mode; the service would find it open.
        self.addCleanup(os.umask, os.umask(0o077))
        self.machine = wine.Machine("win7", "OLD")
        self.addCleanup(self.machine.close)

    def msi(self, action, package, *properties, code=0, through=()):
        log = self.machine.unix(r"C:\msi.log")
        log.unlink(missing_ok=True)
        began = time.monotonic()
        done = self.machine.run(*through, "msiexec", action, package, "/qn", "/l*v", r"C:\msi.log", *properties, check=False, timeout=180)
        took = time.monotonic() - began
        self.log = log.read_bytes().replace(b"\0", b"").decode(errors="replace")
        said = [line for line in self.log.splitlines() if "Baton Agent: " in line]
        self.assertEqual(done.code, code, said)
        self.said = "\n".join(said)
        return took

    def query(self, key, *more):
        done = self.machine.run("reg", "query", key, *more, check=False)
        return done.out if done.code == 0 else None

    def state(self):
        done = self.machine.run("sc", "query", "BatonAgent", check=False)
        found = re.search(r"STATE\s+: \d+\s+(\w+)", done.out)
        return found.group(1) if found else None

    def version(self):
        return self.machine.run(PROGRAM, "--version").out.split()[-1]

    def products(self):
        return re.findall(r"DisplayVersion\s+REG_SZ\s+(\S+)", self.query(UNINSTALL, "/s") or "")

    def enrolled(self):
        """A controller of this machine, and a token in the Windows machine's file that others cannot read."""
        site = Site(NATIVE)
        self.addCleanup(site.close)
        site.controller_init()
        site.controller_start()
        site.operators_init()
        site.baton("tenant", "create", "11111111-2222-3333-4444-555555555555", "contoso", "--lab")
        return site

    def has_reported(self, site, since):
        agent = site.baton("agent", "show", "contoso", "OLD", json_output=True)
        return agent["connected"] and agent["reported_ago_ms"] < (time.monotonic() - since) * 1000

    def token(self, site):
        text = site.baton("agent", "token", "contoso", "OLD", "--role", "old")
        file = self.machine.drive_c / "token.txt"
        file.write_text(text)
        file.chmod(0o600)
        return text.strip()

    def test_without_a_token_it_is_there_and_does_not_run(self):
        self.assertEqual((self.state(), self.products()), (None, []))
        took = self.msi("/i", self.package)
        self.assertEqual(self.version(), self.old)
        self.assertEqual((self.state(), self.products()), ("STOPPED", [self.old]))
        self.assertIn(PROGRAM, self.query(SOURCE, "/v", "EventMessageFile"))
        self.assertIn(PROGRAM, self.query(r"HKLM\Software\Baton", "/v", "Program"))
        self.assertTrue(self.machine.unix(DATA).is_dir())
        self.assertIn("not enrolled", self.said)
        print(f"installed in {took:.2f} s", flush=True)

    def test_a_token_in_a_file_enrols_and_the_service_runs(self):
        site = self.enrolled()
        text = self.token(site)
        took = self.msi("/i", self.package, r"TOKENFILE=C:\token.txt")
        self.assertEqual(self.state(), "RUNNING")
        self.assertFalse((self.machine.drive_c / "token.txt").exists())
        self.assertIn(f"tcp://127.0.0.1:{site.bus}", (self.machine.unix(DATA) / "baton-agent.ini").read_text())
        site.wait_until("a session", lambda: site.baton("agent", "show", "contoso", "OLD", json_output=True)["connected"])
        self.assertNotIn(text, self.log)
        print(f"installed, enrolled and started in {took:.2f} s", flush=True)
        self.nothing_is_done_for_a_user()
        took = self.msi("/i", self.next)
        self.assertEqual((self.version(), self.state(), self.products()), (self.new, "RUNNING", [self.new]))
        upgraded = time.monotonic()
        site.wait_until("the new version reports", lambda: self.has_reported(site, upgraded), timeout=180)
        print(f"upgraded in {took:.2f} s", flush=True)
        kept = sorted(f.name for f in self.machine.unix(DATA).iterdir())
        took = self.msi("/x", self.next)
        self.assertEqual((self.state(), self.products()), (None, []))
        self.assertFalse(self.machine.unix(PROGRAM).exists())
        self.assertIsNone(self.query(SOURCE))
        self.assertEqual(sorted(f.name for f in self.machine.unix(DATA).iterdir()), kept)
        self.assertIn("agent.key", kept)
        print(f"uninstalled in {took:.2f} s", flush=True)

    def nothing_is_done_for_a_user(self):
        """Windows lets every user repair what is installed, and what the package does then it does as SYSTEM: it deleted what was
        given as an enrolled agent's token."""
        precious = self.machine.drive_c / "precious.txt"
        precious.write_text("of somebody else")
        precious.chmod(0o600)
        self.msi("/i", self.package, "REINSTALL=ALL", r"TOKENFILE=C:\precious.txt", "DURINGHANDOFF=1", code=1603,
                 through=(wine.TOOLS / "as_user.exe",))
        self.assertIn("are for administrators", self.said)
        self.assertTrue(precious.exists())
        self.assertEqual(self.state(), "RUNNING")

    def test_the_lines_for_an_rmm_tool_install_and_enrol_and_leave_no_token(self):
        page = (DEPLOY / "README.md").read_text()
        lines, = re.findall(r"^```\n(@echo off\n.*?)^```", page, re.M | re.S)
        site = self.enrolled()
        folder = self.machine.drive_c / "rmm"
        folder.mkdir()
        (folder / "install.cmd").write_text(lines.replace("\n", "\r\n"))
        shutil.copy(self.package, folder / "baton-agent.msi")
        text = site.baton("agent", "token", "contoso", "OLD", "--role", "old").strip()
        done = self.machine.run("cmd", "/c", r"C:\rmm\install.cmd", env={"BATON_TOKEN": text}, check=False, timeout=180)
        self.assertEqual((done.code, self.state()), (0, "RUNNING"), done)
        self.assertEqual(list(self.machine.unix(r"C:\windows\Temp").glob("baton-*/*")), [])
        log = self.machine.unix(r"C:\windows\Temp\baton-agent.log").read_bytes().replace(b"\0", b"")
        self.assertIn(b"Baton Agent: ", log)
        self.assertNotIn(text.encode(), log)

    def test_an_enrolment_that_fails_leaves_nothing_half_done_and_the_token_for_the_next_try(self):
        site = self.enrolled()
        self.token(site)
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
            self.msi("/i", self.package, r"TOKENFILE=C:\token.txt", f"CONTROLLER={address}", code=1603)
        self.assertIn(f"no answer from the controller at {address}", self.said)
        self.assertEqual((self.state(), self.products()), (None, []))
        self.assertFalse(self.machine.unix(PROGRAM).exists())
        self.assertTrue((self.machine.drive_c / "token.txt").exists())
        self.msi("/i", self.package, r"TOKENFILE=C:\token.txt")
        self.assertEqual(self.state(), "RUNNING")

    def test_a_token_on_the_command_line_is_refused_and_not_logged(self):
        self.msi("/i", self.package, "TOKEN=baton1-something", code=1603)
        self.assertEqual((self.state(), self.products()), (None, []))

    def test_an_older_package_does_not_replace_a_newer_agent(self):
        self.msi("/i", self.next)
        self.msi("/i", self.package, code=1603)
        self.assertEqual((self.version(), self.products()), (self.new, [self.new]))

    def test_in_the_middle_of_a_handoff_neither_an_upgrade_nor_an_uninstallation_changes_anything(self):
        site = Site(NATIVE)
        self.addCleanup(site.close)
        site.controller_init()
        site.controller_start()
        site.operators_init()
        site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        site.fence("contoso")
        agent = site.agents["contoso", "OLD"]
        agent.stop()
        self.msi("/i", self.package)
        data = self.machine.unix(DATA)
        for name in "agent.db", "baton-agent.ini":
            shutil.copy(agent.directory / name, data / name)
            (data / name).chmod(0o600)
        for action, package in ("/i", self.next), ("/x", self.package):
            self.msi(action, package, code=1603)
            self.assertIn("in the middle of a handoff: it is fenced", self.said)
            self.assertIn("nothing was changed", self.said)
            self.assertEqual((self.version(), self.state(), self.products()), (self.old, "STOPPED", [self.old]))
        done = self.machine.run(PROGRAM, "service", "uninstall", check=False)
        self.assertEqual((done.code, self.state()), (5, "STOPPED"), done)
        self.assertIn("in the middle of a handoff: it is fenced", done.err)
        self.msi("/x", self.package, "DURINGHANDOFF=1")
        self.assertEqual((self.state(), self.products()), (None, []))
        self.assertTrue((data / "agent.db").exists(), "what it promised outlives it")


if __name__ == "__main__":
    wine.main()
