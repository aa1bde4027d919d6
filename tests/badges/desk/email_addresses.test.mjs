/** The desk suggests the same addresses as the server: the same vectors prove both. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { suggestAddress } from "../../../badges/desk/static/desk/email_addresses.js";

const suggestions = JSON.parse(readFileSync(new URL("../../vectors/address_suggestions.json", import.meta.url)));
const { mail_domains } = JSON.parse(readFileSync(process.env.VECTORS));

for (const [typed, suggestion] of Object.entries(suggestions)) {
  test(`suggestion for “${typed}”`, () => {
    assert.equal(suggestAddress(typed, mail_domains), suggestion);
  });
}
