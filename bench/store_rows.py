"""What keeping costs the sink: messages a second with dumps and stores in memory, against none."""

import pathlib
import shutil
import tempfile

from contestants import load_options, our_sink, our_source, postfix_sink, postfix_source
from figures import Check, measure, ratio

MEMORY = "/dev/shm"  # a tmpfs: a disk is not what is measured

# The options of each, with the place of what is kept.
KEEPING = {
    "-D": ["-D", "{}/all"],
    "mbox": ["--store", "mbox:{}/mbox"],
    "jsonl": ["--store", "jsonl:{}/jsonl"],
    "jsonl+message": ["--store", "jsonl+message:{}/jsonl"],
    "maildir": ["--store", "maildir:{}/maildir"],
    "eml": ["--store", "eml:{}/eml"],
}


def store_row(messages, size, shares):
    """`shares`: of the rate without, that each must reach."""
    def run(rounds):
        load = load_options(messages, size)
        with tempfile.TemporaryDirectory(prefix="millrace.", dir=MEMORY) as scratch:
            place = pathlib.Path(scratch) / "kept"
            pathlib.Path(scratch).chmod(0o755)

            def keeping(sink, options):
                """Each run begins with nothing kept."""
                def command(port):
                    shutil.rmtree(place, ignore_errors=True)
                    place.mkdir()
                    place.chmod(0o777)
                    return sink(*(option.format(place) for option in options))(port)

                return command

            table = measure({
                "nothing": (our_sink(), our_source(load)),
                **{name: (keeping(our_sink, options), our_source(load))
                   for name, options in KEEPING.items()},
                "Postfix": (postfix_sink(), postfix_source(load)),
                "Postfix -D": (keeping(postfix_sink, KEEPING["-D"]), postfix_source(load)),
            }, rounds, messages)
        return table, [
            *(Check(f"messages/s with {name}, x without", ratio(table, name, "nothing"), shares.get(name))
              for name in KEEPING),
            Check("messages/s of Postfix with -D, x without", ratio(table, "Postfix -D", "Postfix"), None),
        ]

    return run
