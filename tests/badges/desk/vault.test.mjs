/** The PIN of a desk without network. */

import assert from "node:assert/strict";
import test from "node:test";

import { findPinProblem } from "../../../badges/desk/static/desk/offline/vault.js";

for (const [pin, problem] of [
  ["0000", "pin.short"],
  ["12345x", "pin.short"],
  ["111111", "pin.trivial"],
  ["123456", "pin.trivial"],
  ["987654321", "pin.trivial"],
  ["567890", "pin.trivial"],
  ["135790", ""],
  ["314159", ""],
]) {
  test(`the PIN ${pin} is ${problem || "accepted"}`, () => {
    assert.equal(findPinProblem(pin, pin), problem);
  });
}

test("the PIN is entered twice alike", () => {
  assert.equal(findPinProblem("314159", "314158"), "pin.differs");
});
