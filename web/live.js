// The page of a running sink (src/sink/control/live_page.cc): figures, rules with their switches, messages, clients.
"use strict";

(() => {
  const { add, addRows, bytes, colours, count, few, figures, grid, latency, page, plot, rate, section } = drawing;
  const { clock, said } = messages;

  const span = 300_000;            // milliseconds that plots show at most
  const leastSpan = 60_000;
  const gap = 3_000;               // between two stats: there was no connection
  const clientsInterval = 5_000;
  const mostClients = 100;

  // --- building blocks ---------------------------------------------------------------------------

  // A section with a table whose rows change; it is hidden while there are none.
  const table = (title, kind, head, textColumns = []) => {
    const part = section(title);
    part.className = kind;
    const body = grid(part, head, textColumns);
    let shown = "[]";
    part.hidden = true;
    return (rows) => {
      const text = JSON.stringify(rows);
      if (text === shown) return;  // what is selected in it stays so
      shown = text;
      part.hidden = rows.length === 0;
      body.replaceChildren();
      addRows(body, rows, textColumns);
    };
  };

  // --- rules -------------------------------------------------------------------------------------

  const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
  const ruleText = (keys) => Object.entries(keys).map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join(", ");

  const rulesSection = () => {
    const part = section("Rules");
    part.className = "rules half";
    const none = add(part, "p", "There are none.", "faint");
    const trouble = add(part, "p");
    trouble.setAttribute("role", "alert");
    const list = add(part, "ul");
    const rows = new Map();

    const makeRow = (name) => {
      const element = document.createElement("li");
      const label = add(element, "label");
      const box = add(label, "input");
      box.type = "checkbox";
      add(label, "span", name, "said");
      const row = { element, box, enabled: false, hits: add(element, "span", "", "hits"), text: add(element, "code"), last: Promise.resolve() };
      const path = `rules/${encodeURIComponent(name)}`;
      const enabledNow = async (options) => (await (await sink.ask(path, options)).json()).enabled;
      const change = async (enabled) => {
        try {
          row.enabled = await enabledNow({
            method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ enabled }),
          });
          trouble.textContent = "";
          trouble.className = "";
        } catch (error) {
          // 503 may be that of a change which is made, and not yet everywhere.
          const made = error.status === 503 && await enabledNow().catch(() => row.enabled) === enabled;
          if (made) row.enabled = enabled;
          trouble.textContent = made ? sentence(error.message) : `"${name}" was not switched ${enabled ? "on" : "off"}: ${error.message}.`;
          trouble.className = "warning";
        }
        box.checked = row.enabled;
      };
      // One after the other, so that the last click is what holds.
      box.addEventListener("change", () => {
        const wanted = box.checked;
        row.last = row.last.then(() => change(wanted));
      });
      return row;
    };

    return {
      show: ({ rules }) => {
        const names = new Set(rules.map(({ name }) => name));
        for (const name of rows.keys()) if (!names.has(name)) rows.delete(name);
        for (const { name, enabled, match, act } of rules) {
          if (!rows.has(name)) rows.set(name, makeRow(name));
          const row = rows.get(name);
          row.enabled = enabled;
          row.box.checked = enabled;
          row.text.textContent = `${ruleText(match) || "everything"}: ${ruleText(act)}`;
        }
        const elements = rules.map(({ name }) => rows.get(name).element);
        if (elements.length !== list.children.length || elements.some((element, i) => element !== list.children[i])) {
          const { activeElement } = document;
          list.replaceChildren(...elements);
          activeElement?.focus();
        }
        none.hidden = rules.length > 0;
      },
      count: (hits, pace) => {
        for (const { name, hits: times } of hits) {
          const row = rows.get(name);
          if (!row) continue;  // it held before
          const now = pace(times, row.times ?? times);
          row.times = times;
          row.hits.textContent = `${count(times)} hit${times === 1 ? "" : "s"}${now > 0 ? `, ${rate(now)}` : ""}`;
        }
      },
    };
  };

  // --- what --verify sees ------------------------------------------------------------------------

  const verifyTables = () => {
    const showCounts = table("Verified", "small", ["", ""]);
    const showLatency = table("Latency to the arrival", "large", ["", "count", "mean", "p50", "p90", "p99", "p99.9", "max"]);
    const wrong = [["missing so far", "missing"], ...["duplicated", "altered", "bounced", "unstamped", "malformed", "forged"].map((name) => [name, name]),
      ["not counted", "not_counted"]];
    return (verify) => {
      if (verify === null) {
        [showCounts, showLatency].forEach((show) => show([]));  // another sink
        return;
      }
      const row = ([name, field]) => ({ cells: [name, count(verify[field])], kind: verify[field] > 0 ? "bad" : "" });
      showCounts([{ cells: ["seen", count(verify.seen)] }, ...wrong.map(row)]);
      const clocks = [["from when it was due", verify.from_due], ["from when it was sent", verify.from_sent]];
      showLatency(clocks.filter(([, values]) => values.count > 0).map(([name, values]) => ({
        cells: [name, count(values.count), ...["mean", "p50", "p90", "p99", "p99_9", "max"].map((field) => latency(values[field]))],
      })));
    };
  };

  // --- clients -----------------------------------------------------------------------------------

  const clientsTable = () => {
    const show = table("Clients", "large", ["address", "name", "open", "sessions", "TLS", "messages", "recipients", "refusals", "last"], [0, 1]);
    let asked = 0;
    let seen = "";
    const ask = async () => {
      const { clients, others } = await (await sink.ask("clients")).json();
      const rows = clients.slice(0, mostClients).map((one) => ({
        cells: [said(one.address), said(one.helo), count(one.sessions_open), count(one.sessions), count(one.tls), count(one.messages),
          count(one.recipients), count(one.refused), clock(one.last)],
      }));
      const left = clients.length - rows.length;
      if (left + others > 0) {
        rows.push({ cells: [`and ${count(left)} clients before, ${count(others)} sessions of others`, ...Array(8).fill("")], kind: "faint" });
      }
      show(rows);
    };
    // Asked for when something has changed, and not all the time.
    return (stats, at) => {
      const now = JSON.stringify([stats.since, stats.sessions, stats.messages, stats.errors]);
      if (now === seen || at - asked < clientsInterval) return;
      seen = now;
      asked = at;
      ask().catch(() => { seen = ""; });
    };
  };

  // --- the whole ---------------------------------------------------------------------------------

  const host = location.host;
  document.title = `smtp-sink at ${host}`;
  add(page, "h1", document.title);
  const status = add(page, "p", "Connecting.", "status faint");
  status.setAttribute("role", "status");

  const build = (at) => {
    const figure = figures();
    const values = {
      taken: figure("", "messages taken"), pace: figure("", "messages a second"), refused: figure("", "messages refused"),
      recipients: figure("", "recipients"), open: figure("", "sessions open"), opened: figure("", "sessions opened"), received: figure("", "received"),
    };
    const time = { label: "time", values: [at - leastSpan, at], text: clock, tick: clock, ticker: Dygraph.dateTicker };
    const lines = (...series) => series.map(([label, text, more]) => ({ label, text, values: [null, null], ...more }));
    const no = { colour: colours[3] };
    return {
      values,
      plots: [
        plot("Messages", time, { tick: few }, lines(["taken", rate], ["refused", rate, no])),
        plot("Sessions", time, { tick: few }, lines(["open", count], ["opened", rate, { dash: [6, 4] }])),
        plot("Replies", time, { tick: few }, lines(["2xx, 3xx", rate], ["4xx", rate, { colour: colours[2] }], ["5xx", rate, no])),
      ],
      rules: rulesSection(),
      replies: table("Replies by code", "half", ["command", "code", "enhanced", "count", "a second"]),
      messages: messages.list(),
      verify: verifyTables(),
      clients: clientsTable(),
      errors: table("Errors", "small", ["kind", "count"]),
      lint: table("Found by --lint", "small", ["finding", "count"]),
    };
  };

  let parts = null;  // once something was heard
  let last = null;   // stats
  const points = [];  // [time, messages: taken, refused, sessions: open, opened, replies: good, 4xx, 5xx]

  const draw = () => {
    if (document.hidden || points.length === 0) return;
    const edge = Math.min(points[0][0], points.at(-1)[0] - leastSpan);
    const rows = (first, end) => [[edge, ...Array(end - first).fill(null)], ...points.map((point) => [point[0], ...point.slice(first, end)])];
    [[1, 3], [3, 5], [5, 8]].forEach(([first, end], i) => parts.plots[i](rows(first, end)));
  };
  document.addEventListener("visibilitychange", draw);

  const replies = ({ replies: list }, least, most) => list.reduce((sum, { code, count: times }) => sum + (code >= least && code < most ? times : 0), 0);

  const showStats = (now) => {
    const at = Date.parse(now.time);
    parts ??= build(at);
    const same = last?.start === now.start && last.since === now.since;
    if (last && last.start !== now.start) {  // another sink
      parts.messages.forget();
      points.length = 0;
    }
    if (points.length > 0 && at <= points.at(-1)[0]) points.length = 0;  // the clock was set back
    const passed = same ? (now.uptime - last.uptime) * 1000 : 0;
    const pace = (after, before) => (passed > 0 ? Math.max(0, after - before) / (passed / 1000) : null);
    const perSecond = (value) => (passed > 0 ? pace(value(now), value(last)) : null);
    if (passed > gap || at - points.at(-1)?.[0] > gap) points.push([at - 1, ...Array(7).fill(null)]);
    points.push([at, perSecond(({ messages: all }) => all.taken), perSecond(({ messages: all }) => all.refused), now.sessions.open,
      perSecond(({ sessions }) => sessions.opened), ...[[200, 400], [400, 500], [500, 600]].map((range) => perSecond((stats) => replies(stats, ...range)))]);
    while (points[0][0] < at - span) points.shift();

    const { values } = parts;
    const taken = points.at(-1)[1];
    values.taken.textContent = count(now.messages.taken);
    values.pace.textContent = taken === null ? "-" : rate(taken);
    values.refused.textContent = count(now.messages.refused);
    values.refused.className = now.messages.refused > 0 ? "bad" : "";
    values.recipients.textContent = count(now.recipients);
    values.open.textContent = count(now.sessions.open);
    values.opened.textContent = count(now.sessions.opened);
    values.received.textContent = bytes(now.bytes.received);
    draw();
    parts.rules.count(now.rules, pace);
    parts.replies(now.replies.map((one) => {
      const before = (stats) => stats.replies.find(({ command, code, enhanced }) => command === one.command && code === one.code && enhanced === one.enhanced);
      const times = perSecond((stats) => before(stats)?.count ?? 0);
      return { cells: [one.command, one.code ? `${one.code}` : "none", one.enhanced, count(one.count), times > 0 ? rate(times) : ""], kind: one.code >= 400 ? "bad" : "" };
    }));
    parts.messages.tell(now.store);
    parts.verify(now.verify);
    if (!document.hidden) parts.clients(now, at);
    parts.errors(now.errors.map(({ kind, count: times }) => ({ cells: [kind, count(times)], kind: "bad" })));
    parts.lint((now.lint?.findings ?? []).map(({ name, count: times }) => ({ cells: [name, count(times)], kind: "bad" })));
    const from = now.since === now.start ? "started" : "reset";
    status.textContent = `Connected. It was ${from} at ${now.since.replace("T", " ").replace(/\.\d+Z/, " UTC")}.`;
    status.className = "status faint";
    page.classList.remove("stale");
    last = now;
  };

  const takers = new Map([
    ["stats", showStats],
    ["messages", (told) => parts?.messages.add(told)],
    // They come first, when nothing is built yet.
    ["rules", (told) => (parts ??= build(Date.now())).rules.show(told)],
  ]);
  const lost = (sentence) => {
    status.textContent = `${sentence} Trying again every two seconds; what is shown is of before.`;
    status.className = "status warning";
    page.classList.add("stale");
  };
  const wantToken = (wrong) => new Promise((resolve) => {
    status.textContent = wrong ? "That is not the token of this sink." : "This sink asks for its token.";
    status.className = wrong ? "status warning" : "status";
    const form = document.createElement("form");
    const label = add(form, "label", "Token ");
    const input = add(label, "input");
    input.type = "password";
    input.autocomplete = "off";
    input.required = true;
    input.pattern = "\\s*[!-~]+\\s*";
    add(form, "button", "Watch");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      form.remove();
      status.textContent = "Connecting.";
      status.className = "status faint";
      resolve(input.value.trim());
    });
    status.after(form);
    input.focus();
  });
  sink.watch({ take: (name, data) => takers.get(name)?.(data), lost, wantToken }).then(() => {
    status.textContent = "There was no connection to the sink for ten minutes: this page has stopped trying and has forgotten the token. What is shown is of before.";
  });
})();
