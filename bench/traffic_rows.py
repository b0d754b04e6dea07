"""What it costs the source that messages differ, and that each has a line in a log."""

import pathlib
import random
import tempfile

from contestants import SESSIONS, load_options, our_sink, our_source
from figures import Check, measure, ratio

KEPT = ("-s", SESSIONS, "-d")
WINDOW = ("--chunking", "--pipeline-window", 10)
OFFER = ("--offer", "CHUNKING")
# The mean of "lognormal 14K 1.1": 14 KiB * exp(1.1^2 / 2).
LOGNORMAL_MEAN = 26_253


def make_corpus(folder):
    """A thousand messages of 1 KiB in the mean."""
    folder.mkdir()
    sizes = random.Random(7)
    for number in range(1_000):
        size = sizes.randrange(300, 1_748)
        head = f"From: a@a.test\nSubject: message {number}\n\n"
        lines = "some words of a line that is as long as most of them are\n" * 40
        (folder / f"{number:04}.eml").write_text((head + lines)[:size - 1] + "\n")


def make_template(folder):
    """4 KiB with five fields, and a thousand rows."""
    text = "Subject: Hello {{name}}\n\nDear {{name}},\n" + "a line of the letter that all get alike\n" * 50
    text += "{{city}} {{code}}\n" + "a line of the letter that all get alike\n" * 48 + "{{n}} {{sum}}\n"
    (folder / "letter.eml").write_text(text)
    rows = "".join(f"Name {number},City {number},{number:06},{number * 7}\n" for number in range(1_000))
    (folder / "people.csv").write_text("name,city,code,sum\n" + rows)


def traffic_row(messages):
    """Kept sessions: a corpus, sizes and a template, each against one body of the same size."""
    def run(rounds):
        with tempfile.TemporaryDirectory(prefix="millrace.") as scratch:
            folder = pathlib.Path(scratch)
            make_corpus(folder / "corpus")
            make_template(folder)

            def source(*options, share=1):
                return our_source(["-m", messages // share, *KEPT, *options])

            table = measure({
                "one body of 1 KiB": (our_sink(), source("-l", 1024)),
                "a corpus": (our_sink(), source("--corpus", folder / "corpus")),
                "one body of 26 KB": (our_sink(), source("-l", LOGNORMAL_MEAN, share=4)),
                "lognormal 14K 1.1": (our_sink(), source("--size", "lognormal 14K 1.1", share=4)),
                "one body of 4 KiB": (our_sink(), source("-l", 4096)),
                "a template": (our_sink(), source("--template", folder / "letter.eml",
                                                  "--fields", folder / "people.csv")),
            }, rounds, messages, {name: messages // 4 for name in ("one body of 26 KB", "lognormal 14K 1.1")})
        return table, [
            Check("messages/s of a corpus, x one body", ratio(table, "a corpus", "one body of 1 KiB"), 0.85),
            Check("messages/s of sizes, x one body of their mean",
                  ratio(table, "lognormal 14K 1.1", "one body of 26 KB"), 0.85),
            Check("messages/s of a template, x one body", ratio(table, "a template", "one body of 4 KiB"), 0.60),
        ]

    return run


def log_row(messages, size):
    """A line a message, against none."""
    load = load_options(messages, size)

    def run(rounds):
        with tempfile.TemporaryDirectory(prefix="millrace.") as scratch:
            log = pathlib.Path(scratch) / "log.jsonl"
            table = measure({
                "without a log": (our_sink(), our_source(load)),
                "with a log": (our_sink(), our_source([*load, "--log", log])),
            }, rounds, messages)
        return table, [
            Check("source CPU with a log, x without",
                  ratio(table, "with a log", "without a log", "source_cpu_us"), 1.10, False),
            Check("messages/s with a log, x without", ratio(table, "with a log", "without a log"), None),
        ]

    return run


def traffic_window_row(messages, size):
    """Ten whole transactions a round trip, of a corpus against one body."""
    def run(rounds):
        with tempfile.TemporaryDirectory(prefix="millrace.") as scratch:
            corpus = pathlib.Path(scratch) / "corpus"
            make_corpus(corpus)
            table = measure({
                "one body": (our_sink(*OFFER), our_source(load_options(messages, size), *WINDOW)),
                "a corpus": (our_sink(*OFFER), our_source(["-m", messages, *KEPT, "--corpus", corpus], *WINDOW)),
            }, rounds, messages)
        return table, [Check("messages/s, x one body", ratio(table, "a corpus", "one body"), 0.50)]

    return run
