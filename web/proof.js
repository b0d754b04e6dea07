// Draws what became of every message: the JSON in #run (src/report/proof/proof_json.cc).
"use strict";

(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const { add, colours, count, figures, head, latency, latencyRow, page, plot, positive, rate, section, table, whole } = drawing;
  const { counts } = run;
  const faulty = ["lost", "duplicated", "altered", "late", "bounced", "undecided", "in_doubt", "unexpected"];

  add(page, "h1", `What became of every ${run.unit}: from ${run.start.replace("T", " ").replace(/\.\d+Z/, " UTC")}`);
  const names = (side) => run.journals[side].map(({ path }) => path).join(", ");
  add(page, "p", `sent: ${names("sent")}`, "faint");
  add(page, "p", `taken: ${names("taken")}`, "faint");
  add(page, "p", run.verdict, run.good ? "verdict good" : "verdict bad");
  run.notes.forEach(({ text, warning }) => add(page, "p", text, warning ? "warning" : "faint"));

  const figure = figures();
  figure(count(counts.accepted), "accepted");
  figure(count(counts.delivered), "delivered");
  for (const name of ["lost", "duplicated", "altered", "late"]) figure(count(counts[name]), name, counts[name] > 0 ? "bad" : "good");
  if (run.latency.end_to_end.count > 0) figure(latency(run.latency.end_to_end.p99_us), "p99 end to end");

  // --- plots -------------------------------------------------------------------------------------

  const seconds = (values) => ({ label: "second", values, text: (second) => `${second} s`, tick: whole });
  const time = seconds(run.series.map(({ second }) => second));
  const each = (name) => run.series.map((row) => row[name]);
  const { rows } = run.latency_series;
  if (rows.length > 0) {
    // A row that is missing is a gap, and no line across it.
    const length = run.latency_series.length_s;
    const held = new Map(rows.map((row) => [row.second, row]));
    const places = [];
    for (let second = 0; second < run.series.length; second += length) places.push(second);
    const over = length === 1 ? "" : ` (each point ${count(length)} s)`;
    plot(`Latency from due to arrival over time${over}`, seconds(places), { tick: latency, log: true },
      [["p50", "p50_us"], ["p90", "p90_us"], ["p99", "p99_us"], ["max", "max_us"]].map(([label, field]) => (
        { label, values: positive(places.map((second) => held.get(second)?.[field])), text: latency })));
  }
  if (run.series.length > 0) {
    plot("Accepted and arrived over time", time, { tick: whole }, [
      { label: "accepted", values: each("accepted"), text: rate },
      { label: "arrived", values: each("arrived"), text: rate, dash: [6, 4] }]);
    plot("Backlog in the server over time (accepted minus arrived)", time, { tick: whole }, [
      { label: "backlog", values: each("backlog"), text: (value) => value.toLocaleString("en-US") }]);
    if (run.faults > 0) {
      plot("Faults over time", time, { tick: whole }, [
        { label: "faults that began", values: each("faults"), text: count, colour: colours[3] }]);
    }
  }

  // --- tables ------------------------------------------------------------------------------------

  // Cut rather than rounded: where one of a million is missing it is not 100%.
  const share = (value) => (counts.accepted > 0 ? `${Number((Math.floor((value / counts.accepted) * 1e7) / 1e5).toPrecision(6))}%` : "");
  const ofAccepted = ["accepted", "delivered", "in_order", "lost", "duplicated", "altered", "late"];
  table(run.unit === "message" ? "Messages" : "Deliveries (a message to one recipient)", ["", "count", "of accepted"],
    Object.entries(counts).map(([name, value]) => ({
      cells: [name.replaceAll("_", " "), count(value), ofAccepted.includes(name) ? share(value) : ""],
      kind: faulty.includes(name) && value > 0 ? "bad" : "",
    })));
  table("Contents", ["", "count"], Object.entries(run.contents).filter(([, value]) => value > 0).map(([name, value]) => ({ cells: [name, count(value)] })));
  const clocks = (latencies) => [["from due", latencies.end_to_end], ["from sent", latencies.from_sent], ["from the server's yes", latencies.from_acknowledged]];
  table("Latency to the arrival", head, clocks(run.latency).filter(([, values]) => values.count > 0).map(latencyRow));
  const groups = (title, list) => {
    if (list.length < 2) return;
    const some = ({ count: number }, value) => (number > 0 ? latency(value) : "");
    table(title, ["", "accepted", "lost", "faults", "p50", "p99", "max"], list.map(({ name, accepted, lost, faults, latency: { end_to_end: all } }) => ({
      cells: [name || "(no name)", count(accepted), count(lost), count(faults), some(all, all.p50_us), some(all, all.p99_us), some(all, all.max_us)],
      kind: lost > 0 ? "bad" : "",
    })), [0]);
  };
  groups("Kinds", run.kinds);
  groups("Domains", run.domains);
  const shown = run.first_faults;
  const clock = (text) => (text ? text.slice(11, -1) : "");
  table(shown.length < run.faults ? `The first faults of each sort (of ${count(run.faults)})` : "Faults",
    ["what", "message", "recipient", "kind", "domain", "queue id", "code", "sent (UTC)", "acknowledged", "taken", "content", "copies", "said"],
    shown.map((one) => ({
      cells: [one.what.join(", "), `${one.message ?? ""}`, `${one.recipient ?? ""}`, one.kind, one.domain, one.queue_id ?? "",
        `${one.code ?? ""}`, clock(one.sent), clock(one.acknowledged), clock(one.taken), one.content ?? "", count(one.copies),
        one.reason ?? one.sink_text ?? ""],
    })), [0, 3, 4, 5, 10, 12]);
  table("Journals", ["", "side", "run", "records", "ended"], ["sent", "taken"].flatMap((side) => run.journals[side].map((one) => ({
    cells: [one.path, side, one.run, count(one.records), one.broke_off ? "broke off" : "in order"], kind: one.broke_off ? "bad" : "",
  }))), [0]);
  add(section("Command line"), "code", run.command_line.join(" "));
  add(page, "p", `${run.program}, schema ${run.schema}`, "faint");
})();
