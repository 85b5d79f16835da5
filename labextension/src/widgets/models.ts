/** The panel of models in a notebook. */
import type { Render } from '@anywidget/types';

import type { ModelsInfo } from '../contract';
import { h } from '../views/dom';
import { failSoft } from './failsoft';

interface Traits extends Record<string, unknown> {
  _info: ModelsInfo;
}

const render: Render<Traits> = ({ model, el }) => {
  el.replaceChildren(h('div', { class: 'mam-root' }, model.get('_info').store));
  return () => el.replaceChildren();
};

export default { render: failSoft(render, 'print(panel)') };
