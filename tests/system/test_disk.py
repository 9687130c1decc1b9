"""A disk that fills during a handoff: the program stops with one line, and goes on when there is room again."""
import os
import pathlib
import re
import resource
import shutil
import subprocess
import unittest
import uuid

from baton_case import STEPS, BatonCase, main

KIB = 1024


class Stops(BatonCase):
    def wait_stopped(self, process):
        self.site.wait_until(f"{process.name} stops by itself", lambda: not process.alive(), timeout=60)
        self.assertNotIn(process.proc.returncode, (0, -6, -11), process.log.read_text())
        last = process.log.read_text().strip().splitlines()[-1]
        self.assertRegex(last, r"(?i)full|too large|no space|disk|I/O", last)
        self.assertNotIn("Sanitizer", process.log.read_text())


class Disk(Stops):
    """No mount is needed: a file that may not grow any further fails like a full disk."""

    def limit(self, process, size):
        resource.prlimit(process.proc.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def test_a_controller_whose_disk_is_full_writes_nothing_sends_nothing_and_goes_on_later(self):
        site = self.site
        site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        self.limit(site.controller, 8 * KIB + site.controller.log.stat().st_size)
        self.assertNotEqual(site.baton("cutover", "start", "contoso", check=False, timeout=120).returncode, 0)
        self.wait_stopped(site.controller)
        self.assertFalse(self.stopped("contoso", "OLD"), "what is not recorded is not ordered")
        site.controller_start()
        site.wait_until("it knows where it was", lambda: site.state("contoso") == "C1", timeout=60)
        site.fence("contoso")
        gap_from = self.last_export("contoso")
        site.go("contoso")
        site.activate("contoso")
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), {"NEW"})
        self.verify_audit()
        site.controller.stop()
        site.run([site.program("baton-controller"), "check", "--dir", site.controller_dir])

    def test_an_agent_whose_disk_is_full_promises_nothing_and_goes_on_later(self):
        site = self.site
        site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        agent = site.agents["contoso", "OLD"]
        self.limit(agent, agent.log.stat().st_size + 2 * KIB)
        site.wait_until("start", lambda: site.baton("cutover", "start", "contoso") is not None)
        self.wait_stopped(agent)
        self.assertEqual(site.state("contoso"), "C2")
        agent.start(ready="ready")
        site.wait_until("it stops and proves it", lambda: site.state("contoso") == "C3", timeout=60)
        self.assert_stopped("contoso", "OLD")
        site.go("contoso")
        site.activate("contoso")
        self.verify_audit()

    def test_a_new_server_whose_disk_is_full_while_the_settings_come_gets_them_later(self):
        site = self.site
        lab = site.tenant("contoso")
        site.begin("contoso")
        agent = site.agents["contoso", "NEW"]
        self.limit(agent, 100 * KIB)  # the settings file of the lab is larger
        lab.do("OLD", "wizard", act="export-settings", by="CONTOSO\\anna")
        site.wait_until("it could not be put down", lambda: not agent.alive() or re.search(
            r"settings\.failed|too large|full", agent.log.read_text()) is not None, timeout=60)
        self.assertNotIn(site.state("contoso"), ("S3",))
        if agent.alive():
            self.limit(agent, resource.RLIM_INFINITY)
        else:
            agent.start(ready="ready")
        site.wait_until("S3", lambda: site.state("contoso") == "S3", timeout=60)


class Syncs(Stops):
    """A sync that failed is not tried again: what the disk holds is unknown from then on."""

    def restart_with(self, process, trigger):
        process.stop()
        process.env = {**(process.env or os.environ), "LD_PRELOAD": os.environ["BATON_FSYNC_FAILS"],
                       "FSYNC_FAILS": str(trigger), "ASAN_OPTIONS": "verify_asan_link_order=0"}
        process.start(ready="ready", timeout=60)

    @unittest.skipUnless(os.environ.get("BATON_FSYNC_FAILS"), "ctest names the library")
    def test_a_failed_sync_stops_the_process_and_nothing_of_it_is_told(self):
        site = self.site
        trigger = site.dir / "syncs-fail"
        self.restart_with(site.controller, trigger)
        trigger.touch()
        self.assertNotEqual(site.baton("tenant", "create", str(uuid.uuid4()), "fabrikam", *site.flags, check=False,
                                       timeout=120).returncode, 0)
        self.wait_stopped(site.controller)
        trigger.unlink()
        site.controller_start()
        site.tenant("contoso")
        agent = site.agents["contoso", "OLD"]
        trigger = site.dir / "agent-syncs-fail"  # the controller still looks for the first one
        self.restart_with(agent, trigger)
        trigger.touch()
        self.assertNotEqual(agent.proc.wait(timeout=120), 0)  # at the next thing that it has to keep
        self.wait_stopped(agent)
        trigger.unlink()
        agent.start(ready="ready")
        site.begin("contoso")
        self.verify_audit()


def can_mount():
    return os.geteuid() == 0 and shutil.which("mount") is not None


def mount(case, *words):
    done = subprocess.run(["mount", *words], capture_output=True, text=True)
    if done.returncode != 0:
        case.skipTest(f"cannot mount here: {done.stderr}")
    case.addCleanup(subprocess.run, ["umount", "-l", words[-1]])


def mount_tmpfs(case, folder, mib):
    mount(case, "-t", "tmpfs", "-o", f"size={mib}m,mode=0700", "none", str(folder))


def mount_ext4(case, image, folder, mib):
    """In a file behind a loop device: a file system of the kernel's own, with a journal and late allocation."""
    if shutil.which("mkfs.ext4") is None:
        case.skipTest("no mkfs.ext4")
    with open(image, "wb") as whole:
        whole.truncate(mib << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", str(image)], check=True)
    mount(case, "-o", "loop", str(image), str(folder))
    folder.chmod(0o700)


long_and_root = unittest.skipUnless(can_mount() and os.environ.get("BATON_LONG") == "yes",
                                    "tests/run --only system --long as root mounts a small file system")


@long_and_root
class SmallDisk(Stops):
    """Real file systems of a few MiB that are full in every state of a handoff."""

    def mount(self, folder, mib):
        mount_tmpfs(self, folder, mib)

    def put_on_small_disk(self, process, folder, mib):
        aside = folder.with_name(folder.name + ".aside")
        process.stop()
        folder.rename(aside)
        folder.mkdir(mode=0o700)
        try:
            self.mount(folder, mib)
        except unittest.SkipTest:
            folder.rmdir()
            aside.rename(folder)
            raise
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        shutil.rmtree(aside)
        process.start(ready="ready", timeout=60)

    def fill(self, folder):
        with open(folder / "filler", "wb", buffering=0) as filler:
            for size in (65536, 4096, 512, 1):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError:
                    pass

    def free(self, folder):
        (folder / "filler").unlink()

    def both_report(self):
        agents = self.site.baton("agent", "list", json_output=True)
        return all(agent["reported_ago_ms"] is not None for agent in agents)

    def controller_is_full(self, state):
        """It refuses or stops; it never says yes to what is not there afterwards."""
        site = self.site
        self.fill(site.controller_dir)
        name = f"extra-{state.lower()}"
        said = site.baton("tenant", "create", str(uuid.uuid4()), name, *site.flags, check=False, timeout=120)
        if said.returncode != 0:
            self.wait_stopped(site.controller)
        self.free(site.controller_dir)
        if not site.controller.alive():
            site.controller_start()
        if said.returncode == 0:
            self.assertIn(name, site.baton("tenant", "list"))
        return said.returncode != 0

    def test_a_disk_that_is_full_in_every_state_costs_time_and_nothing_else(self):
        site = self.site
        site.tenant("contoso")
        old = site.agents["contoso", "OLD"]
        old_dir = pathlib.Path(old.directory)
        self.put_on_small_disk(site.controller, site.controller_dir, 24)
        self.put_on_small_disk(old, old_dir, 8)
        stopped = 0
        for state, step in STEPS:
            stopped += self.controller_is_full(state)
            if step == "fence":
                site.wait_until("both agents report again", self.both_report)
                self.fill(old_dir)
                site.wait_until("start", lambda: site.baton("cutover", "start", "contoso") is not None)
                self.wait_stopped(old)
                self.assertEqual(site.state("contoso"), "C2")
                self.free(old_dir)
                old.start(ready="ready")
                site.wait_until("it stops and proves it", lambda: site.state("contoso") == "C3", timeout=60)
                self.assert_stopped("contoso", "OLD")
            else:
                getattr(site, step)("contoso")
        self.assertGreater(stopped, 0, "a full disk has stopped nothing")
        self.verify_audit()
        site.controller.stop()
        site.run([site.program("baton-controller"), "check", "--dir", site.controller_dir])


@long_and_root
class SmallExt4(SmallDisk):
    def mount(self, folder, mib):
        mount_ext4(self, folder.with_name(folder.name + ".img"), folder, mib)


@long_and_root
class ThinDisk(SmallDisk):
    """Storage that promised more room than it has: the file system takes what is written, and its device fails."""

    def mount(self, folder, mib):
        self.under = folder.with_name(folder.name + ".under")
        self.under.mkdir()
        mount_tmpfs(self, self.under, mib)
        self.image = self.under / "image"
        mount_ext4(self, self.image, folder, 4 * mib)

    def mend(self, folder):
        """As people do: take it off, look it through, bring it back."""
        subprocess.run(["umount", str(folder)], check=True)
        self.assertLess(subprocess.run(["e2fsck", "-fy", str(self.image)], capture_output=True).returncode, 4)
        mount(self, "-o", "loop", str(self.image), str(folder))

    def test_a_disk_that_is_full_in_every_state_costs_time_and_nothing_else(self):
        site = self.site
        site.tenant("contoso")
        self.put_on_small_disk(site.controller, site.controller_dir, 24)
        site.prepare("contoso")
        site.arm("contoso")
        os.sync()  # what was put there to begin with has its room
        self.fill(self.under)
        told = []
        while site.controller.alive() and len(told) < 200:
            name = f"extra-{len(told)}"
            if site.baton("tenant", "create", str(uuid.uuid4()), name, *site.flags, check=False, timeout=120).returncode == 0:
                told.append(name)
        self.wait_stopped(site.controller)
        self.free(self.under)
        self.mend(site.controller_dir)
        site.controller_start()
        kept = site.baton("tenant", "list")
        self.assertEqual([], [name for name in told if name not in kept], "what was said to be done is there")
        site.wait_until("it knows where it was", lambda: site.state("contoso") == "C1", timeout=60)
        site.fence("contoso")
        site.go("contoso")
        site.activate("contoso")
        self.verify_audit()


if __name__ == "__main__":
    main()
