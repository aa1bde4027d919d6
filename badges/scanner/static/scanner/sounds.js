/** Sound and vibrate differently for each verdict, so that operators need not look at the screen. */

/**
 * Tones as [start in seconds, length in seconds, hertz, wave].
 * @type {Record<Scanner.Sound, [number, number, number, OscillatorType][]>}
 */
const TONES = {
  admitted: [[0, 0.09, 784, "sine"], [0.1, 0.16, 1175, "sine"]],
  already_in: [[0, 0.16, 494, "triangle"], [0.24, 0.16, 494, "triangle"], [0.48, 0.16, 494, "triangle"]],
  refused: [[0, 0.28, 147, "square"], [0.34, 0.42, 110, "square"]],
  action: [[0, 0.12, 659, "triangle"], [0.16, 0.12, 523, "triangle"], [0.32, 0.2, 659, "triangle"]],
  unverified: [[0, 0.35, 392, "sine"]],
  busy: [[0, 0.05, 220, "square"]],
};
/** @type {Record<Scanner.Sound, number[]>} */
const VIBRATIONS_MS = {
  admitted: [60],
  already_in: [120, 80, 120],
  refused: [400, 100, 400],
  action: [80, 60, 80, 60, 80],
  unverified: [200],
  busy: [30],
};
const VOLUME = 0.35;

/** @type {AudioContext | null} */
let context = null;

/** Enable sound: browsers require a touch or key first, and again after sleep, so call it on every one. */
export function unlockSound() {
  try {
    context ??= new AudioContext({ latencyHint: "interactive" });
    if (context.state !== "running") context.resume().catch(() => {});
  } catch {
    context = null;
  }
}

export const isSoundUnlocked = () => context?.state === "running";

/** @param {Scanner.Sound} name */
export function playSound(name) {
  navigator.vibrate?.(VIBRATIONS_MS[name]);
  if (context?.state !== "running") return;
  for (const [start, length, hertz, wave] of TONES[name]) playTone(context, start, length, hertz, wave);
}

/**
 * @param {AudioContext} audio
 * @param {number} start
 * @param {number} length
 * @param {number} hertz
 * @param {OscillatorType} wave
 */
function playTone(audio, start, length, hertz, wave) {
  const from = audio.currentTime + start;
  const tone = new OscillatorNode(audio, { type: wave, frequency: hertz });
  const volume = new GainNode(audio, { gain: 0 });
  // Ramps, because a tone that begins or ends at full volume clicks.
  volume.gain.linearRampToValueAtTime(VOLUME, from + 0.01);
  volume.gain.setValueAtTime(VOLUME, from + length - 0.02);
  volume.gain.linearRampToValueAtTime(0, from + length);
  tone.connect(volume).connect(audio.destination);
  tone.start(from);
  tone.stop(from + length);
}
