"""What a judge of clients (--lint) finds of real mail servers that send."""

import interop_test
import lint_test
import rig


class Postfix(interop_test.Peers, lint_test.Judged):
    start_postfix = interop_test.Postfix.start_postfix
    stop_postfix = interop_test.Postfix.stop_postfix

    # Sessions that it keeps for the next message it ends without QUIT when there is none.
    def test_postfix(self):
        programs = rig.ours("epoll")
        for setting, expected in (("smtp_connection_cache_on_demand = no", set()),
                                  ("smtp_connection_cache_destinations = static:all", {"no-quit"})):
            with self.subTest(setting=setting):
                with self.judging(programs, f"Postfix smtp(8), {setting}", "--modern", "-c") as (sink, names):
                    endpoint = self.start_postfix(sink.endpoint, setting + "\n")
                    done = programs.source(endpoint, "-m", "5", "-f", "a@b.example", "-t", "c@d.example")
                    self.assertEqual(done.returncode, 0, done.stderr)
                    sink.wait_counter("mesg", 5)
                self.assertEqual(set(names), expected)


class Exim(interop_test.Peers, lint_test.Judged):
    CONDITION, SETTINGS = "", "tls_advertise_hosts ="
    start_exim = interop_test.Exim.start_exim

    def test_exim(self):
        programs = rig.ours("epoll")
        with self.judging(programs, "Exim", "--modern", "-c") as (sink, names):
            endpoint, _ = self.start_exim(*interop_test.exim_route_to(rig.port_of(sink.endpoint)))
            done = programs.source(endpoint, "-m", "5", "-f", "a@b.example", "-t", "c@d.example")
            self.assertEqual(done.returncode, 0, done.stderr)
            done = interop_test.in_root("/opt/exim/usr/sbin/exim4", "-C", f"/etc/exim-{rig.port_of(endpoint)}.conf",
                                        "-qf", timeout=300)
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.wait_counter("mesg", 5)
        self.assertEqual(names, {})
