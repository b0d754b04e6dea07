// Validates JSON files against a JSON Schema (2020-12); says what is wrong, and exits with 1.
//
//   node validate.cjs SCHEMA FILE...
"use strict";

const fs = require("node:fs");
const Ajv = require("ajv/dist/2020");

const [schema, ...files] = process.argv.slice(2);
const valid = new Ajv({ allErrors: true, strict: true, strictRequired: false }).compile(JSON.parse(fs.readFileSync(schema)));
for (const file of files) {
  if (valid(JSON.parse(fs.readFileSync(file)))) continue;
  console.error(`${file}: ${JSON.stringify(valid.errors, null, 1)}`);
  process.exitCode = 1;
}
