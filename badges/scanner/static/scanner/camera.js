/** The camera: opened, watched, brought back after the phone slept; the torch where there is one. */

import { Reader } from "./decode.js";

const WANTED = {
  audio: false,
  video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
};
const PAUSE_MS = 30;

/**
 * @typedef {object} Watcher
 * @property {(texts: string[]) => void} onTexts codes in view, at every picture that has some
 * @property {(state: "on" | "refused" | "absent" | "busy" | "insecure" | "off") => void} onState
 */

export class Camera {
  #video;
  #watcher;
  #reader = null;
  #stream = null;
  #isWanted = false;

  /** @param {HTMLVideoElement} video @param {Watcher} watcher */
  constructor(video, watcher) {
    this.#video = video;
    this.#watcher = watcher;
    document.addEventListener("visibilitychange", () => this.#followPage());
  }

  /** Ask for the camera and read until `stop`. */
  async start() {
    this.#isWanted = true;
    if (this.#stream || document.hidden) return;
    if (!navigator.mediaDevices?.getUserMedia) return this.#watcher.onState("insecure");
    try {
      this.#take(await navigator.mediaDevices.getUserMedia(WANTED));
    } catch (error) {
      this.#watcher.onState(reasonOf(error));
    }
  }

  /** Let the camera go. */
  stop() {
    this.#isWanted = false;
    this.#release();
  }

  /** Whether there is a picture. */
  get isOn() {
    return this.#stream !== null;
  }

  /** Whether this camera has a torch. */
  get hasTorch() {
    return Boolean(this.#track?.getCapabilities?.().torch);
  }

  /** Light or darken; does nothing without a torch. */
  async setTorch(torch) {
    if (this.hasTorch) await this.#track.applyConstraints({ advanced: [{ torch }] });
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  async #take(stream) {
    if (!this.#isWanted || this.#stream) return stream.getTracks().forEach((track) => track.stop());
    this.#stream = stream;
    this.#track.addEventListener("ended", () => this.#restart());
    this.#video.srcObject = stream;
    await this.#video.play().catch(() => {});
    this.#watcher.onState("on");
    this.#watch(stream);
  }

  async #watch(stream) {
    this.#reader ??= new Reader();
    while (this.#stream === stream) {
      await nextPicture(this.#video);
      const started = performance.now();
      const texts = await this.#reader.read(this.#video).catch(() => []);
      if (texts.length) this.#video.dataset.milliseconds = Math.round(performance.now() - started);
      if (texts.length && this.#stream === stream) this.#watcher.onTexts(texts);
    }
  }

  #release() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
    this.#watcher.onState("off");
  }

  #restart() {
    this.#release();
    if (this.#isWanted) this.start();
  }

  #followPage() {
    if (document.hidden && this.#stream) this.#release();
    else if (this.#isWanted) this.start();
  }
}

function reasonOf(error) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "refused";
  return error.name === "NotReadableError" || error.name === "AbortError" ? "busy" : "absent";
}

/** Wait for a picture, without ever waiting for one that does not come. */
function nextPicture(video) {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, 250);
    const soon = () => {
      clearTimeout(late);
      setTimeout(resolve, PAUSE_MS / 2);
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(soon);
    else requestAnimationFrame(soon);
  });
}
