"""Prints the tests of the modules given, one a line: "sink_test.SinkTest.test_syslog"."""

import sys
import unittest


def names(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from names(test)
        elif isinstance(test, unittest.loader._FailedTest):  # a module that cannot be loaded
            raise test._exception
        else:
            yield test.id()


print(*names(unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:])), sep="\n")
