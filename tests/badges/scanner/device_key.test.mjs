/** The phone signs the very text that the server checks. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { decodeBase64 } from "../../../badges/scanner/static/scanner/badge_codes.js";
import { createDeviceKey, signScan, writeCanonicalText } from "../../../badges/scanner/static/scanner/device_key.js";

const { signed_scans: cases } = JSON.parse(readFileSync(process.env.VECTORS));

for (const { name, scan, device, text } of cases) {
  test(name, () => assert.equal(writeCanonicalText(scan, device), text));
}

test("the signature is over that text, and the private key stays where it is", async () => {
  const [{ scan, device, text }] = cases;
  const key = await createDeviceKey();
  const point = decodeBase64(key.public_key);
  const publicKey = await crypto.subtle.importKey("raw", point, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);

  const signed = await signScan(scan, device, key.private_key);

  const signature = decodeBase64(signed.signature);
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  assert.equal(signature.length, 64);
  assert.equal(signed.device, device);
  assert.ok(await crypto.subtle.verify(algorithm, publicKey, signature, new TextEncoder().encode(text)));
  await assert.rejects(crypto.subtle.exportKey("pkcs8", key.private_key));
});
