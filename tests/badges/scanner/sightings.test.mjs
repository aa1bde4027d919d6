/** The same code held in view is one scan. */

import assert from "node:assert/strict";
import test from "node:test";

import { Sightings } from "../../../badges/scanner/static/scanner/sightings.js";

test("held in view for a minute: once", () => {
  const sightings = new Sightings();
  const news = Array.from({ length: 600 }, (_, at) => sightings.isNew("A", at * 100));
  assert.equal(news.filter(Boolean).length, 1);
});

test("out of sight for a while, it is new again", () => {
  const sightings = new Sightings();
  sightings.isNew("A", 0);
  assert.equal(sightings.isNew("A", 1400), false);
  assert.equal(sightings.isNew("A", 4000), true);
});

test("two badges in view are two scans, not a hundred", () => {
  const sightings = new Sightings();
  const news = Array.from({ length: 100 }, (_, at) => sightings.isNew(at % 2 ? "A" : "B", at * 100));
  assert.deepEqual(news.flatMap((isNew, at) => (isNew ? [at] : [])), [0, 1]);
});

test("held in view, or not", () => {
  const sightings = new Sightings();
  assert.equal(sightings.isHeld("A", 0), false);
  assert.equal(sightings.isNew("A", 100), true);
  for (let at = 200; at < 9000; at += 1000) assert.equal(sightings.isHeld("A", at), true);
  assert.equal(sightings.isNew("A", 9300), false);
  assert.equal(sightings.isHeld("A", 20_000), false);
});
