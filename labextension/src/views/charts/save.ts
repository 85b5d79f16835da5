/** A drawn chart as a file: SVG, or PNG at twice its size; the heading stands above it. */
import { fitted } from './frame';
import { canvasPen, type Pen, SvgPen } from './pen';
import type { Look, Plot } from './plot';

const HEAD = 26;
const PNG_SCALE = 2;

export interface Picture {
  readonly plot: Plot;
  readonly look: Look;
  readonly width: number;
  readonly height: number;
}

export function svgOf({ plot, look, width, height }: Picture): string {
  const pen = new SvgPen(width, height + HEAD, look.font, look.bg);
  head(pen, plot, look, width);
  pen.below(HEAD, () => plot.paint(pen));
  return pen.file;
}

/** Rejects when the browser makes no picture of it. */
export async function pngOf({ plot, look, width, height }: Picture): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = width * PNG_SCALE;
  canvas.height = (height + HEAD) * PNG_SCALE;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser draws no pictures');
  context.scale(PNG_SCALE, PNG_SCALE);
  const pen = canvasPen(context, look.font);
  pen.rect(0, 0, width, height + HEAD, { color: look.bg });
  head(pen, plot, look, width);
  context.translate(0, HEAD);
  plot.paint(pen);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the picture is too large'))));
  });
}

function head(pen: Pen, { title }: Plot, { fg }: Look, width: number): void {
  pen.text(10, 14, fitted(title, width - 20, 13), { color: fg }, { size: 13, bold: true });
}

/** Hands a file to the browser's downloads. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A file name from a heading: "rmse by alpha" as "rmse-by-alpha". */
export function fileName(title: string, extension: string): string {
  const stem = title.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '');
  return `${stem.slice(0, 80) || 'chart'}.${extension}`;
}
