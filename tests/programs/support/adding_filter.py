"""A content filter: what comes in on one port goes out to the next, with a field more in its header.

    python3 -m support.adding_filter LISTEN NEXT

LISTEN and NEXT are ports on 127.0.0.1. Commands and replies pass as they are, so that nothing is
answered before the next server has answered it.
"""

import asyncio
import sys

FIELD = b"X-Filtered: yes\r\n"


async def pass_on(client, to_client):
    server, to_server = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    content_begins = False

    async def commands():
        nonlocal content_begins
        while data := await client.read(65536):
            to_server.write(FIELD + data if content_begins else data)
            content_begins = False
            await to_server.drain()
        to_server.close()

    async def replies():
        nonlocal content_begins
        while line := await server.readline():
            content_begins = content_begins or line.startswith(b"354")
            to_client.write(line)
        to_client.close()

    await asyncio.gather(commands(), replies(), return_exceptions=True)


async def main():
    server = await asyncio.start_server(pass_on, "127.0.0.1", int(sys.argv[1]), backlog=1000)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
