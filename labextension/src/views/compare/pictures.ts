/** Pictures of several runs at one scale; zoomed and moved together. */
import type { ComparedFile } from '../../contract';
import { h, readable } from '../dom';

/** Types that hold nothing but a picture. The kernel tells them from the bytes; SVG can hold a script. */
const SAFE: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
/** Width that a picture has at first, in CSS pixels, unless it is narrower. */
const WIDTH = 240;

export class Pictures {
  private urls: string[] = [];
  /** The user's zoom in percent of the first scale; stays from step to step. */
  private zoom = 100;

  /** Gives the pictures' memory back. */
  clear(): void {
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.urls = [];
  }

  draw(
    files: readonly ComparedFile[],
    nameOf: (runId: string) => string,
    bytes: readonly Uint8Array[],
  ): HTMLElement {
    this.clear();
    const images: HTMLImageElement[] = [];
    const frames: HTMLElement[] = [];
    const range = h('input', {
      type: 'range',
      min: 25,
      max: 800,
      step: 25,
      value: this.zoom,
      'aria-label': 'Zoom',
      'data-lm-suppress-shortcuts': 'true',
    });
    const said = h('output');
    // One scale for all, so that sizes can be compared too.
    const resize = () => {
      this.zoom = Number(range.value);
      const widest = Math.max(1, ...images.map((image) => image.naturalWidth));
      const scale = (Math.min(1, WIDTH / widest) * this.zoom) / 100;
      said.textContent = `${Math.round(scale * 100)} %`;
      for (const image of images) {
        image.style.width = `${image.naturalWidth * scale}px`;
        image.classList.toggle('mam-pixels', scale > 2);
      }
    };
    const figures = files.map((file) => {
      const name = nameOf(file.run_id);
      const frame = h('div', { class: 'mam-frame', tabindex: 0 });
      if (SAFE.has(file.type) && bytes[file.buffer]) {
        const url = URL.createObjectURL(new Blob([bytes[file.buffer] as BlobPart], { type: file.type }));
        this.urls.push(url);
        const image = h('img', { src: url, alt: `Picture of ${name}`, draggable: false });
        image.onload = resize;
        images.push(image);
        frames.push(frame);
        frame.append(image);
      } else frame.append(h('p', { class: 'mam-note' }, readable(file.note || 'no picture')));
      return h('figure', {}, frame, h('figcaption', {}, name));
    });
    range.oninput = resize;
    for (const frame of frames) {
      frame.onscroll = () => {
        for (const other of frames) {
          other.scrollLeft = frame.scrollLeft;
          other.scrollTop = frame.scrollTop;
        }
      };
    }
    const zoom = h('label', { class: 'mam-toggle' }, 'Zoom', range, said);
    return h('div', {}, zoom, h('div', { class: 'mam-pictures' }, ...figures));
  }
}
