"""A sink that is asked and steered over HTTP. Every answer is held against doc/smtp-sink-json."""

import contextlib
import http.client
import json
import resource
import socket

import jsonschema

import api
import playing
import rig


class Server(api.HttpCase):
    def test_each_row_of_the_document_is_well_formed(self):
        for path, operations in api.DOCUMENT["paths"].items():
            for method, operation in operations.items():
                if method == "parameters":
                    continue
                for status, response in operation["responses"].items():
                    with self.subTest(path=path, method=method, status=status):
                        for body in api.resolved(response).get("content", {}).values():
                            schema = {"components": api.DOCUMENT["components"], **body["schema"]}
                            jsonschema.Draft202012Validator.check_schema(schema)

    def test_it_says_that_it_is_well(self):
        with self.sink() as (_, asked):
            self.assertEqual(asked.get("/healthz").body, b"ok\n")
            head = asked.ask("HEAD", "/healthz", checked=False)
            self.assertEqual((head.status, head.body, head.header["Content-Length"]), (200, b"", "3"))

    def test_what_is_not_there_is_said_so(self):
        with self.sink() as (_, asked):
            for path in ("/api", "/api/v1/stats/", "/healthz/..", "/../healthz", "/%2e%2e/etc/passwd",
                         "/..%2f..%2fetc/passwd", "//healthz", "/healthz%00", "/%0a", "/api/v1/nothing"):
                with self.subTest(path):
                    self.assertEqual(asked.ask("GET", path).status, 404)
            wrong = asked.ask("DELETE", "/healthz")
            self.assertEqual((wrong.status, wrong.header["Allow"]), (405, "GET"))
            for method in ("OPTIONS", "TRACE", "CONNECT"):
                self.assertIn(asked.ask(method, "/healthz").status, (400, 405))

    def test_nothing_is_taken_for_what_it_is_not_or_kept(self):
        with self.sink() as (_, asked):
            for path in ("/", "/healthz", "/api/v1/stats", "/nothing"):
                header = asked.ask("GET", path).header
                self.assertEqual(header["X-Content-Type-Options"], "nosniff")
                self.assertIn("default-src 'none'", header["Content-Security-Policy"])
                self.assertEqual(header["Cache-Control"], "no-store")

    def test_it_listens_on_loopback_unless_a_host_is_given(self):
        port = rig.free_port()
        with rig.ours("uring").sink("--http", f":{port}", "-v") as sink:
            rig.wait_for(lambda: b"HTTP at [127.0.0.1]" in bytes(sink.err), "the place")
            rig.wait_for(lambda: rig.listens(f"127.0.0.1:{port}"), "HTTP")
            self.assertEqual(api.Api(f"127.0.0.1:{port}").get("/healthz").body, b"ok\n")
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port))

    def test_a_place_that_is_taken_ends_the_sink_at_once(self):
        with self.sink() as (_, asked):
            done = rig.ours("uring").run("smtp-sink", "-u", "root", "--http", asked.endpoint,
                                         f"127.0.0.1:{rig.free_port()}")
            self.assertEqual((done.returncode, done.stderr.decode().splitlines()[-1]),
                             (1, f"smtp-sink: fatal: bind [127.0.0.1]:{asked.endpoint.split(':')[1]}: "
                                 "Address already in use"))

    def test_only_who_has_the_token_may_ask(self):
        with self.sink(token=api.TOKEN) as (_, asked):
            asked.stats()
            for path in ("/api/v1/stats", "/metrics", "/nothing"):
                for token in (None, api.TOKEN[:-1], api.TOKEN + "x", "x" * len(api.TOKEN)):
                    other = api.Api(asked.endpoint, token)
                    answer = other.ask("GET", path)
                    self.assertEqual((answer.status, answer.header["WWW-Authenticate"]), (401, "Bearer"))
            self.assertEqual(api.Api(asked.endpoint).ask("PUT", "/api/v1/rules", "x" * 100_000).status, 401)
            for path in ("/", "/healthz"):
                api.Api(asked.endpoint).get(path)

    def test_pages_of_other_sites_may_not_ask(self):
        with self.sink() as (_, asked):
            for header in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"}):
                self.assertEqual(asked.ask("GET", "/api/v1/stats", header=header).status, 403)
            asked.get("/api/v1/stats", header={"Origin": f"http://{asked.endpoint}"})
            asked.get("/api/v1/stats", header={"Host": "localhost:80"})

    def test_what_pages_of_other_sites_load_is_refused_and_links_are_followed(self):
        def asks(path, site, mode, status, **options):
            header = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
            asked.get(path, status, header=header, **options)

        with self.sink() as (_, asked):
            for path in ("/api/v1/stats", "/api/v1/events", "/metrics", "/healthz", "/"):
                for site in ("cross-site", "same-site"):
                    asks(path, site, "no-cors", 403)
                    asks(path, site, "navigate", 403 if path.startswith("/api/") else 200)
            asks("/api/v1/stats", "same-origin", "cors", 200)
            asks("/api/v1/stats", "none", "navigate", 200)
        with self.sink(token=api.TOKEN) as (_, asked):
            asks("/api/v1/stats", "cross-site", "no-cors", 200)
            asked.token = None
            asks("/api/v1/stats", "cross-site", "no-cors", 403)
            asks("/", "cross-site", "navigate", 200)

    def test_who_asks_changes_nothing(self):
        with self.sink("--store", "memory:9", "--lint") as (sink, asked):
            asked.ask("PUT", "/api/v1/rules", api.TOML, "application/toml")
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\n" + api.mail() + "C: QUIT\nS: 221 *")

            def state():
                told = [asked.get(f"/api/v1/{what}").json for what in ("stats", "rules", "messages", "clients", "lint")]
                for one, field in ((told[0], "time"), (told[0], "uptime"), (told[3]["clients"][0], "first"), (told[3]["clients"][0], "last")):
                    del one[field]  # by the clock of the moment, to the microsecond
                return told

            rig.wait_for(lambda: state()[0]["sessions"]["open"] == 0, "the end of the session")
            before = state()
            names = {"{name}": "no", "{id}": before[2]["messages"][0]["id"]}
            paths = [path for path, operations in api.DOCUMENT["paths"].items() if "get" in operations and not path.endswith("/events")]
            self.assertGreater(len(paths), 9)
            for path in paths:
                for name, value in names.items():
                    path = path.replace(name, value)
                for method in ("GET", "HEAD"):
                    self.assertEqual(asked.ask(method, path, checked=method == "GET").status, 200)
            self.assertEqual(state(), before)

    def test_nothing_of_a_request_comes_back_as_header(self):
        with self.sink() as (_, asked):
            for path in ("/a%0d%0aX-Evil: 1", "/api/v1/rules/a%0d%0aX-Evil:%201"):
                answer = api.raw(asked.endpoint, f"GET {path.replace(' ', '%20')} HTTP/1.1\r\n"
                                                 f"Host: {asked.endpoint}\r\n\r\n".encode())
                self.assertNotIn(b"X-Evil", answer)


class Limits(api.HttpCase):
    def test_a_body_has_a_mebibyte_at_most(self):
        with self.sink() as (_, asked):
            for size, status in ((1 << 20, (200, 400, 404, 405)), ((1 << 20) + 1, (413,)), (4 << 20, (413,))):
                self.assertIn(asked.ask("PUT", "/api/v1/rules", "#" * size, media="application/toml",
                                        checked=False).status, status, size)
            asked.stats()

    def test_what_cannot_be_understood_is_refused(self):
        with self.sink() as (_, asked):
            host = f"Host: {asked.endpoint}\r\n"
            for request, status in (
                    ("nonsense\r\n\r\n", 400),
                    ("GET / HTTP/9.9\r\n\r\n", 400),
                    (f"GET /{'x' * 2000} HTTP/1.1\r\n{host}\r\n", 414),
                    (f"GET /{'x' * 20000} HTTP/1.1\r\n{host}\r\n", 414),
                    (f"GET / HTTP/1.1\r\n{host}X: {'x' * 20000}\r\n\r\n", 400),
                    ("GET /healthz HTTP/1.1\r\n\r\n", 403),
                    ("GET /healthz HTTP/1.0\r\n\r\n", 200),
                    ("GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n", 403),
                    ("GET /api/v1/stats HTTP/1.0\r\n\r\n", 403),
                    (f"PUT /api/v1/rules HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
                    (f"PUT /api/v1/rules HTTP/1.1\r\n{host}Content-Length: x\r\n\r\n", 400),
                    (f"PUT /api/v1/rules HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
                    (f"PUT /api/v1/rules HTTP/1.1\r\n{host}Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 415),
                    (f"GET /healthz HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
                    (f"GET /healthz HTTP/1.1\r\n{host}Content-Length : 1\r\n\r\nx", 400)):
                with self.subTest(request[:60]):
                    self.assertEqual(api.raw(asked.endpoint, request.encode())[:12], b"HTTP/1.1 %d" % status)
            asked.stats()

    def test_what_follows_a_header_without_a_body_is_no_request(self):
        with self.sink() as (_, asked):
            host = f"Host: {asked.endpoint}\r\n"
            hidden = f"GET /healthz HTTP/1.1\r\n{host}\r\n"
            for method in ("GET", "HEAD"):
                with self.subTest(method):
                    answer = api.raw(asked.endpoint, f"{method} /healthz HTTP/1.1\r\n{host}Content-Length: "
                                                     f"{len(hidden)}\r\n\r\n{hidden}".encode())
                    self.assertEqual((answer[:12], answer.count(b"HTTP/1.1")), (b"HTTP/1.1 400", 1))
            self.assertEqual(asked.ask("GET", "/healthz", header={"Content-Length": "0"}).status, 200)

    def test_a_header_without_an_end_is_not_read_for_ever(self):
        with self.sink() as (_, asked):
            host, port = asked.endpoint.split(":")
            with socket.create_connection((host, int(port)), rig.PATIENCE) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\n")
                with contextlib.suppress(ConnectionError):
                    for _ in range(300_000):
                        connection.sendall(b"X: " + b"x" * 100 + b"\r\n")
                    self.fail("32 MB were taken")
            asked.stats()

    def test_idle_and_slow_clients_stop_nobody_and_are_sent_away(self):
        with self.sink() as (_, asked), contextlib.ExitStack() as stack:
            host, port = asked.endpoint.split(":")
            clients = [stack.enter_context(socket.create_connection((host, int(port)), rig.PATIENCE))
                       for _ in range(200)]
            for number, client in enumerate(clients):
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x"[:number % 30])
            asked.stats()  # while they are there
            for client in clients:
                while client.recv(4096):
                    pass
            asked.stats()

    def test_those_beyond_the_limit_are_told_so(self):
        with self.sink() as (_, asked), contextlib.ExitStack() as stack:
            host, port = asked.endpoint.split(":")
            for _ in range(256):
                stack.enter_context(socket.create_connection((host, int(port)), rig.PATIENCE))
            answer = api.raw(asked.endpoint, b"")
            self.assertTrue(answer.startswith(b"HTTP/1.1 503 "), answer)
            self.assertTrue(answer.endswith(b'{"error":"too many connections"}'), answer)

    def test_a_connection_carries_many_requests(self):
        with self.sink() as (_, asked):
            connection = http.client.HTTPConnection(asked.endpoint, timeout=rig.PATIENCE)
            connection.connect()
            first = connection.sock
            for _ in range(100):
                connection.request("GET", "/healthz")
                self.assertEqual(connection.getresponse().read(), b"ok\n")
                self.assertIs(connection.sock, first)
            connection.close()

    def test_a_sink_ends_whatever_its_clients_do(self):
        with self.sink() as (sink, asked), contextlib.ExitStack() as stack:
            host, port = asked.endpoint.split(":")
            for text in (b"", b"GET", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") * 20:
                stack.enter_context(socket.create_connection((host, int(port)), rig.PATIENCE)).sendall(text)
            asked.stats()
            sink.end()  # which waits for it
        self.assertFalse(rig.listens(asked.endpoint))

    def test_it_needs_no_low_descriptors(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with self.sink("-m", 1200) as (sink, asked), contextlib.ExitStack() as stack:
            for _ in range(1100):
                stack.enter_context(rig.connect(sink.endpoint))
            rig.wait_for(lambda: asked.stats()["sessions"]["open"] == 1100, "all sessions")
            asked.get("/healthz")


class Stats(api.HttpCase):
    def test_they_are_of_this_moment(self):
        for engine in rig.ENGINES:
            with self.subTest(engine), self.sink(engine=engine) as (sink, asked):
                first = asked.stats()
                self.assertEqual(first["messages"], {"started": 0, "taken": 0, "refused": 0})
                self.assertEqual((first["replies"], first["errors"], first["rules"], first["verify"], first["store"]),
                                 ([], [], [], None, None))
                with playing.Player(sink.endpoint) as player:
                    player.play("C: HELO x\nS: 250 *")
                    for number in range(1, 21):
                        player.play(playing.message("250 *"))
                        now = asked.stats()
                        self.assertEqual(now["messages"], {"started": number, "taken": number, "refused": 0})
                        self.assertEqual(now["recipients"], number)
                    self.assertEqual(now["sessions"], {"open": 1, "opened": 1, "tls": 0, "tls_resumed": 0})
                    self.assertGreater(now["bytes"]["received"], 20 * 50)
                    self.assertIn({"command": "RCPT", "code": 250, "enhanced": "2.1.5", "count": 20}, now["replies"])
                    player.play("C: NONSENSE\nS: 500 *")
                    self.assertIn({"kind": "rejected", "count": 1}, asked.stats()["errors"])
                rig.wait_for(lambda: asked.stats()["sessions"]["open"] == 0, "the session to end")

    def test_they_are_the_same_as_those_of_the_report(self):
        report = self.scratch / "run.json"
        with self.sink("--json", report) as (sink, asked):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\n" + playing.message("250 *") + "C: QUIT\nS: 221 *\n= closed")
            rig.wait_for(lambda: asked.stats()["sessions"]["open"] == 0, "the session to end")
            told = asked.stats()
        counters = json.loads(report.read_text())["totals"]
        self.assertEqual((counters["messages"], counters["sessions_opened"], counters["bytes_received"]),
                         (told["messages"]["taken"], told["sessions"]["opened"], told["bytes"]["received"]))

    def test_many_may_ask_under_load(self):
        with self.sink() as (sink, asked):
            rest = rig.ours("uring").start("smtp-source", "-s", 20, "-m", 50_000, "-d", sink.endpoint)
            last = 0
            while rest.poll() is None:
                now = asked.stats()["messages"]["taken"]
                self.assertGreaterEqual(now, last)
                last = now
            rest.check()
            self.assertEqual(asked.stats()["messages"]["taken"], 50_000)
