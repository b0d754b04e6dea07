// Reads what Millrace encodes with the published reader of HdrHistogram, and prints it as JSON: a
// log as one object an interval, or encoded histograms as they follow "-e".
//
//   node histograms.cjs FILE.hlog
//   node histograms.cjs [-a MICROSECONDS] -e HISTFAAA... ...
//
// With -a also how many values were above.
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

const words = process.argv.slice(2);
const bound = words[0] === "-a" ? Number(words.splice(0, 2)[1]) : undefined;
const [first, ...rest] = words;
const found = [];
if (first === "-e") {
  for (const text of rest) {
    const histogram = hdr.decodeFromCompressedBase64(text);
    let below = 0;
    // Values up to the end of the bucket that holds the bound.
    for (let value = 0; value <= bound; value = histogram.nextNonEquivalentValue(value)) below += histogram.getCountAtIndex(histogram.countsArrayIndex(value));
    found.push({ ...figures(histogram), above: histogram.totalCount - below });
  }
} else {
  const reader = new hdr.HistogramLogReader(fs.readFileSync(first, "utf8"));
  for (let histogram = reader.nextIntervalHistogram(); histogram !== null; histogram = reader.nextIntervalHistogram()) {
    found.push({ start: histogram.startTimeStampMsec, end: histogram.endTimeStampMsec, ...figures(histogram) });
  }
}
console.log(JSON.stringify(found));
