/** Reads QR codes in the camera's picture: the middle first, now and then the whole. */

import { BarcodeDetector, prepareZXingModule, purgeZXingModule } from "../vendor/barcode-detector/ponyfill.js";

const CROP_SHARE = 0.72;
const CROP_PIXELS = 640;
const WHOLE_PIXELS = 1280;
const WHOLE_EVERY = 3;

/** Where the reader's binary is, kept as one object, by which the library knows that it is loaded already. */
const ours = {};

/**
 * Load the reader; what failed may be tried again.
 * @param {string} wasm its address on our own server
 * @returns {Promise<boolean>} whether it is there
 */
export async function prepare(wasm) {
  ours.locateFile = () => wasm;
  try {
    await prepareZXingModule({ overrides: ours, fireImmediately: true });
    return true;
  } catch {
    purgeZXingModule();
    prepareZXingModule({ overrides: ours });
    return false;
  }
}

/** A reader of pictures; one per camera. */
export class Reader {
  #detector = new BarcodeDetector({ formats: ["qr_code"] });
  #canvas = document.createElement("canvas");
  #turn = 0;

  /**
   * The texts of the codes in this picture.
   * @param {HTMLVideoElement} video
   * @returns {Promise<string[]>}
   */
  async read(video) {
    const area = this.#turn++ % WHOLE_EVERY === WHOLE_EVERY - 1 ? whole(video) : middle(video);
    const found = await this.#detector.detect(this.#picture(video, area));
    return found.map((code) => code.rawValue);
  }

  #picture(video, { x, y, width, height, scale }) {
    const canvas = this.#canvas;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(video, x, y, width, height, 0, 0, canvas.width, canvas.height);
    return pen.getImageData(0, 0, canvas.width, canvas.height);
  }
}

function middle({ videoWidth, videoHeight }) {
  const side = Math.min(videoWidth, videoHeight) * CROP_SHARE;
  const scale = Math.min(1, CROP_PIXELS / side);
  return { x: (videoWidth - side) / 2, y: (videoHeight - side) / 2, width: side, height: side, scale };
}

function whole({ videoWidth: width, videoHeight: height }) {
  return { x: 0, y: 0, width, height, scale: Math.min(1, WHOLE_PIXELS / Math.max(width, height)) };
}
