"""Where things are."""

import os
import pathlib

TOP = pathlib.Path(__file__).resolve().parents[3]
RELEASE = TOP / "build/release"
BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", RELEASE))  # whose programs are tested
PEERS = TOP / "build/peers"  # as script/peers makes it
PAIR = PEERS / "pair"


def pair_environment():
    """What Postfix's pair needs: its libraries are beside it."""
    libraries = [PAIR / "usr/lib/postfix", *PAIR.glob("usr/lib/*-linux-gnu")]
    return {"LD_LIBRARY_PATH": ":".join(map(str, libraries))}
