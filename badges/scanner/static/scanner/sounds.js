/** A sound and a vibration for each verdict: distinct in pitch and rhythm, so that nobody need look. */

/** Tones as [start in seconds, length in seconds, hertz, wave]. */
const TONES = {
  admitted: [[0, 0.09, 784, "sine"], [0.1, 0.16, 1175, "sine"]],
  already_in: [[0, 0.16, 494, "triangle"], [0.24, 0.16, 494, "triangle"], [0.48, 0.16, 494, "triangle"]],
  refused: [[0, 0.28, 147, "square"], [0.34, 0.42, 110, "square"]],
  action: [[0, 0.12, 659, "triangle"], [0.16, 0.12, 523, "triangle"], [0.32, 0.2, 659, "triangle"]],
  unverified: [[0, 0.35, 392, "sine"]],
  busy: [[0, 0.05, 220, "square"]],
};
const VIBRATIONS = {
  admitted: [60],
  already_in: [120, 80, 120],
  refused: [400, 100, 400],
  action: [80, 60, 80, 60, 80],
  unverified: [200],
  busy: [30],
};
const LOUDNESS = 0.35;

let context = null;

/** Make sound possible: browsers want a touch first. Called on every touch and key; cheap when done. */
export function unlock() {
  try {
    context ??= new AudioContext({ latencyHint: "interactive" });
    if (context.state !== "running") context.resume().catch(() => {});
  } catch {
    context = null;
  }
}

/** Whether the next verdict will be heard. */
export function isUnlocked() {
  return context?.state === "running";
}

/** Sound and vibrate. @param {keyof typeof TONES} name */
export function play(name) {
  navigator.vibrate?.(VIBRATIONS[name]);
  if (isUnlocked()) TONES[name].forEach((tone) => beep(tone));
}

function beep([start, length, hertz, wave]) {
  const from = context.currentTime + start;
  const tone = new OscillatorNode(context, { type: wave, frequency: hertz });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.linearRampToValueAtTime(LOUDNESS, from + 0.01);
  volume.gain.setValueAtTime(LOUDNESS, from + length - 0.02);
  volume.gain.linearRampToValueAtTime(0, from + length);
  tone.connect(volume).connect(context.destination);
  tone.start(from);
  tone.stop(from + length);
}
