"""One tenant whose two servers are Wine prefixes with the stand-in product, and a native controller.

The product's behaviour is the lab's: baton-lab plays cycles, run history, staging, pending exports and the
wizard, and its judge watches. Its servers are moved by what really happens in the prefixes: a service of
the stand-in that starts or stops asks here, and its powershell.exe fetches its answers here. So what the
agent sees is real services, processes, registry and files, with a product behind them that changes.
"""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import socketserver
import sys
import threading
import time
import uuid
import xml.etree.ElementTree as ET

sys.dont_write_bytecode = True
import wine  # noqa: E402
from lab_site import CommandFailed, Lab, Site  # noqa: E402

NATIVE = pathlib.Path(os.environ.get("BATON_NATIVE_PROGRAMS", wine.ROOT / "build/release/bin"))
STANDIN = wine.PROGRAMS.parent / "standin"
SERVICES = {"dirsync": ("FIMSynchronizationService", "MSOnlineSyncScheduler"), "aadconnect": ("ADSync",),
            "connect": ("ADSync",)}
RENAMED = {"ContosoDirectory": "FIMSynchronizationService"}  # a service that runs the engine under a name of its own
POWERSHELL = "drive_c/windows/system32/WindowsPowerShell/v1.0/powershell.exe"
LOCATOR = r"HKLM\Software\Classes\CLSID\{4590F811-1D3A-11D0-891F-00AA004B2E24}\InprocServer32"
AGENT = r"C:\Program Files\Baton\baton-agent.exe"
SETTINGS_EXPORT = r"C:\ProgramData\Baton\settings-export"
SETTINGS_IMPORT = r"C:\ProgramData\Baton\settings-import"
DATA = r"C:\ProgramData\Baton"


STATISTICS = {"NumExportAdd": "ExportAdds", "NumExportUpdate": "ExportUpdates", "NumExportDelete": "ExportDeletes",
              "NumImportAdd": "ImportAdds", "NumImportUpdate": "ImportUpdates", "NumImportDelete": "ImportDeletes",
              "NumCSObjects": "TotalConnectors", "NumTotalConnectors": "TotalConnectors"}
COUNTERS = {"staging-counters": {"stage-no-change": "StageNoChange", "stage-add": "StageAdd", "stage-update": "StageUpdate",
                                 "stage-rename": "StageRename", "stage-delete": "StageDelete",
                                 "stage-delete-add": "StageDeleteAdd", "stage-failure": "StageFailure"},
            "export-counters": {"export-add": "ExportAdd", "export-update": "ExportUpdate", "export-rename": "ExportRename",
                                "export-delete": "ExportDelete", "export-delete-add": "ExportDeleteAdd",
                                "export-failure": "ExportFailure"}}


def sql_time(date):
    """What the engine's database writes: UTC without a zone; nothing while a run has not ended."""
    if date is None:
        return ""
    seconds, ms = divmod(int(re.search(r"\d+", date).group()), 1000)
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + f".{ms:03}"


def run_key(run):
    return f"{{{run['ConnectorId'].upper()}}}:{run['RunNumber']}:{run['RunHistoryId']}"


def run_details(run):
    """The run-history document of one run, in the form of the engine's schema."""
    top = ET.Element("run-history")
    details = ET.SubElement(top, "run-details")

    def put(parent, name, text):
        ET.SubElement(parent, name).text = str(text)

    put(details, "ma-id", "{%s}" % run["ConnectorId"].upper())
    put(details, "ma-name", run["ConnectorName"])
    put(details, "run-number", run["RunNumber"])
    put(details, "run-profile-name", run["RunProfileName"])
    put(details, "security-id", run["Username"])
    for step in run["RunStepResults"] or []:
        one = ET.SubElement(details, "step-details", {"step-number": str(step["StepNumber"]), "step-id": "{%s}" % step["StepHistoryId"].upper()})
        put(one, "start-date", sql_time(step["StartDate"]))
        if step["EndDate"] is not None:
            put(one, "end-date", sql_time(step["EndDate"]))
        put(one, "step-result", step["StepResult"])
        for group, counters in COUNTERS.items():
            counts = ET.SubElement(one, group)
            for name, key in counters.items():
                put(counts, name, step[key])
    return ET.tostring(top, encoding="unicode")


class Product:
    """The stand-in's questions, answered by the lab; one connection for each program that asks."""

    def __init__(self, lab):
        self.lab = lab
        self.lock = threading.Lock()
        product = self

        class Asker(socketserver.StreamRequestHandler):
            def handle(self):
                product.serve(self.rfile, self.wfile)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Asker)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, questions, answers):
        runs = {}  # service -> the server that it runs on
        with contextlib.suppress(ConnectionError, OSError):
            for line in questions:
                server, verb, word = line.decode().split(None, 2)
                verdict, text = self.answer(server, verb, word.strip(), runs)
                data = text.encode()
                answers.write(f"{verdict} {len(data)}\n".encode() + data)
        for service, server in runs.items():
            self.died(server, service)

    def answer(self, server, verb, word, runs):
        word = RENAMED.get(word, word)
        try:
            text = getattr(self, verb)(server, word)
        except CommandFailed as failed:
            return "error", failed.err.strip() or failed.out.strip()
        except StopIteration:
            return "error", "this run is no longer in the history"
        if verb == "start":
            runs[word] = server
        elif verb == "stop":
            runs.pop(word, None)
        return "ok", text

    def collect(self, server, word):
        return self.lab.do(server, "collect", collector=word)["text"]

    def path(self, server, word):
        """The lab makes the file anew and says where below the server's folder it lies."""
        made = json.loads(self.collect(server, word))["path"]
        return str(self.lab.dir / "servers" / server / made)

    # --- the engine's WMI classes, from what the lab's cmdlets would say ---
    def objects(self, server, word):
        rows = {"MIIS_ManagementAgent": self.agents, "MIIS_RunHistory": self.histories}[word](server)
        return "".join("".join(f"{name}\t{value}\n" for name, value in row.items()) + "\n" for row in rows)

    def rows(self, server, collector):
        text = self.collect(server, collector)
        found = json.loads(text) if text else []
        return found if isinstance(found, list) else [found]

    def agents(self, server):
        return [{"Name": c["Name"], "Guid": "{%s}" % c["Identifier"].upper(), "Type": c["SubType"] or "Active Directory",
                 "__RELPATH": f'MIIS_ManagementAgent.Name="{c["Name"]}"'} for c in self.rows(server, "connectors")]

    def histories(self, server):
        return [{"Key": (key := run_key(r)), "MaGuid": "{%s}" % r["ConnectorId"].upper(), "MaName": r["ConnectorName"],
                 "RunNumber": r["RunNumber"], "RunProfile": r["RunProfileName"], "RunStartTime": sql_time(r["StartDate"]),
                 "RunEndTime": sql_time(r["EndDate"]), "RunStatus": r["Result"],
                 "__RELPATH": f'MIIS_RunHistory.Key="{key}"'} for r in self.rows(server, "runs")]

    def call(self, server, word):
        """METHOD PATH; the path's key names the object."""
        method, path = word.split(None, 1)
        key = re.search(r"""=['"](.*)['"]$""", path).group(1)
        if method == "RunDetails":
            return run_details(next(r for r in self.rows(server, "runs") if run_key(r) == key))
        if method == "RunStatus":
            return self.status(server, key)
        counts = self.rows(server, "statistics")[0]
        return str(counts.get(STATISTICS[method], 0)) if "Azure" in key else "0"

    def status(self, server, agent):
        if any(busy["ConnectorName"] == agent for busy in self.rows(server, "run-status")):
            return "in-progress"
        return next((r["Result"] for r in self.rows(server, "runs") if r["ConnectorName"] == agent), "")

    def start(self, server, word):
        self.lab.do(server, "service-enable", name=word, by="Service Control Manager")
        return ""

    def stop(self, server, word):
        self.lab.do(server, "service-stop", name=word)
        self.lab.do(server, "service-disable", name=word)
        return ""

    def died(self, server, service):
        """A service ended without a word, as when the power goes: all of that server's are gone."""
        with self.lock:
            states = {s["name"]: s["state"] for s in self.lab.do(server, "services")["services"]}
            if states.get(service, "stopped") == "stopped":
                return
            self.lab.do(server, "power", act="off")
            self.lab.do(server, "power", act="on")
            for name in states:
                self.lab.do(server, "service-disable", name=name)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Server:
    """One server of the tenant: a prefix with the stand-in's programs, and what people do on its console."""

    def __init__(self, product, name, version):
        self.product, self.name = product, name
        self.machine = wine.Machine(version, name=name)
        self.edition = self.console = None
        self.windows = {}  # tool -> process
        shutil.copy(STANDIN / "powershell.exe", self.machine.prefix / POWERSHELL)  # over Wine's, which does nothing
        self.folder = self.machine.drive_c / "standin"
        self.folder.mkdir()
        for tool in ("sync_service.exe", "AzureADConnect.exe"):
            shutil.copy(STANDIN / "sync_service.exe", self.folder / tool)
        shutil.copy(STANDIN / "standin_wmi.dll", self.folder)
        self.machine.run("reg", "add", LOCATOR, "/ve", "/d", r"C:\standin\standin_wmi.dll", "/f")
        if product:
            (self.folder / "site.txt").write_text(f"{product.port} {name}\n")

    # --- the product ---
    def do(self, verb, word, check=True):
        """An act of the stand-in's own program, which stays up for all of them: a start takes a second under Wine."""
        if self.console is None or self.console.poll() is not None:
            self.console = self.machine.converse(r"C:\standin\sync_service.exe", "console", "-")
        self.console.stdin.write(f"{verb} {word}\n".encode())
        self.console.stdin.flush()
        said = []
        for line in iter(self.console.stdout.readline, b""):
            said.append(line.decode().rstrip())
            if said[-1].startswith("= "):
                break
        done = wine.Done(int(said[-1][2:]) if said and said[-1].startswith("= ") else None, "\n".join(said[:-1]), "\n".join(said))
        if check and done.code != 0:
            raise CommandFailed(["sync_service", verb, word], done.code, done.out, done.err)
        return done

    def install(self, edition):
        self.do("install", edition)
        self.edition = edition
        for service in SERVICES[edition]:
            self.do("start", service)
        self.wait_running()

    def uninstall(self):
        edition, self.edition = self.edition, None
        self.do("remove", edition)

    def services(self):
        """name -> (state, start type)"""
        return {name: tuple(self.do("query", name).out.split()[:2]) for name in SERVICES[self.edition]}

    def wait_running(self, timeout=20):
        self.wait(f"services of {self.name} run", lambda: all(s[0] == "running" for s in self.services().values()), timeout)

    def wait(self, what, condition, timeout=20):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout} s for: {what}")
            time.sleep(0.05)

    # --- the agent ---
    def put_agent(self):
        target = self.machine.unix(AGENT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(wine.PROGRAMS / "baton-agent.exe", target)

    def secret(self, name, text):
        """A file that nobody else may read, and how the server calls it."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return self.machine.windows(path)

    def agent(self, *words, check=True):
        return self.machine.run(AGENT, *words, check=check)

    def agent_start(self):
        self.running = self.machine.start(AGENT, "run", "--dir", DATA, ready="ready", name=f"agent {self.name}",
                                          env={"BATON_LOG": os.environ.get("BATON_LOG", "info")})

    def agent_kill(self):
        """kill -9: no last words."""
        self.machine.kill("baton-agent.exe")

    def agent_wait(self, site, tenant):
        """Until the controller has a report of the agent that runs now."""
        began = time.monotonic()
        site.wait_until(f"{self.name} reports", lambda: self.has_reported(site, tenant, began), timeout=60)

    def has_reported(self, site, tenant, since):
        agent = site.baton("agent", "show", tenant, self.name, json_output=True)
        return agent["connected"] and agent["reported_ago_ms"] < (time.monotonic() - since) * 1000

    # --- people ---
    def open(self, tool, path=None):
        self.windows[tool] = self.machine.start(path or rf"C:\standin\{tool}", ready="open")

    def close_tool(self, tool):
        self.windows.pop(tool).kill()

    @contextlib.contextmanager
    def wizard(self):
        """The wizard's window, open as long as the act takes."""
        self.open("AzureADConnect.exe")
        try:
            yield
        finally:
            self.close_tool("AzureADConnect.exe")

    def receive(self, path):
        """The wizard has written that settings file where it writes them."""
        folder = self.machine.unix(SETTINGS_EXPORT)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.name)

    def placed(self):
        """The settings file that the agent has put down."""
        found = sorted(f for f in self.machine.unix(SETTINGS_IMPORT).iterdir() if f.is_file() and f.suffix != ".part")
        return found[-1]

    def logged(self, name):
        log = self.folder / name
        return log.read_text().splitlines() if log.exists() else []

    def close(self):
        self.machine.close()


class WineSite(Site):
    """A controller of this machine, its operators, and one tenant that is no lab's: production durations."""

    flags = ()
    look_timeout = 300  # they look every minute

    def __init__(self, speed="0.3", version="win7"):
        super().__init__(NATIVE)
        self.speed, self.version, self.servers, self.product = speed, version, {}, None

    def begin_site(self):
        self.controller_init()
        self.controller_start()
        self.operators_init()

    def tenant(self, name, old="dirsync", objects=300, sets=()):
        """OLD runs and has exported before its agent comes; NEW is empty."""
        kind = "dirsync" if old == "dirsync" else "connect"
        lab = self.labs[name] = Lab(self, name, objects, ["--old", f"OLD:{kind}", "--new", "NEW", "--speed", self.speed])
        self.product = Product(lab)
        policy = [w for s in sets for w in ("--set", s)]
        self.baton("tenant", "create", str(uuid.uuid4()), name, *self.flags, *policy)
        for host in ("OLD", "NEW"):
            self.servers[host] = Server(self.product, host, self.version)
        self.servers["OLD"].install(old)
        self.wait_until("OLD has exported", lambda: lab.exports(), timeout=60)
        for host, role in (("OLD", "old"), ("NEW", "new")):
            self.agent_enrol(name, host, role)
        return lab

    def agent_enrol(self, tenant, host, role):
        server = self.servers[host]
        server.put_agent()
        token = server.secret("token", self.baton("agent", "token", tenant, host, "--role", role))
        out = server.agent("enrol", "--dir", DATA, "--token-file", token, "--host", "windows", "--name", host).out
        fingerprint = next(line.split()[-1] for line in out.splitlines() if line.startswith("fingerprint"))
        server.agent_start()
        self.baton("agent", "confirm", tenant, host, "--expect", fingerprint)

    # --- what people do at the consoles, as deploy/lab_site has it, with windows and files that are there ---
    def stage(self, tenant):
        lab, old, new = self.labs[tenant], self.servers["OLD"], self.servers["NEW"]
        with old.wizard():
            made = lab.do("OLD", "wizard", act="export-settings", by="CONTOSO\\anna")["path"]
            old.receive(lab.dir / "servers/OLD" / made)
        self.wait_state(tenant, "S3", timeout=120)
        with new.wizard():
            placed = new.placed()
            shutil.copy(placed, lab.dir / "servers/NEW/settings-import" / placed.name)
            self.migrate(lab, new)
        self.wait_state(tenant, "S5", timeout=180)

    def migrate(self, lab, new):
        """The wizard installs the product; when the lab's is there the prefix gets its own, whose service the lab follows."""
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            act = pool.submit(lab.do, "NEW", "wizard", act="migrate", by="CONTOSO\\anna")
            self.wait_until("the product is on", lambda: lab.do("NEW", "product")["present"])
            new.install("connect")
            act.result()

    def fence(self, tenant):
        """C1 to C3, which takes at least the production gap."""
        # NEW is looked at every minute, and each time it may be in the middle of a cycle.
        self.wait_until("start", lambda: self.baton("cutover", "start", tenant) is not None, timeout=300)
        self.wait_state(tenant, "C3", timeout=180)

    def activate(self, tenant):
        """C4 to D1: a person leaves staging mode; the first export. D1 lasts a day."""
        with self.servers["NEW"].wizard():
            self.labs[tenant].do("NEW", "wizard", act="staging-off", by="CONTOSO\\anna")
        self.wait_state(tenant, "D1", timeout=180)

    def last_words(self, tenant):
        said = self.baton("cutover", "explain", tenant, check=False)
        print(said.stdout, said.stderr, file=sys.stderr)
        for server in self.servers.values():
            for log in (*server.machine.dir.glob("start-*.log"), server.folder / "questions.log"):
                if log.exists():
                    print(f"--- {server.name} {log.name}", *log.read_text(errors="replace").splitlines()[-25:],
                          sep="\n    ", file=sys.stderr)

    def close(self, keep=False):
        for server in self.servers.values():
            server.close()
        if self.product:
            self.product.close()
        super().close(keep)
