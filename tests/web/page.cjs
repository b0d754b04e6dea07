// Opens a page in headless Chromium and prints as JSON what happened: errors, requests to the
// network, how many pixels each plot has, its text, and whether it is wider than its window.
//
//   node page.cjs PAGE SCREENSHOT [PDF]
"use strict";

const path = require("node:path");
const { chromium } = require("playwright-core");

const [page, screenshot, pdf] = process.argv.slice(2);

(async () => {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const tab = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  const errors = [];
  const requests = [];
  tab.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  tab.on("pageerror", (error) => errors.push(String(error)));
  tab.on("request", (request) => !/^(file|data):/.test(request.url()) && requests.push(request.url()));
  await tab.goto(`file://${path.resolve(page)}`);
  await tab.waitForLoadState("load");
  const seen = await tab.evaluate(() => ({
    plots: [...document.querySelectorAll("canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set();
      let painted = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] === 0) continue;
        ++painted;
        colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      }
      return { painted, colours: colours.size };
    }),
    text: document.body.innerText,
    overflows: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  }));
  // What a reader points at is told in the legend.
  const plot = tab.locator(".u-over").first();
  if ((await plot.count()) > 0) {
    await plot.hover();
    seen.legend = await tab.locator(".u-legend").first().innerText();
  }
  await tab.mouse.move(0, 0);
  await tab.screenshot({ path: screenshot, fullPage: true });
  if (pdf) await tab.pdf({ path: pdf, format: "A4" });
  console.log(JSON.stringify({ errors, requests, ...seen }));
  await browser.close();
})();
