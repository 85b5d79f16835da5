/** The side-by-side panel in a notebook. Synced with Python: differences_only. */
import type { Render } from '@anywidget/types';

import { CONTRACT_VERSION, type ComparisonInfo } from '../contract';
import { comparisonView } from '../views/compare/comparison';
import { Bin, h } from '../views/dom';
import { failSoft, follow } from './failsoft';

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
  const root = h('div');
  el.replaceChildren(root);
  const view = comparisonView(root, (differencesOnly) => {
    model.set('differences_only', differencesOnly);
    model.save_changes();
  });
  const show = () => view.show(model.get('_comparison'), model.get('differences_only'));
  bin.add(view.destroy);
  bin.add(follow(model, { _comparison: show, differences_only: show }));
  show();
  return () => {
    bin.empty();
    el.replaceChildren();
  };
};

export default { render: failSoft(render, 'print(panel)') };
