/** The same code held in view is one scan. */

import assert from "node:assert/strict";
import test from "node:test";

import { CodesInView } from "../../../badges/scanner/static/scanner/qr_reader.js";

test("held in view for a minute: once", () => {
  const codesInView = new CodesInView();
  const news = Array.from({ length: 600 }, (_, at) => codesInView.isNew("A", at * 100));
  assert.equal(news.filter(Boolean).length, 1);
});

test("out of sight for a while, it is new again", () => {
  const codesInView = new CodesInView();
  codesInView.isNew("A", 0);
  assert.equal(codesInView.isNew("A", 1400), false);
  assert.equal(codesInView.isNew("A", 4000), true);
});

test("two badges in view are two scans, not a hundred", () => {
  const codesInView = new CodesInView();
  const news = Array.from({ length: 100 }, (_, at) => codesInView.isNew(at % 2 ? "A" : "B", at * 100));
  assert.deepEqual(news.flatMap((isNew, at) => (isNew ? [at] : [])), [0, 1]);
});

test("held in view, or not", () => {
  const codesInView = new CodesInView();
  assert.equal(codesInView.isStillInView("A", 0), false);
  assert.equal(codesInView.isNew("A", 100), true);
  for (let at = 200; at < 9000; at += 1000) assert.equal(codesInView.isStillInView("A", at), true);
  assert.equal(codesInView.isNew("A", 9300), false);
  assert.equal(codesInView.isStillInView("A", 20_000), false);
});
