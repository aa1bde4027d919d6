/** Scan badges on a paired device: connect camera, verdicts, outbox and sync. app.js loads it when it is needed. */

import { ServerError } from "./api.js";
import { parseShortCode } from "./badge_codes.js";
import { Camera, connectLensChoice } from "./camera.js";
import { hasPairingExpired } from "./clock.js";
import { ConflictWatch } from "./conflicts.js";
import { getPairing, listenToRestoration } from "./database.js";
import { noteCameraState } from "./device_state.js";
import { connectMenu, connectTypeDialog, showQueue } from "./dialogs.js";
import { isIncompleteCode, listReadings } from "./keyboard_scanner.js";
import { Outbox } from "./outbox.js";
import { formatText, getDirectionButtons, getElement, isScanning, settings, showMessage, showView } from "./page.js";
import { changeCheckpoint, isPairingAddress, parsePairingText } from "./pairing.js";
import { CodesInView, loadReader } from "./qr_reader.js";
import { checkReadiness, requestPersistentStorage } from "./readiness.js";
import { RecentScans } from "./recent_scans.js";
import { ScanHandler } from "./scan_handler.js";
import {
  connectSearch, describeUnlistedCode, findListedAttendee, forgetAttendees, refreshAttendees,
} from "./search.js";
import { SnapshotSync } from "./snapshot_sync.js";
import { drawStatusBar, isOnline, showConnection, showPendingCount } from "./status_bar.js";
import { VerdictScreen } from "./verdict_screen.js";
import { makeErrorView } from "./verdict_view.js";
import { keepScreenOn, letScreenSleep } from "./wake_lock.js";

const TICK_MS = 1000;
const FLUSH_INTERVAL_MS = 15_000;

/**
 * @typedef {object} ScanningActions
 * @property {(text: Scanner.PairingText) => Promise<void>} pair
 * @property {(token: string) => Promise<void>} endPairing
 * @property {() => Promise<void>} unpair
 */

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
  onEnded: (token) => actions.endPairing(token),
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
  onEnded: (token) => actions.endPairing(token),
});
const recentScans = new RecentScans(outbox, () => screen.show(makeErrorView(formatText("queue.storage"))));
const conflicts = new ConflictWatch(screen, recentScans);
const scanHandler = new ScanHandler(screen, outbox, recentScans, () => conflicts.refreshNow());
const camera = new Camera(getElement("video"), { onTexts: readFromCamera, onState: showCameraState });

let isReaderLoaded = false;
let hasReaderFailed = false;
let isPairing = false;
/** @type {ScanningActions} */
let actions;

/** @param {ScanningActions} newActions */
export function connectScanning(newActions) {
  actions = newActions;
  for (const button of getDirectionButtons()) {
    button.addEventListener("change", () => sessionStorage.setItem("direction", button.value));
  }
  getElement("camera-again").addEventListener("click", retryCamera);
  getElement("torch").addEventListener("click", toggleTorch);
  const sendAndRefresh = () => Promise.all([outbox.flushAfterReconnect(), sync.refresh()]);
  connectMenu({
    isReaderLoaded: () => isReaderLoaded,
    sendAndRefresh,
    testBadge: testNextBadge,
    changeCheckpoint: move,
    unpair: actions.unpair,
  });
  connectTypeDialog(handleTypedText);
  connectSearch((found) => scanHandler.handleFound(found));
  connectLensChoice(camera);
  listenToRestoration(reportRestoration);
  window.addEventListener("online", sendIfScanning);
  window.addEventListener("offline", () => showConnection(false));
  window.addEventListener("focus", sendIfScanning);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) sendIfScanning();
  });
  setInterval(tick, TICK_MS);
  setInterval(sendScans, FLUSH_INTERVAL_MS);
}

/** Aim the camera at a pairing code. */
export function readPairingCode() {
  isPairing = true;
  prepareReader();
  camera.start();
}

export const sendScans = () => outbox.flush();

/** Forget the names in memory. */
export function forgetPeople() {
  recentScans.clear();
  conflicts.clear();
  forgetAttendees();
}

/** @param {string} message to show below the camera's picture */
export async function startScanning(message = formatText("camera.aim")) {
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
  sendScans();
  sync.refresh();
}

export function stopScanning() {
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
 * @param {Scanner.ReadOptions} [options]
 */
function handleText(text, readings = [text], options) {
  const pairingText = isPairingAddress(text) ? parsePairingText(text) : null;
  if (pairingText) {
    actions.pair(pairingText);
  } else if (isPairing) {
    getElement("hint").textContent = formatText("pair.not_a_token");
  } else {
    closeDialogs();
    if (isScanning()) scanHandler.handleRead(readings, options);
  }
}

/** @param {string} text typed by a keyboard scanner */
export function handleScannedKeys(text) {
  const readings = listReadings(text);
  if (!isScanning() || !isIncompleteCode(readings)) return handleText(text, readings, { isFromHandScanner: true });
  closeDialogs();
  scanHandler.showIncompleteRead();
}

/**
 * Handle a text from the dialog: a badge's short code, which a list with names or the server can resolve, or
 * the whole code.
 * @param {string} text
 */
async function handleTypedText(text) {
  const shortCode = parseShortCode(text);
  if (!shortCode) return handleText(text, listReadings(text));
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

/** Update the status bar and the readiness each second, and end the pairing on time. */
async function tick() {
  const pairing = isScanning() ? await getPairing() : null;
  if (!pairing) return;
  if (hasPairingExpired(pairing)) return actions.endPairing(pairing.token);
  await drawStatusBar();
  getElement("menu-open").dataset.ready = String((await checkReadiness(isReaderLoaded)).isReady);
}

function sendIfScanning() {
  if (!isScanning()) return;
  outbox.flushAfterReconnect();
  sync.refresh();
}
