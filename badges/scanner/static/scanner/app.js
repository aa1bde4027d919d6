/** Start the scanner: pair this device, and load scanning.js as soon as it can scan. */

import { PairingEnded, ServerError } from "./api.js";
import { copyStorage, erasePairing, getPairing, listAllPendingScans } from "./database.js";
import { canUpdate, installApp, updateApp } from "./installation.js";
import { listenToKeys } from "./keyboard_scanner.js";
import { formatText, getElement, isScanning, settings, showMessage, showView } from "./page.js";
import { isPairedBy, isPairingAddress, pairDevice, parsePairingText } from "./pairing.js";
import { unlockSound } from "./sounds.js";

const otherTabs = new BroadcastChannel("scanner");

/** @typedef {typeof import("./scanning.js")} Scanning */
/** @type {Scanning | null} */
let scanning = null;
/** @type {Promise<Scanning> | null} */
let loading = null;

async function start() {
  if (!window.isSecureContext) return refuseToStart(formatText("pair.insecure"));
  const hasStorage = await copyStorage().then(
    () => true,
    () => false,
  );
  if (!hasStorage) return refuseToStart(formatText("pair.no_storage"));
  connectEvents();
  const text = takePairingFromAddress();
  if (text) await pair(text);
  else if (await getPairing()) await startScanning();
  else await welcome();
  installApp(() => !isScanning() || document.hidden, showUpdateButton);
}

/**
 * Say why the scanner cannot work here, and offer nothing that would fail.
 * @param {string} message
 */
function refuseToStart(message) {
  showView("welcome");
  showMessage("message", message);
  getElement("pair-steps").hidden = true;
  getElement("pair-start").hidden = true;
  getElement("pair-manually").hidden = true;
}

// --- scanning --------------------------------------------------------------------------------------------

/** Load the scripts that only a paired device needs, or return them. */
function loadScanning() {
  loading ??= importScanning();
  loading.catch(() => {
    loading = null; // to try again
  });
  return loading;
}

async function importScanning() {
  preload(settings.scanning_scripts);
  scanning = await import("./scanning.js");
  scanning.connectScanning({ pair, endPairing, unpair });
  return scanning;
}

/**
 * Fetch scripts all at once: browsers discover nested imports only one level after the other.
 * @param {string[]} addresses
 */
function preload(addresses) {
  const links = addresses.map((href) => Object.assign(document.createElement("link"), { rel: "modulepreload", href }));
  document.head.append(...links);
}

/** Load the scripts, or show why that failed; return whether they are there. */
async function tryLoadScanning() {
  try {
    await loadScanning();
  } catch (error) {
    await welcome(describePairingError(error));
  }
  return scanning !== null;
}

/** @param {string} [message] */
async function startScanning(message) {
  if (!(await tryLoadScanning())) return;
  await scanning?.startScanning(message);
}

async function scanPairingCode() {
  showView("pairing");
  getElement("hint").textContent = formatText("camera.aim_pairing");
  if (!(await tryLoadScanning())) return;
  if (document.body.dataset.view === "pairing") scanning?.readPairingCode();
}

// --- pairing ---------------------------------------------------------------------------------------------

/** Return the code or token of a pairing address, and remove it from the address bar and the history. */
function takePairingFromAddress() {
  const text = isPairingAddress(location.hash) ? parsePairingText(location.hash) : null;
  if (location.hash) history.replaceState(null, "", location.pathname);
  return text;
}

/**
 * Pair this device, also while it is paired. Unsent scans of another event stay stored until it is paired with
 * that event again.
 * @param {Scanner.PairingText} text
 */
async function pair(text) {
  if (await isPairedBy(text)) return startScanning();
  await scanning?.sendScans();
  await welcome(formatText("pair.checking"));
  try {
    await Promise.all([loadScanning(), pairDevice(text)]);
    sessionStorage.removeItem("direction");
    forgetPeople();
    await startScanning();
  } catch (error) {
    const message = describePairingError(error);
    if (await getPairing()) await startScanning(message);
    else await welcome(message);
  }
}

/** @param {unknown} error */
function describePairingError(error) {
  if (error instanceof PairingEnded) return formatText("pair.refused");
  if (error instanceof ServerError && error.sentence) return error.sentence;
  return formatText("pair.unreachable");
}

/** Show how to pair this device. */
async function welcome(message = "") {
  scanning?.stopScanning();
  showView("welcome");
  const scans = await listAllPendingScans();
  const event = [...new Set(scans.map((scan) => scan.event_name ?? scan.event))].join(", ");
  const pending = scans.length ? formatText("pair.ended_pending", { count: scans.length, event }) : "";
  showMessage("message", [message, pending].filter(Boolean).join(" "));
}

/**
 * Erase the list, because the token has expired or was revoked; unsent scans stay.
 * @param {string} token
 */
async function endPairing(token) {
  if (!(await erasePairing(token))) return;
  forgetPeople();
  await welcome(formatText("pair.ended"));
}

async function unpair() {
  await erasePairing();
  forgetPeople();
  await welcome(formatText("pair.left"));
}

/** Forget the names in memory; other tabs reload to do so. */
function forgetPeople() {
  otherTabs.postMessage("changed");
  scanning?.forgetPeople();
}

// --- events ----------------------------------------------------------------------------------------------

function connectEvents() {
  getElement("pair-camera").addEventListener("click", scanPairingCode);
  getElement("pair-cancel").addEventListener("click", () => welcome());
  getElement("pair-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = parsePairingText(getElement("pair-text").value);
    if (text) pair(text);
    else showMessage("message", formatText("pair.not_a_token"));
  });
  listenToKeys(document, async (text) => (await tryLoadScanning()) && scanning?.handleScannedKeys(text));
  for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, unlockSound, { capture: true });
  window.addEventListener("hashchange", () => {
    const text = takePairingFromAddress();
    if (text) pair(text);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && canUpdate()) updateApp();
  });
  otherTabs.addEventListener("message", () => location.reload());
}

function showUpdateButton() {
  getElement("update-now").hidden = !canUpdate();
}

start();
