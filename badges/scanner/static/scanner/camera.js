/** Open the camera, read its pictures, and reopen it after the phone slept. */

import { getSetting, saveSetting } from "./database.js";
import { formatText, getElement } from "./page.js";
import { QrReader } from "./qr_reader.js";

const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 } };
const ANY_LENS = { facingMode: { ideal: "environment" } };
const PAUSE_MS = 15;
const MAX_WAIT_MS = 250;

/**
 * @typedef {object} CameraListener
 * @property {(texts: string[]) => void} onTexts called for each picture with codes
 * @property {(state: Scanner.CameraState) => void} onState
 */

export class Camera {
  #video;
  #listener;
  /** @type {QrReader | null} */
  #reader = null;
  /** @type {MediaStream | null} */
  #stream = null;
  #isWanted = false;
  /** The id of the camera that the operator chose; empty: the browser's choice. */
  #lens = "";

  /**
   * @param {HTMLVideoElement} video
   * @param {CameraListener} listener
   */
  constructor(video, listener) {
    this.#video = video;
    this.#listener = listener;
    // On a hidden page, an open camera would keep its light on and drain the battery.
    document.addEventListener("visibilitychange", () => this.#followVisibility());
  }

  /** Open the camera and read until `stop`. */
  async start() {
    this.#isWanted = true;
    if (this.#stream || document.hidden) return;
    if (!navigator.mediaDevices?.getUserMedia) return this.#listener.onState("insecure");
    try {
      this.#useStream(await openLens(this.#lens));
    } catch (error) {
      this.#listener.onState(classifyError(error));
    }
  }

  stop() {
    this.#isWanted = false;
    this.#release();
  }

  /** @param {string} lens the id of a camera, as `listLenses` returns it */
  useLens(lens) {
    if (lens === this.#lens) return;
    this.#lens = lens;
    if (this.#stream) this.#restart();
  }

  /** The id of the camera that is open. */
  get lens() {
    return this.#track?.getSettings().deviceId ?? this.#lens;
  }

  get isOn() {
    return this.#stream !== null;
  }

  get hasTorch() {
    return Boolean(this.#track?.getCapabilities?.().torch);
  }

  /**
   * Switch the torch; do nothing without one.
   * @param {boolean} torch
   */
  async setTorch(torch) {
    if (this.hasTorch) await this.#track?.applyConstraints({ advanced: [{ torch }] });
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  /** @param {MediaStream} stream */
  async #useStream(stream) {
    // The permission may come after the page was left, or twice.
    if (!this.#isWanted || this.#stream) return stream.getTracks().forEach((track) => track.stop());
    this.#stream = stream;
    this.#track?.addEventListener("ended", () => this.#restart());
    this.#video.srcObject = stream;
    await this.#video.play().catch(() => {});
    this.#listener.onState("on");
    this.#readPictures(stream);
  }

  /** @param {MediaStream} stream */
  async #readPictures(stream) {
    this.#reader ??= new QrReader();
    while (this.#stream === stream) {
      await waitForPicture(this.#video);
      const startedAt = performance.now();
      const texts = await this.#reader.read(this.#video).catch(() => []);
      if (texts.length) this.#video.dataset.milliseconds = String(Math.round(performance.now() - startedAt));
      if (texts.length && this.#stream === stream) this.#listener.onTexts(texts);
    }
  }

  #release() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
    this.#listener.onState("off");
  }

  #restart() {
    this.#release();
    if (this.#isWanted) this.start();
  }

  #followVisibility() {
    if (document.hidden && this.#stream) this.#release();
    else if (this.#isWanted) this.start();
  }
}

/**
 * Open the chosen camera, or any other one if it is no longer connected.
 * @param {string} lens
 */
async function openLens(lens) {
  const requestStream = (/** @type {MediaTrackConstraints} */ choice) =>
    navigator.mediaDevices.getUserMedia({ audio: false, video: { ...SIZE, ...choice } });
  if (!lens) return requestStream(ANY_LENS);
  return requestStream({ deviceId: { exact: lens } }).catch((error) => {
    if (error instanceof DOMException && error.name === "OverconstrainedError") return requestStream(ANY_LENS);
    throw error;
  });
}

/** Return the cameras of this device; their names are known only once one of them is allowed. */
async function listLenses() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
  return devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
}

/**
 * @param {unknown} error of getUserMedia
 * @returns {Scanner.CameraState}
 */
function classifyError(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "absent";
}

/**
 * Wait for the next picture, for MAX_WAIT_MS at most.
 * @param {HTMLVideoElement} video
 * @returns {Promise<void>}
 */
function waitForPicture(video) {
  return new Promise((resolve) => {
    const timeout = setTimeout(resolve, MAX_WAIT_MS);
    const onPicture = () => {
      clearTimeout(timeout);
      setTimeout(resolve, PAUSE_MS);
    };
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(onPicture);
    else requestAnimationFrame(onPicture);
  });
}

/**
 * Let the operator choose the camera: the browser's default may not focus at a short distance.
 * @param {Camera} camera
 */
export async function connectLensChoice(camera) {
  const list = getElement("lens");
  list.addEventListener("change", async () => {
    await saveSetting("lens", list.value);
    camera.useLens(list.value);
  });
  getElement("menu-open").addEventListener("click", () => showLenses(camera));
  camera.useLens((await getSetting("lens")) ?? "");
}

/** @param {Camera} camera */
async function showLenses(camera) {
  const lenses = await listLenses();
  const options = lenses.map(({ deviceId, label }, index) => {
    const name = label || formatText("lens.number", { number: index + 1 });
    return new Option(name, deviceId, false, deviceId === camera.lens);
  });
  getElement("lens").replaceChildren(...options);
  getElement("lens-choice").hidden = lenses.length < 2;
}
