"""A relay that accepts whatever comes at once, and passes on so many messages a second at most.

    python3 -m support.slow_relay LISTEN NEXT RATE

LISTEN and NEXT are ports on 127.0.0.1. Ends with its standard input.
"""

import asyncio
import sys

from support.faulty_relay import LINKS, Relay, Upstream, deliver


class SlowRelay(Relay):
    """Messages leave at moments of a grid. Those that nobody waited at are over: a relay that was idle, or held
    up, does not make up for it."""

    def __init__(self, rate):
        super().__init__({"cycle": 1, "faults": {}})
        self.step = 1 / rate
        self.free = 0

    def pause_if_full(self, transport):
        pass

    async def next(self):
        message = await self.waiting.get()
        now = asyncio.get_running_loop().time()
        self.free = max(self.free + self.step, now)
        await asyncio.sleep(self.free - now)
        return message


async def main(listen, following, rate):
    relay = SlowRelay(rate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Upstream(relay), "127.0.0.1", listen, backlog=1000)
    links = [asyncio.ensure_future(deliver(relay, following)) for _ in range(LINKS)]
    ended = loop.run_in_executor(None, sys.stdin.read)
    await asyncio.wait([ended, *links], return_when=asyncio.FIRST_COMPLETED)
    for link in links:
        if link.done():
            link.result()
        link.cancel()
    server.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
