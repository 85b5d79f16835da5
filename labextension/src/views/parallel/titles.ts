/** The names over the axes: buttons that open the axis' menu, and move it when dragged or by keyboard. */
import type { ImportanceRow } from '../../contract';
import { Bin, h, readable } from '../dom';
import { describeBrush, partsOf } from '../filter/brushes';
import { formatNumber } from '../format';
import { openMenu } from '../menu';
import type { Popup } from '../popup';
import type { ExplorerState } from '../state';
import type { Axis } from './axis';
import { axisMenu } from './axis-menu';
import type { Frame } from './frame';
import { shortNames } from './names';

const HINT =
  'Drag on an axis to filter, with Shift to add a range. Keyboard: up and down move the filter, with Shift they narrow ' +
  'or widen it from above, Delete clears it, left and right go to the next axis and with Alt move this one, Enter opens ' +
  'its menu, L switches the logarithmic scale, F turns it over, M chooses runs without a value.';

export class AxisTitles {
  readonly element = h('div', { class: 'mam-axis-titles', role: 'group', 'aria-label': `Axes. ${HINT}` });
  private readonly bin = new Bin();
  private axes: readonly Axis[] = [];
  private xs = new Float32Array(0);
  private focused = '';
  /** A drag ends in a click that is none. */
  private dragged = false;

  constructor(
    private readonly state: ExplorerState,
    private readonly popup: Popup,
  ) {
    const { element, bin } = this;
    bin.on<PointerEvent>(element, 'pointerdown', (event) => this.onDown(event));
    bin.on<MouseEvent>(element, 'click', (event) => {
      const title = titleOf(event.target);
      if (title && !this.dragged) this.openMenu(title);
    });
    bin.on<MouseEvent>(element, 'contextmenu', (event) => {
      const title = titleOf(event.target);
      if (!title) return;
      event.preventDefault();
      this.openMenu(title);
    });
    bin.on<FocusEvent>(element, 'focusin', (event) => {
      this.focused = titleOf(event.target)?.dataset.key ?? this.focused;
    });
  }

  destroy(): void {
    this.bin.empty();
  }

  draw(axes: readonly Axis[], { xs, width }: Frame, importance: ReadonlyMap<string, ImportanceRow>): void {
    this.axes = axes;
    this.xs = Float32Array.from(xs);
    const had = this.element.contains(this.element.ownerDocument.activeElement) ? this.focused : '';
    const room = xs.length > 1 ? xs[1] - xs[0] : width;
    const names = shortNames(axes.map(({ column }) => column.info));
    const tabbable = axes.some(({ column }) => column.info.key === this.focused) ? this.focused : null;
    const buttons = axes.map((axis, i) => {
      const { info } = axis.column;
      const button = h('button', {
        type: 'button',
        class: `mam-axis-title mam-kind-${info.kind}`,
        'data-key': info.key,
        'aria-haspopup': 'menu',
        tabindex: (tabbable === null ? i === 0 : tabbable === info.key) ? 0 : -1,
        title: tooltip(axis, importance.get(info.key)),
      });
      const mark = axis.scale === 'log' ? 'log' : axis.scale === 'quantile' ? 'rank' : '';
      const name = h('span', {}, ...breakable(readable(names.get(info.key) ?? info.name)));
      if (mark) name.append(' ', h('small', {}, mark));
      button.append(name);
      const weight = importance.get(info.key);
      if (weight) button.append(bar(weight));
      const half = Math.min(xs[i], width - xs[i]);
      const atEnd = i === 0 || i === xs.length - 1;
      const size = Math.max(48, Math.min(room - 6, atEnd ? half * 2 - 4 : room - 6));
      button.style.left = `${xs[i] - size / 2}px`;
      button.style.width = `${size}px`;
      return button;
    });
    this.element.replaceChildren(...buttons);
    if (had !== '') this.focus(had);
  }

  /** What each axis is filtered to, in its name for screen readers. */
  label(): void {
    this.axes.forEach((axis, i) => {
      const { kind, name, key } = axis.column.info;
      const brush = this.state.brushes.get(key);
      const title = this.element.children[i];
      const label = `${kind} ${name}, ${brush ? describeBrush(brush) : 'not filtered'}`;
      if (!title || title.getAttribute('aria-label') === label) return;
      title.classList.toggle('mam-brushed', partsOf(brush).length > 0);
      title.setAttribute('aria-label', label);
    });
  }

  focus(key: string): void {
    this.element
      .querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)
      ?.focus({ preventScroll: true });
  }

  /** Puts an axis where another one is. */
  move(key: string, to: number): void {
    const others = this.axes.map(({ column }) => column.info.key).filter((other) => other !== key);
    others.splice(to, 0, key);
    this.state.setAxes(others);
  }

  private openMenu(title: HTMLElement): void {
    const at = this.axes.findIndex(({ column }) => column.info.key === title.dataset.key);
    if (at < 0) return;
    const { info } = this.axes[at].column;
    title.focus({ preventScroll: true });
    openMenu(this.popup, title, `Axis ${info.name}`, () =>
      axisMenu(this.state, this.axes, at, (to) => this.move(info.key, to)),
    );
  }

  private onDown(down: PointerEvent): void {
    const title = titleOf(down.target);
    const key = title?.dataset.key;
    this.dragged = false;
    if (!title || key === undefined || down.button !== 0) return;
    const left = Number.parseFloat(title.style.left);
    const center = left + Number.parseFloat(title.style.width) / 2;
    const bin = new Bin();
    let moved = 0;
    const finish = () => {
      bin.empty();
      title.classList.remove('mam-moving');
      title.style.left = `${left}px`;
      if (this.dragged) this.move(key, this.nearest(center + moved));
    };
    bin.on<PointerEvent>(window, 'pointermove', (event) => {
      moved = event.clientX - down.clientX;
      this.dragged ||= Math.abs(moved) > 4;
      if (!this.dragged) return;
      title.classList.add('mam-moving');
      title.style.left = `${left + moved}px`;
    });
    bin.on(window, 'pointerup', finish);
    bin.on(window, 'pointercancel', finish);
    this.bin.add(() => bin.empty());
  }

  private nearest(x: number): number {
    return this.xs.reduce(
      (best, spot, i) => (Math.abs(spot - x) < Math.abs(this.xs[best] - x) ? i : best),
      0,
    );
  }
}

function titleOf(target: EventTarget | null): HTMLElement | null {
  return (target as Element | null)?.closest<HTMLElement>('[data-key]') ?? null;
}

function tooltip({ column, log, scale, note }: Axis, weight: ImportanceRow | undefined): string {
  const about = log ? ' (logarithmic)' : scale === 'quantile' ? ' (by rank)' : '';
  const share = (value: number) => `${formatNumber(value * 100, 2)} %`;
  const lines = [`${readable(column.info.key)}${about}`];
  if (weight)
    lines.push(`importance ${share(weight.importance)} (${share(weight.low)} to ${share(weight.high)})`);
  if (note) lines.push(note);
  return [...lines, 'Click for the menu, drag to move'].join('\n');
}

/** How much of the metric's variation it explains, and how sure that is. */
function bar({ importance, low, high }: ImportanceRow): HTMLElement {
  const fill = h('i', { class: 'mam-weight-fill' });
  fill.style.width = `${Math.min(100, importance * 100)}%`;
  const range = h('i', { class: 'mam-weight-range' });
  range.style.left = `${Math.min(100, low * 100)}%`;
  range.style.width = `${Math.max(0, Math.min(100, high * 100) - low * 100)}%`;
  return h('span', { class: 'mam-weight', 'aria-hidden': 'true' }, fill, range);
}

/** Lines may break after a separator. */
function breakable(name: string): (Node | string)[] {
  return name
    .split(/(?<=[_./\- ])(?=.)/)
    .flatMap((part, i) => (i === 0 ? [part] : [document.createElement('wbr'), part]));
}
