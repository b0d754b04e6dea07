"""A relay that spoils some of what it takes, and tells which messages it did what to.

    python3 -m support.faulty_relay LISTEN NEXT PLAN

LISTEN and NEXT are ports on 127.0.0.1. PLAN is JSON: how long "delayed" messages wait, in seconds, and
of each fault the numbers, modulo "cycle", of the messages that suffer it; a message's number is that
of its stamp. Ends with its standard input, once all is passed on, and prints as JSON the numbers of
the messages by fault.
"""

import asyncio
import collections
import json
import quopri
import re
import sys

LINKS = 8          # connections to the next server
BACKLOG = 2_000    # messages that may wait for them, so that none of those is late by waiting
FOOTER = b"-- \r\nThis was checked by a relay that adds a line.\r\n"
GREETING = b"220 relay.test ESMTP\r\n"
EXTENSIONS = b"250-relay.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE\r\n"
NUMBER = re.compile(rb"^X-Millrace-Stamp:.*?\bn:0*(\d+)", re.I | re.M | re.S)


def parts(content):
    header, _, body = content.partition(b"\r\n\r\n")
    return header + b"\r\n", body


def joined(header, body):
    return header + b"\r\n" + body


def flipped(content):
    header, body = parts(content)
    place = len(body) // 2
    while not body[place:place + 1].isalpha():
        place += 1
    return joined(header, body[:place] + bytes([body[place] ^ 0x20]) + body[place + 1:])


def cut(content):
    header, body = parts(content)
    lines = body.splitlines(keepends=True)
    return joined(header, b"".join(lines[:len(lines) // 2]))


def encoded_anew(content):
    header, body = parts(content)
    text = quopri.encodestring(body.replace(b"\r\n.", b"\r\n").replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    text = text.replace(b"\r\n.", b"\r\n..")
    return joined(header + b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n", text)


def without(name):
    field = re.compile(rb"^" + name + rb":[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", re.I | re.M)

    def strip(content):
        header, body = parts(content)
        return joined(field.sub(b"", header, count=1), body)
    return strip


# What is passed on instead; contents have their dots doubled.
CHANGES = {
    "flipped": flipped,
    "cut": cut,
    "encoded_anew": encoded_anew,
    "footer": lambda content: content + FOOTER,
    "unsubjected": without(b"Subject"),
    "unstamped": without(b"X-Millrace-Stamp"),
    "added": lambda content: b"Received: by relay.test; Thu, 1 Jan 1970 00:00:00 +0000\r\n" + content,
}


class Relay:
    """What all connections share: the plan, and what waits for the next server."""

    def __init__(self, plan):
        self.cycle = plan["cycle"]
        self.delay = plan.get("delay", 0)
        self.fault_of = {place: fault for fault, places in plan["faults"].items() for place in places}
        self.done = collections.defaultdict(list)
        self.waiting = asyncio.Queue()
        self.held = None   # is overtaken by the next one
        self.delayed = set()
        self.paused = []   # connections that are not read for so long

    def take(self, sender, recipients, content):
        """Returns the answer, or None for a connection that ends without one, and whether it ends."""
        number = int(NUMBER.search(content)[1])
        fault = self.fault_of.get(number % self.cycle)
        message = (sender, recipients, content)
        if fault:
            self.done[fault].append(number)
        if fault in CHANGES:
            self.pass_on((sender, recipients, CHANGES[fault](content)))
        elif fault == "doubled":
            self.pass_on(message)
            self.pass_on(message)
        elif fault == "delayed":
            later = asyncio.get_running_loop().create_task(asyncio.sleep(self.delay))
            later.add_done_callback(lambda done: (self.pass_on(message), self.delayed.discard(done)))
            self.delayed.add(later)
        elif fault == "overtaken":
            self.pass_held()
            self.held = message
        elif fault not in ("lost", "dies_after_250", "dies_with_it"):
            self.pass_on(message)
            self.pass_held()
        return fault not in ("dies_with_it", "dies_before_250"), str(fault).startswith("dies")

    def pass_on(self, message):
        self.waiting.put_nowait(message)

    def pause_if_full(self, transport):
        if self.waiting.qsize() >= BACKLOG:
            transport.pause_reading()
            self.paused.append(transport)

    async def next(self):
        if self.waiting.qsize() < BACKLOG / 2:
            for transport in self.paused:
                transport.resume_reading()
            self.paused.clear()
        return await self.waiting.get()

    def pass_held(self):
        if self.held:
            self.pass_on(self.held)
            self.held = None

    async def finish(self):
        self.pass_held()
        while self.delayed:
            await asyncio.wait(set(self.delayed))
            await asyncio.sleep(0)
        await self.waiting.join()


class Upstream(asyncio.Protocol):
    """A client that delivers to the relay."""

    def __init__(self, relay):
        self.relay = relay
        self.input = b""
        self.sender, self.recipients, self.in_content = b"", [], False

    def connection_made(self, transport):
        self.transport = transport
        transport.write(GREETING)

    def data_received(self, data):
        self.input += data
        while not self.transport.is_closing():
            mark = b"\r\n.\r\n" if self.in_content else b"\r\n"
            end = self.input.find(mark)
            if end < 0:
                return
            text, self.input = self.input[:end], self.input[end + len(mark):]
            if self.in_content:
                self.content(text + b"\r\n")
            else:
                self.command(text)

    def content(self, content):
        self.in_content = False
        answers, ends = self.relay.take(self.sender, self.recipients, content)
        if answers:
            self.transport.write(b"250 2.0.0 Ok: queued as %X\r\n" % id(content))
        if ends:
            self.transport.close()
        else:
            self.relay.pause_if_full(self.transport)
        self.sender, self.recipients = b"", []

    def command(self, line):
        verb = line[:4].upper()
        if verb == b"MAIL":
            self.sender = line[10:]
        elif verb == b"RCPT":
            self.recipients.append(line[8:])
        elif verb == b"RSET":
            self.recipients = []
        elif verb == b"DATA":
            self.in_content = True
            return self.transport.write(b"354 go on\r\n")
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            return self.transport.close()
        self.transport.write(EXTENSIONS if verb == b"EHLO" else b"250 2.0.0 Ok\r\n")


async def deliver(relay, port):
    """Passes on what waits, one message after the other, on a connection that is kept."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def replies(count):
        while count > 0:
            line = await reader.readline()
            if line[:1] not in b"23" or not line:
                raise SystemExit(f"faulty relay: the next server says {line!r}")
            count -= line[3:4] == b" "

    writer.write(b"EHLO relay.test\r\n")
    await replies(2)
    while True:
        sender, recipients, content = await relay.next()
        writer.write(b"".join([b"MAIL FROM:" + sender.split(b" SIZE=")[0] + b"\r\n",
                               *(b"RCPT TO:" + recipient + b"\r\n" for recipient in recipients), b"DATA\r\n"]))
        await replies(len(recipients) + 2)
        writer.write(content + b".\r\n")
        await replies(1)
        relay.waiting.task_done()


async def main(listen, following, plan):
    relay = Relay(plan)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Upstream(relay), "127.0.0.1", listen, backlog=1000)
    links = [asyncio.ensure_future(deliver(relay, following)) for _ in range(LINKS)]
    ended = loop.run_in_executor(None, sys.stdin.read)
    await asyncio.wait([ended, *links], return_when=asyncio.FIRST_COMPLETED)
    finished = asyncio.ensure_future(relay.finish())
    await asyncio.wait([finished, *links], return_when=asyncio.FIRST_COMPLETED)
    for link in links:
        if link.done():
            link.result()
        link.cancel()
    server.close()
    print(json.dumps(relay.done))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])))
