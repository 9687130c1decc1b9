"""Places where a person once stood without a next command, with the real programs."""
from baton_case import BatonCase, main


class Removed(BatonCase):
    def test_an_old_server_uninstalled_in_the_gap_proves_that_and_go_follows(self):
        site = self.site
        lab = site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        site.fence("contoso")
        lab.do("OLD", "uninstall", by="CONTOSO\\bob")
        site.wait_until("the agent sees that it is gone", lambda: self.agent_view("contoso", "OLD")
                        ["facts"].get("product_present", {}).get("value") == 0)
        site.go("contoso", by="bert")
        site.activate("contoso")
        self.verify_audit()


if __name__ == "__main__":
    main()
