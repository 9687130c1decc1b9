"""The host port's own suite, over a Windows server's service manager, registry, processes and files."""
import unittest

import wine
from windows_site import Lab, NATIVE, Product, Server, Site


class Contract(unittest.TestCase):
    # What the adapter does when a system refuses or hangs is the same on every Windows, and takes long.
    parts = () if wine.VERSION == "win7" else ("suite",)

    def test_a_windows_server_does_what_every_host_must(self):
        site = Site(NATIVE)
        self.addCleanup(site.close)
        lab = site.labs["contoso"] = Lab(site, "contoso", 300)
        product = Product(lab)
        self.addCleanup(product.close)
        server = Server(product, "OLD", wine.VERSION)
        self.addCleanup(server.close)
        server.install("dirsync")
        self.assertIn(wine.VERSIONS[wine.VERSION], server.machine.run("cmd", "/c", "ver").out)
        done = server.machine.run(wine.PROGRAMS / "host_contract.exe", *self.parts, check=False, timeout=540)
        self.assertEqual(done.code, 0, done.out + done.err)
        self.assertRegex(done.err + done.out, r"PASSED.* 2[0-9] test")
        if self.parts:
            return
        self.assertRegex(done.err + done.out, r"OK.* where_nobody_tells_of_changes")
        self.assertRegex(done.err + done.out, r"OK.* an_engine_whose_service_has_names_of_its_own")
        self.assertRegex(done.err + done.out, r"OK.* an_account_that_nobody_names")  # the last of all


if __name__ == "__main__":
    wine.main()
