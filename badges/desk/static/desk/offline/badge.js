/**
 * Draw a badge as SVG from the same list of elements as the PDF (badges/printing/elements.py); names are fitted
 * by the rules of badges/printing/names.py and convention/typeset/line_breaks.py.
 */

const SVG = "http://www.w3.org/2000/svg";
const FONT_FAMILY = '"Source Sans 3", "Source Sans 3 Extended", "Noto Sans", sans-serif';
/** Ascent and descent of a line, in em. */
const LINE_EM = 1.2;
const MEASURED_SIZE = 100;
const ANCHORS = { left: "start", right: "end", center: "middle" };
const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));

/** @typedef {{lines: string[], size: number, fits: boolean}} FittedText */
/** @typedef {{part: Desk.NamePart, fitted: FittedText}} FittedPart */

/** Load the weights of the font: a canvas measures with another one until then. */
export async function loadFonts() {
  await Promise.all([400, 600, 700].map((weight) => document.fonts.load(`${weight} 20px "Source Sans 3"`, "Aé")));
}

/**
 * Return the width of a line in em.
 * @param {string} text
 * @param {number} weight
 */
function measure(text, weight) {
  context.font = `${weight} ${MEASURED_SIZE}px ${FONT_FAMILY}`;
  context.fontKerning = "normal";
  // The badge has no ligatures; a thin joiner keeps the letters apart without taking space.
  return context.measureText(text.replace(/f(?=[fijlt])/g, "f\u200c")).width / MEASURED_SIZE;
}

/**
 * @param {string} text
 * @param {number} weight
 * @param {number} limit in em
 */
function wrapText(text, weight, limit) {
  if (measure(text, weight) <= limit) return [text];
  /** @type {string[]} */
  const lines = [];
  let current = "";
  for (const piece of text.split(/(?<= )/)) {
    if (measure((current + piece).trimEnd(), weight) <= limit) current += piece;
    else {
      lines.push(current);
      const pieces = breakWord(piece, weight, limit);
      current = pieces.pop() ?? "";
      lines.push(...pieces);
    }
  }
  return [...lines, current].map((line) => line.trim()).filter(Boolean);
}

/**
 * Break a word that is wider than a line, at hyphens if it has some, else between letters.
 * @param {string} word
 * @param {number} weight
 * @param {number} limit
 */
function breakWord(word, weight, limit) {
  if (measure(word.trimEnd(), weight) <= limit) return [word];
  const parts = word
    .split(/(?<=[-‐–—/_.@])(?=[\p{L}\p{N}_])/u)
    .flatMap((part) => (measure(part.trimEnd(), weight) <= limit ? [part] : splitGraphemes(part)));
  /** @type {string[]} */
  const pieces = [];
  let current = "";
  for (const part of parts) {
    if (current && measure((current + part).trimEnd(), weight) > limit) {
      pieces.push(current);
      current = "";
    }
    current += part;
  }
  return [...pieces, current];
}

/** @param {string} text */
function splitGraphemes(text) {
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}

/**
 * @param {string} text
 * @param {Desk.NamePart} part
 * @param {number} width
 * @param {number} maxSize
 * @param {number} minSize
 * @returns {FittedText}
 */
function fitText(text, { weight }, width, maxSize, minSize) {
  const lineWidth = measure(text, weight);
  if (lineWidth * minSize <= width) {
    const size = lineWidth * maxSize <= width ? maxSize : Math.floor((width / lineWidth) * 20) / 20;
    return { lines: [text], size, fits: true };
  }
  let size = maxSize;
  while (size > minSize && !fitsBox(text, weight, width, size)) size = Math.max(minSize, size * 0.94);
  return { lines: wrapText(text, weight, width / size + 1e-6), size, fits: fitsBox(text, weight, width, size) };
}

/**
 * Return whether the text fits on two lines without breaking inside a word.
 * @param {string} text
 * @param {number} weight
 * @param {number} width
 * @param {number} size
 */
function fitsBox(text, weight, width, size) {
  const pieces = text.split(/(?<= )/).flatMap((piece) => piece.split(/(?<=[-‐–—/_.@])(?=[\p{L}\p{N}_])/u));
  const widest = Math.max(...pieces.map((piece) => measure(piece.trimEnd(), weight)));
  return wrapText(text, weight, width / size + 1e-6).length <= 2 && widest * size <= width + 1e-6;
}

const lineHeight = (/** @type {FittedText} */ { size }) => size * Math.max(1.06, LINE_EM * 0.9);

/**
 * Fit the names of a guest: as large as possible, then smaller together, then below the minimum; never cut.
 * @param {Desk.GuestTexts} guest
 * @param {Desk.BadgeDesign["names"]} names
 */
function fitNames(guest, names) {
  const texts = guest.first_name ? guest : { ...guest, first_name: guest.last_name, last_name: "" };
  const parts = names.parts.filter((part) => texts[part.text].trim());
  for (const step of names.shrink_steps) {
    const fitted = parts.map((part) => {
      const size = Math.max(part.min_size, part.max_size * step);
      return { part, fitted: fitText(texts[part.text], part, names.width, size, part.min_size) };
    });
    if (measureHeight(fitted, names) <= names.height && fitted.every((each) => each.fitted.fits)) return fitted;
  }
  for (let step = names.below_floor_step; ; step *= names.below_floor_step) {
    const fitted = parts.map((part) => {
      const size = part.min_size * step;
      return { part, fitted: fitText(texts[part.text], part, names.width, size, size) };
    });
    if (measureHeight(fitted, names) <= names.height) return fitted;
  }
}

/**
 * @param {FittedPart[]} parts
 * @param {Desk.BadgeDesign["names"]} names
 */
function measureHeight(parts, { part_gap }) {
  return parts.reduce(
    (sum, { fitted }) => sum + lineHeight(fitted) * fitted.lines.length + fitted.size * part_gap,
    0,
  );
}

/**
 * @param {Desk.GuestTexts} guest
 * @param {Desk.BadgeDesign["names"]} names
 */
function* drawNames(guest, names) {
  const parts = fitNames(guest, names);
  let y = names.y + Math.max(0, (names.height - measureHeight(parts, names)) * 0.42);
  const isRightToLeft = /^[^\p{L}]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/u.test(parts[0]?.fitted.lines[0] ?? "");
  for (const { part, fitted } of parts) {
    for (const line of fitted.lines) {
      const x = isRightToLeft ? names.x + names.width : names.x;
      const align = isRightToLeft ? "right" : "left";
      yield drawText({ ...part, x, y: y + lineHeight(fitted) * 0.76, text: line, size: fitted.size, align });
      y += lineHeight(fitted);
    }
    y += fitted.size * names.part_gap;
  }
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function makeElement(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** @param {Pick<Desk.BadgeElement, "x" | "y" | "size" | "weight" | "color" | "align"> & {text: string}} element */
function drawText({ x, y, size, weight, color, align, text }) {
  const drawn = makeElement("text", {
    x, y, fill: color, "font-size": size, "font-weight": weight, "text-anchor": ANCHORS[align], class: "badge-text",
  });
  drawn.textContent = text;
  return drawn;
}

/** @param {Desk.BadgeElement} element */
function drawModules({ x, y, side, count, rows, color }) {
  const bytes = Uint8Array.from(atob(rows), (letter) => letter.charCodeAt(0));
  const width = bytes.length / count;
  let path = "";
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      const isDark = (bytes[row * width + (column >> 3)] >> (7 - (column & 7))) & 1;
      if (isDark) path += `M${column} ${row}h1v1h-1z`;
    }
  }
  const move = `translate(${x} ${y}) scale(${side / count})`;
  return makeElement("path", { d: path, fill: color, transform: move, "shape-rendering": "crispEdges" });
}

/** @param {Desk.BadgeElement} element */
function drawOutlines({ x, y, size, color, outlines }) {
  const scale = size / 1000;
  const line = makeElement("g", { fill: color, transform: `translate(${x} ${y}) scale(${scale} ${-scale})` });
  line.append(...outlines.map(([dx, dy, d]) => makeElement("path", { d, transform: `translate(${dx} ${dy})` })));
  return line;
}

/**
 * Return whether this device may lack the letters of a name, which was typed without network.
 * @param {Desk.BadgeDesign} design
 * @param {Desk.Guest} guest
 */
export function mayLackLetters({ font_characters }, { first_name, last_name, company, outlined_names }) {
  const names = `${first_name} ${last_name} ${company}`.normalize();
  return !outlined_names && new RegExp(`[^${font_characters}]`, "u").test(names);
}

/** @param {Desk.BadgeElement} element */
function drawElement(element) {
  const { kind, color, x, y } = element;
  switch (kind) {
    case "text":
      return drawText(element);
    case "rectangle":
      return makeElement("rect", { x, y, width: element.width, height: element.height, fill: color });
    case "line":
      return makeElement("line", {
        x1: x, y1: y, x2: element.x2, y2: element.y2, stroke: color, "stroke-width": element.stroke,
      });
    case "polygon":
      return makeElement("polygon", { points: element.points.map((point) => point.join()).join(" "), fill: color });
    case "modules":
      return drawModules(element);
    case "outlines":
      return drawOutlines(element);
    default:
      return makeElement("circle", {
        cx: x, cy: y, r: element.radius,
        ...(element.stroke ? { fill: "none", stroke: color, "stroke-width": element.stroke } : { fill: color }),
      });
  }
}

/**
 * Return the badge of a guest, in the size of its paper.
 * @param {Desk.BadgeDesign} design
 * @param {Desk.Guest} guest
 */
export function drawBadge(design, guest) {
  const badge = makeElement("svg", {
    width: `${design.width}pt`, height: `${design.height}pt`, viewBox: `0 0 ${design.width} ${design.height}`, role: "img",
  });
  badge.append(
    makeElement("rect", { width: "100%", height: "100%", fill: "#ffffff" }),
    ...(design.tickets[guest.ticket] ?? []).map(drawElement),
    ...(guest.outlined_names?.map(drawElement) ?? drawNames(guest, design.names)),
    ...(guest.code?.elements ?? []).map(drawElement),
    ...(guest.no_photo ? design.no_photo.map(drawElement) : []),
  );
  return badge;
}
