"""The figures of the long runs: what a kind prints is kept, what was not run says so, and nothing else on the page changes."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import figures  # noqa: E402


class Figures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, value in (("FOLDER", self.folder / "figures"), ("PAGE", self.folder / "page.md"),
                            ("RECORDED", self.folder / "recorded")):
            patch = mock.patch.object(figures, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.write("before\n" + figures.BEGIN + "\nold\n" + figures.END + "\nafter\n")

    def write(self, text):
        figures.PAGE.write_text(text)

    def read(self, kind, text):
        out = io.StringIO()
        with mock.patch("sys.stdin", io.StringIO(text)), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            figures.read(kind)
        return out.getvalue()

    def page(self):
        with contextlib.redirect_stdout(io.StringIO()):
            figures.report()
        return figures.PAGE.read_text()

    def test_what_was_not_run_says_so_and_the_rest_of_the_page_stays(self):
        page = self.page()
        self.assertEqual(page.count("| not run |"), len(figures.KINDS) + 1)
        self.assertTrue(page.startswith("before\n") and page.endswith("\nafter\n"))
        self.assertNotIn("old", page)
        self.assertEqual(self.page(), page, "written twice, it is the same")

    def test_a_row_stays_where_this_machine_has_no_newer_figure(self):
        self.read("branches", "TOTAL 3298 2876 87%\n")
        self.page()
        (figures.FOLDER / "branches.json").unlink()
        self.assertIn("| 2,876 of 3,298 taken |", self.page())

    def test_the_newest_summary_is_kept_as_it_comes_and_passed_on(self):
        said = "night-1: 31 kills\n1 handoffs, 31 kills, 6 stops, 0 broken promises so far; first seed 2\n" \
               "2 handoffs, 1063 kills, 16 stops, 0 broken promises so far; first seed 2\n"
        self.assertEqual(self.read("kills", said), said)
        self.assertIn("| 2 handoffs, 1,063 kills, 16 stops, 0 broken promises |", self.page())

    def test_a_kind_that_tells_nothing_leaves_the_older_figure_and_is_named(self):
        self.read("branches", "TOTAL 3298 2876 87%\nTOTAL 40000 30000 75%\n")
        self.assertIn("told no figure", self.read("branches", "no such tool\n"))
        self.assertIn("| 2,876 of 3,298 taken |", self.page())

    def test_only_shards_of_this_commit_are_added_up_and_all_of_them_stand_beside(self):
        head = figures.commit().split()[0]
        there = "date=2026-11-30 machine=m done=240"
        figures.RECORDED.write_text(f"seeds=1..250 tenants=1 small commit={head} {there} failed=0 events=9 faults=30\n"
                                    f"seeds=251..500 tenants=1 small commit={head} {there} failed=1 events=9 faults=4\n"
                                    "seeds=1..250 tenants=1 commit=0000000 date=2026-11-28 machine=n done=1 failed=2 events=9 faults=30\n")
        figures.shards()
        page = self.page()
        self.assertIn("| 500 seeds, 34 faults, 1 failed |", page)
        self.assertIn("| 750 seeds, 64 faults, 3 failed | 2026-11-28 to 2026-11-30 | 2 commits | m, n |", page)

    def test_a_page_without_its_marks_is_refused_and_not_written(self):
        self.write("no marks\n")
        with self.assertRaises(SystemExit) as refused:
            figures.report()
        self.assertIn("put both back", str(refused.exception))
        self.assertEqual(figures.PAGE.read_text(), "no marks\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
