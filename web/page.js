// Draws a run: the JSON in #run, with latency curves added (src/report/html.cc).
"use strict";

(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const page = document.getElementById("page");
  const colours = ["#1f6fb4", "#2a9d5c", "#d98200", "#b3261e", "#7b4fb0"];

  // --- figures as people read them ---------------------------------------------------------------

  const digits = (value) => (value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0));
  const latency = (us) => {
    if (us === null || us === undefined) return "";
    if (us < 999.5) return `${Math.round(us)} us`;
    return us < 999500 ? `${digits(us / 1e3)} ms` : `${digits(us / 1e6)} s`;
  };
  const count = (value) => Math.round(value).toLocaleString("en-US");
  const rate = (value) => (value < 9999.5 ? `${value.toFixed(1)}/s` : `${count(value)}/s`);
  const percent = (share) => (share === 0 ? "0%" : `${(share * 100).toPrecision(3)}%`);
  const bytes = (value) => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    for (; value >= 999.5 && unit + 1 < units.length; ++unit) value /= 1e3;
    return `${unit === 0 ? value : digits(value)} ${units[unit]}`;
  };

  // --- building blocks ---------------------------------------------------------------------------

  const add = (parent, name, text = "", kind = "") => {
    const element = parent.appendChild(document.createElement(name));
    if (text !== "") element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };
  const section = (title) => {
    const part = add(page, "section");
    add(part, "h2", title);
    return part;
  };
  const table = (title, head, rows, textColumns = []) => {
    if (rows.length === 0) return;
    const grid = add(add(section(title), "div", "", "scroll"), "table");
    const line = add(add(grid, "thead"), "tr");
    head.forEach((cell) => add(line, "th", cell));
    const body = add(grid, "tbody");
    for (const { cells, kind } of rows) {
      const row = add(body, "tr", "", kind);
      cells.forEach((cell, i) => add(row, "td", cell, textColumns.includes(i) ? "text" : ""));
    }
  };

  // --- plots -------------------------------------------------------------------------------------

  const plots = [];
  const axis = (label, values) => ({ label, values, labelSize: 24, size: 72, grid: { stroke: "#e6e9ed" } });
  const plot = (title, data, series, scales, axes, xLabel) => {
    const part = section(title);
    part.classList.add("plot");
    const options = {
      width: part.clientWidth,
      height: 280,
      scales: { x: { time: false, ...scales.x }, y: scales.y },
      series: [{ label: xLabel, value: axes.x }, ...series.map((one, i) => ({
        stroke: colours[i % colours.length], width: 2, spanGaps: false, points: { show: data[0].length < 3 }, ...one,
      }))],
      axes: [{ ...axis(xLabel, axes.xTicks), size: 48 }, axis("", (self, ticks) => ticks.map((tick) => (tick === null ? "" : axes.y(tick))))],
    };
    plots.push({ part, drawn: new uPlot(options, data, part) });
  };

  // The end of a run may leave a part of a second that is too short to tell a rate.
  const rows = run.series.filter((row, i) => i === 0 || row.length_s >= 0.5);
  const seconds = rows.map((row) => row.second);
  const each = (value) => rows.map((row) => value(row));
  const perSecond = (name) => each((row) => row[name] / row.length_s);
  const secondText = (self, value) => (value === null ? "" : `${value} s`);
  const time = { x: secondText, xTicks: (self, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? `${tick}` : "")) };
  const timed = run.latency !== undefined;
  const shown = (value) => (value === null || value === undefined ? "" : value);
  // A logarithmic scale has no place for nothing.
  const positive = (values) => values.map((value) => (value > 0 ? value : null));

  const drawThroughput = () => {
    const data = [seconds, perSecond("messages")];
    const text = (self, value) => (value === null ? "" : rate(value));
    const series = [{ label: timed ? "delivered" : "taken", value: text }];
    if (rows.some((row) => row.asked > 0)) {
      data.push(each((row) => row.asked / row.length_s));
      series.push({ label: "asked", value: text, dash: [6, 4] });
    }
    const failed = each((row) => (row.messages_refused + row.messages_lost + row.messages_unfinished) / row.length_s);
    if (failed.some((value) => value > 0)) {
      data.push(failed);
      series.push({ label: "failed", value: text, stroke: colours[3] });
    }
    plot("Throughput over time", data, series, { x: {}, y: { range: (self, least, most) => [0, (most || 1) * 1.1] } }, { ...time, y: (tick) => count(tick) }, "second");
  };

  const drawLatencies = () => {
    const names = [["p50", "p50_us"], ["p90", "p90_us"], ["p99", "p99_us"], ["p99.9", "p99_9_us"], ["max", "max_us"]];
    const data = [seconds, ...names.map(([, field]) => positive(each((row) => row[field])))];
    const series = names.map(([label]) => ({ label, value: (self, value) => latency(shown(value) === "" ? null : value) }));
    plot("Latency over time", data, series, { x: {}, y: { distr: 3 } }, { ...time, y: latency }, "second");
  };

  const drawCurve = () => {
    const names = run.options.open_loop ? ["intended", "service"] : ["service"];
    const xs = [...new Set(names.flatMap((name) => run.curves[name].map(([x]) => x)))].sort((a, b) => a - b);
    const data = [xs, ...names.map((name) => {
      const values = new Map(run.curves[name]);
      return xs.map((x) => (values.has(x) ? Math.max(values.get(x), 1) : undefined));
    })];
    const share = (x) => {
      const value = 100 * (1 - 1 / x);
      return x === 1 ? "0%" : `${Number(value.toFixed(Math.max(0, Math.round(Math.log10(x)) - 1)))}%`;
    };
    const series = names.map((label) => ({ label, spanGaps: true, value: (self, value) => latency(shown(value) === "" ? null : value) }));
    plot("Latency by percentile", data, series, { x: { distr: 3 }, y: { distr: 3 } },
      { x: (self, x) => (x === null ? "" : share(x)), xTicks: (self, ticks) => ticks.map((x) => (Number.isInteger(Math.log10(x)) ? share(x) : "")), y: latency }, "percentile");
  };

  const drawSessions = () => {
    const data = [seconds, each((row) => row.sessions_open)];
    const series = [{ label: "sessions open" }];
    if (timed) {
      data.push(each((row) => row.in_flight));
      series.push({ label: "messages in flight" });
    }
    plot("Sessions", data, series, { x: {}, y: { range: (self, least, most) => [0, (most || 1) * 1.1] } }, { ...time, y: (tick) => count(tick) }, "second");
  };

  // --- the page ----------------------------------------------------------------------------------

  const totals = run.totals;
  add(page, "h1", `smtp-${run.kind}: ${run.start.replace("T", " ").replace(/\.\d+Z/, " UTC")}`);
  for (const [name, value] of Object.entries(run.options.settings)) add(page, "p", `${name}: ${value}`, "faint");
  add(page, "p", run.verdict, "verdict");
  if (run.generator && run.generator.is_bottleneck) {
    add(page, "p", `The generator itself may be the bottleneck: ${run.generator.reasons.join("; ")}.`, "warning");
  }
  const figures = add(page, "div", "", "figures");
  const figure = (value, name, kind) => {
    const box = add(figures, "div", "", "figure");
    add(box, "b", value, kind);
    add(box, "span", name);
  };
  figure(count(totals.messages), timed ? "messages delivered" : "messages taken");
  figure(rate(totals.messages_per_s), "messages a second");
  if (timed) {
    figure(percent(totals.failed_share), "not delivered", totals.failed_share > 0 ? "bad" : "good");
    figure(latency(run.latency.intended.p50_us), "p50 latency");
    figure(latency(run.latency.intended.p99_us), "p99 latency");
    figure(latency(run.latency.intended.max_us), "max latency");
  }

  if (rows.length > 0) {
    drawThroughput();
    if (timed) drawLatencies();
  }
  if (timed && run.latency.service.count > 0) drawCurve();
  if (rows.length > 0) drawSessions();

  const statistics = [["mean", "mean_us"], ["min", "min_us"], ["p50", "p50_us"], ["p90", "p90_us"], ["p95", "p95_us"],
    ["p99", "p99_us"], ["p99.9", "p99_9_us"], ["p99.99", "p99_99_us"], ["max", "max_us"]];
  const head = ["", "count", ...statistics.map(([name]) => name)];
  const latencyRow = ([name, values]) => ({ cells: [name, count(values.count), ...statistics.map(([, field]) => latency(values[field]))] });
  const counted = ([, values]) => values.count > 0;
  if (timed) {
    const { intended, service, failed, phases } = run.latency;
    const clocks = Object.entries(run.options.open_loop ? { intended, service, failed } : { service, failed });
    table("Latency", head, clocks.filter(counted).map(latencyRow));
    table("Phases", head, Object.entries(phases).filter(counted).map(latencyRow));
  }
  table("Replies", ["command", "code", "enhanced", "count"], Object.entries(run.replies).flatMap(([verb, list]) => list.map((one) => ({
    cells: [verb, `${one.code}`, one.enhanced ?? "", count(one.count)], kind: one.code >= 400 ? "bad" : "",
  }))));
  table("Errors", ["kind", "count", "the first one"], Object.entries(run.errors).map(([kind, one]) => ({
    cells: [kind, count(one.count), one.sample], kind: "bad",
  })), [2]);
  if (run.stages && run.stages.length > 1) {
    table("Stages", ["stage", "messages", "failed", "p50", "p99", "max"], run.stages.map((stage) => ({
      cells: [stage.name, count(stage.totals.messages),
        count(stage.totals.messages_refused + stage.totals.messages_lost + stage.totals.messages_unfinished),
        latency(stage.latency.intended.p50_us), latency(stage.latency.intended.p99_us), latency(stage.latency.intended.max_us)],
    })));
  }
  table("Thresholds", ["threshold", "measured", ""], run.thresholds.map((one) => ({
    cells: [one.threshold, one.value, one.passed ? "passed" : "failed"], kind: one.passed ? "good" : "bad",
  })));
  table("Totals", ["", ""], Object.entries(totals).map(([name, value]) => ({
    cells: [name.replaceAll("_", " "), name.startsWith("bytes") ? bytes(value) : name.endsWith("_share") ? percent(value) : name.endsWith("_per_s") ? rate(value) : count(value)],
  })));
  if (run.generator) {
    const busy = run.generator.busy_share.map((share) => percent(share)).join(", ");
    table("Generator", head, [["loop lag", run.generator.loop_lag], ["start lag", run.generator.start_lag]].filter(counted).map(latencyRow));
    add(page.lastChild, "p", `Threads busy: ${busy}. Late starts: ${count(run.generator.late_starts)}. Never started: ${count(run.generator.unstarted)}.`, "faint");
  }
  table("Environment", ["", ""], Object.entries(run.environment).map(([name, value]) => ({ cells: [name.replaceAll("_", " "), `${value}`] })), [1]);
  add(section("Command line"), "code", run.options.command_line.join(" "));
  add(page, "p", `${run.program}, schema ${run.schema}`, "faint");

  const fit = () => plots.forEach(({ part, drawn }) => drawn.setSize({ width: part.clientWidth, height: 280 }));
  window.addEventListener("resize", fit);
  window.addEventListener("beforeprint", fit);
})();
