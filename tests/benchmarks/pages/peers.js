// The peers, each fed the same runs in its own form and asked for the same picture.
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** plotly's parallel coordinates with a GPU that costs nothing: never slower than what anybody's machine does. */
export async function plotly(name) {
  const { columns } = await fetch(`/${name}.columns.json`).then((answer) => answer.json());
  const loading = performance.now();
  await new Promise((resolve) => {
    const script = document.createElement('script');
    script.src = '/plotly.js';
    script.onload = resolve;
    document.head.append(script);
  });
  const load = performance.now() - loading;
  window.stubGpu();
  const el = document.createElement('div');
  document.body.append(el);
  const last = columns[columns.length - 1].values;
  const dimensions = columns.map(({ name: label, values }) => ({ label, values }));
  let begun = performance.now();
  await window.Plotly.newPlot(el, [{ type: 'parcoords', line: { color: last }, dimensions }], { width: 1300, height: 560 });
  const exact = await window.drawnSince(begun);
  await rest(300);
  const [low, high] = [Math.min(...last.slice(0, 1000)), Math.max(...last.slice(0, 1000))];
  begun = performance.now();
  await window.Plotly.restyle(el, { 'dimensions[3].constraintrange': [[[low, (low + high) / 2]]] });
  return { load, exact, brush: await window.drawnSince(begun) };
}

/** mlflow-widgets' front end, fed directly: its Python would stop at 1,000 runs. */
export async function mlflowWidgets(name) {
  const { axes, runs } = await fetch(`/${name}.widgets.json`).then((answer) => answer.json());
  const state = { _axes_data: axes, _runs_data: runs, _status: '', color_by: 'status', width: 1300, height: 560 };
  const model = { get: (key) => state[key], set() {}, on() {}, off() {}, save_changes() {}, send() {} };
  const widget = (await import('/mlflow-parallel.js')).default;
  const el = document.createElement('div');
  document.body.append(el);
  let begun = performance.now();
  widget.render({ model, el });
  const exact = await window.drawnSince(begun);
  const canvas = el.querySelector('canvas');
  const box = canvas.getBoundingClientRect();
  begun = performance.now();
  canvas.dispatchEvent(
    new MouseEvent('mousemove', { clientX: box.left + 400, clientY: box.top + 250, bubbles: true }),
  );
  return { exact, hover: (await window.painted()) - begun };
}

/** A table of all rows, as `DataFrame.to_html` writes it. */
export async function html(name) {
  const text = await fetch(`/${name}.html`).then((answer) => answer.text());
  const el = document.createElement('div');
  document.body.append(el);
  const begun = performance.now();
  el.innerHTML = text;
  return { exact: (await window.painted()) - begun, nodes: el.querySelectorAll('*').length };
}
