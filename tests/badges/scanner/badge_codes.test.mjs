/** Codes and encrypted records made in Python (test_script.py) are read here too. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { canCheckSignatures, decodeBase32, decodeBase64, encodeBase32, isSignedBy, parseBadgeCode } from "../../../badges/scanner/static/scanner/badge_codes.js";
import { decryptRecord, identifyBadge, makeRegistrationKey } from "../../../badges/scanner/static/scanner/identify_badge.js";

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
  const { key, registration, badgeVersion, purpose, token } = parseBadgeCode(made.address);
  assert.deepEqual(
    { key, registration, badgeVersion, purpose, token },
    { key: made.key, registration: made.registration, badgeVersion: made.badge_version, purpose: 1, token: made.token },
  );
});

test("case, host and spaces around do not matter; text around does", () => {
  assert.equal(parseBadgeCode(` ${made.address.toLowerCase()}\n`).token, made.token);
  assert.equal(parseBadgeCode(`https://elsewhere.example:8443/b/${made.token}`).token, made.token);
  assert.equal(parseBadgeCode(made.token).token, made.token);
  for (const text of ["", "A", `${made.token}A`, `X${made.token}`, `${made.address}?x`, made.token.slice(1), "HTTPS://X/B/"]) {
    assert.equal(parseBadgeCode(text), null);
  }
});

test("another version, and stray bits at the end, are no code of ours", () => {
  assert.equal(parseBadgeCode(made.other_version), null);
  assert.equal(parseBadgeCode(made.stray_bits), null);
});

test("the signature proves itself, and only with its key", async () => {
  const claim = parseBadgeCode(made.token);
  assert.equal(await canCheckSignatures(), true);
  assert.equal(await isSignedBy(claim, decodeBase64(made.public_key)), true);
  assert.equal(await isSignedBy(claim, decodeBase64(made.other_public_key)), false);
  assert.equal(await isSignedBy(parseBadgeCode(damaged(made.token)), decodeBase64(made.public_key)), false);
});

test("what a text is", async () => {
  const statusOf = async (...readings) => (await identifyBadge(readings, keys)).codeStatus;
  assert.equal(await statusOf(made.address), "valid");
  assert.equal(await statusOf(damaged(made.address)), "forged");
  assert.equal(await statusOf(made.other_event), "other_event");
  assert.equal(await statusOf(made.address.slice(0, -3)), "forged");
  assert.equal(await statusOf("https://example.org/"), "not_a_badge");
  assert.equal(await statusOf("WIFI:S:guest;T:WPA;P:secret;;"), "not_a_badge");
  assert.equal(await statusOf(damaged(made.address), made.address), "valid");
});

test("the code that is sent is the reading that is right", async () => {
  assert.equal((await identifyBadge([damaged(made.address), made.address], keys)).code, made.address);
});

test("the snapshot's key of a registration", async () => {
  assert.equal(await makeRegistrationKey(made.registration), made.short_key);
});

test("only the badge opens its record", async () => {
  assert.deepEqual(await decryptRecord(made.token, made.sealed), made.record);
  assert.equal(await decryptRecord(made.next_token, made.sealed), null);
});
