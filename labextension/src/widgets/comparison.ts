/** The side-by-side panel in a notebook. Synced with Python: differences_only; the kernel keeps what is compared. */
import type { Render } from '@anywidget/types';

import { CONTRACT_VERSION, type ComparisonInfo } from '../contract';
import { isDark } from '../views/color';
import { ComparisonView } from '../views/compare/comparison';
import { Bin, h } from '../views/dom';
import { watchTheme } from '../views/theme';
import { failSoft, follow } from './failsoft';
import { openTransport } from './transport';

interface Traits extends Record<string, unknown> {
  _comparison: ComparisonInfo;
  differences_only: boolean;
}

const render: Render<Traits> = ({ model, el }) => {
  const { contract } = model.get('_comparison');
  if (contract !== CONTRACT_VERSION) {
    throw new Error(
      `the kernel speaks version ${contract} and this page ${CONTRACT_VERSION}: reload the page`,
    );
  }
  const bin = new Bin();
  const root = h('div', { class: 'mam-root' });
  el.replaceChildren(root);
  const transport = openTransport(model);
  bin.add(transport.close);
  const view = new ComparisonView(transport.ask, {
    baseline: (id) => {
      const ids = model.get('_comparison').runs.map((run) => run.run_id);
      view.askFor(ids, id);
    },
    differencesOnly: (on) => {
      model.set('differences_only', on);
      model.save_changes();
    },
  });
  bin.add(() => view.destroy());
  root.append(view.element);
  // The answer to this view's own question comes as the trait too.
  const show = () => {
    const info = model.get('_comparison');
    if (JSON.stringify(info) !== JSON.stringify(view.info)) view.show(info);
  };
  const toggle = () => view.setDifferencesOnly(model.get('differences_only'));
  const paint = () => root.classList.toggle('mam-dark', isDark(root));
  bin.add(follow(model, { _comparison: show, differences_only: toggle }));
  bin.add(watchTheme(root, paint));
  toggle();
  show();
  paint();
  return () => {
    bin.empty();
    el.replaceChildren();
  };
};

export default { render: failSoft(render, 'print(panel)') };
