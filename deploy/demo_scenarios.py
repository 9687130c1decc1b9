"""Three handoffs against the lab, told as they happen. Started by deploy/demo."""
import argparse
import contextlib
import json
import os
import pathlib
import shlex
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from lab_site import CommandFailed, Site  # noqa: E402

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
STARTED = time.monotonic()


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def say(text):
    print(f"{time.monotonic() - STARTED:6.1f} s  {text}", flush=True)


def title(text):
    print(flush=True)
    say(paint("1", text))


class Watcher(threading.Thread):
    """Prints every change of state while the scenario's own commands run."""

    def __init__(self, site, tenant):
        super().__init__(daemon=True)
        self.site, self.tenant, self.last, self.ended = site, tenant, None, threading.Event()

    def run(self):
        while not self.ended.wait(0.2):
            try:
                self.look()
            except (CommandFailed, OSError, ValueError, KeyError):
                continue  # between two states of a program that starts or stops

    def look(self):
        state = self.site.cutover(self.tenant)["state"]
        if state["code"] != self.last:
            self.last = state["code"]
            say(f"  {paint('36', state['code']):4} {state['title']:16} exports: {state['exporter']}")

    def stop(self):
        """Ends with the state as it is then, however short it was."""
        if self.ended.is_set():
            return
        self.ended.set()
        self.join()
        with contextlib.suppress(CommandFailed, OSError, ValueError, KeyError):
            self.look()


def judged(lab):
    judge = lab.judge()
    if not judge["ok"]:
        raise AssertionError(f"two servers could export at once: {judge['overlaps']}")
    return judge


def show_task(site, tenant):
    show(site.baton("cutover", "task", tenant))


def new_tenant(site, tenant, options):
    say(f"a tenant with {options.objects:,} objects, OLD with DirSync, NEW empty")
    return site.tenant(tenant, options.objects, ["--config", options.config] if options.config else [])


def show(text):
    """What a command printed, without its empty lines and the rows that say nothing."""
    for line in text.splitlines():
        if len(line.split()) > 1:
            say("    " + line)


def prepare(site, tenant, options):
    """P1 to C1, as in the first scenario; the watcher tells how it goes on."""
    new_tenant(site, tenant, options)
    watcher = Watcher(site, tenant)
    watcher.start()
    try:
        site.prepare(tenant)
        site.arm(tenant)
    except BaseException:
        watcher.stop()
        raise
    return watcher


def show_certificate(site, tenant):
    saved = site.dir / f"certificate-{tenant}.json"
    site.baton("cutover", "certificate", tenant, "--save", saved)
    site.baton("cutover", "certificate", tenant, "--html", "--save", saved.with_suffix(".html"))
    c = json.loads(saved.read_text())["certificate"]
    say(f"certificate: grade {c['grade']} ({c['grade_why']}), nobody exported for {c['gap_lower_ms'] / 1000:.1f} to "
        f"{c['gap_upper_ms'] / 1000:.1f} s, rules {', '.join(str(r['rule']) for r in c['rule'])}")
    show(site.baton("audit", "verify", saved))


def clean(site, options):
    title("1. A clean handoff: DirSync to Entra Connect on another server")
    tenant = "contoso"
    watcher = None
    try:
        lab = new_tenant(site, tenant, options)
        say("assessment:")
        show(site.baton("cutover", "assess", tenant, "--old", "OLD", "--new", "NEW"))
        site.baton("cutover", "create", tenant, "--old", "OLD", "--new", "NEW", "--profile", "parallel", "--reason",
                   "two servers wanted")
        watcher = Watcher(site, tenant)
        watcher.start()
        site.baton("cutover", "plan", tenant)
        say("anna approves the plan with her own key")
        site.baton("cutover", "approve", tenant, "--yes")
        site.wait_state(tenant, "S1")
        show_task(site, tenant)
        lab.do("OLD", "wizard", act="export-settings", by="CONTOSO\\anna")
        site.wait_state(tenant, "S3")
        show_task(site, tenant)
        lab.do("NEW", "wizard", act="migrate", by="CONTOSO\\anna")
        site.wait_state(tenant, "S5", timeout=90)
        say("what the new server would do otherwise, found by its own agent beside the data:")
        site.wait_until("the findings of this configuration", lambda: site.cutover(tenant)["verification"]["items"]["parity_rows"]
                        is not None)
        show(site.baton("cutover", "findings", tenant))
        say("anna accepts the verification; anna and bert approve the cutover")
        site.arm(tenant)
        say("the old server drains, stops and proves it")
        site.fence(tenant)
        say("bert asks everybody once more, reads the evidence, and signs go")
        site.go(tenant, by="bert")
        show_task(site, tenant)
        site.activate(tenant)
        show_task(site, tenant)
        say("the old server is uninstalled, its own account in the tenant is removed on NEW, and it is retired")
        site.retire(tenant)
        judged(lab)
        watcher.stop()
        show_certificate(site, tenant)
    finally:
        if watcher:
            watcher.stop()


def rollback(site, options):
    title("2. Decided against it in the gap: the role goes back to OLD")
    tenant = "fabrikam"
    watcher = prepare(site, tenant, options)
    try:
        site.fence(tenant)
        say("the operator reads the pending changes and decides against it")
        site.baton("cutover", "rollback", tenant, "--reason", "wrong rules on the new server", "--yes")
        site.wait_state(tenant, "R3", timeout=60)
        watcher.stop()
        lab = site.labs[tenant]
        judged(lab)
        say(f"OLD exports again: {lab.exports()[-1]['server']} made the newest export; NEW is still staging")
    finally:
        watcher.stop()


def tamper(site, options):
    title("3. After the cutover somebody starts the old service by hand")
    tenant = "tailspin"
    watcher = prepare(site, tenant, options)
    try:
        lab = site.labs[tenant]
        site.fence(tenant)
        site.go(tenant)
        site.activate(tenant)
        say("CONTOSO\\bob opens services.msc on OLD and starts the synchronization service")
        began = time.monotonic()
        with contextlib.suppress(CommandFailed):  # the guard may stop it before it has started
            lab.do("OLD", "re-enable", by="CONTOSO\\bob via services.msc")
        site.wait_until("the guard stops it", lambda: all(
            s["state"] == "stopped" for s in lab.do("OLD", "services")["services"]))
        say(paint("31", f"the guard stopped it after {time.monotonic() - began:.1f} s"))
        site.wait_until("the alarm reaches the audit", lambda: "bob" in str(
            site.baton("agent", "show", tenant, "OLD", json_output=True)))
        alarm = site.baton("agent", "show", tenant, "OLD", json_output=True)["alarm"]
        say(f"recorded: {alarm}")
        exporters = {e["server"] for e in lab.exports() if e["begin"] > began_of_gap(lab)}
        say(f"exports since the gap: by {', '.join(sorted(exporters))} only")
        if exporters != {"NEW"}:
            raise AssertionError(f"somebody else exported after the gap: {exporters}")
        for overlap in lab.judge()["overlaps"]:
            say(f"able to export at once, from the hand start to the guard: {overlap['to'] - overlap['from']} ms")
    finally:
        watcher.stop()


def began_of_gap(lab):
    return max(e["end"] for e in lab.exports() if e["server"] == "OLD")


SCENARIOS = {"clean": clean, "rollback": rollback, "tamper": tamper}


def show_end(site):
    title("What the tenants themselves recorded")
    for name, lab in site.labs.items():
        runs = lab.exports()
        by = [f"{s}: {sum(e['server'] == s for e in runs)}" for s in sorted({e["server"] for e in runs})]
        say(f"  {name}: {len(runs)} exports ({', '.join(by)})")
    title("The audit, verified without the controller")
    bundle = site.dir / "audit.bundle"
    site.baton("audit", "export", bundle)
    show(site.baton("audit", "verify", bundle))


def write_env(site):
    """What a shell needs to be anna: sourced with one short line."""
    mine = site.dir / "anna"
    env = {"BATON_CONFIG": mine / "baton.ini", "BATON_TOKEN_FILE": mine / ".config/baton/token",
           "BATON_KEY_FILE": mine / ".config/baton/operator.key", "BATON_PASSPHRASE_FILE": site.secret,
           "BATON_LAB_DIR": next(iter(site.labs.values())).dir}
    path = site.dir / "env"
    path.write_text("".join(f"export {name}={shlex.quote(str(value))}\n" for name, value in env.items())
                    + f'PATH={shlex.quote(str(site.programs))}:"$PATH"\n')
    return path


def show_keep(site):
    tenant = next(iter(site.labs))
    print(f"""
Everything still runs in {site.dir}. In another terminal:
  . {shlex.quote(str(write_env(site)))}
  baton tenant list
  baton agent show {tenant} OLD
  baton cutover show {tenant}
  baton cutover explain {tenant}
  baton audit list --tenant {tenant}
  baton-lab tenant exports
The certificates to print: {site.dir}/certificate-*.html
Ctrl-C stops everything and removes it.""", flush=True)
    signal.pause()


def show_next(site):
    print("""
Next:
  deploy/demo --keep                  leave it running and look around with `baton`
  deploy/demo --scenario tamper       one scenario alone
  build/release/bin/baton --help      every command, with examples
  build/release/bin/baton fsm --format mermaid""", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="deploy/demo")
    parser.add_argument("--programs", required=True)
    parser.add_argument("--objects", type=int, default=60000)
    parser.add_argument("--scenario", choices=sorted(SCENARIOS))
    parser.add_argument("--config")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    if options.config and not os.path.isdir(options.config):
        parser.error(f"--config: {options.config} is no directory")
    if not 1 <= options.objects <= 1000000:
        parser.error("--objects: 1 to 1000000")

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda caught, _: sys.exit(128 + caught))
    site = Site(options.programs)
    try:
        title("The controller, two operators, a root of trust")
        site.controller_init()
        say(site.controller_start())
        site.operators_init()
        for name in [options.scenario] if options.scenario else SCENARIOS:
            SCENARIOS[name](site, options)
        show_end(site)
        title(paint("32", "done: at no instant could two servers export because of Baton"))
        show_keep(site) if options.keep else show_next(site)
    except KeyboardInterrupt:
        print("\nstopping", flush=True)
        return 130
    except (CommandFailed, AssertionError, RuntimeError) as problem:
        say(paint("31", f"failed: {problem}"))
        for process in site.everything():
            tail = process.log.read_text(errors="replace").splitlines()[-15:] if process.log.exists() else []
            print(f"--- {process.name}: {process.log}", *tail, sep="\n    ", file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # what runs is stopped first
        site.close(keep=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
