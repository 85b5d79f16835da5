// Our explorer over a model that is no kernel's, measured from outside: by events, and by what is on its canvas.
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const middle = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];

class Model {
  handlers = new Map();

  constructor(state) {
    this.state = state;
  }
  get(key) {
    return this.state[key];
  }
  set(key, value) {
    this.state[key] = value;
    for (const handler of [...(this.handlers.get(`change:${key}`) ?? [])]) handler();
  }
  save_changes() {}
  send() {}
  on(name, handler) {
    this.handlers.set(name, (this.handlers.get(name) ?? new Set()).add(handler));
  }
  off(name, handler) {
    this.handlers.get(name)?.delete(handler);
  }
}

/** Resolves when the lines are drawn: "some" or "all" of the picture. */
function drawn(el, wanted) {
  const canvas = el.querySelector('.mam-lines-front');
  const done = () => canvas.dataset.drawn === 'all' || (wanted === 'some' && canvas.dataset.drawn === 'some');
  return new Promise((resolve) => {
    if (done()) return resolve();
    const observer = new MutationObserver(() => {
      if (!done()) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(canvas, { attributes: true });
  });
}

async function opened(name) {
  const [runs, { info, axes }] = await Promise.all([
    fetch(`/${name}.arrow`).then((answer) => answer.arrayBuffer()),
    fetch(`/${name}.json`).then((answer) => answer.json()),
  ]);
  const explorer = (await import('/static/explorer.js')).default;
  const state = { _runs: new DataView(runs), _changes: new DataView(new ArrayBuffer(0)), _info: info, axes };
  const empty = { query: '', selected_run_ids: [], columns: [], color: '', view: {}, error: null };
  const model = new Model({ ...empty, ...state });
  const el = document.createElement('div');
  el.style.width = '1300px';
  document.body.append(el);
  const begun = performance.now();
  explorer.render({ model, el });
  await drawn(el, 'some');
  const first = (await window.painted()) - begun;
  await drawn(el, 'all');
  const exact = (await window.painted()) - begun;
  return { model, el, first, exact };
}

/** From the call that a click makes to the painted panel: once cold. */
export async function panel(name) {
  const { first, exact, el } = await opened(name);
  return { first, exact, nodes: el.querySelectorAll('*').length };
}

/** Parallel coordinates and table of one panel that is open and at rest. */
export async function gestures(name, repeat) {
  const { model, el } = await opened(name);
  await rest(1500);
  const out = { first: [], exact: [], preview: [], brush: [], hover: [], painted: [], scroll: [], sort: [] };
  for (let i = 0; i < repeat; i++) {
    const axes = model.get('axes');
    const begun = performance.now();
    model.set('axes', [...axes.slice(1), axes[0]]);
    await drawn(el, 'some');
    out.first.push(performance.now() - begun);
    await drawn(el, 'all');
    out.exact.push((await window.painted()) - begun);
    await rest(600);
  }
  const svg = el.querySelector('.mam-axes');
  const box = svg.getBoundingClientRect();
  const x = box.left + Number(el.querySelectorAll('.mam-axis-line')[5].getAttribute('x1'));
  const point = (type, y, target = window) =>
    target.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: box.top + y, button: 0, bubbles: true }));
  for (let i = 0; i < repeat; i++) {
    point('pointerdown', 80, svg);
    for (let k = 0; k < 8; k++) {
      await rest(30);
      const begun = performance.now();
      point('pointermove', 110 + k * 8 + i);
      await drawn(el, 'some');
      out.preview.push(performance.now() - begun);
    }
    const begun = performance.now();
    point('pointerup', 166 + i);
    await drawn(el, 'all');
    out.brush.push((await window.painted()) - begun);
    model.set('query', '');
    await rest(600);
  }
  for (let i = 0; i < 20; i++) {
    const begun = performance.now();
    const at = { clientX: box.left + 90 + i * 50, clientY: box.top + 80 + i * 5, bubbles: true };
    svg.dispatchEvent(new PointerEvent('pointermove', at));
    out.hover.push(performance.now() - begun);
    out.painted.push((await window.painted()) - begun);
    await rest(5);
  }
  await table(el, out, repeat);
  return Object.fromEntries([...Object.entries(out)].map(([key, times]) => [key, middle(times)]));
}

/** Layout is part of each step: the page is asked for a height. */
async function table(el, out, repeat) {
  const grid = el.querySelector('[role=grid], table');
  let scroller = grid;
  while (scroller && scroller !== el && scroller.scrollHeight <= scroller.clientHeight + 1) scroller = scroller.parentElement;
  for (let i = 0; i < repeat; i++) {
    let begun = performance.now();
    scroller.scrollTop = 4000 * (i + 1);
    scroller.dispatchEvent(new Event('scroll'));
    await new Promise(requestAnimationFrame);
    el.getBoundingClientRect();
    out.scroll.push(performance.now() - begun);
    const heads = [...el.querySelectorAll('[data-sort]')];
    begun = performance.now();
    heads[3 + (i % 2)]?.click();
    el.getBoundingClientRect();
    out.sort.push(performance.now() - begun);
    await rest(400);
  }
  out.nodes = [el.querySelectorAll('*').length];
}
