/** Derive facts and verdicts of the cases on standard input, for test_device_facts.py. */

import { readFileSync } from "node:fs";

import { changesInside, deriveDeviceFacts, letsInByDefault } from "../../../badges/scanner/static/scanner/device_facts.js";
import { decideVerdict, withDefaults } from "../../../badges/scanner/static/scanner/verdict.js";

const results = JSON.parse(readFileSync(0, "utf8")).map(({ reading, data }) => {
  const facts = withDefaults(deriveDeviceFacts(reading, data));
  const verdict = decideVerdict(facts);
  return { facts, verdict, letIn: letsInByDefault(verdict), changesInside: changesInside(facts) };
});
process.stdout.write(JSON.stringify(results));
