"""Reads what Millrace writes with what others wrote, all of it Debian's: a validator of JSON Schema
(python3-jsonschema), Gil Tene's reader of histograms (libhdrhistogram-java), Chromium."""

import base64
import csv
import json
import pathlib
import subprocess
import tempfile

import jsonschema
import selenium.webdriver
from selenium.webdriver.chrome.service import Service

from support.waiting import wait_for


def closed(rules):
    """The JSON Schema without room for what it does not name."""
    if isinstance(rules, list):
        return [closed(rule) for rule in rules]
    if not isinstance(rules, dict):
        return rules
    room = {"additionalProperties": False} if rules.get("type") == "object" and "properties" in rules else {}
    return room | {name: closed(rule) for name, rule in rules.items()}


def validate(schema, *paths, named=True):
    """Fails unless each file is what the JSON Schema says and, with `named`, nothing besides."""
    rules = json.loads(schema.read_text())
    jsonschema.Draft202012Validator.check_schema(rules)
    rules = closed(rules) if named else rules
    validator = jsonschema.Draft202012Validator(rules)
    for path in paths:
        wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(path.read_text()))]
        if wrong:
            raise AssertionError(f"{path}: {'; '.join(wrong)}")


class HistogramLog:
    """A log of histograms: its start, its intervals and the percentiles of all, as HdrHistogram's own
    processor tells them."""

    def __init__(self, path):
        with tempfile.TemporaryDirectory(prefix="millrace-") as folder:
            told = pathlib.Path(folder) / "told"
            done = subprocess.run(
                ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", "/usr/share/java/hdrhistogram.jar",
                 "org.HdrHistogram.HistogramLogProcessor", "-csv", "-outputValueUnitRatio", "1",
                 # Fine enough that every value of a few thousand has a line.
                 "-percentilesOutputTicksPerHalf", "1000", "-i", path, "-o", told],
                capture_output=True, text=True, check=False, timeout=120)
            if done.returncode != 0 or done.stderr:
                raise AssertionError(f"HistogramLogProcessor: {done.stdout}{done.stderr}")
            lines = told.read_text().splitlines()
            self.distribution = self.table(told.with_suffix(".hgrm").read_text().splitlines())
        (start,) = (line for line in lines if line.startswith("#[StartTime: "))
        self.start = float(start.split()[1])
        self.intervals = self.table(lines)
        last = self.intervals[-1]
        self.count = last["Total_Count"]
        self.percentiles = {name: last[f"Total_{name}"] for name in ("50%", "90%", "99%", "99.9%", "99.99%", "Max")}

    @staticmethod
    def table(lines):
        """CSV, all of it numbers, as a list of dictionaries."""
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return [{name: float(value) for name, value in row.items()} for row in rows]

    def above(self, value):
        """How many values were above this one."""
        return self.count - max((row["TotalCount"] for row in self.distribution if row["Value"] <= value), default=0)


def histogram(encoded):
    """One encoded histogram, as a log of one interval."""
    with tempfile.NamedTemporaryFile("w", prefix="millrace-", suffix=".hlog") as log:
        log.write("#[Histogram log format version 1.3]\n#[StartTime: 1700000000.000 (seconds since epoch)]\n"
                  '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
                  f"0.000,1.000,0.0,{encoded}\n")
        log.flush()
        return HistogramLog(log.name)


# How much was painted of each plot, on the one of its canvases that holds the lines.
PAINTED = """
return [...document.querySelectorAll(".plot")].map((plot) => {
  const seen = [...plot.querySelectorAll("canvas")].map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    let painted = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] === 0) continue;
      ++painted;
      colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    }
    return { painted, colours: colours.size };
  });
  return seen.reduce((one, other) => (one.painted > other.painted ? one : other));
});
"""
OVERFLOWS = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
# Alone, on this machine: no service of a browser's maker, nothing of another run.
SWITCHES = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--window-size=1200,900")


def chromium():
    """A browser that keeps what its pages log and ask the network for."""
    options = selenium.webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for switch in SWITCHES:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return selenium.webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def asked_of_the_network(browser):
    """The addresses that its pages asked for since it was last looked at."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


def statuses_of(browser, url):
    """What its pages were answered when they asked for this address, since it was last looked at."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {event["params"]["requestId"] for event in events
             if event["method"] == "Network.requestWillBeSent" and event["params"]["request"]["url"] == url}
    return [event["params"]["statusCode"] for event in events
            if event["method"] == "Network.responseReceivedExtraInfo" and event["params"]["requestId"] in asked]


class Page:
    """A page in headless Chromium: `errors` of its scripts, `requests` to the network, how much its
    `plots` painted, its `title` and `text`, its `figures` (the text and class of each), the classes of its
    `verdict`, the `legend` when a pointer is over the first plot, whether it `overflows` its window, and how it is
    printed, as `pdf`."""

    def __init__(self, path):
        with chromium() as browser:
            browser.get(path.resolve().as_uri())
            self.plots = browser.execute_script(PAINTED)
            self.title = browser.title
            self.text = browser.find_element("tag name", "body").text
            self.figures = [(figure.text, figure.find_element("tag name", "b").get_attribute("class"))
                            for figure in browser.find_elements("css selector", ".figure")]
            verdicts = browser.find_elements("css selector", ".verdict")
            self.verdict = verdicts[0].get_attribute("class") if verdicts else ""
            self.overflows = self.keeps_overflowing(browser)
            self.legend = self.read_legend(browser)
            self.pdf = base64.b64decode(browser.print_page())
            browser.set_window_size(420, 900)
            self.overflows_when_narrow = self.keeps_overflowing(browser)
            self.errors = [entry["message"] for entry in browser.get_log("browser")]
            self.requests = [url for url in asked_of_the_network(browser) if not url.startswith(("file:", "data:"))]

    @staticmethod
    def keeps_overflowing(browser):
        """Plots follow the size of their window a moment later."""
        try:
            wait_for(lambda: not browser.execute_script(OVERFLOWS), "a page that fits its window", 10)
        except AssertionError:
            return True
        return False

    @staticmethod
    def read_legend(browser):
        plots = browser.find_elements("css selector", ".plot")
        if not plots:
            return ""
        selenium.webdriver.ActionChains(browser).move_to_element(plots[0]).perform()
        return plots[0].find_element("css selector", ".legend").text
