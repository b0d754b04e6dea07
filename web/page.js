// Draws a run: the JSON in #run, with latency curves added (src/report/html.cc).
"use strict";

(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const { add, bytes, colours, count, few, figures, head, latency, latencyRow, page, percent, plot, positive, rate, section, statistics, table, whole } = drawing;

  // The end of a run may leave a part of a second that is too short to tell a rate.
  const rows = run.series.filter((row, i) => i === 0 || row.length_s >= 0.5);
  const each = (value) => rows.map((row) => value(row));
  const perSecond = (name) => each((row) => row[name] / row.length_s);
  const time = {
    label: "second", values: each((row) => row.second),
    text: (second) => `${second} s`, tick: whole,
  };
  const timed = run.latency !== undefined;
  const totals = run.totals;
  const byIntended = timed && (run.options.open_loop || totals.retries > 0);
  const failures = (counters) =>
    ["refused", "lost", "unfinished", "unstarted", "given_up", "waiting", "shed"].reduce((sum, name) => sum + counters[`messages_${name}`], 0);

  const drawThroughput = () => {
    const series = [{ label: timed ? "delivered" : "taken", values: perSecond("messages"), text: rate }];
    if (rows.some((row) => row.asked > 0)) {
      series.push({ label: "asked", values: perSecond("asked"), text: rate, dash: [6, 4] });
    }
    const failed = each((row) => failures(row) / row.length_s);
    if (failed.some((value) => value > 0)) {
      series.push({ label: "failed", values: failed, text: rate, colour: colours[3] });
    }
    if (totals.retries > 0) series.push({ label: "retries", values: perSecond("retries"), text: rate, dash: [2, 3] });
    plot("Throughput over time", time, { tick: few }, series);
  };

  const drawLatencies = () => {
    const names = [["p50", "p50_us"], ["p90", "p90_us"], ["p99", "p99_us"], ["p99.9", "p99_9_us"], ["max", "max_us"]];
    plot("Latency over time", time, { tick: latency, log: true },
      names.map(([label, field]) => ({ label, values: positive(each((row) => row[field])), text: latency })));
  };

  const drawCurve = () => {
    const names = byIntended ? ["intended", "service"] : ["service"];
    const xs = [...new Set(names.flatMap((name) => run.curves[name].map(([x]) => x)))].sort((a, b) => a - b);
    const share = (x) => {
      const value = 100 * (1 - 1 / x);
      return x === 1 ? "0%" : `${Number(value.toFixed(Math.max(0, Math.round(Math.log10(x)) - 1)))}%`;
    };
    const series = names.map((label) => {
      const values = new Map(run.curves[label]);
      return { label, values: xs.map((x) => (values.has(x) ? Math.max(values.get(x), 1) : null)), text: latency };
    });
    // A line for each digit; a label for each power of ten, or each second one where they are close.
    const ticker = (least, most, pixels) => {
      const step = 10 ** Math.ceil((60 * Math.log10(most)) / pixels);
      const ticks = [];
      for (let power = 1, named = 1; power <= most; power *= 10) {
        for (let digit = 1; digit <= 9; ++digit) ticks.push({ v: digit * power, label: "" });
        if (power !== named) continue;
        ticks.at(-9).label = share(power);
        named *= step;
      }
      return ticks;
    };
    plot("Latency by percentile", { label: "percentile", values: xs, text: share, ticker, log: true }, { tick: latency, log: true }, series);
  };

  const drawSessions = () => {
    const series = [{ label: "sessions open", values: each((row) => row.sessions_open), text: count }];
    if (timed) series.push({ label: "messages in flight", values: each((row) => row.in_flight), text: count });
    plot("Sessions", time, { tick: whole }, series);
  };

  // A search for a capacity: latency against the level, every probe a point. Those at the same level
  // stand beside each other, by less than can be seen.
  const drawKnee = ({ of, probes }) => {
    const sorted = [...probes].sort((a, b) => a.level - b.level);
    const levels = sorted.map(({ level }, i) => level * (1 + 1e-6 * i));
    const text = of === "rate" ? rate : (level) => `${count(level)} sessions`;
    const only = (outcome, field) => sorted.map((probe) => (probe.outcome === outcome && probe[field] > 0 ? probe[field] : null));
    const series = [
      { label: "p50", values: positive(sorted.map((probe) => probe.p50_us)), text: latency, dash: [2, 3], colour: colours[0] },
      { label: "p99", values: positive(sorted.map((probe) => probe.p99_us)), text: latency, colour: colours[0] },
      { label: "held", values: only("held", "p99_us"), text: latency, colour: colours[1], points: true },
      { label: "missed", values: only("missed", "p99_us"), text: latency, colour: colours[3], points: true },
    ];
    if (probes.some(({ outcome }) => outcome === "late")) {
      series.push({ label: "generator late", values: only("late", "p99_us"), text: latency, colour: colours[2], points: true });
    }
    // To the arrival at a sink, where anybody looked.
    if (probes.some((probe) => probe.end_to_end)) {
      const values = positive(sorted.map((probe) => probe.end_to_end?.p99_us ?? 0));
      series.push({ label: "end to end p99", values, text: latency, dash: [6, 4], colour: colours[2] });
    }
    plot(`Latency against ${of === "rate" ? "the rate" : "sessions"}`, { label: of, values: levels, text, tick: few },
      { tick: latency, log: true }, series);
  };

  // --- the page ----------------------------------------------------------------------------------

  add(page, "h1", `smtp-${run.kind}: ${run.start.replace("T", " ").replace(/\.\d+Z/, " UTC")}`);
  for (const [name, value] of Object.entries(run.options.settings)) add(page, "p", `${name}: ${value}`, "faint");
  add(page, "p", run.verdict, "verdict");
  // Where most messages were refused, lost or given up, that comes first.
  const away = timed ? totals.messages_refused + totals.messages_lost + totals.messages_given_up : 0;
  const turnedAway = timed && away > totals.messages + failures(totals) - away;
  const tellLimits = () => {
    if (!run.generator || !run.generator.is_bottleneck) return;
    add(page, "p", `The generator itself may be the bottleneck: ${run.generator.reasons.join("; ")}.`, "warning");
  };
  if (!turnedAway) tellLimits();
  const figure = figures();
  figure(count(totals.messages), timed ? "messages delivered" : "messages taken");
  figure(rate(totals.messages_per_s), "messages a second");
  if (timed) {
    figure(percent(totals.failed_share), "not delivered", totals.failed_share > 0 ? "bad" : "good");
    figure(latency(run.latency.intended.p50_us), "p50 latency");
    figure(latency(run.latency.intended.p99_us), "p99 latency");
    figure(latency(run.latency.intended.max_us), "max latency");
  }

  const verified = run.verify;
  if (verified) {
    figure(count(verified.seen), "verified");
    for (const name of ["duplicated", "altered"]) figure(count(verified[name]), name, verified[name] > 0 ? "bad" : "good");
    if (verified.from_due.count > 0) figure(latency(verified.from_due.p99_us), "p99 from when due");
  }

  const behind = run.end_to_end;
  if (behind) {
    const known = behind.p99_us !== undefined;
    figure(known ? latency(behind.p99_us) : "none", "p99 end to end", known ? undefined : "bad");
    figure(count(behind.not_arrived), "not arrived", behind.not_arrived > 0 ? "bad" : "good");
    figure(count(behind.backlog), "backlog");
  }

  if (run.capacity && run.capacity.probes.length > 0) drawKnee(run.capacity);
  if (rows.length > 0) {
    drawThroughput();
    if (rows.some((row) => row.max_us > 0)) drawLatencies();
  }
  if (timed && run.latency.service.count > 0) drawCurve();
  if (rows.length > 0) drawSessions();

  const counted = ([, values]) => values.count > 0;
  if (timed) {
    const { intended, service, failed } = run.latency;
    const clocks = Object.entries(byIntended ? { intended, service, failed } : { service, failed });
    if (behind) clocks.push(["arrived", behind.latency]);
    table("Latency", head, clocks.filter(counted).map(latencyRow));
  }
  if (behind) {
    table("Behind the server: copies, one a recipient", ["", ""], ["asked", "accepted", "arrived", "bounced", "not_arrived", "backlog"].map((name) => ({
      cells: [name.replaceAll("_", " "), count(behind[name])], kind: name === "not_arrived" && behind[name] > 0 ? "bad" : "",
    })));
  }
  // As the summary has them (src/report/verify_summary.cc), what was not to come first.
  const lawful = [["same"], ["headers_added"], ["refolded"], ["blanks_changed"], ["re_encoded", "re-encoded"], ["reports", "other reports"],
    ["not_counted", "not looked for"], ["other_runs", "of other runs"], ["recipients"]];
  const wrong = [["footer_added"], ["headers_changed"], ["truncated"], ["body_changed"], ["unstamped"], ["malformed"], ["forged"], ["bounced"],
    ["duplicated"], ["unrecorded", "not recorded"]];
  if (verified) {
    const rowsOf = (fields, kind) => fields.filter(([field]) => verified[field] > 0).map(([field, name = field.replaceAll("_", " ")]) => ({
      cells: [name, count(verified[field])], kind,
    }));
    table("Verified", ["", ""], [{ cells: ["seen", count(verified.seen)] }, ...rowsOf(wrong, "bad"), ...rowsOf(lawful, "")]);
    if (!verified.checked) add(page.lastChild, "p", "Stamps are unchecked, for want of a key.", "faint");
    table("Latency to the arrival", head, [["from when it was due", verified.from_due], ["from when it was sent", verified.from_sent]]
      .filter(counted).map(latencyRow));
  }
  // What clients did against the RFCs, where a sink judged them.
  if (run.lint) {
    const { findings, sessions, faulty_sessions: faulty } = run.lint;
    table(`Lint: ${count(faulty)} of ${count(sessions)} sessions broke a rule`, ["", "", "count", "sessions", "sample"],
      findings.map((one) => ({ cells: [one.name, `${one.what} (${one.rfc})`, count(one.count), count(one.sessions), one.sample], kind: "bad" })), [0, 1, 4]);
  }
  // A message that was over after one attempt is nothing to tell of by itself.
  const attempts = run.attempts ?? [];
  if (timed && attempts.length > 1) {
    table("Attempts", ["attempts", "messages"], attempts.map((messages, i) => ({ cells: [count(i + 1), count(messages)] })));
  }
  // The splits by kind, domain and sender: those that have no row are one more.
  const figuresOf = (fields) => fields.map(([name, field]) => [name, ({ latency: of }) => (of.count > 0 ? latency(of[field]) : "")]);
  const countsOf = (...fields) => fields.map(([name, ...summed]) => [name, (row) => count(summed.reduce((sum, field) => sum + row[field], 0))]);
  // Columns that a run has without the split too, as totals, and those that it has not: of runs that were merged.
  const splitTable = (title, what, split, inTotals, inSplit) => {
    if (!split) return;
    const unsplit = split.unsplit_runs > 0;
    const some = unsplit || Object.values(split.others).some((value) => value > 0);
    if (split.rows.length < 2 && !some) return;
    const columns = [...inTotals, ...inSplit];
    const rows = split.rows.map((row) => ({ cells: [row.name, ...columns.map(([, text]) => text(row))] }));
    const other = ([, text], place) => (unsplit && place >= inTotals.length ? "-" : text(split.others));
    if (some) rows.push({ cells: ["all others", ...columns.map(other)], kind: "faint" });
    table(title, ["", ...columns.map(([name]) => name)], rows, [0]);
    const tell = (text) => add(page.lastChild, "p", text, "faint");
    if (split.untold > 0) tell(`${count(split.untold)} ${what} of the others may be of any of them: they were not told apart.`);
    if (unsplit) tell(`Runs that had no such split: ${count(split.unsplit_runs)}. What is "-" of the others is not known.`);
  };
  const named = (...names) => statistics.filter(([name]) => names.includes(name));
  // Losses in doubt are counted by message in runs with retries alone, of which they tell something.
  const ofMessages = countsOf(["delivered", "messages"], ["refused", "messages_refused"],
    ["not done", "messages_lost", "messages_unfinished", "messages_given_up", "messages_waiting"],
    ...(totals.losses_in_doubt > 0 ? [["losses in doubt", "losses_in_doubt"]] : []));
  splitTable("Kinds", "messages", run.kinds, [...ofMessages, ...figuresOf(named("p50", "p90", "p99", "p99.9", "max"))],
    [["bytes", (row) => bytes(row.content_bytes)]]);
  const coarse = figuresOf(named("p50", "p99", "max"));
  splitTable("Domains: recipients, by attempt", "recipients", run.domains, countsOf(["accepted", "recipients"]), [
    ...countsOf(["4xx", "recipients_deferred"], ["5xx", "recipients_refused"], ["lost", "recipients_lost"], ["in doubt", "recipients_in_doubt"]),
    ...coarse]);
  splitTable("Senders", "messages", run.senders, [...ofMessages, ...coarse], []);
  const phases = timed ? run.latency.phases : run.phases;
  table("Phases", head, Object.entries(phases).filter(counted).map(latencyRow));
  table("Replies", ["command", "code", "enhanced", "count"], Object.entries(run.replies).flatMap(([verb, list]) => list.map((one) => ({
    cells: [verb, `${one.code}`, one.enhanced ?? "", count(one.count)], kind: one.code >= 400 ? "bad" : "",
  }))));
  table("Errors", ["kind", "count", "the first one"], Object.entries(run.errors).map(([kind, one]) => ({
    cells: [kind, count(one.count), one.sample], kind: "bad",
  })), [2]);
  if (turnedAway) tellLimits();
  table("Rules", ["rule", "hits"], (run.rules ?? []).map(({ name, hits }) => ({ cells: [name, count(hits)] })), [0]);
  if (run.keys_forgotten > 0) {
    add(page, "p", `Keys of rates and greylists that had to be forgotten: ${count(run.keys_forgotten)}.`, "warning");
  }
  table("Answers", ["", ""], Object.entries(run.answers ?? {}).map(([name, value]) => ({
    cells: [name.replaceAll("_", " "), count(value)],
  })));
  const endsOfClients = [["connects_refused", "connects failed"], ["closed_after_quit", "ended by QUIT"], ["closed_by_server", "closed by the server"],
    ["reset_by_server", "reset by the server"], ["closed_by_client", "left by the client"], ["timed_out", "timed out"],
    ["failed", "failed"], ["closed_by_end_of_run", "open at the end"]];
  const endsOf = (one) => endsOfClients.filter(([field]) => one[field] > 0).map(([field, what]) => `${count(one[field])} ${what}`).join(", ");
  const repliesOf = ({ replies }) => Object.entries(replies).map(([verb, list]) =>
    `${verb} ${list.map((reply) => `${reply.code}${reply.enhanced ? ` ${reply.enhanced}` : ""} x ${count(reply.count)}`).join(", ")}`).join("; ");
  table("Clients that misbehave", ["kind", "connections", "held mean", "p50", "max", "sent", "received", "taken", "rejected", "smuggled"],
    (run.clients ?? []).map((one) => ({
      cells: [one.kind, count(one.connections), latency(one.held.mean_us), latency(one.held.p50_us), latency(one.held.max_us),
        bytes(one.bytes_sent), bytes(one.bytes_received), count(one.content_taken), count(one.content_rejected), count(one.smuggled_taken)],
      below: [endsOf(one) || "no connection ended", `replies: ${repliesOf(one) || "none"}`],
      kind: one.smuggled_taken > 0 ? "bad" : "",
    })), [0]);
  if (run.stages && run.stages.length > 1) {
    table("Stages", ["stage", "messages", "failed", "p50", "p99", "max"], run.stages.map((stage) => ({
      cells: [stage.name, count(stage.totals.messages),
        count(failures(stage.totals)),
        latency(stage.latency.intended.p50_us), latency(stage.latency.intended.p99_us), latency(stage.latency.intended.max_us)],
    })));
  }
  if (run.capacity) {
    const { of, probes } = run.capacity;
    const ofAll = (time) => time === undefined ? "none" : latency(time);
    const arrivalsOf = (arrivals) => `end to end: p50 ${ofAll(arrivals.p50_us)}, p99 ${ofAll(arrivals.p99_us)}, ` +
      `max ${ofAll(arrivals.max_us)}; backlog ${count(arrivals.backlog)}, not arrived ${count(arrivals.not_arrived)}`;
    table("Probes", [of, "outcome", "delivered", "p50", "p99", "max", "failed", "measured"], probes.map((probe) => ({
      cells: [few(probe.level), probe.confirms ? `${probe.outcome}, to confirm` : probe.outcome, rate(probe.messages_per_s),
        latency(probe.p50_us), latency(probe.p99_us), latency(probe.max_us), percent(probe.failed_share), `${few(probe.measured_s)} s`],
      kind: probe.outcome === "missed" ? "bad" : "",
      below: [
        ...(probe.reason ? [probe.reason] : []),
        ...(probe.end_to_end ? [arrivalsOf(probe.end_to_end)] : []),
      ],
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
    add(page.lastChild, "p", `Threads busy: ${busy}. Late starts: ${count(run.generator.late_starts)}.`, "faint");
  }
  table("Environment", ["", ""], Object.entries(run.environment).map(([name, value]) => ({ cells: [name.replaceAll("_", " "), `${value}`] })), [1]);
  add(section("Command line"), "code", run.options.command_line.join(" "));
  add(page, "p", `${run.program}, schema ${run.schema}`, "faint");
})();
