"""Waiting for what must come, with a bound."""

import time

PATIENCE = 20  # seconds that anything here may take


def wait_for(condition, what, seconds=PATIENCE):
    """Waits until `condition()` holds, looking often; returns what it gave."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.005)
    return result
