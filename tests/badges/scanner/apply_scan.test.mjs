/** Where a badge is after a scan that the last snapshot does not contain. */

import assert from "node:assert/strict";
import test from "node:test";

import { applyScan } from "../../../badges/scanner/static/scanner/apply_scan.js";

const at = Date.parse("2026-06-17T09:00:00Z");
const pairing = { checkpoints: [{ id: 2, name: "Gate" }], device: { checkpoint: 2 } };
const entry = { id: "a", key: "k", door: 1, direction: "in", at, let_in: true, undoes: "" };
const inside = applyScan(undefined, entry, pairing);

test("an entry is inside, by this device and gate", () => {
  const entered = "2026-06-17T09:00:00.000Z";
  const expected = { key: "k", door: 1, is_inside: true, entered_at: entered, left_at: null, read_at: entered, gate: "Gate", is_mine: true };
  assert.deepEqual(inside, expected);
});

test("an exit keeps the time of the entry", () => {
  const left = applyScan(inside, { ...entry, direction: "out", at: at + 60_000 }, pairing);

  assert.deepEqual([left.is_inside, left.entered_at, left.left_at], [false, inside.entered_at, "2026-06-17T09:01:00.000Z"]);
});

test("a second entry changes no time, and an undo takes back", () => {
  assert.equal(applyScan(inside, { ...entry, at: at + 60_000 }, pairing).entered_at, inside.entered_at);
  assert.equal(applyScan(inside, { ...entry, id: "b", let_in: false, undoes: "a" }, pairing).is_inside, false);
});

test("somebody who stayed outside changes nothing", () => {
  assert.equal(applyScan(undefined, { ...entry, let_in: false }, pairing), null);
});
