"""What a judge of clients (--lint) finds of real mail servers that send."""

import interop_test
import lint_test
import rig


class Postfix(interop_test.Peers, lint_test.Judged):
    start_postfix = interop_test.Postfix.start_postfix
    stop_postfix = interop_test.Postfix.stop_postfix

    def test_postfix(self):
        programs = rig.ours("epoll")
        with self.judging(programs, "Postfix smtp(8)", "--modern", "-c") as (sink, names):
            endpoint = self.start_postfix(sink.endpoint)
            done = programs.source(endpoint, "-m", "5", "-f", "a@b.example", "-t", "c@d.example")
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.wait_counter("mesg", 5)
        self.assertEqual(names, {})
