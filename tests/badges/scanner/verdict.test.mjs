/** The phone decides as the server does: the same vectors prove both. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { decideVerdict } from "../../../badges/scanner/static/scanner/verdict.js";

const { defaults, cases } = JSON.parse(readFileSync(new URL("../../vectors/verdict.json", import.meta.url)));

for (const { name, facts, verdict, reason } of cases) {
  test(name, () => assert.deepEqual(decideVerdict({ ...defaults, ...facts }), { verdict, reason }));
}

test("a device without facts admits nobody unknown as known", () => {
  assert.deepEqual(decideVerdict({ registration_state: "unknown" }), { verdict: "unverified", reason: "unknown" });
});
