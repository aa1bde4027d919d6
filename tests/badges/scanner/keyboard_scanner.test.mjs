/** Hand scanners that type: bursts told from people, and texts read back through the wrong keyboard. */

import assert from "node:assert/strict";
import test from "node:test";

import { KeyBurst, listReadings } from "../../../badges/scanner/static/scanner/keyboard_scanner.js";

/** What a QWERTY scanner types on other machines, key by key in the order of US. */
const US = "qwertyuiopasdfghjklzxcvbnm1234567890/.:-";
const SEEN = {
  "AZERTY, small": { letters: "azertyuiopqsdfghjklwxcvbn,", digits: "&é\"'(-è_çà", slash: "!", dot: ":", colon: "M", hyphen: ")" },
  "AZERTY, capitals": { letters: "AZERTYUIOPQSDFGHJKLWXCVBN?", digits: "&é\"'(-è_çà", slash: "!", dot: ":", colon: "M", hyphen: ")" },
  "AZERTY, CapsLock on Windows": { letters: "azertyuiopqsdfghjklwxcvbn,", digits: "1234567890", slash: "§", dot: "/", colon: "m", hyphen: "°" },
  "AZERTY, CapsLock on Linux": { letters: "azertyuiopqsdfghjklwxcvbn?", digits: "&É\"'(-È_ÇÀ", slash: "!", dot: ":", colon: "m", hyphen: ")" },
  "AZERTY on a Mac": { letters: "AZERTYUIOPQSDFGHJKLWXCVBN?", digits: "&é\"'(§è!çà", slash: "=", dot: ":", colon: "M", hyphen: ")" },
  "CapsLock on QWERTY": { letters: "qwertyuiopasdfghjklzxcvbnm", digits: "1234567890", slash: "/", dot: ".", colon: ":", hyphen: "-" },
};
const TOKEN = "CEAAAQABCDEFGHIJKLMNOPQRSTUVWXYZ234567".repeat(4).slice(0, 125);
const ADDRESS = `HTTPS://CONVENTION-2026.EXAMPLE.ORG:8443/B/${TOKEN}`;

function typed(text, seen) {
  const machine = seen.letters + seen.digits + seen.slash + seen.dot + seen.colon + seen.hyphen;
  return [...text.toLowerCase()].map((key) => machine[US.indexOf(key)]).join("");
}

for (const [name, seen] of Object.entries(SEEN)) {
  test(`a QWERTY scanner, ${name}`, () => {
    const found = listReadings(typed(ADDRESS, seen)).map((text) => text.split("/B/").at(-1));
    assert.ok(found.includes(TOKEN), found.join("\n"));
  });
}

test("an AZERTY scanner on a QWERTY machine", () => {
  const digits = ")!@#$%^&*(";
  const seen = [...TOKEN].map((letter) => (/\d/.test(letter) ? digits[letter] : swapped(letter))).join("");
  assert.ok(listReadings(`HTTPS.>>X>B>${seen}`).some((text) => text.endsWith(`/B/${TOKEN}`)));
});

/** The US character on the key that says this letter in French. */
function swapped(letter) {
  return { A: "Q", Q: "A", Z: "W", W: "Z", M: ":" }[letter] ?? letter;
}

test("a text as it stands comes first", () => {
  assert.equal(listReadings(` ${ADDRESS.toLowerCase()}\n`)[0], ADDRESS);
});

function type(burst, text, pause, from = 0) {
  const keys = [...text, "Enter"];
  return keys.map((key, at) => burst.press(key, from + at * pause)).at(-1);
}

test("a scanner's burst is one text", () => {
  assert.equal(type(new KeyBurst(), ADDRESS, 4), ADDRESS);
});

test("a slow scanner too, with shift keys between", () => {
  const burst = new KeyBurst();
  [...ADDRESS].forEach((key, at) => {
    burst.press("Shift", at * 24);
    burst.press(key, at * 24 + 12);
  });
  assert.equal(burst.press("Enter", ADDRESS.length * 24), ADDRESS);
});

test("a person typing is none", () => {
  assert.equal(type(new KeyBurst(), "bonjour tout le monde", 90), null);
});

test("a fast short word is none", () => {
  assert.equal(type(new KeyBurst(), "oui", 10), null);
});

test("two scans one after the other are two texts", () => {
  const burst = new KeyBurst();
  assert.equal(type(burst, ADDRESS, 2), ADDRESS);
  assert.equal(type(burst, TOKEN, 2, 2 * ADDRESS.length + 10), TOKEN);
});

test("a scanner that sends no Enter is read after a pause", () => {
  const burst = new KeyBurst();
  [...ADDRESS].forEach((key, at) => burst.press(key, at * 3));
  assert.equal(burst.finishAfterPause(), ADDRESS);
  assert.equal(burst.finishAfterPause(), null);
});

test("what was typed by hand before does not stick to a scan", () => {
  const burst = new KeyBurst();
  burst.press("x", 0);
  assert.equal(type(burst, ADDRESS, 4, 1000), ADDRESS);
});
