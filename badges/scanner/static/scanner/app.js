/** The scanner: opens, pairs, scans. Everything that happens is connected here. */

import { Camera } from "./camera.js";
import { prepare } from "./decode.js";
import { Door } from "./door.js";
import { canRenew, install, renew } from "./install.js";
import { connectMenu, connectTyping, drawQueue } from "./menu.js";
import { Outbox } from "./outbox.js";
import { face, part, say, settings, tell } from "./page.js";
import { check, protect } from "./readiness.js";
import { Screen } from "./screen.js";
import { Ended } from "./server.js";
import { Sightings } from "./sightings.js";
import { unlock } from "./sounds.js";
import { countWaiting, pairing, wipe } from "./store.js";
import * as strip from "./strip.js";
import { pair, Sync, tokenIn } from "./sync.js";
import { listen, readings } from "./wedge.js";

const TICK_MS = 1000;
const FLUSH_EVERY_MS = 15_000;

const tabs = new BroadcastChannel("scanner");
const sightings = new Sightings();
const turnedDown = new Sightings();
const screen = new Screen(() => strip.draw());
const outbox = new Outbox(settings.scans, {
  onResult: (result, item) => door.confirm(result, item),
  onState: (state) => {
    drawQueue(state);
    strip.drawPending(state.waiting);
  },
  onReach: strip.reached,
  onEnded: end,
});
const sync = new Sync(settings.snapshot, {
  onFresh: () => strip.draw(),
  onReach: (isOnline) => {
    const isBack = isOnline && !strip.isOnline();
    strip.reached(isOnline);
    if (isBack) outbox.hurry();
  },
  onEnded: end,
});
const door = new Door(screen, outbox);
const camera = new Camera(part("video"), { onTexts: see, onState: drawCamera });

let isReaderLoaded = false;
let isReaderMissing = false;
let isPairing = false;

async function open() {
  if (!window.isSecureContext) return refuse(say("pair.insecure"));
  if (!(await pairing().then(() => true, () => false))) return refuse(say("pair.no_storage"));
  connect();
  const token = tokenFromAddress();
  if (token) await become(token);
  else if (await pairing()) await scan();
  else welcome();
  install(() => document.body.dataset.view !== "gate" || document.hidden, drawUpdate);
}

/** Here the scanner cannot work: say why, and offer nothing that would fail. */
function refuse(message) {
  face("welcome");
  tell("message", message);
  for (const id of ["pair-steps", "pair-start", "pair-hand"]) part(id).hidden = true;
}

/** The token of the pairing address, which is then taken out of sight and history. */
function tokenFromAddress() {
  const token = location.hash.startsWith("#pair=") ? tokenIn(location.hash) : null;
  if (location.hash) history.replaceState(null, "", location.pathname);
  return token;
}

async function become(token) {
  if ((await pairing())?.token === token) return scan();
  await outbox.flush();
  const [before, count] = [await pairing(), await countWaiting()];
  if (before && count) return scan(say("pair.cannot_leave", { count }));
  welcome(say("pair.checking"));
  try {
    await pair(settings.snapshot, token);
    sessionStorage.removeItem("direction");
    tabs.postMessage("changed");
    await scan();
  } catch (error) {
    const message = say(error instanceof Ended ? "pair.refused" : "pair.unreachable");
    if (await pairing()) await scan(message);
    else await welcome(message);
  }
}

/** The first face: how to pair. */
async function welcome(message = "") {
  stopScanning();
  face("welcome");
  const count = await countWaiting();
  tell("message", [message, count && say("pair.ended_pending", { count })].filter(Boolean).join(" "));
}

/** The only face that a volunteer sees: the camera. */
async function scan(message = say("camera.aim")) {
  isPairing = false;
  face("gate");
  part("hint").textContent = message;
  part("last").hidden = true;
  await takeDirection();
  await strip.draw();
  loadReader();
  camera.start();
  protect();
  keepAwake();
  outbox.flush();
  sync.refresh();
}

function scanPairing() {
  isPairing = true;
  face("pairing");
  part("hint").textContent = say("camera.aim_pairing");
  loadReader();
  camera.start();
}

function stopScanning() {
  isPairing = false;
  sync.stop();
  camera.stop();
  screen.reset();
  part("last").hidden = true;
  closeDialogs();
}

function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

async function loadReader() {
  isReaderLoaded = await prepare(settings.reader);
  isReaderMissing = !isReaderLoaded;
  if (isReaderMissing) drawCamera("reader");
}

async function tryCameraAgain() {
  await loadReader();
  if (!isReaderLoaded) return;
  if (camera.isOn) drawCamera("on");
  else await camera.start();
}

/** Codes in the camera's view: each counts once while it stays there. */
function see(texts) {
  const now = performance.now();
  if (screen.isHeld || document.querySelector("dialog[open]")) return turnDown(texts, now);
  const fresh = texts.find((text) => text && sightings.isNew(text, now));
  if (fresh) take(fresh);
}

/** While a verdict waits for a tap: a badge that comes into view is read after the tap. */
function turnDown(texts, now) {
  const others = texts.filter((text) => !sightings.isHeld(text, now));
  const isNew = others.filter((text) => turnedDown.isNew(text, now)).length > 0;
  if (isNew && screen.isHeld) screen.nudge();
}

/** A text from the camera, a hand scanner or the keyboard, and what it may have meant. */
function take(text, meanings = [text]) {
  const token = text.includes("#pair=") ? tokenIn(text) : null;
  if (token) return become(token);
  if (isPairing) {
    part("hint").textContent = say("pair.not_a_token");
    return false;
  }
  closeDialogs();
  return document.body.dataset.view === "gate" && door.read(meanings);
}

/** The pairing by this token has expired or was withdrawn: the list goes, unsent scans stay. */
async function end(token) {
  if (!(await wipe(token))) return;
  tabs.postMessage("changed");
  await welcome(say("pair.ended"));
}

async function leave() {
  await wipe();
  tabs.postMessage("changed");
  await welcome(say("pair.left"));
}

/** The camera's state; a picture is of no use while its reader is missing. */
function drawCamera(seen) {
  const state = seen === "on" && isReaderMissing ? "reader" : seen;
  const isOn = state === "on";
  part("no-picture").hidden = isOn || state === "off";
  if (!isOn && state !== "off") part("camera-state").textContent = say(`camera.${state}`);
  part("hint").hidden = !isOn;
  part("torch").hidden = !(isOn && camera.hasTorch);
}

async function drawUpdate() {
  part("update-now").hidden = !canRenew();
}

async function switchTorch() {
  const isLit = part("torch").getAttribute("aria-pressed") !== "true";
  await camera.setTorch(isLit).catch(() => {});
  part("torch").setAttribute("aria-pressed", isLit);
}

/** A phone at the door does not go to sleep. */
function keepAwake() {
  if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {});
}

function connect() {
  keepDirection();
  part("pair-camera").addEventListener("click", scanPairing);
  part("pair-cancel").addEventListener("click", () => welcome());
  part("camera-again").addEventListener("click", tryCameraAgain);
  part("torch").addEventListener("click", switchTorch);
  part("pair-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const token = tokenIn(part("pair-text").value);
    if (token) become(token);
    else tell("message", say("pair.not_a_token"));
  });
  const type = (text) => take(text, readings(text));
  const sendAndRefresh = () => Promise.all([outbox.hurry(), sync.refresh()]);
  connectMenu({ isReaderLoaded: () => isReaderLoaded, sendAndRefresh, leave });
  connectTyping({ type });
  listen(document, type);
  connectTime();
}

/** Entry or exit stays as it was chosen when the page is opened anew. */
function keepDirection() {
  for (const choice of document.querySelectorAll("[name=direction]")) {
    choice.addEventListener("change", () => sessionStorage.setItem("direction", choice.value));
  }
}

/** The way out counts exits and any other door entries, unless somebody chose otherwise. */
async function takeDirection() {
  const held = await pairing();
  const door = held?.checkpoints.find(({ id }) => id === held.device.checkpoint);
  const taken = sessionStorage.getItem("direction") ?? (door?.kind === "exit" ? "out" : "in");
  for (const choice of document.querySelectorAll("[name=direction]")) choice.checked = choice.value === taken;
}

/** Touches, the network, other tabs, the clock. */
function connectTime() {
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, unlock, { capture: true });
  window.addEventListener("hashchange", () => {
    const token = tokenFromAddress();
    if (token) become(token);
  });
  window.addEventListener("online", () => sendAgain());
  window.addEventListener("offline", () => strip.reached(false));
  window.addEventListener("focus", () => sendAgain());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && canRenew()) renew();
    if (document.hidden || document.body.dataset.view !== "gate") return;
    keepAwake();
    sendAgain();
  });
  tabs.addEventListener("message", () => location.reload());
  setInterval(() => document.body.dataset.view === "gate" && tick(), TICK_MS);
  setInterval(() => outbox.flush(), FLUSH_EVERY_MS);
}

/** Each second: the strip, the readiness, and the end of the pairing's time. */
async function tick() {
  const held = await pairing();
  if (!held) return;
  if (Date.now() + (held.clock_offset_ms ?? 0) > Date.parse(held.device.expires_at)) return end(held.token);
  await strip.draw();
  part("menu-open").dataset.ready = (await check(isReaderLoaded)).isReady;
}

function sendAgain() {
  if (document.body.dataset.view !== "gate") return;
  outbox.hurry();
  sync.refresh();
}

open();
