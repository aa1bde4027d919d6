/** The places that a phone may give at a door with a limit. */

import assert from "node:assert/strict";
import test from "node:test";

import { chargeLease, countPlacesLeft } from "../../../badges/scanner/static/scanner/leases.js";

const door = { id: 1, door: 1 };
const gate = { id: 2, door: 1 };
const limit = { door: 1, capacity: 9, inside: 4, lease: 2, lease_expires_at: "2026-06-17T10:00:00Z" };
const pairing = { event: { slug: "e" }, checkpoints: [door, gate, { id: 3, door: 3 }], limits: [limit] };
const at = Date.parse("2026-06-17T09:00:00Z");
const entry = { id: "a", event: "e", checkpoint: 1, direction: "in", let_in: true };

test("unsent entries of all gates use places, exits free them", () => {
  const pending = [entry, { ...entry, id: "b", checkpoint: 2 }, { ...entry, id: "c", direction: "out" }];

  assert.equal(countPlacesLeft(pairing, gate, at, pending), 1);
});

test("whoever stayed outside, was undone, or went elsewhere uses none", () => {
  const others = [{ checkpoint: 3 }, { event: "other" }, { let_in: false }, { let_in: false, undoes: "a" }];
  const pending = [entry, ...others.map((other, index) => ({ ...entry, id: `b${index}`, ...other }))];

  assert.equal(countPlacesLeft(pairing, door, at, pending), 2);
});

test("never below none, and none once the lease has expired", () => {
  const pending = ["a", "b", "c"].map((id) => ({ ...entry, id }));

  assert.equal(countPlacesLeft(pairing, door, at, pending), 0);
  assert.equal(countPlacesLeft(pairing, door, at + 3_600_000, []), 0);
});

test("a door without a limit has no number", () => {
  assert.equal(countPlacesLeft(pairing, { id: 3, door: 3 }, at, []), null);
});

test("a scan that the server took in stays off the lease until the next snapshot", () => {
  assert.equal(countPlacesLeft(chargeLease(pairing, entry), door, at, []), 1);
});
