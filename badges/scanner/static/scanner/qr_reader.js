/** Read QR codes in the camera's picture: its middle, which is faster, and every third time all of it. */

const CROP_SHARE = 0.72;
const CROP_PIXELS = 640;
const FULL_PIXELS = 1280;
const FULL_EVERY = 3;
const FORGET_MS = 1500;

/**
 * Tells the library where its binary is. Always the same object, since the library compares it by identity to
 * know whether it is loaded already.
 */
const overrides = { locateFile: () => "" };

/** @type {typeof import("../vendor/barcode-detector/ponyfill.js") | null} */
let library = null;

/**
 * Load the library; call it again after a failure.
 * @param {string} wasmUrl
 * @returns {Promise<boolean>} whether it is loaded
 */
export async function loadReader(wasmUrl) {
  overrides.locateFile = () => wasmUrl;
  try {
    library ??= await import("../vendor/barcode-detector/ponyfill.js");
    await library.prepareZXingModule({ overrides, fireImmediately: true });
    return true;
  } catch {
    library?.purgeZXingModule();
    library?.prepareZXingModule({ overrides });
    return false;
  }
}

/**
 * @typedef {object} Area
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {number} scale
 */

/** Reads the pictures of one camera. */
export class QrReader {
  /** @type {import("../vendor/barcode-detector/ponyfill.js").BarcodeDetector | null} */
  #detector = null;
  #canvas = document.createElement("canvas");
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d", { willReadFrequently: true }));
  #frameNumber = 0;

  /**
   * Return the texts of all codes in the current picture; none before the library is loaded.
   * @param {HTMLVideoElement} video
   * @returns {Promise<string[]>}
   */
  async read(video) {
    if (!library) return [];
    this.#detector ??= new library.BarcodeDetector({ formats: ["qr_code"] });
    const isFull = this.#frameNumber++ % FULL_EVERY === FULL_EVERY - 1;
    const found = await this.#detector.detect(this.#drawPicture(video, isFull ? getFullArea(video) : getMiddle(video)));
    return found.map((code) => code.rawValue);
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {Area} area
   */
  #drawPicture(video, { x, y, width, height, scale }) {
    const canvas = this.#canvas;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    this.#context.drawImage(video, x, y, width, height, 0, 0, canvas.width, canvas.height);
    return this.#context.getImageData(0, 0, canvas.width, canvas.height);
  }
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Area}
 */
function getMiddle({ videoWidth, videoHeight }) {
  const side = Math.min(videoWidth, videoHeight) * CROP_SHARE;
  const scale = Math.min(1, CROP_PIXELS / side);
  return { x: (videoWidth - side) / 2, y: (videoHeight - side) / 2, width: side, height: side, scale };
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Area}
 */
function getFullArea({ videoWidth: width, videoHeight: height }) {
  return { x: 0, y: 0, width, height, scale: Math.min(1, FULL_PIXELS / Math.max(width, height)) };
}

/** A code held in view is one scan: it counts again only after it was out of sight for a while. */
export class CodesInView {
  /** @type {Map<string, number>} */
  #seenAt = new Map();

  /**
   * Return whether this text comes into view now, and remember it.
   * @param {string} text
   * @param {number} at milliseconds
   */
  isNew(text, at) {
    const last = this.#seenAt.get(text) ?? -Infinity;
    for (const [other, seenAt] of this.#seenAt) if (at - seenAt > FORGET_MS) this.#seenAt.delete(other);
    this.#seenAt.set(text, at);
    return at - last > FORGET_MS;
  }

  /**
   * Return whether this text has been in view without a break; if so, remember that it still is.
   * @param {string} text
   * @param {number} at milliseconds
   */
  isStillInView(text, at) {
    const isStillInView = at - (this.#seenAt.get(text) ?? -Infinity) <= FORGET_MS;
    if (isStillInView) this.#seenAt.set(text, at);
    return isStillInView;
  }
}
