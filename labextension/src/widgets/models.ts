/** The panel of registered models in a notebook. Synced with Python: selected, search, tab. Never synced: what is typed. */
import type { Render } from '@anywidget/types';

import { CONTRACT_VERSION, type ModelsInfo } from '../contract';
import { isDark } from '../views/color';
import { Bin, h } from '../views/dom';
import { modelsView } from '../views/models/panel';
import { ModelsState, type Tab } from '../views/models/state';
import { watchTheme } from '../views/theme';
import { failSoft, follow } from './failsoft';
import { openTransport } from './transport';

interface Traits extends Record<string, unknown> {
  _info: ModelsInfo;
  selected: string;
  search: string;
  tab: Tab;
}

const render: Render<Traits> = ({ model, el }) => {
  const info = model.get('_info');
  if (info.contract !== CONTRACT_VERSION) {
    throw new Error(
      `the kernel speaks version ${info.contract} and this page ${CONTRACT_VERSION}: reload the page`,
    );
  }
  const bin = new Bin();
  const state = new ModelsState(info);
  state.setSearch(model.get('search'));
  state.select(model.get('selected'));
  state.setTab(model.get('tab'));
  const transport = openTransport(model, (alive) => state.setKernel(alive ? 'ready' : 'gone'));
  bin.add(transport.close);
  const root = h('div', { class: 'mam-root mam-models' });
  el.replaceChildren(root);
  bin.add(modelsView(root, state, transport.ask));
  bin.add(
    state.subscribe((topic) => {
      if (topic !== 'selected' && topic !== 'search' && topic !== 'tab') return;
      if (model.get(topic) === state[topic]) return;
      model.set(topic, state[topic]);
      try {
        model.save_changes();
      } catch {
        state.setKernel('gone');
      }
    }),
  );
  const pull = {
    _info: () => state.setInfo(model.get('_info')),
    selected: () => state.select(model.get('selected')),
    search: () => state.setSearch(model.get('search')),
    tab: () => state.setTab(model.get('tab')),
  };
  bin.add(follow(model, pull));
  const paint = () => root.classList.toggle('mam-dark', isDark(root));
  bin.add(watchTheme(root, paint));
  paint();
  return () => {
    bin.empty();
    el.replaceChildren();
  };
};

export default { render: failSoft(render, 'panel.versions') };
