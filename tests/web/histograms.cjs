// Reads what Millrace encodes with the published reader of HdrHistogram, and prints it as JSON: a
// log as one object an interval, or encoded histograms as they follow "-e".
//
//   node histograms.cjs FILE.hlog
//   node histograms.cjs -e HISTFAAA... ...
"use strict";

const fs = require("node:fs");
const hdr = require("hdr-histogram-js");

const figures = (histogram) => ({
  count: histogram.totalCount,
  min: histogram.minNonZeroValue,
  p50: histogram.getValueAtPercentile(50),
  p99: histogram.getValueAtPercentile(99),
  p99_9: histogram.getValueAtPercentile(99.9),
  max: histogram.maxValue,
  mean: histogram.mean,
});

const [first, ...rest] = process.argv.slice(2);
const found = [];
if (first === "-e") {
  for (const text of rest) found.push(figures(hdr.decodeFromCompressedBase64(text)));
} else {
  const reader = new hdr.HistogramLogReader(fs.readFileSync(first, "utf8"));
  for (let histogram = reader.nextIntervalHistogram(); histogram !== null; histogram = reader.nextIntervalHistogram()) {
    found.push({ start: histogram.startTimeStampMsec, end: histogram.endTimeStampMsec, ...figures(histogram) });
  }
}
console.log(JSON.stringify(found));
