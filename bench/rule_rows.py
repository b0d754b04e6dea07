"""What rules cost the sink: messages a second with them against none."""

import pathlib
import tempfile

from contestants import load_options, our_sink, our_source
from figures import Check, measure, ratio

# None of them matches: each is about a domain that gets no mail.
UNMATCHED = "".join(f"""
[[rule]]
name = "domain {number}"
match = {{ command = "RCPT", recipient = "*@domain{number}.test", client = "127.0.0.0/8" }}
act = {{ reply = "450 4.7.1 Not here" }}
""" for number in range(100))

# Always over, so that it matches at every message, which goes on as it would have.
OVER = """
[[rule]]
name = "over"
match = { command = "RCPT", over = "0/1h", per = "client" }
act = { reply = "250 2.1.5 Ok" }
"""


def rules_row(messages, size, share_unmatched, share_over):
    def run(rounds):
        load = load_options(messages, size)
        with tempfile.TemporaryDirectory(prefix="millrace.") as scratch:
            def sink(name, text):
                file = pathlib.Path(scratch) / f"{name}.toml"
                file.write_text(text)
                return our_sink("--rules", file)

            table = measure({
                "no rules": (our_sink(), our_source(load)),
                "100, none matches": (sink("unmatched", UNMATCHED), our_source(load)),
                "one, over a rate": (sink("over", OVER), our_source(load)),
            }, rounds, messages)
        return table, [
            Check("messages/s with 100 rules, x none", ratio(table, "100, none matches", "no rules"),
                  share_unmatched),
            Check("messages/s with one that matches, x none",
                  ratio(table, "one, over a rate", "no rules"), share_over),
        ]

    return run
