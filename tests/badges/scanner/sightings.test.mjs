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

test("turned down, it may be read at once", () => {
  const sightings = new Sightings();
  sightings.isNew("A", 0);
  sightings.forget("A");
  assert.equal(sightings.isNew("A", 100), true);
});
