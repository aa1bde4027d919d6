/** The guests of a desk without network, as they are after what it did. */

import assert from "node:assert/strict";
import test from "node:test";

import { applyEntries, mergeUpdate, searchGuests } from "../../../badges/desk/static/desk/offline/guests.js";

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

const zoe = { reference: "AAZ", first_name: "Zoé" };
const leo = { reference: "BBL", first_name: "Léo" };
const setup = { tickets: [], has_addons: false };
const data = mergeUpdate(null, { setup, spares: ["1"], guests: [zoe, leo], digests: { setup: "1", spares: "1", AA: "1", BB: "1" } });

test("an update replaces the groups of guests that changed", () => {
  const renamed = { ...zoe, first_name: "Zoë" };

  const merged = mergeUpdate(data, { setup: null, spares: null, guests: [renamed], digests: { ...data.digests, AA: "2" } });

  assert.deepEqual(merged.guests, [leo, renamed]);
  assert.deepEqual(merged.spares, ["1"]);
  assert.equal(merged.has_addons, false);
});

test("a group that is gone takes its guests with it", () => {
  const { BB, ...digests } = data.digests;

  assert.deepEqual(mergeUpdate(data, { setup: null, spares: null, guests: [], digests }).guests, [zoe]);
});

test("setup and spare badges are replaced when they changed", () => {
  const update = { setup: { ...setup, has_addons: true }, spares: ["2"], guests: [], digests: data.digests };

  const { has_addons, spares, guests } = mergeUpdate(data, update);

  assert.equal(has_addons, true);
  assert.deepEqual(spares, ["2"]);
  assert.deepEqual(guests, [zoe, leo]);
});

const makeGuest = (/** @type {object} */ values) => ({ first_name: "Zoé", company: "", email: "", order: "", reference: "", ...values });
const kaddour = makeGuest({ last_name: "Kaddour", company: "Technique", reference: "TEAAAAAAAAAAA", order: "TEBBBBBB" });
const testGuest = makeGuest({ last_name: "Test" });

test("guests found by name come first", () => {
  assert.deepEqual(searchGuests([kaddour, testGuest], "zoe te").shown, [testGuest, kaddour]);
});

test("a reference matches whole and alone", () => {
  assert.deepEqual(searchGuests([kaddour, testGuest], "tebbbbbb").shown, [kaddour]);
  assert.deepEqual(searchGuests([kaddour, testGuest], "TEAAAAAAAAAAA").shown, [kaddour]);
  assert.deepEqual(searchGuests([kaddour, testGuest], "teb").shown, []);
  assert.deepEqual(searchGuests([kaddour, testGuest], "zoe tebbbbbb").shown, []);
});
