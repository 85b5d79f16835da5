/** Hosts change their theme by attributes of the page; what is painted on canvas has to follow. */
import { Bin } from './dom';

/** Calls back after the host's theme changed the colours of `root`; returns what stops it. */
export function watchTheme(root: Element, changed: () => void): () => void {
  const bin = new Bin();
  let frame = 0;
  let known = colorsOf(root);
  const look = () => {
    const colors = colorsOf(root);
    if (colors === known) return;
    known = colors;
    changed();
  };
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(look);
  };
  const observer = new MutationObserver(later);
  const attributeFilter = [
    'class',
    'style',
    'data-jp-theme-light',
    'data-jp-theme-name',
    'data-vscode-theme-kind',
  ];
  for (const target of [document.documentElement, document.body]) {
    observer.observe(target, { attributes: true, attributeFilter });
  }
  // JupyterLab swaps a style sheet after it has changed the attributes.
  observer.observe(document.head, { childList: true });
  bin.add(() => observer.disconnect());
  // A host may draw before it attaches: colours are known once there is a size.
  const attached = new ResizeObserver(later);
  attached.observe(root);
  bin.add(() => attached.disconnect());
  bin.add(() => cancelAnimationFrame(frame));
  bin.on(window.matchMedia('(prefers-color-scheme: dark)'), 'change', later);
  return () => bin.empty();
}

function colorsOf(root: Element): string {
  const { color, backgroundColor } = getComputedStyle(root);
  return `${color} ${backgroundColor}`;
}
