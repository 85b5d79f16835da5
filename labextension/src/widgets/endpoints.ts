/** The panel of deployments in a notebook. Synced with Python: selected, tab. Never synced: what is typed, answers. */
import type { Render } from '@anywidget/types';

import { CONTRACT_VERSION, type DeployWork, type EndpointsInfo } from '../contract';
import { isDark } from '../views/color';
import { Bin, h } from '../views/dom';
import { endpointsView } from '../views/endpoints/panel';
import { EndpointsState, type Tab } from '../views/endpoints/state';
import { watchTheme } from '../views/theme';
import { failSoft, follow } from './failsoft';
import { openTransport } from './transport';

interface Traits extends Record<string, unknown> {
  _info: EndpointsInfo;
  _work: DeployWork;
  selected: string;
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
  const state = new EndpointsState(info, model.get('_work'));
  state.selected = model.get('selected');
  state.tab = model.get('tab');
  const transport = openTransport(model, (alive) => state.setKernel(alive ? 'ready' : 'gone'));
  bin.add(transport.close);
  const root = h('div', { class: 'mam-root mam-endpoints' });
  el.replaceChildren(root);
  bin.add(endpointsView(root, state, transport.ask));
  bin.add(
    state.subscribe((topic) => {
      if (topic !== 'selected' && topic !== 'tab') return;
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
    _work: () => state.setWork(model.get('_work')),
    selected: () => state.select(model.get('selected')),
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

export default { render: failSoft(render, 'panel.deployments') };
