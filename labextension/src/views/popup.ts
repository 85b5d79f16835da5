/** A box over the page beside what it is about: menus and small forms. It closes when the user turns elsewhere. */
import { Bin } from './dom';

/** What a popup stands beside: an element, or a place in the window. */
export type Anchor = Element | Spot;

export interface Spot {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where an anchor is now: rows are drawn anew, and an element may be gone when the next box opens there. */
export function spotOf(anchor: Anchor): Spot {
  if (!(anchor instanceof Element)) return anchor;
  const { left, top, bottom } = anchor.getBoundingClientRect();
  return { left, top, bottom };
}

/** The spot of a mouse event. */
export function spotAt({ clientX, clientY }: MouseEvent): Spot {
  return { left: clientX, top: clientY, bottom: clientY };
}

const EDGE = 8;

export class Popup {
  private bin = new Bin();
  private box: HTMLElement | null = null;
  private back: Element | null = null;

  /** `host` is inside the panel, whose colours the box takes on; it gets the focus where nothing else can. */
  constructor(private readonly host: HTMLElement) {}

  get isOpen(): boolean {
    return this.box !== null;
  }

  /** Shows `box` in place of what was open. */
  open(box: HTMLElement, anchor: Anchor): void {
    const back = this.box ? this.back : document.activeElement;
    this.close(false);
    this.back = back;
    this.box = box;
    box.classList.add('mam-popup');
    // The top layer: no cell of the notebook cuts it off.
    box.setAttribute('popover', 'manual');
    (this.host.closest('.mam-root') ?? this.host).append(box);
    box.showPopover?.();
    place(box, anchor);
    this.bin.on<KeyboardEvent>(box, 'keydown', (event) => {
      event.stopPropagation();
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.close();
    });
    const outside = (event: Event) => {
      if (!event.composedPath().includes(box)) this.close(false);
    };
    this.bin.on(document, 'pointerdown', outside);
    this.bin.on(document, 'wheel', outside, true);
    this.bin.on(window, 'resize', () => this.close(false));
  }

  /** `refocus`: where the focus was before, if it would be lost with the box. */
  close(refocus = true): void {
    const { box, back } = this;
    if (!box) return;
    this.box = null;
    this.bin.empty();
    const lost = box.contains(document.activeElement);
    box.remove();
    if (!refocus && !lost) return;
    const next = back instanceof HTMLElement && back.isConnected && back !== document.body ? back : this.host;
    next.focus({ preventScroll: true });
  }

  destroy(): void {
    this.close(false);
  }
}

function place(box: HTMLElement, anchor: Anchor): void {
  const at = spotOf(anchor);
  const below = window.innerHeight - at.bottom - EDGE;
  const above = at.top - EDGE;
  const up = box.offsetHeight > below && above > below;
  box.style.maxHeight = `${Math.max(120, up ? above : below)}px`;
  const left = Math.min(at.left, window.innerWidth - box.offsetWidth - EDGE);
  box.style.left = `${Math.max(EDGE, left)}px`;
  box.style.top = `${up ? Math.max(EDGE, at.top - box.offsetHeight - 2) : at.bottom + 2}px`;
}
