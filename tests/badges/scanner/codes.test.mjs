/** Codes and seals made in Python (test_script.py) are read here as there. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { canVerify, decodeBase32, decodeBase64, encodeBase32, isSignedBy, parse } from "../../../badges/scanner/static/scanner/codes.js";
import { identify, shortKey, unseal } from "../../../badges/scanner/static/scanner/identify.js";

const made = JSON.parse(readFileSync(process.env.VECTORS));
const keys = [{ number: made.key, public_key: made.public_key }];
const damaged = (token) => token.slice(0, 60) + (token[60] === "A" ? "B" : "A") + token.slice(61);

test("base32 there and back, for every length", () => {
  for (let length = 0; length < 80; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 37 + length) & 255);
    assert.deepEqual(decodeBase32(encodeBase32(bytes)), bytes);
  }
});

test("a code says what was signed", () => {
  const { key, registration, generation, purpose, token } = parse(made.address);
  assert.deepEqual(
    { key, registration, generation, purpose, token },
    { key: made.key, registration: made.registration, generation: made.generation, purpose: 1, token: made.token },
  );
});

test("case, host and spaces around do not matter; text around does", () => {
  assert.equal(parse(` ${made.address.toLowerCase()}\n`).token, made.token);
  assert.equal(parse(`https://elsewhere.example:8443/b/${made.token}`).token, made.token);
  assert.equal(parse(made.token).token, made.token);
  for (const text of ["", "A", `${made.token}A`, `X${made.token}`, `${made.address}?x`, made.token.slice(1), "HTTPS://X/B/"]) {
    assert.equal(parse(text), null);
  }
});

test("another version, and stray bits at the end, are no code of ours", () => {
  assert.equal(parse(made.other_version), null);
  assert.equal(parse(made.stray_bits), null);
});

test("the signature proves itself, and only with its key", async () => {
  const claim = parse(made.token);
  assert.equal(await canVerify(), true);
  assert.equal(await isSignedBy(claim, decodeBase64(made.public_key)), true);
  assert.equal(await isSignedBy(claim, decodeBase64(made.other_public_key)), false);
  assert.equal(await isSignedBy(parse(damaged(made.token)), decodeBase64(made.public_key)), false);
});

test("what a text is", async () => {
  const readingOf = async (...readings) => (await identify(readings, keys)).reading;
  assert.equal(await readingOf(made.address), "valid");
  assert.equal(await readingOf(damaged(made.address)), "forged");
  assert.equal(await readingOf(made.other_event), "other_event");
  assert.equal(await readingOf(made.address.slice(0, -3)), "forged");
  assert.equal(await readingOf("https://example.org/"), "not_a_badge");
  assert.equal(await readingOf("WIFI:S:guest;T:WPA;P:secret;;"), "not_a_badge");
  assert.equal(await readingOf(damaged(made.address), made.address), "valid");
});

test("the code that is sent is the reading that is right", async () => {
  assert.equal((await identify([damaged(made.address), made.address], keys)).code, made.address);
});

test("the snapshot's key of a registration", async () => {
  assert.equal(await shortKey(made.registration), made.short_key);
});

test("only the badge opens its record", async () => {
  assert.deepEqual(await unseal(made.token, made.sealed), made.record);
  assert.equal(await unseal(made.next_token, made.sealed), null);
});
