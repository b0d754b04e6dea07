"""That the rig fails a test which forgets to look: each deed here is a test that asserts nothing."""

import signal
import sys
import threading
import unittest

import rig

REPORTS = ("==7==ERROR: AddressSanitizer: heap-use-after-free", "WARNING: ThreadSanitizer: data race",
           "x.cc:1:2: runtime error: signed integer overflow")


def shell(script):
    return ["sh", "-c", script]


def sink_that(program):
    """A made-up sink: `program` is what it does when it is told to end."""
    endpoint = f"127.0.0.1:{rig.free_port()}"
    return rig.Sink([sys.executable, "-c", f"""
import signal, socket, sys
listener = socket.create_server(("127.0.0.1", {rig.port_of(endpoint)}))
signal.sigwait({{signal.SIGTERM}})
{program}"""], endpoint, preexec_fn=block_sigterm)


def block_sigterm():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


class Rig(unittest.TestCase):
    def outcome(self, deed):
        """What is said of a test that does this."""
        class Test(rig.TestCase):
            def runTest(self):
                deed()

        result = Test().run()
        return "".join(text for _, text in result.failures + result.errors)

    def test_a_status_that_nobody_looked_at_fails(self):
        self.assertIn("ended with 1", self.outcome(lambda: rig.run(["false"])))
        self.assertEqual(self.outcome(lambda: rig.run(["false"]).returncode), "")

    def test_a_status_that_no_program_may_have_fails(self):
        for script, status in (("exit 66", 66), ("kill -SEGV $$", -11)):
            self.assertIn(f"ended with {status}", self.outcome(lambda: rig.run(shell(script)).returncode))

    def test_a_process_beside_the_test_ends_as_was_said(self):
        self.assertIn("ended with 3", self.outcome(lambda: rig.Process(shell("exit 3")).wait()))
        self.assertEqual(self.outcome(lambda: rig.Process(shell("exit 3"), statuses=[3]).wait()), "")
        self.assertIn("ended with 0", self.outcome(lambda: rig.Process(["true"], statuses=[3]).wait()))

    def test_a_process_that_is_left_running_fails(self):
        self.assertIn("left running", self.outcome(lambda: rig.Process(["sleep", "1000"])))

    def test_a_sink_that_ends_otherwise_than_in_order_fails(self):
        self.assertEqual(self.outcome(lambda: sink_that("").end()), "")
        self.assertIn("ended with 1", self.outcome(lambda: sink_that("sys.exit(1)").end()))

    def test_a_report_of_a_sanitizer_fails_wherever_it_is(self):
        for report in REPORTS:
            for to in ("&1", "&2"):
                script = shell(f"echo '{report}' >{to}")
                self.assertIn(report, self.outcome(lambda: rig.run(script)))
                self.assertIn(report, self.outcome(lambda: rig.Process(script).wait()))
            self.assertIn(report, self.outcome(lambda: sink_that(f"print('{report}', file=sys.stderr)").end()))

    def test_what_goes_wrong_in_a_made_up_server_fails(self):
        def visit(at_once):
            with rig.FakeServer(lambda connection: {}["no such key"], at_once=at_once) as server:
                with rig.connect(server.endpoint) as client:
                    client.recv(1)

        for at_once in (False, True):
            self.assertIn("no such key", self.outcome(lambda: visit(at_once)))

    def test_a_connection_that_does_not_come_fails(self):
        def deed():
            with rig.FakeServer(rig.read_line):
                pass

        self.assertIn("0 of 1 connections came", self.outcome(deed))

    def test_what_goes_wrong_in_a_thread_fails(self):
        def deed():
            thread = threading.Thread(target=lambda: {}["no such key"])
            thread.start()
            thread.join()

        self.assertIn("no such key", self.outcome(deed))


if __name__ == "__main__":
    unittest.main()
