/** The guests of a desk without network, as they are after what it did. */

import assert from "node:assert/strict";
import test from "node:test";

import { applyEntries } from "../../../badges/desk/static/desk/offline/guests.js";

const guest = { reference: "A", first_name: "Zoé", last_name: "Lefèvre", badge_version: 1, code: ["1"], next_code: ["2"], printed_at: null };
const values = { first_name: "Léo", last_name: "Bêta", company: "", email: "leo@example.org" };

/** @param {object} before */
const substitute = (before) =>
  applyEntries({ guests: [{ ...guest, ...before }], tickets: [], spares: [] }, [{ id: "x", at: "", kind: "substitute", reference: "A", values }])[0];

test("another person gets the next badge", () => {
  const { code, badge_version } = substitute({});

  assert.deepEqual([code, badge_version], [["2"], 2]);
});

test("a place that gets its first name keeps its badge", () => {
  const { code, badge_version, first_name } = substitute({ first_name: "", last_name: "" });

  assert.deepEqual([code, badge_version, first_name], [["1"], 1, "Léo"]);
});
