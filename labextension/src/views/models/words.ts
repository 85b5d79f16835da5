/** How the registry panel writes times, sizes, stages and metrics. */
import type { ListedVersion } from '../../contract';
import { h, readable } from '../dom';
import { formatNumber } from '../format';

const two = (value: number) => String(value).padStart(2, '0');

/** "2026-11-21 05:14" in the reader's time zone, its tooltip in UTC. */
export function when(iso: string | null): HTMLElement {
  const date = new Date(iso ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return h('span', { class: 'mam-missing' }, '–');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const utc = `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const text = `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
  return h('time', { datetime: date.toISOString(), title: utc }, text);
}

/** "12.3 MB"; decimal units, as the static output has them. */
export function bytes(size: number | null): string {
  if (size === null) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = size;
  let at = 0;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${at === 0 ? value : value.toPrecision(3)} ${units[at]}`;
}

/** The stage as a word with a mark, "" for none; the studio's beside it where that is another. */
export function stageMark({ stage, studio_stage }: ListedVersion): HTMLElement | null {
  if (!stage && !studio_stage) return null;
  const text = studio_stage ? `${stage || 'None'} (studio: ${studio_stage})` : stage;
  return h('span', { class: `mam-stage mam-stage-${stage.toLowerCase()}` }, readable(text));
}

export function chip(text: string, ...more: readonly (Node | null)[]): HTMLElement {
  return h('span', { class: 'mam-chip' }, h('span', {}, readable(text)), ...more);
}

/** A column of metrics: the same decimals in each row, so that the digits line up. */
export function metricTexts(values: readonly (number | null | undefined)[]): string[] {
  const texts = values.map((value) =>
    value === undefined ? '' : value === null ? 'NaN' : formatNumber(value, 4),
  );
  if (texts.some((text) => text.includes('e'))) return texts;
  const decimals = Math.max(0, ...texts.map((text) => text.split('.')[1]?.length ?? 0));
  return values.map((value, i) => (typeof value === 'number' ? value.toFixed(decimals) : texts[i]));
}

/** Only http and https are followed; the rest is text. */
export function linkTo(url: string, text: string, label: string): HTMLElement {
  if (!/^https?:\/\/[^\s]+$/i.test(url)) return h('span', {}, readable(text));
  return h(
    'a',
    { href: url, target: '_blank', rel: 'noopener noreferrer', 'aria-label': label },
    readable(text),
  );
}

/** Draws anew and gives the focus back to what had it, by its `data-key`. */
export function keepFocus(root: HTMLElement, draw: () => void): void {
  const active = document.activeElement;
  const key = active instanceof HTMLElement && root.contains(active) ? active.dataset.key : undefined;
  draw();
  if (key === undefined) return;
  const found = [...root.querySelectorAll<HTMLElement>('[data-key]')].find((one) => one.dataset.key === key);
  found?.focus({ preventScroll: true });
}
