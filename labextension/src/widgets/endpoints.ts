/** The panel of endpoints in a notebook. */
import type { Render } from '@anywidget/types';

import type { EndpointsInfo } from '../contract';
import { h } from '../views/dom';
import { failSoft } from './failsoft';

interface Traits extends Record<string, unknown> {
  _info: EndpointsInfo;
}

const render: Render<Traits> = ({ model, el }) => {
  el.replaceChildren(h('div', { class: 'mam-root' }, model.get('_info').store));
  return () => el.replaceChildren();
};

export default { render: failSoft(render, 'print(panel)') };
