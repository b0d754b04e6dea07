"""The journals of both sides, read by proof_tool."""

import collections

import rig

TOOL = rig.BUILD / "tests/proof_tool"

Sent = collections.namedtuple("Sent", "number recipient outcome code kind domain due sent acknowledged text")
Taken = collections.namedtuple("Taken", "message recipient verdict bounced run listener")


def read_lines(command, path, ending):
    done = rig.run([TOOL, command, path])
    *lines, end = done.stdout.decode().split("\n")[:-1]
    if end != ending:
        raise AssertionError(f"{path}: {end}, {done.stderr}")
    return lines


def read_sent(path, ending="closed"):
    """The run that a source's names, and its records."""
    run, *lines = read_lines("sent", path, ending)
    records = [Sent(*(int(one) if place in (0, 1, 3, 6, 7, 8) else one for place, one in
                      enumerate(line.split("\t")))) for line in lines]
    return run, sorted(records)


def read_taken(path, ending="closed"):
    """The records of a sink's."""
    return [Taken(*map(int, words[:5]), words[5]) for words in
            (line.split(" ") for line in read_lines("taken", path, ending))]
