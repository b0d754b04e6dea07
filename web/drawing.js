// How pages are built and plots drawn, whatever they show: dygraphs come before it (html_page.cc).
"use strict";

const drawing = (() => {
  const page = document.getElementById("page");
  // Variables of page.css.
  const colours = ["--plot-1", "--plot-2", "--plot-3", "--plot-4", "--plot-5"];
  const shade = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // --- figures as people read them ---------------------------------------------------------------

  const digits = (value) => (value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0));
  const latency = (us) => {
    if (us === null || us === undefined) return "";
    if (us < 999.5) return `${Math.round(us)} us`;
    return us < 999500 ? `${digits(us / 1e3)} ms` : `${digits(us / 1e6)} s`;
  };
  const few = (value) => (value < 10 ? `${Number(value.toPrecision(2))}` : count(value));
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
  // A row of large figures: what is given (value, name, kind) adds one, and gives where its value stands.
  const figures = () => {
    const line = add(page, "div", "", "figures");
    return (value, name, kind) => {
      const box = add(line, "div", "", "figure");
      const figure = add(box, "b", value, kind);
      add(box, "span", name);
      return figure;
    };
  };
  // A table without rows: gives its body.
  const grid = (part, head, textColumns) => {
    const empty = add(add(part, "div", "", "scroll"), "table");
    const line = add(add(empty, "thead"), "tr");
    head.forEach((cell, i) => add(line, "th", cell, textColumns.includes(i) ? "text" : ""));
    return add(empty, "tbody");
  };
  // Texts that belong to a row come below it, as wide as the table.
  const addRows = (body, rows, textColumns) => {
    for (const { cells, kind, below = [] } of rows) {
      const row = add(body, "tr", "", kind);
      if (below.length > 0) row.classList.add("headed");
      cells.forEach((cell, i) => add(row, "td", cell, textColumns.includes(i) ? "text" : ""));
      if (below.length === 0) continue;
      const cell = add(add(body, "tr", "", "below"), "td", "", "text");
      cell.colSpan = cells.length;
      below.forEach((text) => add(cell, "div", text));
    }
  };
  const table = (title, head, rows, textColumns = []) => {
    if (rows.length > 0) addRows(grid(section(title), head, textColumns), rows, textColumns);
  };

  // --- plots -------------------------------------------------------------------------------------

  // Of many points in a column of pixels only the first, the least, the greatest and the last are
  // drawn: it looks the same, and a day of seconds takes no ten seconds to draw.
  const thinned = (points) => {
    const kept = [];
    for (let first = 0, end; first < points.length; first = end) {
      const column = Math.round(points[first].canvasx);
      let [least, most] = [first, first];
      for (end = first + 1; end < points.length && Math.round(points[end].canvasx) === column; ++end) {
        // What is missing is no number, and compares with nothing.
        const { canvasy } = points[end];
        if (canvasy < points[least].canvasy || Number.isNaN(points[least].canvasy)) least = end;
        if (canvasy > points[most].canvasy || Number.isNaN(points[most].canvasy)) most = end;
      }
      const [one, other] = least < most ? [least, most] : [most, least];
      new Set([first, one, other, end - 1]).forEach((at) => kept.push(points[at]));
    }
    return kept;
  };
  const plotter = (shown) => Dygraph.Plotters.linePlotter({ ...shown, points: thinned(shown.points) });

  // A series is {label, values, text} and, where it has its own, {colour, dash}. An axis is {label,
  // values, text, tick, log}: how the legend and the axis say a value, and whether the scale is
  // logarithmic; a ticker chooses the ticks. Where a series has {points} its values are drawn alone,
  // without a line between them. Gives a function that draws other rows, [x, value of each series...].
  // The library's touches would keep a reader's finger from scrolling the page.
  const { touchstart, touchmove, touchend, ...pointer } = Dygraph.defaultInteractionModel;
  const plots = [];
  const plot = (title, x, y, series) => {
    const part = section(title);
    part.className = "plot";
    const canvas = add(part, "div", "", "canvas");
    const legend = add(part, "p", "", "legend");
    series.forEach((one, i) => { one.colour ??= colours[i % colours.length]; });

    const tell = ({ x: at, series: shown }) => {
      const keys = document.createDocumentFragment();
      add(keys, "span", at === undefined ? x.label : `${x.label}: ${x.text(at)}`);
      shown.forEach(({ y: value }, i) => {
        const key = add(keys, "span", "", "key");
        const line = add(key, "i");
        line.style.borderTop = `2px ${series[i].dash ? "dashed" : "solid"} var(${series[i].colour})`;
        key.append(series[i].label);
        if (value !== undefined && value !== null) key.append(`: ${series[i].text(value)}`);
      });
      return keys;
    };
    const axis = ({ tick, ticker, log }, width) => ({
      axisLabelFormatter: (value) => tick(value), axisLabelWidth: width, logscale: log === true, ...(ticker && { ticker }),
    });
    const shades = () => ({ colors: series.map(({ colour }) => shade(colour)), gridLineColor: shade("--grid"), axisLineColor: shade("--axis") });
    let rows = x.values.map((at, row) => [at, ...series.map(({ values }) => values[row])]);
    const drawn = new Dygraph(canvas, rows, {
      ...shades(),
      labels: [x.label, ...series.map(({ label }) => label)],
      series: Object.fromEntries(series.map(({ label, dash, points }) => [label,
        { strokePattern: dash ?? null, ...(points && { strokeWidth: 0, drawPoints: true, pointSize: 4 }) }])),
      axes: { x: axis(x, 60), y: { ...axis(y, 64), includeZero: true } },
      dateWindow: x.values.length === 1 ? [x.values[0] - 0.5, x.values[0] + 0.5] : null,
      xRangePad: x.log ? 0 : 6,  // is added to values, which a logarithmic scale does not take
      yRangePad: 8,
      connectSeparatedPoints: x.log === true,
      drawPoints: x.values.length < 3,
      pointSize: 3,
      strokeWidth: 2,
      gridLineWidth: 1,
      axisLineWidth: 1,
      axisTickSize: 5,
      axisLabelFontSize: 12,
      rightGap: 32,
      xlabel: x.label,
      xLabelHeight: 20,
      legend: "always",
      labelsDiv: legend,
      legendFormatter: tell,
      interactionModel: pointer,
      plotter,
      highlightCallback: (event, at) => {
        cursor.style.left = `${drawn.toDomXCoord(at)}px`;
        cursor.style.display = "block";
      },
      unhighlightCallback: () => { cursor.style.display = ""; },
    });
    const cursor = add(canvas, "div", "", "cursor");
    plots.push({ resize: () => drawn.resize(), recolour: () => drawn.updateOptions({ ...shades(), file: rows }) });
    return (others) => {
      rows = others;
      drawn.updateOptions({ file: rows, drawPoints: rows.length < 3 });
    };
  };

  // --- what pages share --------------------------------------------------------------------------

  const whole = (value) => (Number.isInteger(value) ? count(value) : "");
  // A logarithmic scale has no place for nothing.
  const positive = (values) => values.map((value) => (value > 0 ? value : null));
  const statistics = [["mean", "mean_us"], ["min", "min_us"], ["p50", "p50_us"], ["p90", "p90_us"], ["p95", "p95_us"],
    ["p99", "p99_us"], ["p99.9", "p99_9_us"], ["p99.99", "p99_99_us"], ["max", "max_us"]];
  const head = ["", "count", ...statistics.map(([name]) => name)];
  const latencyRow = ([name, values]) => ({ cells: [name, count(values.count), ...statistics.map(([, field]) => latency(values[field]))] });

  // On paper plots have a width of their own, since a script cannot ask how wide the page will be.
  const paper = (on) => {
    document.body.classList.toggle("paper", on);
    plots.forEach(({ resize }) => resize());
  };
  window.addEventListener("beforeprint", () => paper(true));
  window.addEventListener("afterprint", () => paper(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plots.forEach(({ recolour }) => recolour()));

  return {
    add, addRows, bytes, colours, count, few, figures, grid, head, latency, latencyRow, page, percent, plot, positive, rate, section, statistics,
    table, whole,
  };
})();
