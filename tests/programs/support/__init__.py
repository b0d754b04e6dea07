"""What the tests of whole programs and script/bench share: where things are, ports and sockets,
processes. Of the standard library only, so that script/bench can install what is missing; what only
tests need is in rig.py and in dialogues.py and certificates.py here."""
