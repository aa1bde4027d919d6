/** Start the scanner and connect its parts: pairing, camera, verdicts, outbox and sync. */

import { PairingEnded, ServerError } from "./api.js";
import { parseShortCode } from "./badge_codes.js";
import { Camera, connectLensChoice } from "./camera.js";
import { hasPairingExpired } from "./clock.js";
import { ConflictWatch } from "./conflicts.js";
import { copyStorage, erasePairing, getPairing, listAllPendingScans, listenToRestoration } from "./database.js";
import { noteCameraState } from "./device_state.js";
import { connectMenu, connectTypeDialog, showQueue } from "./dialogs.js";
import { canUpdate, installApp, updateApp } from "./installation.js";
import { listenToKeys, listReadings } from "./keyboard_scanner.js";
import { Outbox } from "./outbox.js";
import { formatText, getDirectionButtons, getElement, isScanning, settings, showMessage, showView } from "./page.js";
import { changeCheckpoint, isPairedBy, isPairingAddress, pairDevice, parsePairingText } from "./pairing.js";
import { CodesInView, loadReader } from "./qr_reader.js";
import { checkReadiness, requestPersistentStorage } from "./readiness.js";
import { RecentScans } from "./recent_scans.js";
import { ScanHandler } from "./scan_handler.js";
import {
  connectSearch, describeUnlistedCode, findListedAttendee, forgetAttendees, refreshAttendees,
} from "./search.js";
import { SnapshotSync } from "./snapshot_sync.js";
import { unlockSound } from "./sounds.js";
import { drawStatusBar, isOnline, showConnection, showPendingCount } from "./status_bar.js";
import { VerdictScreen } from "./verdict_screen.js";
import { makeErrorView } from "./verdict_view.js";
import { keepScreenOn, letScreenSleep } from "./wake_lock.js";

const TICK_MS = 1000;
const FLUSH_INTERVAL_MS = 15_000;

const otherTabs = new BroadcastChannel("scanner");
const codesInView = new CodesInView();
const declinedCodes = new CodesInView();
const screen = new VerdictScreen(() => drawStatusBar());
const outbox = new Outbox(settings.scans, {
  onResult: (result, scan) => scanHandler.handleResult(result, scan),
  onState: (state) => {
    showQueue(state);
    showPendingCount(state);
  },
  onConnection: showConnection,
  onEnded: endPairing,
});
const sync = new SnapshotSync(settings.snapshot, {
  onSynced: () => {
    drawStatusBar();
    refreshAttendees();
    conflicts.refresh();
  },
  onConnection: (isConnected) => {
    const isReconnected = isConnected && !isOnline();
    showConnection(isConnected);
    if (isReconnected) outbox.flushAfterReconnect();
  },
  onEnded: endPairing,
});
const recentScans = new RecentScans(outbox, () => screen.show(makeErrorView(formatText("queue.storage"))));
const conflicts = new ConflictWatch(screen, recentScans);
const scanHandler = new ScanHandler(screen, outbox, recentScans, () => conflicts.refreshNow());
const camera = new Camera(getElement("video"), { onTexts: readFromCamera, onState: showCameraState });

let isReaderLoaded = false;
let hasReaderFailed = false;
let isPairing = false;

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
  else welcome();
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

// --- pairing ---------------------------------------------------------------------------------------------

/** Return the code or token of a pairing address, and remove it from the address bar and the history. */
function takePairingFromAddress() {
  const text = isPairingAddress(location.hash) ? parsePairingText(location.hash) : null;
  if (location.hash) history.replaceState(null, "", location.pathname);
  return text;
}

/**
 * Pair this phone, also while it is paired. Unsent scans of another event stay stored until it is paired with
 * that event again.
 * @param {Scanner.PairingText} text
 */
async function pair(text) {
  if (await isPairedBy(text)) return startScanning();
  await outbox.flush();
  welcome(formatText("pair.checking"));
  try {
    await pairDevice(text);
    sessionStorage.removeItem("direction");
    forgetPeople();
    await startScanning();
  } catch (error) {
    const message = describePairingError(error);
    if (await getPairing()) await startScanning(message);
    else await welcome(message);
  }
}

/**
 * Move this phone to another checkpoint; return why it failed, "" if it did not.
 * @param {number} checkpoint
 */
async function move(checkpoint) {
  try {
    await changeCheckpoint(checkpoint);
  } catch (error) {
    return (error instanceof ServerError && error.sentence) || formatText("pair.unreachable");
  }
  sessionStorage.removeItem("direction");
  await restoreDirection();
  await sync.refresh();
  return "";
}

/** @param {unknown} error */
function describePairingError(error) {
  if (error instanceof PairingEnded) return formatText("pair.refused");
  if (error instanceof ServerError && error.sentence) return error.sentence;
  return formatText("pair.unreachable");
}

/** Show how to pair this device. */
async function welcome(message = "") {
  stopScanning();
  showView("welcome");
  const scans = await listAllPendingScans();
  const event = [...new Set(scans.map((scan) => scan.event_name ?? scan.event))].join(", ");
  const pending = scans.length ? formatText("pair.ended_pending", { count: scans.length, event }) : "";
  showMessage("message", [message, pending].filter(Boolean).join(" "));
}

function scanPairingCode() {
  isPairing = true;
  showView("pairing");
  getElement("hint").textContent = formatText("camera.aim_pairing");
  prepareReader();
  camera.start();
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

/** Forget the names in memory; other tabs reload to do so. */
function forgetPeople() {
  otherTabs.postMessage("changed");
  recentScans.clear();
  conflicts.clear();
  forgetAttendees();
}

async function unpair() {
  await erasePairing();
  forgetPeople();
  await welcome(formatText("pair.left"));
}

// --- scanning --------------------------------------------------------------------------------------------

async function startScanning(message = formatText("camera.aim")) {
  isPairing = false;
  showView("scan");
  getElement("hint").textContent = message;
  getElement("last-scan").hidden = true;
  await restoreDirection();
  await drawStatusBar();
  prepareReader();
  camera.start();
  requestPersistentStorage();
  keepScreenOn();
  outbox.flush();
  sync.refresh();
}

function stopScanning() {
  isPairing = false;
  sync.stop();
  camera.stop();
  letScreenSleep();
  screen.reset();
  getElement("last-scan").hidden = true;
  closeDialogs();
}

/** @type {() => NodeListOf<HTMLDialogElement>} */
const listOpenDialogs = () => document.querySelectorAll("dialog[open]");

function closeDialogs() {
  for (const dialog of listOpenDialogs()) dialog.close();
}

/**
 * Handle a code in the camera's view, only once while it stays in view.
 * @param {string[]} texts
 */
function readFromCamera(texts) {
  const now = performance.now();
  if (screen.needsTap || listOpenDialogs().length) return declineCodes(texts, now);
  const newText = texts.find((text) => text && codesInView.isNew(text, now));
  if (newText) handleText(newText);
}

/**
 * Nudge once for a badge shown while a verdict needs a tap; it is read after the tap.
 * @param {string[]} texts
 * @param {number} now
 */
function declineCodes(texts, now) {
  const others = texts.filter((text) => !codesInView.isStillInView(text, now));
  const newTexts = others.filter((text) => declinedCodes.isNew(text, now));
  if (newTexts.length && screen.needsTap) screen.nudge();
}

/**
 * Handle a text from the camera, a keyboard scanner or the dialog.
 * @param {string} text
 * @param {string[]} readings the texts that it may be in other keyboard layouts
 */
function handleText(text, readings = [text]) {
  const pairingText = isPairingAddress(text) ? parsePairingText(text) : null;
  if (pairingText) {
    pair(pairingText);
  } else if (isPairing) {
    getElement("hint").textContent = formatText("pair.not_a_token");
  } else {
    closeDialogs();
    if (isScanning()) scanHandler.handleRead(readings);
  }
}

/** @param {string} text */
const handleScannedKeys = (text) => handleText(text, listReadings(text));

/**
 * Handle a text from the dialog: a badge's short code, which a list with names or the server can resolve, or
 * the whole code.
 * @param {string} text
 */
async function handleTypedText(text) {
  const shortCode = parseShortCode(text);
  if (!shortCode) return handleScannedKeys(text);
  const found = findListedAttendee(shortCode);
  if (!found && !isOnline()) return showMessage("type-error", await describeUnlistedCode());
  closeDialogs();
  if (found) scanHandler.handleFound(found);
  else scanHandler.handleShortCode(shortCode);
}

function testNextBadge() {
  scanHandler.testNextBadge();
  getElement("last-scan").hidden = true;
  getElement("hint").textContent = formatText("test.aim");
}

/**
 * Show that the browser erased this phone's storage, and fetch the list again.
 * @param {number} count of scans that were still to be sent
 */
function reportRestoration(count) {
  screen.show(makeErrorView(formatText(count ? "storage.restored_pending" : "storage.restored", { count })));
  sendIfScanning();
}

function rememberDirection() {
  for (const button of getDirectionButtons()) {
    button.addEventListener("change", () => sessionStorage.setItem("direction", button.value));
  }
}

/** Select the direction chosen in this tab; else exit at an exit checkpoint, and entry anywhere else. */
async function restoreDirection() {
  const pairing = await getPairing();
  const checkpoint = pairing?.checkpoints.find(({ id }) => id === pairing.device.checkpoint);
  const direction = sessionStorage.getItem("direction") ?? (checkpoint?.kind === "exit" ? "out" : "in");
  for (const button of getDirectionButtons()) button.checked = button.value === direction;
}

// --- camera ----------------------------------------------------------------------------------------------

async function prepareReader() {
  isReaderLoaded = await loadReader(settings.reader);
  hasReaderFailed = !isReaderLoaded;
  if (hasReaderFailed) showCameraState("reader");
}

async function retryCamera() {
  await prepareReader();
  if (!isReaderLoaded) return;
  if (camera.isOn) showCameraState("on");
  else await camera.start();
}

/** @param {Scanner.CameraState} cameraState */
function showCameraState(cameraState) {
  const state = cameraState === "on" && hasReaderFailed ? "reader" : cameraState;
  noteCameraState(state);
  const hasProblem = state !== "on" && state !== "off";
  getElement("no-picture").hidden = !hasProblem;
  if (hasProblem) getElement("camera-state").textContent = formatText(`camera.${state}`);
  getElement("hint").hidden = state !== "on";
  getElement("torch").hidden = !(state === "on" && camera.hasTorch);
}

async function toggleTorch() {
  const isLit = getElement("torch").getAttribute("aria-pressed") !== "true";
  await camera.setTorch(isLit).catch(() => {});
  getElement("torch").setAttribute("aria-pressed", String(isLit));
}

// --- events ----------------------------------------------------------------------------------------------

function connectEvents() {
  rememberDirection();
  getElement("pair-camera").addEventListener("click", scanPairingCode);
  getElement("pair-cancel").addEventListener("click", () => welcome());
  getElement("camera-again").addEventListener("click", retryCamera);
  getElement("torch").addEventListener("click", toggleTorch);
  getElement("pair-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = parsePairingText(getElement("pair-text").value);
    if (text) pair(text);
    else showMessage("message", formatText("pair.not_a_token"));
  });
  const sendAndRefresh = () => Promise.all([outbox.flushAfterReconnect(), sync.refresh()]);
  connectMenu({ isReaderLoaded: () => isReaderLoaded, sendAndRefresh, testBadge: testNextBadge, changeCheckpoint: move, unpair });
  connectTypeDialog(handleTypedText);
  connectSearch((found) => scanHandler.handleFound(found));
  connectLensChoice(camera);
  listenToKeys(document, handleScannedKeys);
  listenToRestoration(reportRestoration);
  connectDocumentEvents();
  connectTimers();
}

function connectDocumentEvents() {
  for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, unlockSound, { capture: true });
  window.addEventListener("hashchange", () => {
    const text = takePairingFromAddress();
    if (text) pair(text);
  });
  window.addEventListener("online", sendIfScanning);
  window.addEventListener("offline", () => showConnection(false));
  window.addEventListener("focus", sendIfScanning);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && canUpdate()) updateApp();
    if (!document.hidden) sendIfScanning();
  });
  otherTabs.addEventListener("message", () => location.reload());
}

function connectTimers() {
  setInterval(tick, TICK_MS);
  setInterval(() => outbox.flush(), FLUSH_INTERVAL_MS);
}

/** Update the status bar and the readiness each second, and end the pairing on time. */
async function tick() {
  const pairing = isScanning() ? await getPairing() : null;
  if (!pairing) return;
  if (hasPairingExpired(pairing)) return endPairing(pairing.token);
  await drawStatusBar();
  getElement("menu-open").dataset.ready = String((await checkReadiness(isReaderLoaded)).isReady);
}

function sendIfScanning() {
  if (!isScanning()) return;
  outbox.flushAfterReconnect();
  sync.refresh();
}

function showUpdateButton() {
  getElement("update-now").hidden = !canUpdate();
}

start();
