/** Let the operator choose the camera: the one that a browser takes by itself may not focus on what is near. */

import { listLenses } from "./camera.js";
import { getSetting, saveSetting } from "./database.js";
import { formatText, getElement } from "./page.js";

/** @param {import("./camera.js").Camera} camera */
export async function connectLensChoice(camera) {
  const list = getElement("lens");
  list.addEventListener("change", async () => {
    await saveSetting("lens", list.value);
    camera.useLens(list.value);
  });
  getElement("menu-open").addEventListener("click", () => showLenses(camera));
  camera.useLens((await getSetting("lens")) ?? "");
}

/** @param {import("./camera.js").Camera} camera */
async function showLenses(camera) {
  const lenses = await listLenses();
  const options = lenses.map(({ deviceId, label }, index) => {
    const name = label || formatText("lens.number", { number: index + 1 });
    return new Option(name, deviceId, false, deviceId === camera.lens);
  });
  getElement("lens").replaceChildren(...options);
  getElement("lens-choice").hidden = lenses.length < 2;
}
