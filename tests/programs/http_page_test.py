"""The page of a running sink in Chromium: it follows what happens, switches rules, shows messages; and nothing
that a client sent runs in it or is fetched for it."""

import base64
import contextlib
import email.message
import hashlib
import http.client
import json
import re
import socket
import threading

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import api
import playing
import readers
import rig

NO = "C: RCPT TO:<no@d.test>\nS: 550 5.1.1 No\n"
YES = "C: RCPT TO:<no@d.test>\nS: 250 *\n"


class Live:
    """The page of a sink, open in a browser."""

    def __init__(self, browser, endpoint, opened=False):
        self.browser = browser
        self.endpoint = endpoint
        if not opened:
            browser.get(f"http://{endpoint}/")

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def text(self, selector="body"):
        """What can be read in the first element of this selector; empty: there is none."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def wait(self, text, selector="body"):
        rig.wait_for(lambda: text in self.text(selector), f"{text!r} in {selector}")

    def connected(self):
        self.wait("Connected.", ".status")

    def figure(self, name):
        figures = self.run("return [...document.querySelectorAll('.figure')].map((one) => "
                           "[one.querySelector('span').textContent, one.querySelector('b').textContent])")
        return dict(figures)[name]

    def rows(self, title):
        """The cells of a section's table."""
        return self.run("""
            const part = [...document.querySelectorAll("section")].find((one) => one.querySelector("h2").innerText === arguments[0]);
            return [...(part?.querySelectorAll("tbody tr") ?? [])].map((row) => [...row.cells].map((cell) => cell.textContent));
        """, title)

    def open(self, subject):
        self.wait(subject, ".messages")
        for button in self.browser.find_elements(By.CSS_SELECTOR, ".messages li button"):
            if subject in button.text:
                button.send_keys(Keys.ENTER)
                rig.wait_for(lambda: self.text(".choice"), "the content")
                return
        raise AssertionError(subject)

    def view(self, name):
        for button in self.browser.find_elements(By.CSS_SELECTOR, ".choice button"):
            if button.text == name:
                button.click()
                return self.text(".view pre")
        raise AssertionError(f"{name} is not among {self.text('.choice')!r}")

    def errors(self):
        """What was logged since this was last asked."""
        return [entry["message"] for entry in self.browser.get_log("browser")]


class PageCase(api.HttpCase):
    """One browser for all tests, a page for each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = readers.chromium()
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        super().setUp()
        self.browser.get("about:blank")
        self.browser.get_log("browser")
        readers.asked_of_the_network(self.browser)

    @contextlib.contextmanager
    def watched(self, *arguments, rules="", **options):
        """Runs a sink and opens its page; ends with a look at whether all was well there."""
        if rules:
            (self.scratch / "rules.toml").write_text(rules)
            arguments = (*arguments, "--rules", self.scratch / "rules.toml")
        with self.sink(*arguments, **options) as (sink, asked):
            page = Live(self.browser, asked.endpoint)
            yield sink, asked, page
            self.assertEqual(page.errors(), [])
            others = [url for url in readers.asked_of_the_network(self.browser)
                      if not url.startswith((f"http://{asked.endpoint}/", "data:", "about:"))]
            self.assertEqual(others, [])
            self.browser.get("about:blank")  # else it misses the sink

    def told(self, page, *events):
        """Opens the page anew, to which these events are told and no others."""
        text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
        script = self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": (
            "const sinks = fetch; "
            f"window.fetch = async (path, ...more) => (path.endsWith('events') ? new Response({json.dumps(text)}) : sinks(path, ...more))")})
        self.addCleanup(self.browser.execute_cdp_cmd, "Page.removeScriptToEvaluateOnNewDocument", script)
        self.browser.refresh()
        page.wait("The sink has closed the connection.", ".status")


class Served(api.HttpCase):
    def test_it_is_a_page_with_a_policy_of_its_own(self):
        with self.sink(token=api.TOKEN) as (_, asked):
            answer = api.Api(asked.endpoint).get("/")
            policy = dict(part.strip().partition(" ")[::2] for part in answer.header["Content-Security-Policy"].split(";"))
            self.assertEqual((policy["default-src"], policy["connect-src"], policy["frame-ancestors"]),
                             ("'none'", "'self'", "'none'"))
            scripts = re.findall(rb"<script[^>]*>(.*?)</script>", answer.body, re.DOTALL)
            hashes = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts]
            self.assertEqual(policy["script-src"].split(), [f"'sha256-{one}'" for one in hashes])
            self.assertNotIn(api.TOKEN.encode(), answer.body)
            self.assertEqual(asked.ask("POST", "/").status, 405)
            self.assertEqual(asked.ask("HEAD", "/", checked=False).body, b"")


class Watching(PageCase):
    def test_figures_plots_and_tables_follow(self):
        with self.watched("--store", "memory:100") as (sink, _, page):
            page.connected()
            self.assertEqual(page.figure("messages taken"), "0")
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO me.test\nS: 250 *\n" + api.mail() * 3 + "C: NONSENSE\nS: 500 *")
                rig.wait_for(lambda: page.figure("messages taken") == "3", "the messages")
                self.assertEqual((page.figure("sessions open"), page.figure("recipients")), ("1", "3"))
                rig.wait_for(lambda: ["RCPT", "250", "2.1.5", "3"] in [row[:4] for row in page.rows("Replies by code")],
                             "the replies")
                rig.wait_for(lambda: ["rejected", "1"] in page.rows("Errors"), "the error")
                rig.wait_for(lambda: ["127.0.0.1", "me.test", "1", "1", "0", "3", "3", "1"] in
                             [row[:8] for row in page.rows("Clients")], "the client")
                player.play(api.mail())
                rig.wait_for(lambda: page.figure("messages taken") == "4", "one more")
            rig.wait_for(lambda: page.figure("sessions open") == "0", "the end of the session")
            plots = self.browser.execute_script(readers.PAINTED)
            self.assertEqual(len(plots), 3)
            for plot in plots:
                self.assertGreater(plot["painted"], 100)
            self.assertIn("taken", page.text(".plot .legend"))

    def test_what_is_verified_is_told(self):
        key = self.scratch / "key"
        key.write_text("00112233445566778899aabbccddeeff\n")
        with self.watched("--verify", self.scratch / "got", "--stamp-key", key) as (sink, _, page):
            page.connected()
            self.assertIn(["seen", "0"], page.rows("Verified"))
            rig.ours("uring").source(sink.endpoint, "--stamp", self.scratch / "sent", "--stamp-key", key, "-d", "-m", 20)
            rig.wait_for(lambda: ["seen", "20"] in page.rows("Verified"), "what was seen")
            rig.wait_for(lambda: [row[:2] for row in page.rows("Latency to the arrival")] ==
                         [["from when it was due", "20"], ["from when it was sent", "20"]], "latencies")

    def test_what_is_missing_is_told(self):
        third = "[[rule]]\nname = 'third'\nmatch = { command = '.', nth = 3 }\nact = { reply = '550 5.6.0 No' }\n"
        with self.watched("--verify", self.scratch / "got", rules=third) as (sink, _, page):
            rig.wait_for(lambda: ["missing so far", "0"] in page.rows("Verified"), "the table")
            rig.ours("uring").source(sink.endpoint, "--stamp", self.scratch / "sent", "-A", "-d", "-m", 10)
            rig.wait_for(lambda: ["missing so far", "3"] in page.rows("Verified"), "what has not come")
            self.assertIn(["seen", "7"], page.rows("Verified"))

    def test_what_is_not_counted_is_told(self):
        with self.watched("--verify", self.scratch / "got") as (sink, _, page):
            for run in range(9):
                rig.ours("uring").source(sink.endpoint, "--stamp", self.scratch / f"sent{run}", "-d", "-m", 1)
            rig.wait_for(lambda: ["not counted", "1"] in page.rows("Verified"), "the ninth run")

    def test_what_lint_finds_is_told(self):
        with self.watched("--lint") as (sink, asked, page):
            page.connected()
            self.assertEqual(page.rows("Found by --lint"), [])
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\nC: MAIL FROM: <a@b.test>\nS: 250 *\nC: QUIT\nS: 221 *")
            rig.wait_for(lambda: page.rows("Found by --lint") == [["blank-before-path", "1"]], "the finding")
            asked.ask("POST", "/api/v1/reset")
            rig.wait_for(lambda: page.rows("Found by --lint") == [], "the reset")

    def test_a_reset_begins_anew(self):
        with self.watched("--store", "memory:9") as (sink, asked, page):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\n" + api.mail("before"))
                page.wait("before", ".messages")
                asked.ask("POST", "/api/v1/reset")
                rig.wait_for(lambda: page.figure("messages taken") == "0", "the reset")
                self.assertNotIn("before", page.text(".messages"))
                player.play(api.mail("behind"))
                page.wait("behind", ".messages")

    def test_it_says_when_the_sink_is_gone_and_comes_back(self):
        port = rig.free_port()
        run = rig.ours("uring")
        with run.sink("--http", f":{port}", "--verify", self.scratch / "got") as sink:
            rig.wait_for(lambda: rig.listens(f"127.0.0.1:{port}"), "HTTP")
            page = Live(self.browser, f"127.0.0.1:{port}")
            page.connected()
            rig.ours("uring").source(sink.endpoint, "--stamp", self.scratch / "sent", "-d", "-m", 2)
            rig.wait_for(lambda: page.rows("Latency to the arrival"), "what the first one verified")
            self.assertEqual(page.errors(), [])
            sink.end()
            page.wait("Trying again", ".status")
        with run.sink("--http", f":{port}") as sink:
            page.connected()
            self.assertEqual((page.rows("Verified"), page.rows("Latency to the arrival")), ([], []))
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\n" + api.mail())
            rig.wait_for(lambda: page.figure("messages taken") == "1", "the other sink's")
            self.browser.get("about:blank")

    def test_it_fits_its_window_light_and_dark(self):
        with self.watched("--store", "memory:9", rules=api.TOML) as (sink, _, page):
            page.connected()
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\n" + api.mail("x" * 500) + playing.MAIL + NO)
            page.wait("xxx", ".messages")
            backgrounds = set()
            for scheme in ("light", "dark"):
                self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
                    {"name": "prefers-color-scheme", "value": scheme}]})
                backgrounds.add(page.run("return getComputedStyle(document.body).backgroundColor"))
                for width in (1280, 861, 600, 485, 390):
                    self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                        "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
                    with self.subTest(scheme=scheme, width=width):
                        self.browser.refresh()
                        page.wait("xxx", ".messages")
                        rig.wait_for(lambda: not page.run(readers.OVERFLOWS), "a page that fits its window")
            self.assertEqual(len(backgrounds), 2)
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def test_rates_go_by_no_clock_that_is_set(self):
        with self.watched() as (_, asked, page):
            stats = asked.stats()
            later = {**stats, "uptime": stats["uptime"] + 2, "time": "2001-01-01T00:00:00.000000Z",
                     "messages": {**stats["messages"], "taken": 20}}
            self.told(page, ("stats", stats), ("stats", later))
            self.assertEqual(page.figure("messages a second"), "10.0/s")


class Rules(PageCase):
    def test_a_switch_changes_what_clients_are_told(self):
        with self.watched(rules=api.TOML) as (sink, asked, page), playing.Player(sink.endpoint) as player:
            page.wait("no", ".rules li label")
            player.play("C: HELO x\nS: 250 *\n" + playing.MAIL + NO)
            page.wait("1 hit", ".rules li .hits")
            switch = page.find(".rules li input")
            self.assertEqual((switch.accessible_name, switch.is_selected()), ("no", True))
            switch.send_keys(Keys.SPACE)
            rig.wait_for(lambda: not asked.get("/api/v1/rules/no").json["enabled"], "the switch")
            player.play(YES)
            page.find(".rules li label").click()
            rig.wait_for(lambda: asked.get("/api/v1/rules/no").json["enabled"], "the switch")
            player.play(NO)
            page.wait("2 hits", ".rules li .hits")

    def test_switches_follow_what_others_change(self):
        with self.watched(rules=api.TOML) as (_, asked, page):
            page.wait("no", ".rules li label")
            switch = page.find(".rules li input")
            self.assertTrue(switch.is_selected())
            page.run("arguments[0].focus()", switch)
            asked.ask("PATCH", "/api/v1/rules/no", {"enabled": False})
            rig.wait_for(lambda: not switch.is_selected(), "the switch")
            first = {"name": "first", "match": {"command": "MAIL"}, "act": {"reply": "451 4.3.0 Later"}}
            asked.ask("PUT", "/api/v1/rules", {"rules": [first, api.RULE]})
            page.wait("first", ".rules li label")
            self.assertEqual(page.run("return document.activeElement.parentElement.innerText"), "no")
            self.assertEqual(page.text(".rules li code"), 'command = "MAIL": reply = "451 4.3.0 Later"')
            asked.ask("PUT", "/api/v1/rules", {"rules": []})
            page.wait("There are none.", ".rules")

    def test_a_switch_that_a_thread_has_not_taken_yet_is_told(self):
        pipe, reader = self.full_pipe()
        with (self.watched("--store", f"jsonl:{pipe}", rules=api.TOML, threads=1) as (sink, asked, page),
              playing.Player(sink.endpoint) as player):
            page.wait("no", ".rules li label")
            player.play("C: HELO x\nS: 250 *\n" + playing.mail() + "C: .")
            rig.wait_for(lambda: asked.ask("PUT", "/api/v1/rules", {"rules": [api.RULE]}).status == 503, "the thread to wait")
            switch = page.find(".rules li input")
            switch.click()
            page.wait("The rules are changed, but a thread of the sink is held up", '[role="alert"]')
            self.assertNotIn("was not switched", page.text(".rules"))
            self.assertFalse(switch.is_selected())
            api.empty(reader)
            player.expect_line("250 *")
            switch.click()
            rig.wait_for(lambda: page.text('[role="alert"]') == "", "the next change")
            self.assertTrue(switch.is_selected())
            self.assertEqual(len([one for one in page.errors() if "503" not in one]), 0)

    def test_a_switch_that_does_not_work_is_told(self):
        with self.watched(rules=api.TOML) as (_, _, page):
            page.wait("no", ".rules li label")
            page.run("const sinks = fetch; window.fetch = (path, ...more) => sinks(path.replace('rules/no', 'rules/gone'), ...more)")
            switch = page.find(".rules li input")
            switch.click()
            page.wait('"no" was not switched off: there is no rule of this name.', '[role="alert"]')
            self.assertTrue(switch.is_selected())
            self.assertIn("404", page.errors()[0])


class Token(PageCase):
    def test_it_asks_for_the_token_and_keeps_it_for_the_tab(self):
        with self.watched(token=api.TOKEN, rules=api.TOML) as (sink, _, page), playing.Player(sink.endpoint) as player:
            for said, wrong in (("This sink asks for its token.", api.TOKEN[:-1] + "x"),
                                ("That is not the token of this sink.", api.TOKEN)):
                page.wait(said, ".status")
                self.assertEqual(page.rows("Rules"), [])
                page.find("form input").send_keys(wrong, Keys.ENTER)
            page.connected()
            page.wait("no", ".rules li label")
            page.find(".rules li input").click()
            player.play("C: HELO x\nS: 250 *\n" + playing.MAIL)
            rig.wait_for(lambda: not page.find(".rules li input").is_selected(), "the switch")
            refused = page.errors()
            self.assertEqual((len(refused), all("401" in one for one in refused)), (2, True))
            self.assertEqual(page.run("return [localStorage.length, document.cookie, location.href]"),
                             [0, "", f"http://{page.endpoint}/"])
            self.browser.refresh()
            page.connected()


    def test_who_takes_the_port_does_not_get_the_token(self):
        port = rig.free_port()
        (self.scratch / "token").write_text(api.TOKEN)
        (self.scratch / "rules.toml").write_text(api.TOML)
        with rig.ours("uring").sink("--http", f"127.0.0.1:{port}", "--http-token-file", self.scratch / "token",
                                    "--rules", self.scratch / "rules.toml"):
            rig.wait_for(lambda: rig.listens(f"127.0.0.1:{port}"), "HTTP")
            page = Live(self.browser, f"127.0.0.1:{port}")
            page.wait("This sink asks for its token.", ".status")
            page.find("form input").send_keys(api.TOKEN, Keys.ENTER)
            page.connected()
            page.wait("no", ".rules li label")
        page.wait("Trying again", ".status")
        with Trap(port) as trap:
            rig.wait_for(lambda: trap.said, "the page")
            page.find(".rules li input").click()
            page.wait("there is no connection to the sink", '[role="alert"]')
            page.run("const real = Date.now; Date.now = () => real() + 600_000")
            page.wait("stopped trying", ".status")
            self.assertEqual(page.run("return [...Object.values(sessionStorage)]"), [""])
            self.assertEqual({one[:13] for one in trap.said if one}, {b"GET /healthz "})
            self.assertNotIn(api.TOKEN.encode(), b"".join(trap.said))
        self.browser.get("about:blank")


class OtherSites(PageCase):
    def test_they_get_nothing_and_lead_to_the_page(self):
        with self.sink() as (_, asked), socket.create_server(("127.0.0.1", 0)) as listening:
            events = f"http://{asked.endpoint}/api/v1/events"
            page = f"""<!doctype html><a id=link href="http://{asked.endpoint}/">The sink</a><script>
                fetch("{events}", {{ mode: "no-cors" }}).catch(() => 0).then(() => {{ document.title = "asked"; }});</script>"""
            threading.Thread(target=serve_page, args=(listening, page.encode()), daemon=True).start()
            for site in ("127.0.0.1", "localhost"):  # the same site as browsers have it, and another one
                with self.subTest(site):
                    readers.asked_of_the_network(self.browser)
                    self.browser.get(f"http://{site}:{listening.getsockname()[1]}/")
                    rig.wait_for(lambda: self.browser.title == "asked", "an answer")
                    self.assertEqual(readers.statuses_of(self.browser, events), [403])
                    self.browser.find_element(By.ID, "link").click()
                    Live(self.browser, asked.endpoint, opened=True).connected()
            self.browser.get("about:blank")
            listening.shutdown(socket.SHUT_RDWR)


def serve_page(listening, page):
    """Gives whoever asks at this socket this page, until it is shut down."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(1)
                with contextlib.suppress(TimeoutError):
                    connection.recv(10_000)
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + page)


class Trap:
    """Listens at a port; what those who came said first."""

    def __init__(self, port=0):
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port = self._listening.getsockname()[1]
        self.said = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with connection:
                    connection.settimeout(1)
                    try:
                        self.said.append(connection.recv(1000))
                    except TimeoutError:
                        self.said.append(b"")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


EVIL = "<img src=x onerror=pwned=1><script>pwned=1</script>"


def hostile_html(port):
    """All that could run or ask at this port."""
    at = f"http://127.0.0.1:{port}"
    return f"""<!doctype html><html><head><link rel=preconnect href={at}><link rel=stylesheet href={at}/a.css>
<meta http-equiv=refresh content="0;url={at}/refresh"><base href={at}/>
<style>@import url({at}/b.css); body {{ background: url({at}/c.png) }} @font-face {{ font-family: x; src: url({at}/d) }}</style>
<script>parent.pwned = 1; fetch("{at}/e")</script></head><body onload="parent.pwned = 1" style="font-family: x; color: rgb(1, 2, 3)">
<p>Harmless words</p><img src={at}/f onerror="parent.pwned = 1"><iframe src={at}/g></iframe><object data={at}/h></object>
<video src={at}/i autoplay></video><svg><image href={at}/j /></svg><iframe srcdoc="<script>top.pwned = 1</script>"></iframe>
<form action={at}/k><button id=send>Send</button></form><a id=link href={at}/l>Link</a><a id=here target=_self href={at}/m>Here</a>
<a id=script href="javascript:parent.pwned=1">Script</a>{read_otherwise(f"<link rel=preconnect href={at}><a href={at}/n>x</a>")}
</body></html>"""


def read_otherwise(html):
    """HTML that has this in it as the text of a style, and as elements once a browser has written it out."""
    return f"<form><math><mtext></form><form><mglyph><style></math>{html}</style></mglyph></form>"


class Messages(PageCase):
    def deliver(self, endpoint, message):
        content = message.as_bytes() if isinstance(message, email.message.EmailMessage) else message
        with playing.Player(endpoint) as player:
            player.play("C: HELO client.test\nS: 250 *\n" + playing.mail())
            player.say(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n.\r\n")
            player.expect_line("250 *")

    def test_they_are_opened_and_read(self):
        message = email.message.EmailMessage()
        message["Subject"] = "Grüße"
        message.set_content("Schöne Grüße\naus dem Süden\n", charset="iso-8859-1", cte="quoted-printable")
        message.add_alternative("<p>Fett: <b>Schöne</b></p>\n", subtype="html", cte="base64")
        message.add_attachment(b"\0" * 3000, maintype="application", subtype="pdf", filename="plan.pdf")
        with self.watched("--store", "memory:9") as (sink, _, page):
            self.deliver(sink.endpoint, message)
            page.open("Grüße")
            self.assertIn("Schöne Grüße\naus dem Süden", page.text(".view pre"))
            self.assertEqual(page.text(".choice").split(), ["Text", "HTML", "Header", "Source"])
            self.assertIn("c@d.test", page.text("dialog dl"))
            self.assertIn("Attachments: plan.pdf (application/pdf, 3.00 kB)", page.text("dialog"))
            self.assertIn("Subject: =?utf-8?", page.view("Header"))
            self.assertIn("Content-Disposition: attachment", page.view("Source"))
            page.view("HTML")
            self.browser.switch_to.frame(page.find(".view iframe"))
            self.assertEqual(self.browser.find_element(By.TAG_NAME, "b").text, "Schöne")
            self.browser.switch_to.default_content()
            page.find("dialog").send_keys(Keys.ESCAPE)
            rig.wait_for(lambda: page.run("return document.querySelectorAll('iframe, dialog[open]').length") == 0, "the end of it")

    def test_the_first_recipients_are_listed_and_all_are_read(self):
        with self.watched("--store", "memory:60") as (sink, _, page), playing.Player(sink.endpoint) as player:
            player.play("C: HELO client.test\nS: 250 *")
            # An event of many pieces.
            long = "".join(f"C: RCPT TO:<{letter * 800}@d.test>\nS: 250 *\n" for letter in "xyz")
            for _ in range(49):
                player.play(playing.MAIL + long + playing.DATA + "C: Subject: long\nC:\nC: .\nS: 250 *")
            player.play(playing.MAIL + "".join(f"C: RCPT TO:<r{number}@d.test>\nS: 250 *\n" for number in range(1003)) +
                        playing.DATA + "C: Subject: many\nC:\nC: .\nS: 250 *")
            rig.wait_for(lambda: len(self.browser.find_elements(By.CSS_SELECTOR, ".messages li")) == 50, "all of them")
            self.assertIn("r0@d.test, r1@d.test, r2@d.test and 1,000 more", page.text(".messages li"))
            page.open("many")
            self.assertIn("r998@d.test, r999@d.test and 3 more", page.text("dialog dl"))

    def test_what_clients_send_is_text(self):
        with self.watched("--store", "memory:9") as (sink, _, page), playing.Player(sink.endpoint) as player:
            player.play(f"C: HELO {EVIL}\nS: 250 *")
            rig.wait_for(lambda: any(EVIL in row for row in page.rows("Clients")), "the client")
            player.say(f'MAIL FROM:<"{EVIL}"@b.test>\r\n'.encode())
            player.expect_line("250 *")
            player.play(playing.RCPT + playing.DATA)
            subject = f"{EVIL} \u202etxt.exe \u2028\u2029 pay\u200b\u2060pal\ufeff \U000e0041 end"
            player.say(f"Subject: {subject}\r\nX-{EVIL}: {EVIL}\r\n\r\n{EVIL}\r\n.\r\n".encode())
            player.expect_line("250 *")
            self.deliver(sink.endpoint, b"Subject: \xff\xfe <b>bytes</b>\n\n\xff\n")
            page.wait(f"{EVIL} \\u{{202e}}txt.exe \\u{{2028}}\\u{{2029}} pay\\u{{200b}}\\u{{2060}}pal\\u{{feff}} \\u{{e0041}} end", ".messages")
            page.wait("ÿþ <b>bytes</b>", ".messages")
            self.assertIn(f'"{EVIL}"@b.test', page.text(".messages"))
            page.open("txt.exe")
            self.assertIn(EVIL, page.text("dialog h2"))
            self.assertIn(EVIL, page.text("dialog dl"))
            for view in ("Text", "Header", "Source"):
                self.assertIn(EVIL, page.view(view))
            self.assertEqual(page.run("return [window.pwned ?? null, document.scripts.length, "
                                      "document.querySelectorAll('img, b:not(.figure b), iframe').length]"), [None, 2, 0])

    def test_html_runs_nothing_and_fetches_nothing(self):
        with Trap() as trap, self.watched("--store", "memory:9") as (sink, _, page):
            self.deliver(sink.endpoint, b"Subject: evil\nContent-Type: text/html\n\n" + hostile_html(trap.port).encode())
            page.open("evil")
            page.view("HTML")
            frame = page.find(".view iframe")
            self.assertEqual(frame.get_dom_attribute("sandbox"), "")
            self.browser.switch_to.frame(frame)
            rig.wait_for(lambda: "Harmless words" in self.browser.find_element(By.TAG_NAME, "body").text, "the frame")
            self.assertIn("1, 2, 3", self.browser.find_element(By.TAG_NAME, "p").value_of_css_property("color"))
            for name in ("send", "link", "script", "here"):
                self.browser.switch_to.default_content()
                self.assertEqual(page.run("return [window.pwned ?? null, location.href]"), [None, f"http://{page.endpoint}/"])
                self.browser.switch_to.frame(frame)
                self.browser.find_element(By.ID, name).click()
            self.browser.switch_to.default_content()
            self.assertEqual(page.run("return [window.pwned ?? null, location.href]"), [None, f"http://{page.endpoint}/"])
            self.assertEqual(self.browser.window_handles, [self.browser.current_window_handle])
            for one in page.errors():
                self.assertRegex(one, "Content Security Policy|sandbox|Blocked")
            # Whoever connected meanwhile came before this.
            with contextlib.suppress(WebDriverException):
                self.browser.get(f"http://127.0.0.1:{trap.port}/end")
            rig.wait_for(lambda: trap.said, "the end")
            self.assertEqual(trap.said[0][:8], b"GET /end")
            page.errors()
            readers.asked_of_the_network(self.browser)

    def test_html_that_stays_hostile_is_not_shown(self):
        """The links of each round are the text of the round before."""
        html = "<a href=x>x</a>"
        for _ in range(8):
            html = "<a href=x>x</a>" + read_otherwise(html)
        with self.watched("--store", "memory:9") as (sink, _, page):
            self.deliver(sink.endpoint, b"Subject: stays\nContent-Type: text/html\n\n" + html.encode())
            page.open("stays")
            self.assertEqual(page.text(".choice").split(), ["HTML", "Header", "Source"])
            page.wait("The HTML is not shown", ".view")
            self.assertEqual(page.run("return document.querySelectorAll('iframe').length"), 0)

    def test_the_reader_of_mime_reads_what_python_wrote(self):
        with self.watched() as (_, _, page):
            for charset in ("utf-8", "iso-8859-1", "windows-1252"):
                for encoding in ("quoted-printable", "base64", "8bit"):
                    for nested in range(4):
                        with self.subTest(charset=charset, encoding=encoding, nested=nested):
                            message = email.message.EmailMessage()
                            text = "Fünf = fünf\n--not a boundary\n" + "ö" * 100 + "\n"
                            message.set_content(text, charset=charset, cte=encoding)
                            for number in range(nested):
                                message.add_attachment(b"x" * number, maintype="image", subtype="png", filename=f'{number} "x".png')
                            for line_end in (b"\n", b"\r\n"):
                                content = message.as_bytes().replace(b"\n", line_end)
                                read = page.run("return mail.read(Uint8Array.from(arguments[0]))", list(content))
                                self.assertEqual(read["text"].replace("\r\n", "\n").rstrip("\n"), text.rstrip("\n"))
                                self.assertEqual([(one["name"], one["size"]) for one in read["attachments"]],
                                                 [(f'{number} "x".png', number) for number in range(nested)])

    def test_the_reader_of_mime_is_stopped_by_nothing(self):
        nested = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(100))
        cases = (b"", b"\n", b"\r\n\r\n", b":", b"Content-Type: multipart/mixed; boundary=\n\nx", b"\xff" * 100, nested,
                 b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n" * 1000,
                 b"Content-Transfer-Encoding: constructor\nContent-Type: constructor\n\nx",
                 b"Content-Transfer-Encoding: base64\n\n=A=B=C=D=E", b"Content-Type: text/plain; charset=nonsense\n\n\xe4",
                 b'Content-Type: text/plain; charset="' + b"\\" * 5000 + b"\n\nx", b"X: " + b" \n" * 100_000, b"=" * 200_000)
        with self.watched() as (_, _, page):
            for content in cases:
                with self.subTest(content[:60]):
                    read = page.run("return mail.read(Uint8Array.from(atob(arguments[0]), (one) => one.charCodeAt(0)))",
                                    base64.b64encode(content).decode())
                    self.assertEqual(set(read), {"header", "text", "html", "attachments", "source"})

    def test_a_list_that_is_held_stays(self):
        with self.watched("--store", "memory:9") as (sink, _, page):
            self.deliver(sink.endpoint, b"Subject: first\n\n")
            page.wait("first", ".messages")
            page.find(".messages .tools input").send_keys(Keys.SPACE)
            self.deliver(sink.endpoint, b"Subject: second\n\n")
            page.wait("1 or more are new", ".messages")
            self.assertNotIn("second", page.text(".messages ul"))
            page.find(".messages .tools input").send_keys(Keys.SPACE)
            page.wait("second", ".messages ul")

    def test_what_the_sink_has_no_more_is_not_listed(self):
        with self.watched("--store", "memory:3") as (sink, asked, page):
            def listed():
                return page.run("return [...document.querySelectorAll('.messages .subject')].map((one) => one.textContent)")

            for number in range(9):
                self.deliver(sink.endpoint, f"Subject: {number}\n\n".encode())
            rig.wait_for(lambda: listed() == ["8", "7", "6"], "the last three")
            page.open("6")
            page.view("Source")
            asked.ask("DELETE", "/api/v1/messages")
            self.deliver(sink.endpoint, b"Subject: after\n\n")
            rig.wait_for(lambda: "after" in listed(), "one more")
            self.assertEqual(listed(), ["after"])

    def test_a_message_that_came_within_a_reset_stays(self):
        with self.watched("--store", "memory:9") as (sink, asked, page):
            self.deliver(sink.endpoint, b"Subject: within\n\n")
            page.wait("within", ".messages ul")
            stats = asked.stats()
            self.told(page, ("stats", stats), ("messages", asked.get("/api/v1/messages").json),
                      ("stats", {**stats, "since": stats["time"]}))
            page.wait("within", ".messages ul")

    def test_without_a_memory_it_says_how_to_have_one(self):
        with self.watched() as (_, _, page):
            page.wait("--store memory:N", ".messages")
