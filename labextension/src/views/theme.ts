/** Hosts change their theme by attributes of the page; what is painted on canvas has to follow. */
import { Bin } from './dom';

/** Calls back after the host's theme changed; returns what stops it. */
export function watchTheme(changed: () => void): () => void {
  const bin = new Bin();
  let frame = 0;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(changed);
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
  bin.add(() => cancelAnimationFrame(frame));
  bin.on(window.matchMedia('(prefers-color-scheme: dark)'), 'change', later);
  return () => bin.empty();
}
