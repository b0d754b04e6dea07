"""Who runs: our programs, Postfix's and the floor, as functions of the port; and the round trips of
a message, as the floor is told of them."""

from support.places import PAIR, RELEASE

SESSIONS = 50


def our_sink(*options):
    return lambda port: [RELEASE / "smtp-sink", "--threads", 1, "-u", "nobody", *options,
                         f"127.0.0.1:{port}"]


def postfix_sink(*options):
    return lambda port: [PAIR / "usr/sbin/smtp-sink", "-u", "nobody", *options,
                         f"127.0.0.1:{port}", 1000]


def our_source(load, *options):
    return lambda port: [RELEASE / "smtp-source", "--threads", 1, *load, *options,
                         f"127.0.0.1:{port}"]


def postfix_source(load):
    return lambda port: [PAIR / "usr/sbin/smtp-source", *load, f"127.0.0.1:{port}"]


# Everything measured and reported.
REPORTS = ["--summary", "--json", "/dev/null", "--html", "/dev/null", "--csv", "/dev/null",
           "--hlog", "/dev/null", "--progress", "off"]
SINK_REPORT = ["--json", "/dev/null"]

# The round trips of a transaction, as the floor is told of them: bytes of commands and of their
# replies. The sizes are those of the dialogue between smtp-source and smtp-sink.
MAIL, RCPT, DATA, BDAT = (20, 14), (18, 14), (6, 37), (16, 0)


def content(size):
    return (160 + size, 14)


def together(*exchanges):
    """What is sent without waiting between, as one round trip."""
    return tuple(sum(part) for part in zip(*exchanges))


def one_by_one(size):
    return [MAIL, RCPT, DATA, content(size)]


def floor_pair(rounds, exchanges, mode="keep", engine="uring", sessions=SESSIONS):
    def side(role):
        words = [f"{request}:{reply}" for request, reply in exchanges]
        return lambda port: [RELEASE / "bench/floor", role, engine, port, sessions, rounds, mode,
                             *words]

    return side("serve"), side("drive")


def load_options(messages, size, sessions=SESSIONS, reconnect=False):
    """The options that our source and Postfix's have in common."""
    return ["-s", sessions, "-m", messages, "-l", size, *([] if reconnect else ["-d"])]
