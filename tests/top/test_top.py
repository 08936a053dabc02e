#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""scripts/rgvt-top with a sysfs that is made up. Ends with a line such as cargo's, for scripts/check."""

import importlib.machinery
import importlib.util
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = TREE / "scripts/rgvt-top"


def module():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("rgvt_top", str(PROGRAM))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    loaded = importlib.util.module_from_spec(spec)
    loader.exec_module(loaded)
    return loaded


top = module()

POLICY = {"weight": 2, "cap": 100, "reservation": 0, "priority": -3, "timeslice_us": 2000,
          "preempt_timeout_us": 2000000, "stop": 0, "pin_quota_mib": 4096}


class Sysfs:
    """The part of sysfs that counts."""

    def __init__(self, root):
        self.root = root
        self.devices = root / "bus/mdev/devices"

    def add(self, uuid, number=1, **policy):
        parent = self.root / "devices/pci0000:00/0000:00:02.0"
        folder = parent / uuid
        (folder / "rgvt").mkdir(parents=True)
        (folder / "intel_vgpu").mkdir()
        (folder / "intel_vgpu/vgpu_id").write_text(f"{number}\n")
        kind = parent / "mdev_supported_types/i915-GVTg_V5_8"
        kind.mkdir(parents=True, exist_ok=True)
        (folder / "mdev_type").symlink_to(kind)
        for name, value in {**POLICY, **policy}.items():
            (folder / "rgvt" / name).write_text(f"{value}\n")
        (folder / "rgvt/user").write_text("77 qemu-system-x86\n")
        self.devices.mkdir(parents=True, exist_ok=True)
        (self.devices / uuid).symlink_to(folder)
        self.count(uuid)

    def count(self, uuid, busy=0, wait=0, workloads=0, reads=0, pages=0):
        text = (f"rcs0 busy_ns {busy}\nrcs0 wait_ns {wait}\nrcs0 workloads {workloads}\n"
                f"rcs0 preemptions 0\nrcs0 resets 3\nrcs0 rejected 1\nvcs0 busy_ns 0\n"
                f"vgpu pinned_pages {pages}\nvgpu register_reads {reads}\nvgpu ggtt_writes 0\n"
                "vgpu something_new 9\n")
        (self.devices / uuid / "rgvt/statistics").write_text(text)

    def remove(self, uuid):
        shutil.rmtree((self.devices / uuid).resolve())
        (self.devices / uuid).unlink()


class Tests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.sysfs = Sysfs(pathlib.Path(folder.name))

    def look(self, at):
        samples = top.look(self.sysfs.devices)
        for sample in samples.values():
            sample.at = at
        return samples

    def run_top(self, *arguments):
        command = [PROGRAM, "--sysfs", self.sysfs.root, "--interval", "0.05", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)

    def test_rates_are_by_second(self):
        self.sysfs.add("a", weight=7)
        before = self.look(10.0)
        self.sysfs.count("a", busy=500_000_000, wait=30_000_000, workloads=10, reads=400, pages=512)
        vgpu, = top.rows(before, self.look(12.0))
        engine = vgpu["engines"]["rcs0"]
        self.assertEqual((vgpu["weight"], vgpu["type"], vgpu["gpu"]), (7, "i915-GVTg_V5_8", "0000:00:02.0"))
        self.assertAlmostEqual(engine["busy_percent"], 25.0)
        self.assertAlmostEqual(engine["wait_ms"], 3.0)
        self.assertAlmostEqual(engine["workloads_per_s"], 5.0)
        self.assertAlmostEqual(vgpu["exits_per_s"], 200.0)
        self.assertEqual((vgpu["pinned_mib"], engine["resets"], engine["rejected"]), (2.0, 3, 1))
        # No work, so nothing has waited.
        self.assertIsNone(vgpu["engines"]["vcs0"]["wait_ms"])

    def test_what_was_made_anew_has_no_rates_yet(self):
        self.sysfs.add("a", number=1)
        self.sysfs.count("a", busy=1000)
        before = self.look(1.0)
        self.sysfs.remove("a")
        self.sysfs.add("a", number=2)
        vgpu, = top.rows(before, self.look(2.0))
        self.assertIsNone(vgpu["exits_per_s"])
        self.assertIsNone(vgpu["engines"]["rcs0"]["busy_percent"])

    def test_others_and_halves_are_left_out(self):
        self.sysfs.add("a")
        (self.sysfs.devices / "kvmgt").mkdir()
        self.sysfs.add("b")
        # While it is being removed.
        (self.sysfs.devices / "b/rgvt/weight").unlink()
        self.assertEqual(list(self.look(0.0)), ["a"])

    def test_a_table_has_a_line_for_each(self):
        self.sysfs.add("a")
        self.sysfs.add("longer", stop=1)
        lines = top.table(top.rows(self.look(1.0), self.look(2.0)))
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[0].startswith("VGPU "))
        self.assertIn("rcs0%", lines[0])
        self.assertIn("stopped", lines[2])
        self.assertTrue(lines[1].endswith("77 qemu-system-x86"))

    def test_no_device_is_no_error(self):
        said = self.run_top("--once")
        self.assertEqual(said.stdout, "no virtual GPU of rgvt's\n")
        self.assertEqual(json.loads(self.run_top("--once", "--json").stdout), {"vgpus": []})

    def test_once_is_one_line_of_json(self):
        self.sysfs.add("a")
        vgpu, = json.loads(self.run_top("--once", "--json").stdout)["vgpus"]
        self.assertEqual((vgpu["uuid"], vgpu["priority"]), ("a", -3))
        self.assertEqual(vgpu["engines"]["rcs0"]["busy_percent"], 0.0)

    def test_devices_come_and_go(self):
        command = [PROGRAM, "--sysfs", self.sysfs.root, "--interval", "0.05", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            def said(wanted):
                limit = time.monotonic() + 10
                while time.monotonic() < limit:
                    if [v["uuid"] for v in json.loads(running.stdout.readline())["vgpus"]] == wanted:
                        return True
                return False
            self.assertTrue(said([]))
            self.sysfs.add("a")
            self.assertTrue(said(["a"]))
            self.sysfs.remove("a")
            self.assertTrue(said([]))
            running.terminate()
            self.assertEqual(running.stderr.read(), "")

    def test_whoever_stops_to_read_is_no_error(self):
        self.sysfs.add("a")
        command = f"'{PROGRAM}' --sysfs '{self.sysfs.root}' --interval 0.05 --json | head -n 1"
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True, timeout=20)
        self.assertEqual((len(done.stdout.splitlines()), done.stderr), (1, ""))


def main():
    log = io.StringIO()
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Tests)
    result = unittest.TextTestRunner(stream=log, verbosity=2).run(suite)
    bad = len(result.failures) + len(result.errors)
    print(log.getvalue())
    verdict = "FAILED" if bad else "ok"
    print(f"test result: {verdict}. {result.testsRun - bad} passed; {bad} failed; 0 ignored")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
