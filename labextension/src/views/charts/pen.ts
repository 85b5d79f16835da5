/** One way to draw for screen, PNG (a canvas) and SVG, so that what is saved is what is seen. */

export interface Ink {
  readonly color: string;
  /** 0 to 1; absent is opaque. */
  readonly alpha?: number;
  /** Of lines, in px. */
  readonly width?: number;
  readonly dash?: readonly number[];
}

export interface Part {
  readonly xy: readonly number[];
  readonly color: string;
}

export interface Lettering {
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Reads from bottom to top. */
  readonly upright?: boolean;
  readonly size?: number;
  readonly bold?: boolean;
}

/** Positions are px from the top left; `xy` are x and y in turn, NaN where a line breaks. */
export interface Pen {
  line(xy: ArrayLike<number>, ink: Ink): void;
  area(xy: ArrayLike<number>, ink: Ink): void;
  dots(xy: ArrayLike<number>, radius: number, ink: Ink): void;
  /** Dots of several colours, the last on top; made for a hundred thousand. */
  cloud(parts: readonly Part[], radius: number, alpha: number): void;
  rect(x: number, y: number, width: number, height: number, ink: Ink): void;
  text(x: number, y: number, text: string, ink: Ink, lettering?: Lettering): void;
  /** Draws within a rectangle only. */
  within(x: number, y: number, width: number, height: number, draw: () => void): void;
}

export const TEXT_SIZE = 11;
/** From here on dots are written into pixels as squares: no eye tells, and one costs a tenth. */
const MANY_DOTS = 5000;

export function canvasPen(context: CanvasRenderingContext2D, font: string): Pen {
  const dip = ({ color, alpha = 1, width = 1, dash = [] }: Ink) => {
    context.globalAlpha = alpha;
    context.fillStyle = context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash([...dash]);
    context.lineJoin = 'round';
  };
  const trace = (xy: ArrayLike<number>) => {
    context.beginPath();
    let down = false;
    for (let i = 0; i < xy.length; i += 2) {
      if (Number.isNaN(xy[i + 1])) down = false;
      else if (down) context.lineTo(xy[i], xy[i + 1]);
      else {
        context.moveTo(xy[i], xy[i + 1]);
        down = true;
      }
    }
  };
  return {
    line(xy, ink) {
      dip(ink);
      trace(xy);
      context.stroke();
    },
    area(xy, ink) {
      dip(ink);
      trace(xy);
      context.fill();
    },
    dots(xy, radius, ink) {
      dip(ink);
      for (let i = 0; i < xy.length; i += 2) {
        context.beginPath();
        context.arc(xy[i], xy[i + 1], radius, 0, Math.PI * 2);
        context.fill();
      }
    },
    cloud(parts, radius, alpha) {
      const count = parts.reduce((sum, { xy }) => sum + xy.length / 2, 0);
      if (count > MANY_DOTS) splatter(context, parts, radius, alpha);
      else for (const { xy, color } of parts) this.dots(xy, radius, { color, alpha });
    },
    rect(x, y, width, height, ink) {
      dip(ink);
      context.fillRect(x, y, width, height);
    },
    text(x, y, text, ink, { anchor = 'start', upright = false, size = TEXT_SIZE, bold = false } = {}) {
      dip(ink);
      context.font = `${bold ? 600 : 400} ${size}px ${font}`;
      context.textAlign = anchor === 'middle' ? 'center' : anchor;
      context.textBaseline = 'middle';
      context.save();
      context.translate(x, y);
      if (upright) context.rotate(-Math.PI / 2);
      context.fillText(text, 0, 0);
      context.restore();
    },
    within(x, y, width, height, draw) {
      context.save();
      context.beginPath();
      context.rect(x, y, width, height);
      context.clip();
      draw();
      context.restore();
    },
  };
}

const LAYERS = 6;

/** Blends dots into an image of the canvas' size, and lays that over it. */
function splatter(
  context: CanvasRenderingContext2D,
  parts: readonly Part[],
  radius: number,
  alpha: number,
): void {
  const { a: ratio, e: left, f: top } = context.getTransform();
  const layer = document.createElement('canvas');
  const [width, height] = [context.canvas.width, context.canvas.height];
  [layer.width, layer.height] = [width, height];
  const under = layer.getContext('2d', { willReadFrequently: true });
  if (!under) return;
  const image = under.createImageData(width, height);
  const { data } = image;
  const side = Math.max(1, Math.round(radius * 2 * ratio));
  for (const { xy, color } of parts) {
    // Any colour that the browser knows, as bytes.
    under.fillStyle = color;
    under.fillRect(0, 0, 1, 1);
    const [r, g, b] = under.getImageData(0, 0, 1, 1).data;
    for (let i = 0; i < xy.length; i += 2) {
      const x = Math.round(xy[i] * ratio + left - side / 2);
      const y = Math.round(xy[i + 1] * ratio + top - side / 2);
      for (let py = Math.max(0, y); py < Math.min(height, y + side); py++) {
        for (let px = Math.max(0, x); px < Math.min(width, x + side); px++) {
          const at = (py * width + px) * 4;
          const had = data[at + 3] / 255;
          const has = had + (1 - had) * alpha;
          const part = alpha / has;
          data[at] += (r - data[at]) * part;
          data[at + 1] += (g - data[at + 1]) * part;
          data[at + 2] += (b - data[at + 2]) * part;
          data[at + 3] = has * 255;
        }
      }
    }
  }
  under.putImageData(image, 0, 0);
  context.save();
  context.globalAlpha = 1;
  context.resetTransform();
  context.drawImage(layer, 0, 0);
  context.restore();
}

/** The same as the text of an SVG file; names are escaped, as a file is opened by anything. */
export class SvgPen implements Pen {
  private readonly parts: string[] = [];
  private clips = 0;

  constructor(
    private readonly width: number,
    private readonly height: number,
    private readonly font: string,
    background: string,
  ) {
    this.rect(0, 0, width, height, { color: background });
  }

  line(xy: ArrayLike<number>, ink: Ink): void {
    this.path(tracing(xy), ink, `fill="none" stroke-linejoin="round" ${stroke(ink)}`);
  }

  area(xy: ArrayLike<number>, ink: Ink): void {
    this.path(`${tracing(xy)}Z`, ink, fill({ color: ink.color }));
  }

  /** A line of no length with round ends is a dot: all of a colour are one path. */
  dots(xy: ArrayLike<number>, radius: number, ink: Ink): void {
    let d = '';
    for (let i = 0; i < xy.length; i += 2) d += `M${short(xy[i])} ${short(xy[i + 1])}h0`;
    this.path(d, ink, `fill="none" stroke-linecap="round" ${stroke({ ...ink, width: radius * 2 })}`);
  }

  cloud(parts: readonly Part[], radius: number, alpha: number): void {
    // Within a path what overlaps is not darker: several paths, so that much on one place is.
    for (const { xy, color } of parts) {
      for (let layer = 0; layer < LAYERS; layer++) {
        const own = xy.filter((_, i) => (i >> 1) % LAYERS === layer);
        this.dots(own, radius, { color, alpha });
      }
    }
  }

  rect(x: number, y: number, width: number, height: number, ink: Ink): void {
    const at = `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`;
    this.parts.push(`<rect ${at} ${fill(ink)}/>`);
  }

  text(x: number, y: number, text: string, ink: Ink, lettering: Lettering = {}): void {
    const { anchor = 'start', upright = false, size = TEXT_SIZE, bold = false } = lettering;
    const turn = upright ? ` rotate(-90)` : '';
    this.parts.push(
      `<text transform="translate(${short(x)} ${short(y)})${turn}" text-anchor="${anchor}" dy=".35em" ` +
        `font-size="${size}"${bold ? ' font-weight="600"' : ''} ${fill(ink)}>${escaped(text)}</text>`,
    );
  }

  within(x: number, y: number, width: number, height: number, draw: () => void): void {
    this.clips += 1;
    const id = `clip${this.clips}`;
    const at = `x="${x}" y="${y}" width="${width}" height="${height}"`;
    this.parts.push(`<clipPath id="${id}"><rect ${at}/></clipPath><g clip-path="url(#${id})">`);
    draw();
    this.parts.push('</g>');
  }

  /** Draws some px lower. */
  below(top: number, draw: () => void): void {
    this.parts.push(`<g transform="translate(0 ${top})">`);
    draw();
    this.parts.push('</g>');
  }

  /** The whole file. */
  get file(): string {
    const size = `width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}"`;
    const font = escaped(this.font);
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${font}">${this.parts.join('\n')}</svg>\n`;
  }

  private path(d: string, { alpha = 1 }: Ink, look: string): void {
    if (d.length > 1) this.parts.push(`<path d="${d}" ${look}${alpha < 1 ? ` opacity="${alpha}"` : ''}/>`);
  }
}

function tracing(xy: ArrayLike<number>): string {
  let d = '';
  let down = false;
  for (let i = 0; i < xy.length; i += 2) {
    if (Number.isNaN(xy[i + 1])) {
      down = false;
      continue;
    }
    d += `${down ? 'L' : 'M'}${short(xy[i])} ${short(xy[i + 1])}`;
    down = true;
  }
  return d;
}

const fill = ({ color, alpha = 1 }: Ink) =>
  `fill="${escaped(color)}"${alpha < 1 ? ` fill-opacity="${alpha}"` : ''}`;
const stroke = ({ color, width = 1, dash = [] }: Ink) =>
  `stroke="${escaped(color)}" stroke-width="${width}"${dash.length ? ` stroke-dasharray="${dash}"` : ''}`;
const short = (value: number) => String(Math.round(value * 100) / 100);

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML allows none of them
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

function escaped(text: string): string {
  return text
    .replace(NOT_XML, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
